import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Toasts } from './toasts.svelte';

const many = (count: number): string => `${count} messages`;

describe('what screen readers are told', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is said together where it comes together, and is nowhere a while later', () => {
    const toasts = new Toasts();
    toasts.say(['one'], many);
    expect(toasts.spoken).toBe('one');
    toasts.say(['two'], many);
    toasts.say(['three'], many);
    expect(toasts.spoken).toBe('one');
    vi.advanceTimersByTime(1_500);
    expect(toasts.spoken).toBe('2 messages');
    vi.advanceTimersByTime(6_500);
    expect(toasts.spoken).toBe('');
  });

  it('stays for its whole time though something was said before it', () => {
    const toasts = new Toasts();
    toasts.say(['one'], many);
    vi.advanceTimersByTime(6_000);
    toasts.say(['two'], many);
    vi.advanceTimersByTime(1_000);
    expect(toasts.spoken).toBe('two');
    vi.advanceTimersByTime(5_500);
    expect(toasts.spoken).toBe('');
  });
});
