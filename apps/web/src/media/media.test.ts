import { describe, expect, it, vi } from 'vitest';

import type { Attachment, AttachmentView } from '../generated/types';
import { endingOf, kindOf } from './kind';
import { Links, thumbnail } from './links.svelte';
import { formatBytes, formatDuration } from './size';
import { condense, toBase64 } from './wave';

function view(media_type: string, more: Partial<Attachment> = {}, onItsWay = false): AttachmentView {
  const file = { blob: 'b', name: 'a', media_type, size: 1, ...more };
  return { file, upload: onItsWay ? { state: { state: 'sending' }, sent: 0, size: 1 } : null };
}

describe('the kind of a file', () => {
  it('is a picture where the server has made smaller ones of it', () => {
    expect(kindOf(view('image/jpeg', { width: 4, height: 3 }))).toBe('image');
    expect(kindOf(view('image/jpeg'))).toBe('file');
    expect(kindOf(view('image/jpeg', {}, true))).toBe('image');
  });

  it('is never a picture that could run something, or that browsers do not draw', () => {
    for (const type of ['image/svg+xml', 'image/heic', 'image/avif', 'text/html', 'application/xhtml+xml']) {
      expect(kindOf(view(type, { width: 4, height: 3 }, true)), type).toBe('file');
    }
  });

  it('tells voice notes from sound and film', () => {
    expect(kindOf(view('audio/webm', { waveform: 'AA==' }))).toBe('voice');
    expect(kindOf(view('video/webm', { waveform: 'AA==' }))).toBe('voice');
    expect(kindOf(view('video/webm'))).toBe('video');
    expect(kindOf(view('audio/mpeg'))).toBe('audio');
    expect(kindOf(view('application/pdf', { waveform: 'AA==' }))).toBe('file');
  });

  it('has an ending for its icon', () => {
    expect(endingOf({ name: 'a.tar.gz' })).toBe('GZ');
    expect(endingOf({ name: 'README' })).toBe('');
  });
});

describe('sizes and times', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_024, '1 kB'],
    [1_500_000, '1.4 MB'],
    [104_857_600, '100 MB'],
    [5_368_709_120, '5 GB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });

  it.each([
    [0, '0:00'],
    [7_400, '0:07'],
    [61_000, '1:01'],
    [3_723_000, '1:02:03'],
  ])('%d ms are %s', (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });
});

describe('a waveform', () => {
  it('has at most 64 levels, the loudest of each part', () => {
    const levels = Array.from({ length: 1_000 }, (_, index) => (index === 500 ? 1 : 0.1));
    const condensed = condense(levels);
    expect(condensed).toHaveLength(64);
    expect(condensed[32]).toBe(255);
    expect(condensed[0]).toBe(26);
    expect(toBase64(condense([0, 1, 2, -1]))).toBe('AP//AA==');
  });
});

describe('links', () => {
  function rig(answer: 'all' | 'none' | 'failed' = 'all') {
    vi.useFakeTimers();
    const asked: string[][] = [];
    let nowMs = 0;
    const links = new Links(
      (blobs) => {
        asked.push(blobs);
        const items =
          answer === 'all'
            ? blobs.map((blob) => ({ blob, path: `/v1/blobs/${blob}?t=${asked.length}` }))
            : [];
        return Promise.resolve(answer === 'failed' ? null : { items, expires_at: nowMs + 300_000 });
      },
      () => nowMs,
    );
    const pass = async (ms: number): Promise<void> => {
      nowMs += ms;
      await vi.advanceTimersByTimeAsync(ms);
    };
    return { asked, links, pass };
  }

  it('are asked for together, at most a hundred at once, and each once', async () => {
    const { asked, links, pass } = rig();
    for (let number = 0; number < 130; number += 1) links.want(`b${number}`);
    links.want('b0');
    await pass(20);
    expect(asked.map((blobs) => blobs.length)).toEqual([100, 30]);
    expect(links.path('b0')).toBe('/v1/blobs/b0?t=1');
    links.want('b0');
    await pass(20);
    expect(asked).toHaveLength(2);
    vi.useRealTimers();
  });

  it('are asked for anew shortly before they end', async () => {
    const { asked, links, pass } = rig();
    links.want('b');
    await pass(20);
    await pass(269_900);
    links.want('b');
    await pass(20);
    expect(asked).toHaveLength(1);
    await pass(200);
    links.want('b');
    await pass(20);
    expect(links.path('b')).toBe('/v1/blobs/b?t=2');
    vi.useRealTimers();
  });

  it('say what is gone, and what may be tried again', async () => {
    const gone = rig('none');
    gone.links.want('b');
    await gone.pass(20);
    expect(gone.links.missing('b')).toBe('gone');
    const failing = rig('failed');
    failing.links.want('b');
    await failing.pass(20);
    expect(failing.links.missing('b')).toBe('failed');
    failing.links.retry('b');
    expect(failing.links.missing('b')).toBeNull();
    await failing.pass(20);
    expect(failing.asked).toHaveLength(2);
    vi.useRealTimers();
  });

  it('lead to smaller pictures too', () => {
    expect(thumbnail('/v1/blobs/b?t=x', 320)).toBe('/v1/blobs/b/thumb/320?t=x');
  });
});
