/** Spanish: the texts about messages that are sent later. */
export const esScheduled = {
  'later.title': 'Enviar más tarde',
  'later.text': 'Mensaje',
  'later.when': 'Cuándo',
  'later.hour': 'Dentro de una hora',
  'later.evening': 'Esta tarde',
  'later.morning': 'Mañana por la mañana',
  'later.custom': 'A la hora que elijas',
  'later.moment': 'Fecha y hora',
  'later.submit': 'Programar',
  'later.done': 'Se enviará: {when}.',
  'later.here':
    'Lo envía este dispositivo. Pipit tiene que estar abierto en él en ese momento; si no, saldrá cuando vuelvas a abrirlo.',
  'later.error.empty': 'Escribe algo.',
  'later.error.none': 'Elige una fecha y una hora.',
  'later.error.past': 'Esa hora ya pasó.',
  'later.error.far': 'Falta demasiado para eso.',

  'scheduled.title': 'Mensajes programados',
  'scheduled.text': 'El servidor los envía a su hora, estés o no. Solo tú los ves.',
  'scheduled.here':
    'Este dispositivo los envía a su hora, o cuando Pipit se vuelva a abrir en él. No están en ningún otro de tus dispositivos.',
  'scheduled.none': 'No hay nada programado aquí.',
  'scheduled.waiting': 'espera la conexión',
  'scheduled.files': 'sale cuando hayan llegado sus archivos, aunque sea más tarde',
  'scheduled.failed': 'No enviado: {why}',
  'scheduled.change': 'Cambiar',
  'scheduled.now': 'Enviar ahora',
  'scheduled.cancel': 'Eliminar',
} as const;
