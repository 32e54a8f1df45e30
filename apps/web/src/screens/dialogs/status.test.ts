import { describe, expect, it } from 'vitest';

import { endsAt, STATUS_EMOJI, statusOf } from './status';

const noon = new Date(2026, 10, 28, 12, 0, 0).getTime();

describe('a status', () => {
  it('ends when it was said to', () => {
    expect(endsAt('never', noon)).toBeNull();
    expect(endsAt('half_hour', noon)).toBe(noon + 30 * 60_000);
    expect(endsAt('hours', noon)).toBe(noon + 4 * 3_600_000);
    expect(endsAt('today', noon)).toBe(new Date(2026, 10, 29).getTime());
    expect(endsAt('week', noon)).toBe(noon + 7 * 86_400_000);
  });

  it('has an emoji, and is none without anything', () => {
    expect(statusOf('', '  ', null)).toBeNull();
    expect(statusOf('', ' at sea ', null)).toEqual({ emoji: STATUS_EMOJI, text: 'at sea' });
    expect(statusOf('🚣', '', 5)).toEqual({ emoji: '🚣', until: 5 });
  });
});
