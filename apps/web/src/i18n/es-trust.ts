/** Spanish: the texts about whose devices are whose. */
export const esTrust = {
  'trust.verify': 'Verificar',
  'trust.verify_label': 'Verificar a {name}',
  'trust.title': 'Verificar a {name}',
  'trust.state.verified': 'Verificado',
  'trust.state.unverified': 'Sin verificar',
  'trust.state.changed': 'El número de seguridad ha cambiado',
  'trust.state.broken': 'La lista de dispositivos no encaja',
  'trust.state.unknown': 'Aún no se conocen dispositivos',
  'trust.hint.verified': 'Comparaste el número de seguridad con {name}.',
  'trust.hint.verified_at': 'Comparaste el número de seguridad con {name} el {date}.',
  'trust.hint.unverified': 'Compara una vez un número con {name} para saber que no hay nadie entre vosotros.',
  'trust.hint.changed':
    'Habías verificado a {name} y el número ahora es otro: llegó un dispositivo que ninguno de los suyos ha aprobado, o todos fueron sustituidos. Pregunta a {name} y comparad el número nuevo.',
  'trust.hint.broken':
    'La lista de dispositivos de {name} en el servidor no continúa lo que este dispositivo ha visto. O el servidor se restauró de una copia anterior, o alguien la ha cambiado. Los dispositivos que llegaron después no se admiten. Pregunta a quien lleva el servidor; si se restauró, empieza de nuevo y compara el número.',
  'trust.hint.unknown': 'El número aparecerá cuando {name} haya abierto Pipit una vez y haya conexión.',
  'trust.begin_anew': 'Empezar de nuevo',
  'trust.number': 'Número de seguridad',
  'trust.how':
    'Queda con {name} o llama, y abrid los dos esta página. Si los doce grupos son iguales para ambos, no hay nadie entre vosotros.',
  'trust.copy': 'Copiar número',
  'trust.copied': 'El número se ha copiado.',
  'trust.code': 'Tu código',
  'trust.code.hint': '{name} puede escanearlo de tu pantalla.',
  'trust.scan': 'Escanear su código',
  'trust.scan.stop': 'Dejar de escanear',
  'trust.scan.aim': 'Apunta la cámara al código en la pantalla de {name}.',
  'scan.starting': 'Iniciando la cámara…',
  'scan.no_camera':
    'No se puede usar la cámara. Permítela para esta página en los ajustes del navegador, o hazlo sin ella.',
  'trust.scan.not_a_code':
    'Ese no es un código de este tipo. Pide a {name} que abra «Verificar» y te muestre el suyo.',
  'trust.mark': 'Marcar como verificado',
  'trust.take_back': 'Retirar',
  'trust.differs': 'Son distintos',
  'trust.match': 'Los códigos coinciden: no hay nadie entre tú y {name}.',
  'trust.mismatch': 'Los números son distintos',
  'trust.mismatch.text':
    'Comprobad primero que {name} ha abierto la conversación contigo y que ambos tenéis conexión, y comparad otra vez. Si siguen siendo distintos, puede que alguien lea: no escribas aquí nada que no sea para otros ojos. Mirad los dos «Dispositivos» en los ajustes, cerrad la sesión de lo que no conozcáis y preguntad a quien lleva el servidor.',
  'trust.devices': 'Dispositivos de {name}',
  'trust.device': 'Dispositivo {number}',
  'trust.since': 'desde el {date}',
  'trust.by.first': 'el primero',
  'trust.by.device': 'aprobado por el dispositivo {number}',
  'trust.by.gone': 'aprobado por un dispositivo que ya no está',
  'trust.by.recovery': 'aprobado con el código de recuperación',
  'trust.by.nobody': 'ninguno de los otros lo ha aprobado',

  'devices.first': 'El primero',
  'devices.approved_by': 'Aprobado por {name}',
  'devices.approved_gone': 'Aprobado por un dispositivo que ya no está',
  'devices.approved_recovery': 'Aprobado con tu código de recuperación',
  'devices.unapproved': 'Sin aprobar',
  'devices.warning.title': 'Hay un dispositivo sin aprobar',
  'devices.warning.text':
    'Ninguno de tus otros dispositivos lo ha aprobado, así que las personas a las que escribes ven que tu número de seguridad ha cambiado. Si es tuyo, apruébalo. Si no lo conoces, cierra su sesión y cambia la contraseña.',
  'devices.this.title': 'Este dispositivo aún no está aprobado',
  'devices.this.text':
    'En un dispositivo que ya usabas, abre Ajustes y luego Dispositivos, elige «Aprobar» y compara este código.',
  'devices.code': 'Código de este dispositivo',
  'devices.approve': 'Aprobar',
  'devices.approve_label': 'Aprobar {name}',
  'devices.approve.title': '¿Aprobar {name}?',
  'devices.approve.text':
    'Abre Ajustes y luego Dispositivos en {name}. Ahí se muestra un código. Apruébalo solo si es este.',
  'devices.approve.letters': 'Muestra letras: escribirlas o escanearlas',
  'devices.approve.done': '{name} ha sido aprobado.',
  'devices.broken.title': 'La lista de tus dispositivos no encaja',
  'devices.broken.text':
    'La lista del servidor no continúa lo que este dispositivo ha visto. O el servidor se restauró de una copia anterior, o alguien la ha cambiado. Los dispositivos que llegaron después no entran en tus conversaciones cifradas. Pregunta a quien lleva el servidor; si se restauró, empieza de nuevo.',
} as const;
