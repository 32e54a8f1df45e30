import { expect, it } from 'vitest';

import { asked } from './groups';

it('asks for two different groups, in order', () => {
  const all = new Set<string>();
  for (let one = 0; one < 256; one += 1)
    for (let other = 0; other < 256; other += 1) {
      const [first, second] = asked(new Uint8Array([one, other]));
      expect(first).toBeLessThan(second);
      expect(second).toBeLessThan(7);
      all.add(`${first} ${second}`);
    }
  expect(all.size).toBe(21);
});
