import { expect, test } from 'vitest';

import { fromField, presets, toField, wrongWith } from './times';

const local = (hour: number, minute = 0) => new Date(2026, 10, 28, hour, minute).getTime();

test.each([
  [local(10), ['hour', 'evening', 'morning']],
  [local(17, 30), ['hour', 'evening', 'morning']],
  [local(17, 31), ['hour', 'morning']],
  [local(23), ['hour', 'morning']],
])('what is ahead at %d', (now, expected) => {
  const offered = presets(now);
  expect(offered.map(({ preset }) => preset)).toEqual(expected);
  expect(offered.every(({ at }) => at > now)).toBe(true);
});

test('times are those of where one is', () => {
  const [hour, evening, morning] = presets(local(10, 20));
  expect(hour?.at).toBe(local(11, 20));
  expect(evening?.at).toBe(local(18));
  expect(morning?.at).toBe(new Date(2026, 10, 29, 9).getTime());
  expect(toField(local(8, 5))).toBe('2026-11-28T08:05');
  expect(fromField(toField(local(8, 5)))).toBe(local(8, 5));
  expect(fromField('')).toBeNull();
});

test.each([
  [null, 'none'],
  [1_000, 'past'],
  [1_001, null],
  [1_500, null],
  [1_501, 'far'],
])('%j', (at, expected) => {
  expect(wrongWith(at, 1_000, 500)).toBe(expected);
});
