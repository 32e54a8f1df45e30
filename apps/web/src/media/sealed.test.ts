import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Attachment } from '../generated/types';
import type { FromOpening, ToOpening } from './opening';
import { SealedFiles, type OpeningWorker } from './sealed.svelte';

/** A worker of which the test says what it does. */
class Scripted implements OpeningWorker {
  readonly posted: ToOpening[] = [];
  ended = false;
  say: (message: FromOpening) => void = () => {};
  break: () => void = () => {};

  post(message: ToOpening): void {
    this.posted.push(message);
  }
  listen(listener: (message: FromOpening) => void): void {
    this.say = listener;
  }
  fails(listener: () => void): void {
    this.break = listener;
  }
  end(): void {
    this.ended = true;
  }
}

function file(number: number): Attachment {
  return {
    blob: `blob-${number}`,
    size: 3,
    media_type: 'image/png',
    seal: { key: 'key', digest: '' },
  } as Attachment;
}

let workers: Scripted[];
let files: SealedFiles;
const link = vi.fn((blob: string) => Promise.resolve<string | null>(`/v1/blobs/${blob}`));
const settled = () => new Promise((resolve) => setTimeout(resolve));
const opened = () => workers.flatMap(({ posted }) => posted).filter(({ type }) => type === 'open');

beforeEach(() => {
  workers = [];
  link.mockClear();
  files = new SealedFiles({ fresh: link, missing: () => 'gone' }, () => {
    const worker = new Scripted();
    workers.push(worker);
    return worker;
  });
  vi.stubGlobal('URL', { createObjectURL: () => 'blob:here', revokeObjectURL: () => {} });
});
afterEach(() => vi.unstubAllGlobals());

describe('sealed files', () => {
  it('are fetched once, however often they are wanted meanwhile', async () => {
    const [one, two] = [files.open(file(1), 'whole'), files.open(file(1), 'whole')];
    files.want(file(1), 'whole');
    await settled();
    expect(opened()).toHaveLength(1);
    workers[0]?.say({ type: 'progress', id: 1, got: 2 });
    expect(files.got(file(1), 'whole')).toBe(2);
    const blob = new Blob(['abc']);
    workers[0]?.say({ type: 'opened', id: 1, blob });
    expect(await Promise.all([one, two])).toEqual([blob, blob]);
    expect(files.path(file(1), 'whole')).toBe('blob:here');
  });

  it('fail with their worker, and the next are opened by another one', async () => {
    const wanted = [1, 2, 3, 4, 5].map((number) => files.open(file(number), 'whole'));
    await settled();
    expect(opened()).toHaveLength(4);
    workers[0]?.break();
    expect(await Promise.all(wanted.slice(0, 4))).toEqual(['failed', 'failed', 'failed', 'failed']);
    await settled();
    expect([workers.length, workers[0]?.ended]).toEqual([2, true]);
    workers[1]?.say({ type: 'failed', id: 5, why: 'changed' });
    expect(await wanted[4]).toBe('changed');
    expect([files.missing(file(1), 'whole'), files.missing(file(5), 'whole')]).toEqual(['failed', 'changed']);
  });

  it('do not stop others where no address is to be had', async () => {
    link.mockResolvedValueOnce(null).mockRejectedValueOnce(new Error('the core is gone'));
    expect(await files.open(file(1), 'whole')).toBe('gone');
    expect(await files.open(file(2), 'whole')).toBe('failed');
    for (let number = 3; number < 7; number += 1) void files.open(file(number), 'whole');
    await settled();
    expect(opened()).toHaveLength(4);
  });

  it('are given up before their turn, and when nobody is signed in', async () => {
    for (let number = 1; number < 5; number += 1) void files.open(file(number), 'whole');
    const [fifth, sixth] = [files.open(file(5), 'whole'), files.open(file(6), 'whole')];
    files.cancel(file(5), 'whole');
    expect(await fifth).toBe('failed');
    await settled();
    files.cancel(file(1), 'whole');
    expect(workers[0]?.posted.at(-1)).toEqual({ type: 'cancel', id: 1 });
    files.forget();
    expect(await sixth).toBe('gone');
    expect(files.path(file(6), 'whole') ?? files.missing(file(6), 'whole')).toBeNull();
  });
});
