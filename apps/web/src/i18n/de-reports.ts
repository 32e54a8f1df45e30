import type { enReports } from './en-reports';
import type { Translated } from './texts';

/** Siehe `en-reports`. */
export const deReports = {
  'report.title': '{name} melden',
  'report.lead':
    'Deine Meldung geht an die, die diesen Server betreiben, mit deinem Namen. Sonst erfährt niemand davon.',
  'report.reason': 'Weswegen',
  'report.reason.spam': 'Spam-Nachrichten',
  'report.reason.spam.hint': 'Werbung, Betrug, immer wieder dasselbe.',
  'report.reason.harassment': 'Belästigung',
  'report.reason.harassment.hint': 'Beleidigungen, Drohungen, Nachstellen.',
  'report.reason.danger': 'Jemand ist in Gefahr',
  'report.reason.danger.hint':
    'Wenn es eilt, ruf zuerst Hilfe: Eine Meldung wird vielleicht erst spät gelesen.',
  'report.reason.illegal': 'Gegen das Gesetz',
  'report.reason.illegal.hint': 'Was niemand sagen oder teilen darf.',
  'report.reason.other': 'Etwas anderes',
  'report.reason.other.hint': 'Schreib in die Anmerkung, was es ist.',
  'report.reason.error': 'Wähle aus, weswegen.',
  'report.note': 'Anmerkung',
  'report.note.hint': 'Was man wissen muss, um es zu verstehen.',
  'report.note.error': 'Schreib, was es ist.',
  'report.shown': 'Was gezeigt wird',
  'report.shown.none':
    'Nichts von dem, was gesagt wurde. Um Nachrichten zu zeigen, wähle sie im Chat aus und melde sie dort.',
  'report.shown.open':
    'Wer diesen Server betreibt, sieht diese Nachrichten und was sie sagten, bevor sie bearbeitet wurden. Dateien werden genannt, nicht gezeigt.',
  'report.shown.encrypted':
    'Dieser Chat ist verschlüsselt: Gezeigt wird nur, was du hier auswählst, und nichts sonst daraus. Wer diesen Server betreibt, sieht diese Nachrichten und was sie sagten, bevor sie bearbeitet wurden. Dateien werden genannt, nicht gezeigt.',
  'report.block': 'Auch {name} blockieren',
  'report.block.hint': 'Dann kommt von dort keine Nachricht mehr. Was gesagt wurde, bleibt.',
  'report.block.hint_request': 'Dann kommt von dort keine Nachricht mehr. Die Anfrage wird gelöscht.',
  'report.submit': 'Meldung senden',
  'report.sent': 'Deine Meldung wurde gesendet.',
  'report.sent_without': {
    one: 'Deine Meldung wurde ohne {count} Nachricht gesendet: Nichts belegt, was darin stand.',
    other: 'Deine Meldung wurde ohne {count} Nachrichten gesendet: Nichts belegt, was darin stand.',
  },
  'report.error.offline':
    'Eine Meldung braucht eine Verbindung zum Server, und gerade gibt es keine. Was du geschrieben hast, bleibt hier: Sende es, sobald es eine gibt.',
  'report.error.too_large': 'Das ist mehr, als eine Meldung zeigen kann. Wähle weniger Nachrichten.',
  'report.error.limit_reached':
    'So viele deiner Meldungen sind noch nicht bearbeitet, dass keine weitere möglich ist.',
  'report.error.entries':
    'Der Server kann nicht bestätigen, was in einer dieser Nachrichten steht, vielleicht weil sie gelöscht wurde. Wähle andere.',

  'reports.title': 'Meldungen',
  'reports.lead': 'Was dir über andere gemeldet wurde. Das sieht nur, wer diesen Server verwaltet.',
  'reports.which': 'Zeigen',
  'reports.open': 'Offen',
  'reports.closed': 'Abgeschlossen',
  'reports.open.none': 'Niemand hat etwas gemeldet.',
  'reports.closed.none': 'Es gibt keine abgeschlossenen Meldungen. Sie werden 90 Tage aufbewahrt.',
  'reports.by': 'Gemeldet von {name} (@{handle}), {when}',
  'reports.evidence': 'Was gesagt wurde',
  'reports.evidence.none': 'Es werden keine Nachrichten gezeigt.',
  'reports.sealed':
    'Aus einem verschlüsselten Chat. Der Server hat geprüft, dass das Gerät genau diese Worte gesendet hat.',
  'reports.changed': 'Geändert in, {when}',
  'reports.options': 'Zur Auswahl',
  'reports.preview': 'Vorschau eines Links',
  'reports.files': 'Dateien',
  'reports.close': 'Meldung abschließen',
  'reports.close_label': 'Die Meldung über {name} abschließen',
  'reports.close.note': 'Was getan wurde',
  'reports.close.note.hint': 'Für die, die diesen Server verwalten. Sonst sieht es niemand.',
  'reports.close.done': 'Die Meldung ist abgeschlossen.',
  'reports.closed_by': 'Abgeschlossen von {name}, {when}',
} as const satisfies Translated<typeof enReports, 'one' | 'other'>;
