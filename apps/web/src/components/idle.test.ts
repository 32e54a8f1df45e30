import { expect, it, vi } from 'vitest';

import { whenIdle } from './idle';

it('does what waits in a later turn, but for what was taken back', () => {
  vi.useFakeTimers();
  const done: string[] = [];
  whenIdle(() => done.push('first'));
  whenIdle(() => done.push('second'))();
  expect(done).toEqual([]);
  vi.runAllTimers();
  expect(done).toEqual(['first']);
  vi.useRealTimers();
});
