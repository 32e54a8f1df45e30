import type { enReports } from './en-reports';
import type { Translated } from './texts';

/** Voir `en-reports`. */
export const frReports = {
  'report.title': 'Signaler {name}',
  'report.lead':
    'Ton signalement va à ceux qui gèrent ce serveur, avec ton nom. Personne d’autre n’en est informé.',
  'report.reason': 'Pour quel motif',
  'report.reason.spam': 'Messages indésirables',
  'report.reason.spam.hint': 'Publicité, arnaque, toujours la même chose.',
  'report.reason.harassment': 'Harcèlement',
  'report.reason.harassment.hint': 'Insultes, menaces, insistance.',
  'report.reason.danger': 'Quelqu’un est en danger',
  'report.reason.danger.hint':
    'Si c’est urgent, appelle d’abord les secours : un signalement peut être lu tard.',
  'report.reason.illegal': 'Contraire à la loi',
  'report.reason.illegal.hint': 'Ce que la loi interdit de dire ou de partager.',
  'report.reason.other': 'Autre chose',
  'report.reason.other.hint': 'Dis dans la note de quoi il s’agit.',
  'report.reason.error': 'Choisis un motif.',
  'report.note': 'Remarque',
  'report.note.hint': 'Ce qu’il faut savoir pour comprendre.',
  'report.note.error': 'Dis de quoi il s’agit.',
  'report.shown': 'Ce qui sera montré',
  'report.shown.none':
    'Rien de ce qui a été dit. Pour montrer des messages, choisis-les dans la conversation et signale-les là.',
  'report.shown.open':
    'Ceux qui gèrent ce serveur verront ces messages, et ce qu’ils disaient avant d’être modifiés. Les fichiers sont nommés, pas montrés.',
  'report.shown.encrypted':
    'Cette conversation est chiffrée : seul ce que tu choisis ici est montré, rien d’autre. Ceux qui gèrent ce serveur verront ces messages, et ce qu’ils disaient avant d’être modifiés. Les fichiers sont nommés, pas montrés.',
  'report.block': 'Bloquer aussi {name}',
  'report.block.hint': 'Cette personne ne pourra plus t’écrire. Ce qui a été dit reste.',
  'report.block.hint_request': 'Cette personne ne pourra plus t’écrire. Sa demande est supprimée.',
  'report.submit': 'Envoyer le signalement',
  'report.sent': 'Ton signalement a été envoyé.',
  'report.sent_without': {
    one: 'Ton signalement a été envoyé sans {count} message : rien ne prouve ce qu’il disait.',
    other: 'Ton signalement a été envoyé sans {count} messages : rien ne prouve ce qu’ils disaient.',
  },
  'report.error.offline':
    'Un signalement a besoin d’une connexion au serveur, et il n’y en a pas. Ce que tu as écrit reste ici : envoie-le quand elle sera revenue.',
  'report.error.too_large': 'C’est plus que ce qu’un signalement peut montrer. Choisis moins de messages.',
  'report.error.limit_reached':
    'Tant de tes signalements n’ont pas encore été traités qu’il ne peut pas y en avoir d’autre.',
  'report.error.entries':
    'Le serveur ne peut pas confirmer ce que dit l’un de ces messages, peut-être parce qu’il a été supprimé. Choisis-en d’autres.',

  'reports.title': 'Signalements',
  'reports.lead': 'Ce qu’on t’a dit d’autres personnes. Seuls ceux qui administrent ce serveur le voient.',
  'reports.which': 'Afficher',
  'reports.open': 'En cours',
  'reports.closed': 'Clos',
  'reports.open.none': 'Personne n’a rien signalé.',
  'reports.closed.none': 'Il n’y a pas de signalement clos. Ils sont gardés 90 jours.',
  'reports.by': 'Signalé par {name} (@{handle}), {when}',
  'reports.evidence': 'Ce qui a été dit',
  'reports.evidence.none': 'Aucun message n’est montré.',
  'reports.sealed':
    'D’une conversation chiffrée. Le serveur a vérifié que l’appareil a envoyé exactement ces mots.',
  'reports.changed': 'Devenu, {when}',
  'reports.options': 'Au choix',
  'reports.preview': 'Aperçu d’un lien',
  'reports.files': 'Fichiers',
  'reports.close': 'Clore le signalement',
  'reports.close_label': 'Clore le signalement de {name}',
  'reports.close.note': 'Ce qui a été fait',
  'reports.close.note.hint': 'Pour ceux qui administrent ce serveur. Personne d’autre ne le voit.',
  'reports.close.done': 'Le signalement est clos.',
  'reports.closed_by': 'Clos par {name}, {when}',
} as const satisfies Translated<typeof enReports, 'one' | 'other'>;
