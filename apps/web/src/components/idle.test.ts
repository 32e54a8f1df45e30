import { expect, it, vi } from 'vitest';

import { whenIdle } from './idle';

it('does what waits one after the other, each in a turn of its own, but for what was taken back', () => {
  vi.useFakeTimers();
  const done: string[] = [];
  const wait = (name: string) => whenIdle(() => done.push(name));
  wait('first');
  const takeBack = wait('second');
  wait('third');
  takeBack();
  expect(done).toEqual([]);
  vi.advanceTimersToNextTimer();
  expect(done).toEqual(['first']);
  vi.advanceTimersToNextTimer();
  expect(done).toEqual(['first', 'third']);
  // And again after all of it was done, or taken back.
  wait('fourth')();
  vi.runAllTimers();
  wait('fifth');
  vi.runAllTimers();
  expect(done).toEqual(['first', 'third', 'fifth']);
  vi.useRealTimers();
});
