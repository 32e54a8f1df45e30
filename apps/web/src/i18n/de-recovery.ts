import type { enRecovery } from './en-recovery';
import type { Translated } from './texts';

/** Siehe `en-recovery`. */
export const deRecovery = {
  'recovery.title': 'Wiederherstellungscode',
  'recovery.text':
    'Wenn du alle deine Geräte verlierst, bringt nur ein Wiederherstellungscode deine verschlüsselten Nachrichten zurück. Sonst kann das niemand, auch nicht, wer den Server betreibt.',
  'recovery.off':
    'Es gibt keine Sicherung. Wenn du alle deine Geräte verlierst, sind deine verschlüsselten Nachrichten weg.',
  'recovery.locked':
    'Es gibt eine Sicherung, zu der dieses Gerät nichts beiträgt. Gib hier ihren Wiederherstellungscode ein, dann tut es das.',
  'recovery.running': 'Deine Nachrichten werden gesichert …',
  'recovery.restoring': 'Deine Nachrichten kommen aus der Sicherung',
  'recovery.kept': 'Gesichert {when}',
  'recovery.size': 'Die Sicherung braucht {size} von deinem Platz auf dem Server.',
  'recovery.failed': 'Es ist nicht gesichert: {why}',
  'recovery.make': 'Wiederherstellungscode erzeugen',
  'recovery.replace': 'Neuen Code erzeugen',
  'recovery.enter': 'Wiederherstellungscode eingeben',
  'recovery.end': 'Sicherung abschalten',
  'recovery.end.title': 'Sicherung abschalten?',
  'recovery.end.text':
    'Sie wird auf dem Server gelöscht, und der Code öffnet nichts mehr. Verlierst du danach alle deine Geräte, sind deine verschlüsselten Nachrichten weg.',
  'recovery.ended': 'Die Sicherung wurde gelöscht.',
  'recovery.make.lead':
    'Schreibe diesen Code auf, und bewahre ihn da auf, wo du ihn auch ohne deine Geräte findest. Er wird nur dieses eine Mal gezeigt.',
  'recovery.make.replaces': 'Er ersetzt den Code, den du hast. Der alte öffnet dann nichts mehr.',
  'recovery.make.secret': 'Wer den Code und dein Passwort hat, kann deine verschlüsselten Nachrichten lesen.',
  'recovery.make.code': 'Wiederherstellungscode',
  'recovery.make.next': 'Ich habe ihn aufgeschrieben',
  'recovery.check.lead': 'Tippe zur Sicherheit zwei seiner Gruppen ein.',
  'recovery.check.group': 'Gruppe {number}',
  'recovery.check.wrong': 'Das stand dort nicht. Sieh nach, was du aufgeschrieben hast, oder geh zurück.',
  'recovery.check.back': 'Code noch einmal zeigen',
  'recovery.check.done': 'Sicherung einschalten',
  'recovery.made': 'Die Sicherung ist an. Dieses Gerät hält sie aktuell.',
  'recovery.enter.lead':
    'Tippe den Code ein, den du beim Einschalten der Sicherung aufgeschrieben hast. Dann kommen deine Nachrichten auf dieses Gerät.',
  'recovery.enter.none':
    'Auf dem Server ist keine Sicherung. Was nur deine verlorenen Geräte lesen konnten, lässt sich nicht zurückholen; alles, was von jetzt an geschrieben wird, ist hier.',
  'recovery.enter.code': 'Wiederherstellungscode',
  'recovery.enter.done': 'Meine Nachrichten zurückholen',
  'recovery.entered': 'Der Code stimmt. Deine Nachrichten sind unterwegs.',
  'recovery.instead': 'Stattdessen den Wiederherstellungscode benutzen',
} as const satisfies Translated<typeof enRecovery, 'one' | 'other'>;
