import { describe, expect, it } from 'vitest';

import { ARMED_PX, decided, drawn } from './swipe';

describe('a swipe', () => {
  it('goes with the finger, then ever less', () => {
    expect(drawn(-20)).toBe(0);
    expect(drawn(30)).toBe(30);
    expect(drawn(ARMED_PX)).toBe(ARMED_PX);
    const [near, far] = [drawn(ARMED_PX + 40), drawn(ARMED_PX + 400)];
    expect(near).toBeGreaterThan(ARMED_PX);
    expect(near).toBeLessThan(ARMED_PX + 40);
    expect(far).toBeGreaterThan(near);
    expect(far).toBeLessThanOrEqual(ARMED_PX + 28);
  });

  it('is told from scrolling', () => {
    expect(decided(4, 3)).toBe('open');
    expect(decided(14, 3)).toBe('swipe');
    expect(decided(14, 13)).toBe('open');
    expect(decided(3, 14)).toBe('other');
    expect(decided(12, -30)).toBe('other');
    expect(decided(-14, 0)).toBe('other');
  });
});
