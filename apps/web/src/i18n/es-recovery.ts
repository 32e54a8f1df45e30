import type { enRecovery } from './en-recovery';
import type { Translated } from './texts';

/** Véase `en-recovery`. */
export const esRecovery = {
  'recovery.title': 'Código de recuperación',
  'recovery.text':
    'Si pierdes todos tus dispositivos, solo un código de recuperación devuelve tus mensajes cifrados. Nadie más puede, ni siquiera quien lleva el servidor.',
  'recovery.off':
    'No hay copia de seguridad. Si pierdes todos tus dispositivos, tus mensajes cifrados se pierden.',
  'recovery.locked':
    'Hay una copia de seguridad a la que este dispositivo no añade nada. Escribe aquí su código de recuperación y lo hará.',
  'recovery.running': 'Se está haciendo la copia de tus mensajes…',
  'recovery.restoring': 'Tus mensajes están llegando de la copia',
  'recovery.kept': 'Copia hecha {when}',
  'recovery.size': 'La copia ocupa {size} de tu espacio en el servidor.',
  'recovery.failed': 'No hay copia al día: {why}',
  'recovery.make': 'Crear un código de recuperación',
  'recovery.replace': 'Crear un código nuevo',
  'recovery.enter': 'Escribir el código de recuperación',
  'recovery.end': 'Desactivar la copia',
  'recovery.end.title': '¿Desactivar la copia?',
  'recovery.end.text':
    'Se borra del servidor y el código ya no abre nada. Si después pierdes todos tus dispositivos, tus mensajes cifrados se pierden.',
  'recovery.ended': 'La copia se ha borrado.',
  'recovery.make.lead':
    'Apunta este código y guárdalo donde lo encuentres sin tus dispositivos. Solo se muestra esta vez.',
  'recovery.make.replaces': 'Sustituye al código que tienes. El anterior ya no abrirá nada.',
  'recovery.make.secret': 'Quien tenga el código y tu contraseña puede leer tus mensajes cifrados.',
  'recovery.make.code': 'Código de recuperación',
  'recovery.make.next': 'Lo he apuntado',
  'recovery.check.lead': 'Para estar seguros, escribe dos de sus grupos.',
  'recovery.check.group': 'Grupo {number}',
  'recovery.check.wrong': 'Eso no es lo que ponía. Mira lo que apuntaste, o vuelve atrás.',
  'recovery.check.back': 'Mostrar otra vez el código',
  'recovery.check.done': 'Activar la copia',
  'recovery.made': 'La copia está activada. Este dispositivo la mantiene al día.',
  'recovery.enter.lead':
    'Escribe el código que apuntaste al activar la copia. Tus mensajes llegarán entonces a este dispositivo.',
  'recovery.enter.none':
    'No hay copia en el servidor. Lo que solo podían leer tus dispositivos perdidos no se puede recuperar; todo lo que se escriba a partir de ahora está aquí.',
  'recovery.enter.code': 'Código de recuperación',
  'recovery.enter.done': 'Recuperar mis mensajes',
  'recovery.entered': 'El código es correcto. Tus mensajes están en camino.',
  'recovery.instead': 'Usar el código de recuperación',
} as const satisfies Translated<typeof enRecovery, 'one' | 'other'>;
