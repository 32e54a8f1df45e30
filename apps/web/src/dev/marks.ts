import { people } from './people';
import { append, message, newRoom, type Room } from './world';
import { fullScene } from './scenes';

const MINUTE_MS = 60_000;

/** Marks that fonts have, and put one over the other. */
const MARKS = ['\u0301', '\u0323', '\u0302', '\u0308'];

const marked = (letter: string, count: number) =>
  letter + Array.from({ length: count }, (_, at) => MARKS[at % MARKS.length] ?? '').join('');

/** Somebody whose name and messages have as many marks as they get through: 64 characters, and 32 KiB, or some more where the server cannot count. */
export function marksScene(now: number): Room[] {
  const rooms = fullScene(now);
  const profile = { ...people.salma, name: marked('Z', 63) };
  const member = (of: typeof profile) => ({ profile: of, role: 'member' as const, presence: null });
  const room = newRoom(8, 'group', marked('G', 127), [member(people.me), member(profile)]);
  const say = (minute: number, who: typeof profile, text: string) =>
    append(room, who, now - (9 - minute) * MINUTE_MS, message(text));
  append(room, profile, now - 12 * MINUTE_MS, { type: 'title_changed', title: room.title });
  say(0, people.me, 'Before it');
  const loud = say(1, profile, marked('a', 100_000));
  say(2, people.me, 'After it');
  say(3, profile, Array.from({ length: 400 }, () => marked('b', 40)).join(' '));
  say(4, people.me, 'That is a lot of ink.');
  append(room, people.me, now - 4 * MINUTE_MS, message('To that I say nothing.', loud));
  room.readSeq = room.log.length;
  rooms.splice(2, 0, room);
  return rooms;
}
