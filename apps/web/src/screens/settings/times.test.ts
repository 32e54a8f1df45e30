import { describe, expect, it } from 'vitest';

import { minutesOf, timeOf, wordsIn, zones } from './times';

describe('what is typed for notifications', () => {
  it('has times as minutes', () => {
    for (const [time, minutes] of [
      ['00:00', 0],
      ['07:05', 425],
      ['23:59', 1_439],
    ] as const) {
      expect(minutesOf(time)).toBe(minutes);
      expect(timeOf(minutes)).toBe(time);
    }
    expect(minutesOf('')).toBe(0);
    expect(minutesOf('23:59:30')).toBe(1_439);
  });

  it('has words between commas', () => {
    expect(wordsIn(' deploy, red button\ndeploy,, ')).toEqual(['deploy', 'red button']);
    expect(wordsIn('')).toEqual([]);
  });

  it('knows zones', () => {
    expect(zones('Europe/Berlin')).toContain('Europe/Berlin');
    expect(zones('Middle-earth/Bree')).toContain('Middle-earth/Bree');
  });
});
