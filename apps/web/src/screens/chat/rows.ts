import { dayOf } from '../../format/time';
import type { Seq, TimelineItem } from '../../generated/types';

/** A line of the timeline with what its neighbours make of it. */
export interface Row {
  key: string;
  item: TimelineItem;
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
  return item !== undefined && ['message', 'unreadable', 'deleted'].includes(item.body.type);
}

function firstUnreadIndex(items: readonly TimelineItem[], firstUnread: Seq | null): number {
  if (firstUnread === null) return -1;
  return items.findIndex((item) => item.seq !== null && item.seq >= firstUnread && !item.mine);
}

/** The rows for a list of items. Days are those of this device. */
export function rowsOf(items: readonly TimelineItem[], firstUnread: Seq | null): Row[] {
  const unreadAt = firstUnreadIndex(items, firstUnread);
  let newestOwn = items.length - 1;
  while (newestOwn >= 0 && items[newestOwn]?.delivery == null) newestOwn -= 1;

  const rows: Row[] = [];
  let previous: Row | undefined;
  for (const [index, item] of items.entries()) {
    const day = previous === undefined || dayOf(previous.item.at) !== dayOf(item.at);
    const unread = index === unreadAt;
    const joins = item.continues && !day && !unread && isMessage(item) && isMessage(previous?.item);
    if (previous !== undefined) previous.joined = joins;
    const row: Row = {
      key: item.key,
      item,
      day,
      unread,
      joins,
      joined: false,
      newestOwn: index === newestOwn,
      first: index === 0,
      last: index === items.length - 1,
    };
    rows.push(row);
    previous = row;
  }
  return rows;
}
