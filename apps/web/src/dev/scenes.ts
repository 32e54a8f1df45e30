import type { Role } from '../generated/types';
import { people } from './people';
import { append, failed, message, newRoom, type Room } from './world';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function member(
  profile: Room['members'][number]['profile'],
  presence: Room['members'][number]['presence'] = null,
  role: Role = 'member',
) {
  return { profile, role, presence };
}

const me = member(people.me, 'online');

/** Long enough that older pages are fetched: every line different, so that a test can tell them apart. */
function fillWithHistory(room: Room, until: number, count: number): void {
  const lines = [
    'Did you see the fog over the water this morning?',
    'Yes! I had to stop the bike twice just to look at it.',
    'We should go out again before it gets too cold.',
    'Sunday works for me, if the wind stays down.',
    'Then I will bring the big thermos.',
    'And I will bring what goes with it. Cinnamon or cardamom?',
    'Cardamom. Always cardamom.',
  ];
  for (let i = 0; i < count; i += 1) {
    const sender = i % 3 === 0 ? people.me : people.mila;
    append(
      room,
      sender,
      until - (count - i) * 47 * MINUTE_MS,
      message(`${lines[i % lines.length] ?? ''} (${i + 1})`),
    );
  }
}

function milaRoom(now: number): Room {
  const room = newRoom(1, 'direct', people.mila.name, [me, member(people.mila, 'online')]);
  append(room, people.mila, now - 12 * DAY_MS, { type: 'created', title: null });
  fillWithHistory(room, now - DAY_MS - 2 * HOUR_MS, 160);
  const at = now - 66 * MINUTE_MS;
  append(room, people.mila, at, message('Good morning! The ferry runs again, I checked the new timetable.'));
  append(room, people.mila, at + MINUTE_MS, message('First one out is 8:40. https://ferries.example/island'));
  append(room, people.me, at + 9 * MINUTE_MS, message('Perfect. That leaves time for a proper breakfast.'));
  const plan = append(
    room,
    people.mila,
    at + 11 * MINUTE_MS,
    message(
      'Shall we walk around the north side this time? The path along the cliffs should be dry by now, and with a bit of luck the pipits are back.',
    ),
  );
  append(
    room,
    people.me,
    at + 22 * MINUTE_MS,
    message('North side, yes! I have wanted to see them since last year.', plan),
  );
  append(room, people.me, at + 23 * MINUTE_MS, message('I will pack the good binoculars.'));
  append(room, people.mila, at + 40 * MINUTE_MS, message('And I finally fixed the rucksack.'));
  append(room, people.mila, at + 41 * MINUTE_MS, message('🎉'));
  append(
    room,
    people.me,
    at + 62 * MINUTE_MS,
    message('See you at the pier, 8:30. I will be the one with the thermos.'),
  );
  room.readSeq = room.log.length;
  return room;
}

function rowingRoom(now: number): Room {
  const room = newRoom(2, 'group', 'Harbour Rowing Club', [
    member(people.me, 'online', 'owner'),
    member(people.jonas, 'online', 'admin'),
    member(people.amara, 'away', 'moderator'),
    member(people.theo, 'offline'),
    member(people.yuki, 'online'),
    member(people.salma, null),
  ]);
  const day = now - DAY_MS;
  append(room, people.me, day - 3 * DAY_MS, { type: 'created', title: 'Rowing' });
  append(room, people.me, day - 3 * DAY_MS + MINUTE_MS, {
    type: 'title_changed',
    title: 'Harbour Rowing Club',
  });
  append(room, people.me, day - 2 * DAY_MS, { type: 'member_added', name: people.yuki.name, joined: false });
  append(
    room,
    people.jonas,
    day,
    message('The new oars are here. They are lighter than anything we have had.'),
  );
  append(room, people.jonas, day + MINUTE_MS, message('Who can help to carry them down on Thursday?'));
  append(room, people.yuki, day + 6 * MINUTE_MS, message('I can, after five.'));
  append(room, people.me, day + 8 * MINUTE_MS, message('Count me in.'));
  append(room, people.me, day + 9 * MINUTE_MS, {
    type: 'role_changed',
    name: people.amara.name,
    role: 'moderator',
  });
  room.readSeq = room.log.length;
  append(
    room,
    people.amara,
    now - 31 * MINUTE_MS,
    message('Training moves to 18:30 tonight, the tide is late.'),
  );
  append(room, people.amara, now - 30 * MINUTE_MS, message('Bring a light for the way back.'));
  append(room, people.theo, now - 12 * MINUTE_MS, message('I will be ten minutes late, start without me.'));
  return room;
}

function simpleRoom(
  number: number,
  profile: Room['members'][number]['profile'],
  presence: Room['members'][number]['presence'],
  ago: number,
  now: number,
  text: string,
  mine = false,
): Room {
  const room = newRoom(number, 'direct', profile.name, [me, member(profile, presence)]);
  append(room, profile, now - ago - HOUR_MS, { type: 'created', title: null });
  append(room, profile, now - ago - 5 * MINUTE_MS, message('Hello Robin!'));
  append(room, mine ? people.me : profile, now - ago, message(text));
  room.readSeq = room.log.length;
  room.lastSeen = presence === 'offline' ? now - 3 * HOUR_MS : null;
  return room;
}

