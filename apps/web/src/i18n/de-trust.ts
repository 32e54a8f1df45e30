/** German: the texts about whose devices are whose. */
export const deTrust = {
  'trust.verify': 'Prüfen',
  'trust.verify_label': '{name} prüfen',
  'trust.title': '{name} prüfen',
  'trust.state.verified': 'Geprüft',
  'trust.state.unverified': 'Noch nicht geprüft',
  'trust.state.changed': 'Die Sicherheitsnummer hat sich geändert',
  'trust.state.broken': 'Die Geräteliste passt nicht',
  'trust.state.unknown': 'Noch keine Geräte bekannt',
  'trust.hint.verified': 'Du hast die Sicherheitsnummer mit {name} verglichen.',
  'trust.hint.verified_at': 'Du hast die Sicherheitsnummer mit {name} am {date} verglichen.',
  'trust.hint.unverified':
    'Vergleiche einmal eine Nummer mit {name}, um sicher zu sein, dass niemand dazwischen ist.',
  'trust.hint.changed':
    'Du hattest {name} geprüft, und die Nummer ist jetzt eine andere: Es kam ein Gerät dazu, das keines der anderen bestätigt hat, oder alle wurden ersetzt. Frag {name} danach und vergleiche die neue Nummer.',
  'trust.hint.broken':
    'Die Liste der Geräte von {name} auf dem Server setzt nicht fort, was dieses Gerät gesehen hat. Entweder wurde der Server aus einer älteren Sicherung wiederhergestellt, oder jemand hat sie verändert. Seither dazugekommene Geräte werden nicht zugelassen. Frag, wer den Server betreibt; wurde er wiederhergestellt, fang neu an und vergleiche die Nummer.',
  'trust.hint.unknown':
    'Die Nummer ist da, sobald {name} Pipit einmal geöffnet hat und eine Verbindung besteht.',
  'trust.begin_anew': 'Neu anfangen',
  'trust.number': 'Sicherheitsnummer',
  'trust.how':
    'Triff {name} oder ruf an, und öffnet beide diese Seite. Sind die zwölf Gruppen bei beiden gleich, ist niemand dazwischen.',
  'trust.copy': 'Nummer kopieren',
  'trust.copied': 'Die Nummer wurde kopiert.',
  'trust.code': 'Dein Code',
  'trust.code.hint': '{name} kann ihn von deinem Bildschirm scannen.',
  'trust.scan': 'Code der anderen Seite scannen',
  'trust.scan.stop': 'Scannen beenden',
  'trust.scan.aim': 'Richte die Kamera auf den Code auf dem Bildschirm von {name}.',
  'scan.starting': 'Die Kamera wird gestartet …',
  'scan.no_camera':
    'Die Kamera kann nicht benutzt werden. Erlaube sie dieser Seite in den Einstellungen des Browsers, oder mach es ohne sie.',
  'trust.scan.not_a_code':
    'Das ist kein solcher Code. Bitte {name}, „Prüfen“ zu öffnen und dir den Code zu zeigen.',
  'trust.mark': 'Als geprüft markieren',
  'trust.take_back': 'Zurücknehmen',
  'trust.differs': 'Sie sind verschieden',
  'trust.match': 'Die Codes stimmen überein: Niemand ist zwischen dir und {name}.',
  'trust.mismatch': 'Die Nummern sind verschieden',
  'trust.mismatch.text':
    'Stellt zuerst sicher, dass {name} den Chat mit dir geöffnet hat und beide eine Verbindung haben, und vergleicht noch einmal. Sind sie weiter verschieden, liest vielleicht jemand mit: Schreib hier nichts, was nicht für andere bestimmt ist. Seht beide in den Einstellungen unter „Geräte“ nach, meldet ab, was ihr nicht kennt, und fragt, wer den Server betreibt.',
  'trust.devices': 'Geräte von {name}',
  'trust.device': 'Gerät {number}',
  'trust.since': 'seit {date}',
  'trust.by.first': 'das erste',
  'trust.by.device': 'bestätigt von Gerät {number}',
  'trust.by.gone': 'bestätigt von einem Gerät, das es nicht mehr gibt',
  'trust.by.recovery': 'bestätigt durch den Wiederherstellungscode',
  'trust.by.nobody': 'von keinem der anderen bestätigt',

  'devices.first': 'Das erste',
  'devices.approved_by': 'Bestätigt von {name}',
  'devices.approved_gone': 'Bestätigt von einem Gerät, das es nicht mehr gibt',
  'devices.approved_recovery': 'Bestätigt durch deinen Wiederherstellungscode',
  'devices.unapproved': 'Nicht bestätigt',
  'devices.warning.title': 'Ein Gerät ist nicht bestätigt',
  'devices.warning.text':
    'Keines deiner anderen Geräte hat es bestätigt; wem du schreibst, der sieht deshalb, dass sich deine Sicherheitsnummer geändert hat. Ist es deines, bestätige es. Kennst du es nicht, melde es ab und ändere dein Passwort.',
  'devices.this.title': 'Dieses Gerät ist noch nicht bestätigt',
  'devices.this.text':
    'Öffne auf einem Gerät, das du schon benutzt hast, Einstellungen und dann Geräte, wähle „Bestätigen“ und vergleiche diesen Code.',
  'devices.code': 'Code dieses Geräts',
  'devices.approve': 'Bestätigen',
  'devices.approve_label': '{name} bestätigen',
  'devices.approve.title': '{name} bestätigen?',
  'devices.approve.text':
    'Öffne auf {name} Einstellungen und dann Geräte. Dort steht ein Code. Bestätige nur, wenn es dieser ist.',
  'devices.approve.letters': 'Es zeigt Buchstaben: tippen oder scannen',
  'devices.approve.done': '{name} wurde bestätigt.',
  'devices.broken.title': 'Die Liste deiner Geräte passt nicht',
  'devices.broken.text':
    'Die Liste auf dem Server setzt nicht fort, was dieses Gerät gesehen hat. Entweder wurde der Server aus einer älteren Sicherung wiederhergestellt, oder jemand hat sie verändert. Seither dazugekommene Geräte werden nicht in deine verschlüsselten Chats gelassen. Frag, wer den Server betreibt; wurde er wiederhergestellt, fang neu an.',
} as const;
