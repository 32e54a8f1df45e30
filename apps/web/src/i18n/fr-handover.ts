import type { enHandover } from './en-handover';
import { frRecovery } from './fr-recovery';
import type { Translated } from './texts';

/** Voir `en-handover`. */
export const frHandover = {
  ...frRecovery,

  'handover.get.title': 'Récupérer vos messages',
  'handover.get.lead':
    'Les messages chiffrés sont sur vos appareils, pas sur le serveur. Un autre de vos appareils peut les transmettre à celui-ci.',
  'handover.get.steps':
    'Sur l’autre appareil, ouvrez Paramètres, puis Appareils, et choisissez « Transmettre les messages à un nouvel appareil ». Scannez-y ce code, ou saisissez-le.',
  'handover.get.qr': 'Le code ci-dessous sous forme de code QR',
  'handover.get.code': 'Code',
  'handover.get.secret': 'Ne montrez ce code à personne d’autre.',
  'handover.get.preparing': 'Création d’un code…',
  'handover.get.waiting': 'En attente de votre autre appareil…',
  'handover.get.running': 'Vos messages arrivent',
  'handover.get.placing': {
    one: '{count} message reste à mettre à sa place.',
    other: '{count} messages restent à mettre à leur place.',
  },
  'handover.get.done': {
    one: '{count} message est venu de votre autre appareil.',
    other: '{count} messages sont venus de votre autre appareil.',
  },
  'handover.get.nothing': 'L’autre appareil n’avait rien qui puisse servir à celui-ci.',
  'handover.get.keep':
    'Vous pouvez continuer à utiliser Pipit. S’il est fermé, la suite viendra la prochaine fois.',
  'handover.get.again': 'Créer un nouveau code',
  'handover.get.stop': 'Arrêter',
  'handover.get.later': 'Pas maintenant',
  'handover.failed.expired':
    'Personne n’a utilisé le code à temps, ou un autre appareil a refusé. Créez-en un nouveau quand vous aurez votre autre appareil sous la main.',
  'handover.failed.gone': 'L’autre côté s’est arrêté. Ce qui est déjà venu reste.',
  'handover.failed.damaged':
    'Ce qui est venu est illisible : cela a été modifié en chemin. Réessayez avec un nouveau code.',

  'handover.give.title': 'Transmettre les messages à un nouvel appareil',
  'handover.give.lead':
    'Saisissez ou scannez le code que montre votre nouvel appareil. Cela l’approuve, et il reçoit ce que cet appareil peut lire de vos conversations chiffrées.',
  'handover.give.code': 'Code du nouvel appareil',
  'handover.give.code.hint': 'Sept groupes de quatre lettres et chiffres.',
  'handover.give.check': 'Continuer',
  'handover.give.scan': 'Scanner avec la caméra',
  'handover.give.scan.stop': 'Arrêter la caméra',
  'handover.give.scan.aim': 'Pointez la caméra vers le code affiché sur le nouvel appareil.',
  'handover.give.who': '{name} demande vos messages. La demande date de : {when}.',
  'handover.give.sure':
    'N’autorisez qu’un appareil qui est à vous et que vous avez sous les yeux. Il pourra lire tout ce que celui-ci peut lire.',
  'handover.give.approve': 'Autoriser',
  'handover.give.decline': 'Pas à moi',
  'handover.give.declined':
    'Rien n’a été transmis. Si vous ne connaissez pas cet appareil, déconnectez-le ici.',
  'handover.give.running': 'Transmission à {name}',
  'handover.give.keep': 'Gardez Pipit ouvert sur cet appareil jusqu’à la fin.',
  'handover.give.done': '{name} a reçu vos messages.',
  'handover.give.failed': 'Les messages n’ont pas été transmis à {name}.',

  'handover.progress': '{percent} %',
  'handover.banner.waiting': '{name} demande vos messages.',
  'handover.banner.look': 'Voir',
  'handover.banner.gap': 'Cet appareil ne peut pas lire ce qui a été écrit avant son arrivée.',
  'handover.banner.get': 'Récupérer',
  'handover.banner.taking': 'Vos messages arrivent : {percent} %',
  'handover.banner.giving': 'Les messages sont transmis à {name} : {percent} %',
  'handover.settings.title': 'Messages chiffrés',
  'handover.settings.text':
    'Seuls vos appareils les ont. Un nouvel appareil les reçoit d’un appareil déjà connecté.',
} as const satisfies Translated<typeof enHandover, 'one' | 'other'>;
