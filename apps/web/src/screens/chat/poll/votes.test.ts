import { expect, test } from 'vitest';

import type { PollView } from '../../../generated/types';
import { chosenAfter, shareOf, wrongWith } from './votes';

function poll(multiple: boolean, ...mine: boolean[]): PollView {
  return {
    options: mine.map((own, place) => ({ text: String(place), count: own ? 1 : 0, mine: own })),
    multiple,
    anonymous: false,
    closes_at: null,
    closed: false,
    voters: mine.some((own) => own) ? 1 : 0,
    can_vote: true,
    can_close: false,
  };
}

test.each([
  ['one, first vote', poll(false, false, false), 1, [1]],
  ['one, another vote', poll(false, true, false), 1, [1]],
  ['one, the same again', poll(false, true, false), 0, null],
  ['several, one more', poll(true, true, false, false), 2, [0, 2]],
  ['several, one less', poll(true, true, false, true), 0, [2]],
  ['several, the last', poll(true, true, false), 0, []],
])('%s', (_, given, pressed, expected) => {
  expect(chosenAfter(given, pressed)).toEqual(expected);
});

test('a share is of those who voted', () => {
  const given = { ...poll(true, true, false), voters: 3 };
  expect(given.options.map((option) => shareOf(option, given))).toEqual([33, 0]);
  const nobody = poll(false, false, false);
  expect(nobody.options.map((option) => shareOf(option, nobody))).toEqual([0, 0]);
});

test.each([
  ['Where?', ['here', 'there'], null],
  [' ', ['here', 'there'], 'question'],
  ['Where to go?!', ['here', 'there'], 'long_question'],
  ['Where?', ['here', ' '], 'few'],
  ['Where?', ['here', 'far away'], 'long_option'],
  ['Where?', ['here', ' here', ''], 'same'],
])('%s %j', (question, options, expected) => {
  expect(wrongWith(question, options, { question: 10, option: 5 }, (text) => text.length)).toBe(expected);
});
