import { expect, it } from 'vitest';

import { people } from '../../dev/people';
import { append, message, newRoom } from '../../dev/world';
import { rowsOf } from './rows';
import { labelOf } from './words';

const NOON = new Date(2026, 10, 24, 12, 0).getTime();
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

function log() {
  const room = newRoom(1, 'group', 'Rowing', []);
  append(room, people.mila, NOON - DAY, { type: 'created', title: 'Rowing' });
  append(room, people.mila, NOON - DAY + MINUTE, message('one'));
  append(room, people.mila, NOON - DAY + 2 * MINUTE, message('two'));
  append(room, people.me, NOON, message('three'));
  append(room, people.mila, NOON + MINUTE, message('four'));
  append(room, people.mila, NOON + 2 * MINUTE, message('five'));
  return room.log;
}

it('puts a heading before each day, and one divider before what is new', () => {
  const rows = rowsOf(log(), 5);
  expect(rows.map((row) => row.day)).toEqual([true, false, false, true, false, false]);
  expect(rows.map((row) => row.unread)).toEqual([false, false, false, false, true, false]);
});

it('joins what follows within the group, and nothing over a divider', () => {
  const rows = rowsOf(log(), 6);
  expect(rows.map((row) => row.joins)).toEqual([false, false, true, false, false, false]);
  expect(rows.map((row) => row.joined)).toEqual([false, true, false, false, false, false]);
  expect(rowsOf(log(), null).at(-1)?.joins).toBe(true);
});

it('says in words where the newest own message stands, and of no other', () => {
  expect(rowsOf(log(), null).map((row) => row.newestOwn)).toEqual([false, false, false, true, false, false]);
});

it('moves the divider to the first unread message that is there', () => {
  expect(rowsOf(log().slice(2), 1).map((row) => row.unread)).toEqual([true, false, false, false]);
  expect(rowsOf([], 1)).toEqual([]);
});

it('is read out as sender, text, time, state', () => {
  const [created, one, , three] = log();
  expect(created && labelOf(created)).toMatch(/^Mila Novak created the group “Rowing”, /);
  expect(one && labelOf(one)).toMatch(/^Mila Novak, one, 12:01/);
  expect(three && labelOf(three)).toMatch(/^You, three, 12:00.*, Read$/);
});

it('folds what this device cannot read into a line for each reason', () => {
  const room = newRoom(2, 'group', 'Family', []);
  for (let day = 6; day > 2; day -= 1)
    append(room, people.mila, NOON - day * DAY, { type: 'unreadable', reason: 'before_you' });
  append(room, people.mila, NOON - 2 * DAY, message('one'));
  append(room, people.mila, NOON - 2 * DAY + MINUTE, { type: 'unreadable', reason: 'failed' });
  append(room, people.mila, NOON - 2 * DAY + 2 * MINUTE, { type: 'unreadable', reason: 'waiting' });
  append(room, people.mila, NOON - 2 * DAY + 3 * MINUTE, message('two'));
  const rows = rowsOf(room.log, null);
  expect(rows.map((row) => row.folded)).toEqual([4, 0, 1, 1, 0]);
  expect(rows.map((row) => row.day)).toEqual([false, true, false, false, false]);
  const [run] = rows;
  expect(run && labelOf(run.item, run.folded)).toBe('4 messages from before this device joined');
  expect(run?.item.seq).toBe(4);
  expect(rows.at(-1)?.last).toBe(true);

  // What comes by loading older ones leaves the line's key as it was; what was before this device is not new.
  expect(rowsOf(room.log.slice(2), null)[0]?.key).toBe(run?.key);
  expect(rowsOf(room.log, 3).map((row) => [row.folded, row.unread])).toEqual([
    [4, false],
    [0, true],
    [1, false],
    [1, false],
    [0, false],
  ]);
});
