import type { Command, ListFilter } from '../generated/types';
import { personalOf, unreadOf, type Room } from './world';

/** The list as a filter shows it: what is pinned first, then the newest. */
export function listed(rooms: readonly Room[], pins: readonly Room[], filter: ListFilter): Room[] {
  const newest = (room: Room): number => room.log.at(-1)?.at ?? 0;
  const place = (room: Room): number => {
    const at = pins.indexOf(room);
    return at === -1 ? pins.length : at;
  };
  return rooms
    .filter((room) => passes(room, filter))
    .sort((a, b) => place(a) - place(b) || newest(b) - newest(a));
}

function passes(room: Room, filter: ListFilter): boolean {
  const { archived, marked_unread: marked, request } = personalOf(room);
  if (request === 'refused') return filter === 'archived';
  if (request === 'waiting') return filter === 'requests' && !archived;
  if (archived) return filter === 'archived';
  switch (filter) {
    case 'unread':
      return unreadOf(room) > 0 || marked;
    case 'groups':
      return room.kind === 'group';
    case 'people':
      return room.kind === 'direct';
    default:
      return filter === 'all';
  }
}

/** Does a command about what one keeps of a room; says whether it was one. */
export function keep(room: Room, pins: Room[], command: Command): boolean {
  const { kept } = room;
  switch (command.type) {
    case 'archive_conversation':
      kept.archivedAt = command.archived ? room.log.length : null;
      return true;
    case 'answer_request':
      if (command.answer === 'delete') kept.archivedAt = room.log.length;
      else kept.request = command.answer === 'accept' ? 'accepted' : 'refused';
      kept.blocked = command.answer === 'block';
      return true;
    case 'pin_conversation': {
      const at = pins.indexOf(room);
      if (at !== -1) pins.splice(at, 1);
      kept.pinned = command.place !== null;
      if (command.place !== null) pins.splice(command.place, 0, room);
      return true;
    }
    case 'mute_conversation':
      kept.mutedUntil = command.until;
      return true;
    case 'set_notify':
      kept.notify = command.notify;
      return true;
    case 'mark_unread':
      kept.markedUnread = command.unread;
      return true;
    default:
      return false;
  }
}
