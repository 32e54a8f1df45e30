import type { Command, EditView, ItemBody, PinView, Profile, Reply, TimelineItem } from '../generated/types';
import { everyone, people } from './people';
import type { Room } from './world';

/** What has become of the messages of a room, beyond what its timeline shows. */
export interface Changes {
  /** By the key of the message: what it said, oldest first. */
  edits: Map<string, EditView[]>;
  reactions: Map<string, { emoji: string; profile: Profile }[]>;
  /** The one pinned last first. */
  pins: TimelineItem[];
}

export function noChanges(): Changes {
  return { edits: new Map(), reactions: new Map(), pins: [] };
}

type Message = TimelineItem & { body: Extract<ItemBody, { type: 'message' }> };

/** A message of the room that has a place in its log. */
export function messageIn(room: Room | undefined, key: string): Message | undefined {
  const item = room?.log.find((entry) => entry.key === key);
  return item?.body.type === 'message' && item.seq !== null ? (item as Message) : undefined;
}

export function edit(room: Room, item: Message, text: string, at: number): void {
  const before = room.changes.edits.get(item.key) ?? [{ at: item.at, text: item.body.text }];
  room.changes.edits.set(item.key, [...before, { at, text }]);
  item.body = { ...item.body, text, edited_at: at };
  requote(room, item.key, text);
}

export function erase(room: Room, item: TimelineItem, by: Profile): void {
  room.changes.edits.delete(item.key);
  room.changes.reactions.delete(item.key);
  room.changes.pins = room.changes.pins.filter((pin) => pin !== item);
  item.body = { type: 'deleted', by: by.user === item.sender ? null : by.name };
  item.delivery = null;
  requote(room, item.key, null);
}

/** Takes out what somebody has deleted for themselves, and says where it was: the rest keeps its places in the log. */
export function forget(room: Room, key: string): number {
  const index = room.log.findIndex((item) => item.key === key);
  room.changes.pins = room.changes.pins.filter((pin) => pin.key !== key);
  room.log = room.log.filter((item) => item.key !== key);
  requote(room, key, null);
  return index;
}

/** What answers it shows what it says now. */
function requote(room: Room, key: string, text: string | null): void {
  for (const { body } of room.log)
    if (body.type === 'message' && body.reply?.message === key)
      body.reply = { ...body.reply, text: text?.slice(0, 120) ?? null };
}

export function react(room: Room, item: Message, by: Profile, emoji: string, on: boolean): void {
  const all = (room.changes.reactions.get(item.key) ?? []).filter(
    (reaction) => reaction.emoji !== emoji || reaction.profile.user !== by.user,
  );
  if (on) all.push({ emoji, profile: by });
  room.changes.reactions.set(item.key, all);
  const shown = [...new Set([...item.body.reactions.map((known) => known.emoji), emoji])];
  const reactions = shown.flatMap((shownEmoji) => {
    const those = all.filter((reaction) => reaction.emoji === shownEmoji);
    if (those.length === 0) return [];
    const mine = those.some(({ profile }) => profile.user === people.me.user);
    const names = those.slice(0, 5).map(({ profile }) => profile.name);
    return [{ emoji: shownEmoji, count: those.length, mine, names }];
  });
  item.body = { ...item.body, reactions };
}

export function pin(room: Room, item: Message, on: boolean): void {
  const others = room.changes.pins.filter((other) => other !== item);
  room.changes.pins = on ? [item, ...others] : others;
  item.body = { ...item.body, pinned: on };
}

export function pinsOf(room: Room): PinView[] {
  return room.changes.pins.flatMap(({ key, seq, sender_name, body }) =>
    body.type === 'message' && seq !== null
      ? [{ message: key, seq, sender_name, text: body.text.replace(/\s+/g, ' ').slice(0, 120) }]
      : [],
  );
}

type ChangeOf = Extract<Command, { type: 'edit_message' | 'delete_message' | 'react' | 'pin_message' }>;

/** Does what somebody who looks asks for; says whether it was allowed. */
export function change(room: Room, item: Message, command: ChangeOf): boolean {
  const { can } = item.body;
  switch (command.type) {
    case 'edit_message':
      if (can.edit) edit(room, item, command.text, Date.now());
      return can.edit;
    case 'delete_message':
      if (can.delete) erase(room, item, people.me);
      return can.delete;
    case 'react':
      if (can.react) react(room, item, people.me, command.emoji, command.on);
      return can.react;
    case 'pin_message':
      if (can.pin) pin(room, item, command.on);
      return can.pin;
  }
}

/** What more there is to know of a message; null where that is not asked. */
export function tellOf(room: Room | undefined, command: Command): Reply | null {
  switch (command.type) {
    case 'list_edits':
      return { type: 'edits', items: room?.changes.edits.get(command.message) ?? [] };
    case 'list_reactions':
      return { type: 'reactions', items: room?.changes.reactions.get(command.message) ?? [] };
    case 'get_message_info': {
      const others = (room?.members ?? []).filter(({ profile }) => profile.user !== people.me.user);
      const items = others.map(({ profile }) => {
        const place = everyone.indexOf(profile);
        return { profile, delivered: place % 3 !== 0, read: place % 3 === 1 };
      });
      return { type: 'message_info', items: items.slice(0, 200), total: items.length };
    }
    default:
      return null;
  }
}
