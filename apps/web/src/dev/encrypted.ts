import type { AttachmentView, ItemBody, UnreadableReason } from '../generated/types';
import { idOf, people } from './people';
import { fullScene } from './scenes';
import { append, message, newRoom, type Room } from './world';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** It was said before its sender's device committed to what it says. */
export const UNPROVEN = 'Now this phone has the keys, too.';

function unreadable(reason: UnreadableReason): ItemBody {
  return { type: 'unreadable', reason };
}

/** A file that nobody fetches here. */
function sealed(number: number, name: string, media_type: string, size: number): AttachmentView {
  const file = { blob: idOf(9, number), name, media_type, size, seal: { key: '', digest: '' } };
  return { file, upload: null };
}

/** An encrypted group that this device came into later, in which one message waits for its key and one was of no use. */
export function encryptedScene(now: number): Room[] {
  const room = newRoom(8, 'group', 'Family', [
    { profile: people.me, role: 'owner', presence: 'online' },
    { profile: people.mila, role: 'member', presence: 'online' },
    { profile: people.grandma, role: 'member', presence: 'offline' },
  ]);
  room.encrypted = true;
  for (let i = 0; i < 12; i += 1)
    append(
      room,
      i % 2 === 0 ? people.mila : people.grandma,
      now - (60 - i) * HOUR_MS,
      unreadable('before_you'),
    );
  const at = now - 40 * MINUTE_MS;
  const names = [people.grandma.name];
  append(room, people.mila, at, { type: 'history_shown', to_me: false, names, count: 1 });
  append(room, people.mila, at, message(UNPROVEN));
  append(room, people.grandma, at + 2 * MINUTE_MS, message('And nobody else? Not even the server?'));
  append(room, people.grandma, at + 3 * MINUTE_MS, unreadable('failed'));
  append(room, people.me, at + 6 * MINUTE_MS, message('Only us. See https://pipit.example/keys'));
  append(room, people.mila, at + 9 * MINUTE_MS, {
    ...message('From the jetty'),
    attachments: [
      sealed(1, 'jetty.mp4', 'video/mp4', 24_000_000),
      sealed(2, 'tides.pdf', 'application/pdf', 310_000),
    ],
  } as ItemBody);
  append(room, people.mila, at + 30 * MINUTE_MS, unreadable('waiting'));
  append(room, people.mila, at + 31 * MINUTE_MS, unreadable('waiting'));
  append(room, people.mila, at + 31 * MINUTE_MS, unreadable('asked_again'));
  append(room, people.grandma, at + 32 * MINUTE_MS, { type: 'trust', change: 'new_device' });
  room.readSeq = room.log.length;
  const chat = newRoom(9, 'direct', 'Jonas Weber', [
    { profile: people.me, role: 'member', presence: 'online' },
    { profile: people.jonas, role: 'member', presence: 'online' },
  ]);
  chat.encrypted = true;
  append(chat, people.jonas, at, message('Shall we compare the number?'));
  append(chat, people.me, at + MINUTE_MS, message('Done. Nobody is between us.'));
  chat.readSeq = chat.log.length;
  return [...fullScene(now), room, chat];
}
