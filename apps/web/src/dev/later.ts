import type { Command, Reply } from '../generated/types';
import { laterFiles, queued } from './media';
import { done, refusal } from './replies';
import { fullScene } from './scenes';
import type { Room } from './world';

const DAY_MS = 86_400_000;

/** A group in which something is to be sent later, and something was not. */
export function laterScene(now: number): Room[] {
  const rooms = fullScene(now);
  const club = rooms[1];
  if (club === undefined) return rooms;
  const entry = { reply_to: null, waiting: false, failed: null };
  club.scheduled = [
    { ...entry, message: 'later-1', text: 'Who has the key?', send_at: now - DAY_MS, failed: 'forbidden' },
    { ...entry, message: 'later-2', text: 'Training is at eight today', send_at: now + DAY_MS },
    { ...entry, message: 'later-3', text: '', attachments: laterFiles(), send_at: now + 2 * DAY_MS },
  ];
  return rooms;
}

type LaterCommand = Extract<Command, { type: 'schedule_message' | 'cancel_scheduled' | 'send_scheduled' }>;

/** Does what somebody who looks asks for; what is sent now is told to `write`. */
export function answerLater(
  room: Room | undefined,
  command: LaterCommand,
  write: (room: Room, text: string) => void,
): Reply {
  if (room === undefined) return refusal('not_member');
  const { message } = command;
  const known = room.scheduled.find((entry) => entry.message === message);
  const others = room.scheduled.filter((entry) => entry !== known);
  if (command.type === 'schedule_message') {
    const { text, reply_to = null, send_at } = command;
    const attachments = [...(known?.attachments ?? []), ...queued(command.attachments ?? [])];
    const entry = { message, text, reply_to, attachments, send_at, failed: null, waiting: false };
    room.scheduled = [...others, entry].sort((one, other) => one.send_at - other.send_at);
    return done;
  }
  if (known === undefined) return refusal('not_found');
  room.scheduled = others;
  if (command.type === 'send_scheduled') write(room, known.text);
  return done;
}
