/** French: the texts about messages that are sent later. */
export const frScheduled = {
  'later.title': 'Envoyer plus tard',
  'later.text': 'Message',
  'later.when': 'Quand',
  'later.hour': 'Dans une heure',
  'later.evening': 'Ce soir',
  'later.morning': 'Demain matin',
  'later.custom': 'À un moment de ton choix',
  'later.moment': 'Date et heure',
  'later.submit': 'Programmer',
  'later.done': 'Envoi prévu : {when}.',
  'later.here':
    'C’est cet appareil qui l’envoie. Pipit doit y être ouvert à ce moment-là ; sinon, il partira à la prochaine ouverture.',
  'later.error.empty': 'Écris quelque chose.',
  'later.error.none': 'Choisis une date et une heure.',
  'later.error.past': 'Ce moment est passé.',
  'later.error.far': 'C’est trop loin dans le futur.',

  'scheduled.title': 'Messages programmés',
  'scheduled.text': 'Le serveur les envoie à l’heure dite, que tu sois là ou non. Toi seul peux les voir.',
  'scheduled.here':
    'Cet appareil les envoie à l’heure dite, ou dès que Pipit y est rouvert. Ils ne sont sur aucun autre de tes appareils.',
  'scheduled.none': 'Rien n’est programmé ici.',
  'scheduled.waiting': 'attend la connexion',
  'scheduled.files': 'part quand ses fichiers sont arrivés, même si c’est plus tard',
  'scheduled.failed': 'Non envoyé : {why}',
  'scheduled.change': 'Modifier',
  'scheduled.now': 'Envoyer maintenant',
  'scheduled.cancel': 'Supprimer',
} as const;
