import { people } from './people';
import { append, message, newRoom, type Room } from './world';

const MINUTE_MS = 60_000;

/** How much of it is loaded when it is opened, in one piece. */
export const LOADED = 10_000;
const MESSAGES = 100_000;

/** A conversation of years: every line another length. */
export function longScene(now: number): Room[] {
  const member = (profile: Room['members'][number]['profile']) => ({
    profile,
    role: 'member' as const,
    presence: null,
  });
  const room = newRoom(1, 'direct', people.mila.name, [member(people.me), member(people.mila)]);
  for (let number = 1; number <= MESSAGES; number += 1) {
    const words = 'and the wind goes round to the west '.repeat(number % 7);
    const sender = number % 3 === 0 ? people.me : people.mila;
    append(room, sender, now - (MESSAGES - number) * MINUTE_MS, message(`Line ${number} ${words}`.trim()));
  }
  room.readSeq = room.log.length;
  return [room];
}
