import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { people } from '../dev/people';
import { headerFor, newRoom } from '../dev/world';
import type { Command, Reply } from '../generated/types';
import { Drafts } from './drafts.svelte';

const room = newRoom(1, 'direct', people.mila.name, []);
const header = headerFor(room, null, false, false);
const noRoom: Reply = {
  type: 'failed',
  error: { code: 'storage', field: null, retry: 'never', retry_after_ms: null },
};

/** A device that answers with this, and what it was told. */
class Device {
  answer: Reply = noRoom;
  readonly texts: string[] = [];
  readonly drafts = new Drafts((command: Command): Promise<Reply> => {
    if (command.type === 'save_draft') this.texts.push(command.text);
    return Promise.resolve(this.answer);
  });
}

describe('Drafts', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps what the device has no room for, and puts it away once it has', async () => {
    const of = new Device();
    expect(await of.drafts.save(room.id, 'Half a')).toBe(false);
    await of.drafts.save(room.id, 'Half a thought');
    expect(of.drafts.of(header)).toBe('Half a thought');
    expect(of.drafts.homeless).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(new Set(of.texts.slice(2))).toEqual(new Set(['Half a thought']));
    of.answer = { type: 'done' };
    expect(await of.drafts.save('another', 'Whole')).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    const told = of.texts.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(of.texts).toHaveLength(told);
    expect(of.drafts.homeless).toBe(false);
    expect(of.drafts.of({ ...header, draft: 'of another tab' })).toBe('of another tab');
  });

  it('keeps nothing that the device has, or will never have', async () => {
    const of = new Device();
    of.answer = { type: 'failed', error: { ...noRoom.error, code: 'not_found' } };
    await of.drafts.save(room.id, 'Half a thought');
    expect(of.drafts.of(header)).toBe('');
  });

  it('forgets all of whoever signs out', async () => {
    const of = new Device();
    await of.drafts.save(room.id, 'Half a thought');
    of.drafts.forget();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(of.drafts.of(header)).toBe('');
    expect(of.texts).toHaveLength(1);
  });
});
