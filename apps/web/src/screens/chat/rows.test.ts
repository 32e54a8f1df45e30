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
