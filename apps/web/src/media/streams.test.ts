import { describe, expect, it } from 'vitest';

import type { Attachment } from '../generated/types';
import { rangeOf, relay, type PartAsked } from './relay';
import { PART_BYTES, Streams } from './streams';

/** A service worker that stands between, and a page that hears it. */
class Between extends EventTarget {
  controller: object | null = {};

  page = {
    postMessage: (data: PartAsked, [port]: Transferable[]): void => {
      this.dispatchEvent(new MessageEvent('message', { data, ports: [port as MessagePort] }));
    },
  };

  ask(path: string, range?: string): Promise<Response> {
    const headers = new Headers(range === undefined ? {} : { range });
    // A request of a page may not say its range itself.
    const request = { url: `https://pipit.example${path}`, headers, signal: new AbortController().signal };
    return relay(request as Request, this.page);
  }
}

const size = PART_BYTES + 10;
const film = { blob: 'b/1', size, media_type: 'video/mp4' } as Attachment;

function played(): { streams: Streams; between: Between; asked: [number, number][] } {
  const between = new Between();
  const asked: [number, number][] = [];
  const open = (_file: Attachment, from: number, to: number) => {
    asked.push([from, to]);
    return Promise.resolve(
      from === 7 ? ('changed' as const) : new Blob([new Uint8Array(to - from)], { type: 'video/mp4' }),
    );
  };
  return { streams: new Streams(open, between as unknown as ServiceWorkerContainer), between, asked };
}

describe('a sealed film', () => {
  it('plays from parts that the page opens', async () => {
    const { streams, between, asked } = played();
    const path = streams.path(film) ?? '';
    expect(path).toBe('/sealed/b%2F1');
    const first = await between.ask(path, 'bytes=0-');
    expect(first.status).toBe(206);
    expect(first.headers.get('content-range')).toBe(`bytes 0-${PART_BYTES - 1}/${size}`);
    expect(first.headers.get('content-type')).toBe('video/mp4');
    expect((await first.arrayBuffer()).byteLength).toBe(PART_BYTES);
    const last = await between.ask(path, `bytes=${PART_BYTES}-`);
    expect(last.headers.get('content-range')).toBe(`bytes ${PART_BYTES}-${size - 1}/${size}`);
    await between.ask(path, 'bytes=2-3');
    expect(asked).toEqual([
      [0, PART_BYTES],
      [PART_BYTES, size],
      [2, 4],
    ]);
  });

  it('is nothing for anybody else, past its end, or where a part does not open', async () => {
    const { streams, between, asked } = played();
    const path = streams.path(film) ?? '';
    for (const [where, range] of [
      ['/sealed/other', 'bytes=0-'],
      [path, undefined],
      [path, `bytes=${size}-`],
      [path, 'bytes=7-'],
    ] as const)
      expect((await between.ask(where, range)).status).toBe(404);
    expect(asked).toEqual([[7, 7 + PART_BYTES]]);
    expect((await relay(new Request('https://pipit.example/sealed/x'), undefined)).status).toBe(404);
    streams.forget();
    expect((await between.ask(path, 'bytes=0-')).status).toBe(404);
  });

  it('is opened whole where nothing stands between, or a part did not come', () => {
    const { streams, between } = played();
    streams.giveUp(film);
    expect(streams.path(film)).toBeNull();
    expect(streams.path({ ...film, blob: 'other' })).not.toBeNull();
    between.controller = null;
    expect(streams.path({ ...film, blob: 'other' })).toBeNull();
  });
});

it.each([
  ['bytes=0-', { from: 0, to: null }],
  ['bytes=5-9', { from: 5, to: 10 }],
  ['bytes=9-5', null],
  ['bytes=-5', null],
  ['bytes=0-1,3-4', null],
  [null, null],
])('%s is %o', (header, range) => {
  expect(rangeOf(header)).toEqual(range);
});
