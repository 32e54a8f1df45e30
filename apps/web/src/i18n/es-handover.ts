import type { enHandover } from './en-handover';
import { esRecovery } from './es-recovery';
import type { Translated } from './texts';

/** Véase `en-handover`. */
export const esHandover = {
  ...esRecovery,

  'handover.get.title': 'Recibir tus mensajes',
  'handover.get.lead':
    'Los mensajes cifrados están en tus dispositivos, no en el servidor. Otro dispositivo tuyo puede entregarlos a este.',
  'handover.get.steps':
    'En el otro dispositivo, abre Ajustes, después Dispositivos, y elige «Entregar los mensajes a un dispositivo nuevo». Escanea allí este código, o escríbelo.',
  'handover.get.qr': 'El código de abajo como código QR',
  'handover.get.code': 'Código',
  'handover.get.secret': 'No enseñes este código a nadie más.',
  'handover.get.preparing': 'Creando un código…',
  'handover.get.waiting': 'Esperando a tu otro dispositivo…',
  'handover.get.running': 'Tus mensajes están llegando',
  'handover.get.placing': {
    one: 'Queda {count} mensaje por poner en su sitio.',
    other: 'Quedan {count} mensajes por poner en su sitio.',
  },
  'handover.get.done': {
    one: 'Ha llegado {count} mensaje de tu otro dispositivo.',
    other: 'Han llegado {count} mensajes de tu otro dispositivo.',
  },
  'handover.get.nothing': 'El otro dispositivo no tenía nada que este pueda usar.',
  'handover.get.keep': 'Mientras tanto puedes seguir usando Pipit. Si se cierra, continúa la próxima vez.',
  'handover.get.again': 'Crear un código nuevo',
  'handover.get.stop': 'Parar',
  'handover.get.later': 'Ahora no',
  'handover.failed.expired':
    'Nadie ha usado el código a tiempo, o otro dispositivo lo ha rechazado. Crea uno nuevo cuando tengas a mano tu otro dispositivo.',
  'handover.failed.gone': 'El otro lado ha parado. Lo que ya ha llegado se queda.',
  'handover.failed.damaged':
    'Lo que ha llegado no se puede leer: se cambió por el camino. Inténtalo de nuevo con otro código.',

  'handover.give.title': 'Entregar los mensajes a un dispositivo nuevo',
  'handover.give.lead':
    'Escribe o escanea el código que muestra tu dispositivo nuevo. Con eso queda aprobado y recibe lo que este dispositivo puede leer de tus conversaciones cifradas.',
  'handover.give.code': 'Código del dispositivo nuevo',
  'handover.give.code.hint': 'Siete grupos de cuatro letras y cifras.',
  'handover.give.check': 'Continuar',
  'handover.give.scan': 'Escanear con la cámara',
  'handover.give.scan.stop': 'Apagar la cámara',
  'handover.give.scan.aim': 'Apunta la cámara al código de tu dispositivo nuevo.',
  'handover.give.who': '{name} pide tus mensajes. Lo pidió {when}.',
  'handover.give.sure':
    'Autoriza solo un dispositivo que sea tuyo y que tengas delante. Podrá leer todo lo que puede leer este.',
  'handover.give.approve': 'Autorizar',
  'handover.give.decline': 'No es mío',
  'handover.give.declined': 'No se ha entregado nada. Si no conoces ese dispositivo, cierra aquí su sesión.',
  'handover.give.running': 'Entregando a {name}',
  'handover.give.keep': 'Deja Pipit abierto en este dispositivo hasta que termine.',
  'handover.give.done': '{name} ha recibido tus mensajes.',
  'handover.give.failed': 'Los mensajes no se han entregado a {name}.',

  'handover.progress': '{percent} %',
  'handover.banner.waiting': '{name} pide tus mensajes.',
  'handover.banner.look': 'Ver',
  'handover.banner.gap': 'Este dispositivo no puede leer lo que se escribió antes de que entrara.',
  'handover.banner.get': 'Recibirlo',
  'handover.banner.taking': 'Tus mensajes están llegando: {percent} %',
  'handover.banner.giving': 'Se entregan mensajes a {name}: {percent} %',
  'handover.settings.title': 'Mensajes cifrados',
  'handover.settings.text':
    'Solo los tienen tus dispositivos. Un dispositivo nuevo los recibe de otro que ya tiene la sesión abierta.',
} as const satisfies Translated<typeof enHandover, 'one' | 'other'>;