/** A lived-in account. */
export function fullScene(now: number): Room[] {
  const jonas = simpleRoom(
    3,
    people.jonas,
    'away',
    52 * MINUTE_MS,
    now,
    'Can you look over the budget before Friday?',
  );
  jonas.readSeq = jonas.log.length - 1;
  const grandma = simpleRoom(
    4,
    people.grandma,
    'offline',
    5 * HOUR_MS,
    now,
    'The apples are ready. Come and get them!',
  );
  const theo = simpleRoom(
    5,
    people.theo,
    'offline',
    DAY_MS + HOUR_MS,
    now,
    'Found your scarf, it was in the boat house.',
    true,
  );
  const last = theo.log.at(-1);
  if (last) last.delivery = { state: 'delivered' };
  const kitchen = newRoom(6, 'group', 'Kitchen garden', [
    member(people.me, 'online'),
    member(people.ines, 'online', 'owner'),
    member(people.oskar, 'offline'),
  ]);
  append(kitchen, people.ines, now - 4 * DAY_MS, { type: 'created', title: 'Kitchen garden' });
  append(kitchen, people.oskar, now - 3 * DAY_MS, message('The beans are climbing like mad'));
  kitchen.readSeq = kitchen.log.length;
  kitchen.draft = 'We could swap some for';
  const yuki = simpleRoom(
    7,
    people.yuki,
    'online',
    9 * DAY_MS,
    now,
    'Thank you for the lift home yesterday.',
  );
  return [milaRoom(now), rowingRoom(now), jonas, grandma, theo, kitchen, yuki];
}

const CODE = `\`\`\`rust
/// The tide at a place, in centimetres.
pub fn height(place: &Place, at: Timestamp) -> Result<i32, TideError> {
    let hours = at.hours_since(place.last_low)?; // from the table
    Ok((hours * 30.0).sin() as i32 * 140)
}
\`\`\``;

/** What people write with marks in it. */
export function writtenScene(now: number): Room[] {
  const rooms = fullScene(now);
  const [, club] = rooms;
  if (club === undefined) return rooms;
  const at = now - 10 * MINUTE_MS;
  const say = (minute: number, who: (typeof people)[keyof typeof people], text: string) =>
    append(club, who, at + minute * MINUTE_MS, message(text));
  say(
    0,
    people.jonas,
    'For **Thursday**, please bring:\n\n1. gloves\n2. the *blue* straps\n3. ~~cake~~ soup',
  );
  say(
    1,
    people.me,
    '> Training moves to 18:30\n\nThen I come **straight from work**, see https://rowing.example/tides_and_times.',
  );
  say(
    2,
    people.yuki,
    `@robin @theo the tide table is code now, run \`tide --today\`:\n${CODE}\nIt *nearly* works.`,
  );
  say(3, people.me, CODE);
  say(
    4,
    people.amara,
    '- wind from the north-west, so the inner harbour it is\n- [the forecast](https://weather.example/harbour)\n  - it changes by the hour',
  );
  say(5, people.me, '@amara **thank you!** `2*3*4` is _not_ <b>bold</b>');
  return rooms;
}

/** A list that somebody has put in order: pinned, muted, marked as unread, archived. */
export function keptScene(now: number): Room[] {
  const rooms = fullScene(now);
  const [, club, , grandma, theo, garden, yuki] = rooms;
  if (!club || !grandma || !theo || !garden || !yuki) return rooms;
  club.kept.mutedUntil = now + 7 * HOUR_MS;
  grandma.kept.markedUnread = true;
  theo.kept.mutedUntil = Date.UTC(9999, 11, 31);
  garden.kept.pinned = true;
  yuki.kept.archivedAt = yuki.log.length;
  return rooms;
}

/** Somebody whom one does not know has written, and somebody has added one to a group. */
export function requestsScene(now: number): Room[] {
  const rooms = fullScene(now);
  const [, , , grandma, , kitchen] = rooms;
  if (!grandma || !kitchen) return rooms;
  grandma.kept.request = 'waiting';
  kitchen.kept.request = 'waiting';
  kitchen.draft = '';
  return rooms;
}

/** The same, with messages that wait and one that was refused. */
export function troubledScene(now: number): Room[] {
  const rooms = fullScene(now);
  // Without a line nobody knows how the others are.
  for (const { members } of rooms) for (const member of members) member.presence = null;
  const [mila] = rooms;
  if (mila !== undefined) {
    const refused = append(
      mila,
      people.me,
      now - 4 * MINUTE_MS,
      message('Here is the whole list of what to bring, all forty pages of it.'),
    );
    refused.seq = null;
    refused.delivery = failed('too_large');
    const waiting = append(mila, people.me, now - MINUTE_MS, message('I will just tell you tomorrow.'));
    waiting.seq = null;
    waiting.continues = false;
    waiting.delivery = { state: 'queued' };
  }
  return rooms;
}
