import type { enRecovery } from './en-recovery';
import type { Translated } from './texts';

/** Voir `en-recovery`. */
export const frRecovery = {
  'recovery.title': 'Code de récupération',
  'recovery.text':
    'Si vous perdez tous vos appareils, seul un code de récupération ramène vos messages chiffrés. Personne d’autre ne le peut, pas même qui gère le serveur.',
  'recovery.off':
    'Il n’y a pas de sauvegarde. Si vous perdez tous vos appareils, vos messages chiffrés sont perdus.',
  'recovery.locked':
    'Il y a une sauvegarde à laquelle cet appareil ne contribue pas. Saisissez ici son code de récupération, et il le fera.',
  'recovery.running': 'Vos messages sont en cours de sauvegarde…',
  'recovery.restoring': 'Vos messages arrivent de la sauvegarde',
  'recovery.kept': 'Sauvegardé {when}',
  'recovery.size': 'La sauvegarde prend {size} de votre place sur le serveur.',
  'recovery.failed': 'Ce n’est pas sauvegardé : {why}',
  'recovery.make': 'Créer un code de récupération',
  'recovery.replace': 'Créer un nouveau code',
  'recovery.enter': 'Saisir le code de récupération',
  'recovery.end': 'Désactiver la sauvegarde',
  'recovery.end.title': 'Désactiver la sauvegarde ?',
  'recovery.end.text':
    'Elle est effacée du serveur, et le code n’ouvre plus rien. Si vous perdez ensuite tous vos appareils, vos messages chiffrés sont perdus.',
  'recovery.ended': 'La sauvegarde a été effacée.',
  'recovery.make.lead':
    'Notez ce code et gardez-le là où vous le retrouverez sans vos appareils. Il n’est montré que cette fois.',
  'recovery.make.replaces': 'Il remplace le code que vous avez. L’ancien n’ouvrira plus rien.',
  'recovery.make.secret': 'Qui a ce code et votre mot de passe peut lire vos messages chiffrés.',
  'recovery.make.code': 'Code de récupération',
  'recovery.make.next': 'Je l’ai noté',
  'recovery.check.lead': 'Pour être sûr, saisissez deux de ses groupes.',
  'recovery.check.group': 'Groupe {number}',
  'recovery.check.wrong':
    'Ce n’est pas ce qui était écrit. Regardez ce que vous avez noté, ou revenez en arrière.',
  'recovery.check.back': 'Montrer à nouveau le code',
  'recovery.check.done': 'Activer la sauvegarde',
  'recovery.made': 'La sauvegarde est active. Cet appareil la tient à jour.',
  'recovery.enter.lead':
    'Saisissez le code que vous avez noté en activant la sauvegarde. Vos messages viendront alors sur cet appareil.',
  'recovery.enter.none':
    'Il n’y a pas de sauvegarde sur le serveur. Ce que seuls vos appareils perdus pouvaient lire ne peut pas être récupéré ; tout ce qui s’écrit désormais est ici.',
  'recovery.enter.code': 'Code de récupération',
  'recovery.enter.done': 'Récupérer mes messages',
  'recovery.entered': 'Le code est juste. Vos messages arrivent.',
  'recovery.instead': 'Utiliser plutôt le code de récupération',
} as const satisfies Translated<typeof enRecovery, 'one' | 'other'>;
