import { dayOf } from '../../format/time';
import type { Seq, TimelineItem } from '../../generated/types';

/** A line of the timeline with what its neighbours make of it. */
export interface Row {
  key: string;
  /** Of messages that are folded into one line: the last of them. */
  item: TimelineItem;
  /** How many messages that this device cannot read it stands for. */
  folded: number;
  /** Whether the heading of its day stands before it. */
  day: boolean;
  /** Whether the divider of new messages stands before it. */
  unread: boolean;
  /** Whether it joins the one before it, and whether the next one joins it. */
  joins: boolean;
  joined: boolean;
  /** Whether it is the newest message of one's own: where it stands is said in words. */
  newestOwn: boolean;
  first: boolean;
  last: boolean;
}

function isMessage(item: TimelineItem | undefined): boolean {
  return item !== undefined && ['message', 'deleted'].includes(item.body.type);
}

function isFromBefore({ body }: TimelineItem): boolean {
  return body.type === 'unreadable' && body.reason === 'before_you';
}

/** Whether two messages cannot be read for the same reason. */
function areAlike(one: TimelineItem, other: TimelineItem): boolean {
  return (
    one.body.type === 'unreadable' &&
    other.body.type === 'unreadable' &&
    one.body.reason === other.body.reason
  );
}

function firstUnreadIndex(items: readonly TimelineItem[], firstUnread: Seq | null): number {
  if (firstUnread === null) return -1;
  // What was before this device is not new to it.
  return items.findIndex(
    (item) => item.seq !== null && item.seq >= firstUnread && !item.mine && !isFromBefore(item),
  );
}

/** The rows for a list of items. Days are those of this device. */
export function rowsOf(items: readonly TimelineItem[], firstUnread: Seq | null): Row[] {
  const unreadAt = firstUnreadIndex(items, firstUnread);
  let newestOwn = items.length - 1;
  while (newestOwn >= 0 && items[newestOwn]?.delivery == null) newestOwn -= 1;

  const rows: Row[] = [];
  let previous: Row | undefined;
  let dayShown: number | null = null;
  for (const [index, item] of items.entries()) {
    const unread = index === unreadAt;
    if (previous !== undefined && !unread && areAlike(previous.item, item)) {
      // It keeps the key of the last one: those that come by loading older messages come before it.
      Object.assign(previous, { key: item.key, item, folded: previous.folded + 1 });
      continue;
    }
    // A run may go over many days, so no day's heading is above it.
    const unreadable = item.body.type === 'unreadable';
    const day = !unreadable && dayShown !== dayOf(item.at);
    if (day) dayShown = dayOf(item.at);
    const joins = item.continues && !day && !unread && isMessage(item) && isMessage(previous?.item);
    if (previous !== undefined) previous.joined = joins;
    const row: Row = {
      key: item.key,
      item,
      folded: unreadable ? 1 : 0,
      day,
      unread,
      joins,
      joined: false,
      newestOwn: index === newestOwn,
      first: index === 0,
      last: false,
    };
    rows.push(row);
    previous = row;
  }
  if (previous !== undefined) previous.last = true;
  return rows;
}
