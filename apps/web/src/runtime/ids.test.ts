import { describe, expect, it } from 'vitest';
import { createIdSource, newId } from './ids';

const zeros = (bytes: Uint8Array): void => void bytes.fill(0);
const ones = (bytes: Uint8Array): void => void bytes.fill(0xff);

describe('ids', () => {
  it('follow RFC 9562, section 5.7: time, version, variant', () => {
    expect(createIdSource(() => 0x017f22e279b0, zeros)()).toBe('017f22e2-79b0-7000-8000-000000000000');
    expect(createIdSource(() => 0x017f22e279b0, ones)()).toBe('017f22e2-79b0-77ff-bfff-ffffffffffff');
  });

  it('sort in the order of their making, also within one millisecond and past its end', () => {
    const next = createIdSource(() => 1_700_000_000_000, zeros);
    const made = Array.from({ length: 10_000 }, next);
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  it('sort also where the clock goes back', () => {
    let now = 1_700_000_000_000;
    const next = createIdSource(() => now, ones);
    const before = next();
    now -= 60_000;
    expect(next() > before).toBe(true);
  });

  it('are made from the real clock and randomness', () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newId()).not.toBe(newId());
  });
});
