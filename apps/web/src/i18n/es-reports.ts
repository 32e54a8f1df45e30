import type { enReports } from './en-reports';
import type { Translated } from './texts';

/** Véase `en-reports`. */
export const esReports = {
  'report.title': 'Denunciar a {name}',
  'report.lead': 'Tu denuncia llega a quienes llevan este servidor, con tu nombre. No se avisa a nadie más.',
  'report.reason': 'Por qué',
  'report.reason.spam': 'Mensajes no deseados',
  'report.reason.spam.hint': 'Publicidad, fraude, siempre lo mismo.',
  'report.reason.harassment': 'Acoso',
  'report.reason.harassment.hint': 'Insultos, amenazas, no dejar en paz.',
  'report.reason.danger': 'Alguien está en peligro',
  'report.reason.danger.hint': 'Si es urgente, pide ayuda antes: una denuncia puede leerse tarde.',
  'report.reason.illegal': 'Contra la ley',
  'report.reason.illegal.hint': 'Lo que la ley prohíbe decir o compartir.',
  'report.reason.other': 'Otra cosa',
  'report.reason.other.hint': 'Di en la nota qué es.',
  'report.reason.error': 'Elige el motivo.',
  'report.note': 'Nota',
  'report.note.hint': 'Lo que hay que saber para entenderlo.',
  'report.note.error': 'Di qué es.',
  'report.shown': 'Lo que se mostrará',
  'report.shown.none':
    'Nada de lo que se dijo. Para mostrar mensajes, selecciónalos en el chat y denúncialos allí.',
  'report.shown.open':
    'Quienes llevan este servidor verán estos mensajes, y lo que decían antes de editarse. Los archivos se nombran, no se muestran.',
  'report.shown.encrypted':
    'Este chat está cifrado: solo se muestra lo que eliges aquí, nada más. Quienes llevan este servidor verán estos mensajes, y lo que decían antes de editarse. Los archivos se nombran, no se muestran.',
  'report.block': 'Bloquear también a {name}',
  'report.block.hint': 'Ya no podrá escribirte. Lo que se dijo se queda.',
  'report.block.hint_request': 'Ya no podrá escribirte. Su solicitud se elimina.',
  'report.submit': 'Enviar denuncia',
  'report.sent': 'Tu denuncia se envió.',
  'report.sent_without': {
    one: 'Tu denuncia se envió sin {count} mensaje: nada prueba lo que decía.',
    other: 'Tu denuncia se envió sin {count} mensajes: nada prueba lo que decían.',
  },
  'report.error.offline':
    'Una denuncia necesita conexión con el servidor, y ahora no hay. Lo que escribiste sigue aquí: envíalo cuando la haya.',
  'report.error.too_large': 'Es más de lo que una denuncia puede mostrar. Elige menos mensajes.',
  'report.error.limit_reached': 'Hay tantas denuncias tuyas sin atender que no puede haber otra.',
  'report.error.entries':
    'El servidor no puede confirmar lo que dice uno de estos mensajes, quizá porque se eliminó. Elige otros.',

  'reports.title': 'Denuncias',
  'reports.lead': 'Lo que te han contado de otras personas. Solo lo ve quien administra este servidor.',
  'reports.which': 'Mostrar',
  'reports.open': 'Abiertas',
  'reports.closed': 'Cerradas',
  'reports.open.none': 'Nadie ha denunciado nada.',
  'reports.closed.none': 'No hay denuncias cerradas. Se guardan 90 días.',
  'reports.by': 'Denuncia de {name} (@{handle}), {when}',
  'reports.evidence': 'Lo que dijo',
  'reports.evidence.none': 'No se muestra ningún mensaje.',
  'reports.sealed':
    'De un chat cifrado. El servidor ha comprobado que el dispositivo envió exactamente estas palabras.',
  'reports.changed': 'Cambiado a, {when}',
  'reports.options': 'Para elegir',
  'reports.preview': 'Vista previa de un enlace',
  'reports.files': 'Archivos',
  'reports.close': 'Cerrar denuncia',
  'reports.close_label': 'Cerrar la denuncia contra {name}',
  'reports.close.note': 'Lo que se hizo',
  'reports.close.note.hint': 'Para quienes administran este servidor. Nadie más lo ve.',
  'reports.close.done': 'La denuncia está cerrada.',
  'reports.closed_by': 'Cerrada por {name}, {when}',
} as const satisfies Translated<typeof enReports, 'one' | 'other'>;
