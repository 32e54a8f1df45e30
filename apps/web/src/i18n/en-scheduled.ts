/** The texts about messages that are sent later, in English: among those that load later. */
export const enScheduled = {
  'later.title': 'Send later',
  'later.text': 'Message',
  'later.when': 'When',
  'later.hour': 'In one hour',
  'later.evening': 'This evening',
  'later.morning': 'Tomorrow morning',
  'later.custom': 'At a time of your own',
  'later.moment': 'Date and time',
  'later.submit': 'Schedule',
  'later.done': 'It will be sent {when}.',
  'later.here':
    'It is sent by this device. Pipit has to be open on it then; else it goes when you next open it.',
  'later.error.empty': 'Write something.',
  'later.error.none': 'Choose a date and a time.',
  'later.error.past': 'This time has passed.',
  'later.error.far': 'This is too far ahead.',

  'scheduled.title': 'Scheduled messages',
  'scheduled.text': 'The server sends them at their time, whether you are there or not. Only you see them.',
  'scheduled.here':
    'This device sends them at their time, or when Pipit is next opened on it. They are on no other device of yours.',
  'scheduled.none': 'Nothing is scheduled here.',
  'scheduled.waiting': 'waits for the line',
  'scheduled.files': 'goes when its files have arrived, even if that is later',
  'scheduled.failed': 'Not sent: {why}',
  'scheduled.change': 'Change',
  'scheduled.now': 'Send now',
  'scheduled.cancel': 'Delete',
} as const;
