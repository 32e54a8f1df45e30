import type { enHandover } from './en-handover';
import { deRecovery } from './de-recovery';
import type { Translated } from './texts';

/** Siehe `en-handover`. */
export const deHandover = {
  ...deRecovery,

  'handover.get.title': 'Deine Nachrichten holen',
  'handover.get.lead':
    'Verschlüsselte Nachrichten liegen auf deinen Geräten, nicht auf dem Server. Ein anderes deiner Geräte kann sie an dieses übergeben.',
  'handover.get.steps':
    'Öffne auf dem anderen Gerät „Einstellungen“, dann „Geräte“, und wähle „Nachrichten an ein neues Gerät übergeben“. Scanne dort diesen Code, oder tippe ihn ein.',
  'handover.get.qr': 'Der Code unten als QR-Code',
  'handover.get.code': 'Code',
  'handover.get.secret': 'Zeige diesen Code niemand anderem.',
  'handover.get.preparing': 'Ein Code wird erzeugt …',
  'handover.get.waiting': 'Es wird auf dein anderes Gerät gewartet …',
  'handover.get.running': 'Deine Nachrichten kommen',
  'handover.get.placing': {
    one: '{count} Nachricht wird noch einsortiert.',
    other: '{count} Nachrichten werden noch einsortiert.',
  },
  'handover.get.done': {
    one: '{count} Nachricht kam von deinem anderen Gerät.',
    other: '{count} Nachrichten kamen von deinem anderen Gerät.',
  },
  'handover.get.nothing': 'Das andere Gerät hatte nichts, was dieses brauchen kann.',
  'handover.get.keep':
    'Du kannst Pipit währenddessen benutzen. Wird es geschlossen, geht es beim nächsten Mal weiter.',
  'handover.get.again': 'Neuen Code erzeugen',
  'handover.get.stop': 'Abbrechen',
  'handover.get.later': 'Nicht jetzt',
  'handover.failed.expired':
    'Niemand hat den Code rechtzeitig benutzt, oder ein anderes Gerät hat abgelehnt. Erzeuge einen neuen, wenn du dein anderes Gerät zur Hand hast.',
  'handover.failed.gone': 'Die andere Seite hat abgebrochen. Was bisher kam, bleibt.',
  'handover.failed.damaged':
    'Was kam, ist nicht lesbar: Es wurde unterwegs verändert. Versuche es mit einem neuen Code noch einmal.',

  'handover.give.title': 'Nachrichten an ein neues Gerät übergeben',
  'handover.give.lead':
    'Tippe oder scanne den Code, den dein neues Gerät zeigt. Damit ist es bestätigt, und es bekommt, was dieses Gerät von deinen verschlüsselten Unterhaltungen lesen kann.',
  'handover.give.code': 'Code des neuen Geräts',
  'handover.give.code.hint': 'Sieben Gruppen aus vier Buchstaben und Ziffern.',
  'handover.give.check': 'Weiter',
  'handover.give.scan': 'Mit der Kamera scannen',
  'handover.give.scan.stop': 'Kamera ausschalten',
  'handover.give.scan.aim': 'Halte die Kamera auf den Code auf dem neuen Gerät.',
  'handover.give.who': '{name} bittet um deine Nachrichten. Gefragt wurde {when}.',
  'handover.give.sure':
    'Erlaube es nur einem Gerät, das dir gehört und das du vor dir siehst. Es wird alles lesen können, was dieses Gerät lesen kann.',
  'handover.give.approve': 'Erlauben',
  'handover.give.decline': 'Nicht meines',
  'handover.give.declined': 'Es wurde nichts übergeben. Wenn du jenes Gerät nicht kennst, melde es hier ab.',
  'handover.give.running': 'Übergabe an {name}',
  'handover.give.keep': 'Lass Pipit auf diesem Gerät offen, bis es fertig ist.',
  'handover.give.done': '{name} hat deine Nachrichten bekommen.',
  'handover.give.failed': 'Die Nachrichten wurden nicht an {name} übergeben.',

  'handover.progress': '{percent} %',
  'handover.banner.waiting': '{name} bittet um deine Nachrichten.',
  'handover.banner.look': 'Ansehen',
  'handover.banner.gap': 'Dieses Gerät kann nicht lesen, was geschrieben wurde, bevor es dazukam.',
  'handover.banner.get': 'Holen',
  'handover.banner.taking': 'Deine Nachrichten kommen: {percent} %',
  'handover.banner.giving': 'Nachrichten werden an {name} übergeben: {percent} %',
  'handover.settings.title': 'Verschlüsselte Nachrichten',
  'handover.settings.text':
    'Nur deine Geräte haben sie. Ein neues Gerät bekommt sie von einem, das schon angemeldet ist.',
} as const satisfies Translated<typeof enHandover, 'one' | 'other'>;
