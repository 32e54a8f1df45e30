import { expect, it } from 'vitest';

import { asked } from './groups';

it('asks for two different groups, in order', () => {
  const all = new Set<string>();
  for (let one = 0; one < 256; one += 1)
    for (let other = 0; other < 256; other += 1) all.add(asked(new Uint8Array([one, other])).join(' '));
  const expected: string[] = [];
  for (let first = 0; first < 7; first += 1)
    for (let second = first + 1; second < 7; second += 1) expected.push(`${first} ${second}`);
  expect([...all].sort()).toEqual(expected);
});
