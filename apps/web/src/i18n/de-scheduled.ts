/** German: the texts about messages that are sent later. */
export const deScheduled = {
  'later.title': 'Später senden',
  'later.text': 'Nachricht',
  'later.when': 'Wann',
  'later.hour': 'In einer Stunde',
  'later.evening': 'Heute Abend',
  'later.morning': 'Morgen früh',
  'later.custom': 'Eigener Zeitpunkt',
  'later.moment': 'Datum und Uhrzeit',
  'later.submit': 'Planen',
  'later.done': 'Wird gesendet: {when}.',
  'later.here':
    'Dieses Gerät sendet sie. Pipit muss dann darauf offen sein; sonst geht sie hinaus, wenn du es das nächste Mal öffnest.',
  'later.error.empty': 'Schreib etwas.',
  'later.error.none': 'Wähle Datum und Uhrzeit.',
  'later.error.past': 'Dieser Zeitpunkt ist vorbei.',
  'later.error.far': 'Das ist zu weit in der Zukunft.',

  'scheduled.title': 'Geplante Nachrichten',
  'scheduled.text': 'Der Server sendet sie zu ihrer Zeit, ob du da bist oder nicht. Nur du kannst sie sehen.',
  'scheduled.here':
    'Dieses Gerät sendet sie zu ihrer Zeit oder sobald Pipit darauf wieder geöffnet wird. Auf deinen anderen Geräten sind sie nicht.',
  'scheduled.none': 'Hier ist nichts geplant.',
  'scheduled.waiting': 'wartet auf Verbindung',
  'scheduled.files': 'geht hinaus, sobald die Dateien angekommen sind, auch wenn das später ist',
  'scheduled.failed': 'Nicht gesendet: {why}',
  'scheduled.change': 'Ändern',
  'scheduled.now': 'Jetzt senden',
  'scheduled.cancel': 'Löschen',
} as const;
