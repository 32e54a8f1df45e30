/** French: the texts about whose devices are whose. */
export const frTrust = {
  'trust.verify': 'Vérifier',
  'trust.verify_label': 'Vérifier {name}',
  'trust.title': 'Vérifier {name}',
  'trust.state.verified': 'Vérifié',
  'trust.state.unverified': 'Pas encore vérifié',
  'trust.state.changed': 'Le numéro de sécurité a changé',
  'trust.state.broken': 'La liste des appareils ne concorde pas',
  'trust.state.unknown': 'Aucun appareil connu pour l’instant',
  'trust.hint.verified': 'Vous avez comparé le numéro de sécurité avec {name}.',
  'trust.hint.verified_at': 'Vous avez comparé le numéro de sécurité avec {name} le {date}.',
  'trust.hint.unverified':
    'Comparez une fois un numéro avec {name}, pour être sûr que personne ne se trouve entre vous.',
  'trust.hint.changed':
    'Vous aviez vérifié {name}, et le numéro est maintenant un autre : un appareil est arrivé qu’aucun des siens n’a approuvé, ou tous ont été remplacés. Demandez à {name} ce qu’il en est et comparez le nouveau numéro.',
  'trust.hint.broken':
    'La liste des appareils de {name} sur le serveur ne prolonge pas ce que cet appareil a vu. Soit le serveur a été restauré d’une sauvegarde plus ancienne, soit quelqu’un l’a modifiée. Les appareils arrivés depuis ne sont pas admis. Demandez à qui gère le serveur ; s’il a été restauré, recommencez et comparez le numéro.',
  'trust.hint.unknown':
    'Le numéro sera là dès que {name} aura ouvert Pipit une fois et qu’il y aura une connexion.',
  'trust.begin_anew': 'Recommencer',
  'trust.number': 'Numéro de sécurité',
  'trust.how':
    'Rencontrez {name} ou appelez, et ouvrez tous deux cette page. Si les douze groupes sont les mêmes des deux côtés, personne ne se trouve entre vous.',
  'trust.copy': 'Copier le numéro',
  'trust.copied': 'Le numéro a été copié.',
  'trust.code': 'Votre code',
  'trust.code.hint': '{name} peut le scanner sur votre écran.',
  'trust.scan': 'Scanner son code',
  'trust.scan.stop': 'Arrêter le scan',
  'trust.scan.aim': 'Pointez la caméra vers le code sur l’écran de {name}.',
  'scan.starting': 'Démarrage de la caméra…',
  'scan.no_camera':
    'La caméra ne peut pas être utilisée. Autorisez-la pour cette page dans les réglages du navigateur, ou faites sans elle.',
  'trust.scan.not_a_code':
    'Ce n’est pas un tel code. Demandez à {name} d’ouvrir « Vérifier » et de vous montrer le sien.',
  'trust.mark': 'Marquer comme vérifié',
  'trust.take_back': 'Retirer',
  'trust.differs': 'Ils diffèrent',
  'trust.match': 'Les codes correspondent : personne ne se trouve entre vous et {name}.',
  'trust.mismatch': 'Les numéros diffèrent',
  'trust.mismatch.text':
    'Assurez-vous d’abord que {name} a ouvert la conversation avec vous et que vous avez tous deux une connexion, puis comparez encore. S’ils diffèrent toujours, quelqu’un lit peut-être : n’écrivez rien ici qui ne soit pas pour d’autres yeux. Regardez tous deux « Appareils » dans les réglages, déconnectez ce que vous ne connaissez pas, et demandez à qui gère le serveur.',
  'trust.devices': 'Appareils de {name}',
  'trust.device': 'Appareil {number}',
  'trust.since': 'depuis le {date}',
  'trust.by.first': 'le premier',
  'trust.by.device': 'approuvé par l’appareil {number}',
  'trust.by.gone': 'approuvé par un appareil qui n’est plus là',
  'trust.by.recovery': 'approuvé par le code de récupération',
  'trust.by.nobody': 'approuvé par aucun des autres',

  'devices.first': 'Le premier',
  'devices.approved_by': 'Approuvé par {name}',
  'devices.approved_gone': 'Approuvé par un appareil qui n’est plus là',
  'devices.approved_recovery': 'Approuvé par votre code de récupération',
  'devices.unapproved': 'Non approuvé',
  'devices.warning.title': 'Un appareil n’est pas approuvé',
  'devices.warning.text':
    'Aucun de vos autres appareils ne l’a approuvé ; vos correspondants voient donc que votre numéro de sécurité a changé. S’il est à vous, approuvez-le. Si vous ne le connaissez pas, déconnectez-le et changez de mot de passe.',
  'devices.this.title': 'Cet appareil n’est pas encore approuvé',
  'devices.this.text':
    'Sur un appareil que vous utilisiez déjà, ouvrez Réglages puis Appareils, choisissez « Approuver » et comparez ce code.',
  'devices.code': 'Code de cet appareil',
  'devices.approve': 'Approuver',
  'devices.approve_label': 'Approuver {name}',
  'devices.approve.title': 'Approuver {name} ?',
  'devices.approve.text':
    'Ouvrez Réglages puis Appareils sur {name}. Un code s’y trouve. N’approuvez que si c’est celui-ci.',
  'devices.approve.letters': 'Il affiche des lettres : les saisir ou les scanner',
  'devices.approve.done': '{name} a été approuvé.',
  'devices.broken.title': 'La liste de vos appareils ne concorde pas',
  'devices.broken.text':
    'La liste du serveur ne prolonge pas ce que cet appareil a vu. Soit le serveur a été restauré d’une sauvegarde plus ancienne, soit quelqu’un l’a modifiée. Les appareils arrivés depuis ne sont pas admis dans vos conversations chiffrées. Demandez à qui gère le serveur ; s’il a été restauré, recommencez.',
} as const;
