/** The texts of the recovery code and the backup that it opens, in English. */
export const enRecovery = {
  'recovery.title': 'Recovery code',
  'recovery.text':
    'If you lose all of your devices, only a recovery code brings your encrypted messages back. Nobody else can: not even whoever runs the server.',
  'recovery.off': 'There is no backup. If you lose all of your devices, your encrypted messages are gone.',
  'recovery.locked':
    'There is a backup that this device does not add to. Enter its recovery code here, and it does.',
  'recovery.running': 'Your messages are being backed up…',
  'recovery.restoring': 'Your messages are coming from the backup',
  'recovery.kept': 'Backed up {when}',
  'recovery.size': 'The backup takes {size} of your room on the server.',
  'recovery.failed': 'It is not backed up: {why}',
  'recovery.make': 'Make a recovery code',
  'recovery.replace': 'Make a new code',
  'recovery.enter': 'Enter the recovery code',
  'recovery.end': 'Turn the backup off',
  'recovery.end.title': 'Turn the backup off?',
  'recovery.end.text':
    'It is erased from the server, and the code opens nothing any more. If you then lose all of your devices, your encrypted messages are gone.',
  'recovery.ended': 'The backup was erased.',
  'recovery.make.lead':
    'Write this code down and keep it where you will find it without your devices. It is shown this one time.',
  'recovery.make.replaces': 'It takes the place of the code that you have. That one opens nothing any more.',
  'recovery.make.secret': 'Whoever has the code and your password can read your encrypted messages.',
  'recovery.make.code': 'Recovery code',
  'recovery.make.next': 'I have written it down',
  'recovery.check.lead': 'To be sure, type two of its groups.',
  'recovery.check.group': 'Group {number}',
  'recovery.check.wrong': 'That is not what stood there. Look at what you wrote down, or go back.',
  'recovery.check.back': 'Show the code again',
  'recovery.check.done': 'Turn the backup on',
  'recovery.made': 'The backup is on. This device keeps it up to date.',
  'recovery.enter.lead':
    'Type the code that you wrote down when you turned the backup on. Your messages then come to this device.',
  'recovery.enter.none':
    'There is no backup on the server. What only your lost devices could read cannot be brought back; everything that is written from now on is here.',
  'recovery.enter.code': 'Recovery code',
  'recovery.enter.done': 'Bring my messages back',
  'recovery.entered': 'The code is right. Your messages are on their way.',
  'recovery.instead': 'Use the recovery code instead',
} as const;
