import { enRecovery } from './en-recovery';

/** The texts of handing messages over to a new device, and of getting them back without one, in English. */
export const enHandover = {
  ...enRecovery,

  'handover.get.title': 'Get your messages',
  'handover.get.lead':
    'Encrypted messages are kept on your devices, not on the server. Another device of yours can hand them to this one.',
  'handover.get.steps':
    'On the other device, open Settings, then Devices, and choose “Hand messages to a new device”. Scan this code there, or type it.',
  'handover.get.qr': 'The code below as a QR code',
  'handover.get.code': 'Code',
  'handover.get.secret': 'Show this code to nobody else.',
  'handover.get.preparing': 'Making a code…',
  'handover.get.waiting': 'Waiting for your other device…',
  'handover.get.running': 'Your messages are coming',
  'handover.get.placing': {
    one: '{count} message is still to be put in its place.',
    other: '{count} messages are still to be put in their place.',
  },
  'handover.get.done': {
    one: '{count} message came from your other device.',
    other: '{count} messages came from your other device.',
  },
  'handover.get.nothing': 'The other device had nothing that this one can use.',
  'handover.get.keep': 'You can go on using Pipit meanwhile. Should it be closed, it goes on the next time.',
  'handover.get.again': 'Make a new code',
  'handover.get.stop': 'Stop',
  'handover.get.later': 'Not now',
  'handover.failed.expired':
    'Nobody used the code in time, or another device has declined. Make a new one when you have your other device at hand.',
  'handover.failed.gone': 'The other side has stopped. What came so far stays.',
  'handover.failed.damaged':
    'What came cannot be read: it was changed on its way. Try again with a new code.',

  'handover.give.title': 'Hand messages to a new device',
  'handover.give.lead':
    'Type or scan the code that your new device shows. That approves it, and it gets what this device can read of your encrypted conversations.',
  'handover.give.code': 'Code of the new device',
  'handover.give.code.hint': 'Seven groups of four letters and digits.',
  'handover.give.check': 'Continue',
  'handover.give.scan': 'Scan with the camera',
  'handover.give.scan.stop': 'Stop the camera',
  'handover.give.scan.aim': 'Point the camera at the code on your new device.',
  'handover.give.who': '{name} asks for your messages. It asked {when}.',
  'handover.give.sure':
    'Approve only a device that is yours and that you see before you. It will be able to read all that this device can.',
  'handover.give.approve': 'Approve',
  'handover.give.decline': 'Not mine',
  'handover.give.declined': 'Nothing was handed over. If you do not know that device, sign it out here.',
  'handover.give.running': 'Handing over to {name}',
  'handover.give.keep': 'Keep Pipit open on this device until it is done.',
  'handover.give.done': '{name} has got your messages.',
  'handover.give.failed': 'The messages were not handed over to {name}.',

  'handover.progress': '{percent} %',
  'handover.banner.waiting': '{name} asks for your messages.',
  'handover.banner.look': 'Look',
  'handover.banner.gap': 'This device cannot read what was written before it came in.',
  'handover.banner.get': 'Get it',
  'handover.banner.taking': 'Your messages are coming: {percent} %',
  'handover.banner.giving': 'Messages are handed over to {name}: {percent} %',
  'handover.settings.title': 'Encrypted messages',
  'handover.settings.text':
    'Only your devices have them. A new device gets them from one that is signed in already.',
} as const;
