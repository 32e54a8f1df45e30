import { describe, expect, it } from 'vitest';

import { durationWords, inUnits } from './duration';

describe('durations', () => {
  it('are given in the longest unit that measures them', () => {
    expect(durationWords(5_000)).toBe('5 seconds');
    expect(durationWords(90_000)).toBe('90 seconds');
    expect(durationWords(3_600_000)).toBe('1 hour');
    expect(durationWords(86_400_000)).toBe('1 day');
    expect(durationWords(4 * 7 * 86_400_000)).toBe('4 weeks');
    expect(inUnits(36 * 3_600_000)).toEqual({ count: 36, unit: 'hour' });
  });
});
