import { describe, expect, it } from 'vitest';
import type { Splice, Update } from '../generated/types';
import { Lists, Standing } from './lists';

const items = (count: number): never[] => Array.from({ length: count }, () => ({}) as never);
const conversations = (...splices: Splice<never>[]): Update => ({
  type: 'conversations',
  splices,
  has_more: false,
  loaded: true,
  requests: 0,
});
const timeline = (conversation: string, ...splices: Splice<never>[]): Update => ({
  type: 'timeline',
  header: { conversation } as never,
  splices,
});
const splicesOf = (update: Update): readonly Splice<unknown>[] => ('splices' in update ? update.splices : []);

describe('lists', () => {
  it('pass on what one engine says as it is', () => {
    const lists = new Lists();
    lists.restart();
    const first = conversations({ at: 0, remove: 0, insert: items(3) });
    expect(lists.pass(first)).toEqual(first);
  });

  it('are emptied before what another engine says of them, once', () => {
    const lists = new Lists();
    lists.pass(conversations({ at: 0, remove: 0, insert: items(5) }, { at: 2, remove: 2, insert: [] }));
    lists.pass(timeline('a', { at: 0, remove: 0, insert: items(7) }));
    lists.restart();
    const again = { at: 0, remove: 0, insert: items(4) };
    expect(splicesOf(lists.pass(conversations(again)))).toEqual([{ at: 0, remove: 3, insert: [] }, again]);
    expect(splicesOf(lists.pass(timeline('a', again)))).toEqual([{ at: 0, remove: 7, insert: [] }, again]);
    expect(splicesOf(lists.pass(conversations(again)))).toEqual([again]);
  });

  it('take another timeline for a new list', () => {
    const lists = new Lists();
    lists.pass(timeline('a', { at: 0, remove: 0, insert: items(7) }));
    lists.restart();
    const other = timeline('b', { at: 0, remove: 0, insert: items(1) });
    expect(lists.pass(other)).toEqual(other);
  });
});

describe('standing', () => {
  it('keeps the last of what a leader has to know of a view, in order', () => {
    const standing = new Standing();
    standing.note({ id: 1, command: { type: 'open_timeline', conversation: 'a' } });
    standing.note({ id: 2, command: { type: 'set_visible', visible: true } });
    standing.note({ id: 3, command: { type: 'load_older' } });
    standing.note({ id: 4, command: { type: 'open_timeline', conversation: 'b' } });
    expect(standing.all().map(({ id }) => id)).toEqual([2, 4]);
    standing.note({ id: 5, command: { type: 'close_timeline' } });
    expect(standing.all().map(({ id }) => id)).toEqual([2]);
    standing.note({ id: 6, command: { type: 'set_list_filter', filter: 'unread' } });
    standing.note({ id: 7, command: { type: 'set_list_filter', filter: 'groups' } });
    expect(standing.all().map(({ id }) => id)).toEqual([2, 7]);
    standing.note({ id: 8, command: { type: 'open_timeline_at', conversation: 'a', seq: 4 } });
    expect(standing.all().map(({ id }) => id)).toEqual([2, 7, 8]);
  });
});
