import { describe, expect, it } from 'vitest';

import { openFile, type OpeningEnv, type Wanted } from './opening';

/** A seal that is none, with the shape of the real one: segments of four bytes, each followed by its number and sum. */
const PLAIN = 4;
const SEALED = PLAIN + 2;

function seal(content: number[]): number[] {
  const padded = [...content, ...Array<number>((PLAIN - (content.length % PLAIN)) % PLAIN).fill(0)];
  const sealed: number[] = [];
  for (let at = 0; at < padded.length; at += PLAIN) {
    const segment = padded.slice(at, at + PLAIN);
    sealed.push(
      ...segment,
      at / PLAIN,
      segment.reduce((sum, byte) => (sum + byte) % 256, 0),
    );
  }
  return sealed;
}

class ToyOpener {
  readonly #content: number;

  constructor(_key: string, content: number) {
    this.#content = content;
  }

  sealed_bytes(): number {
    return Math.ceil(this.#content / PLAIN) * SEALED;
  }

  segments_with(start: number, end: number): Uint32Array {
    return Uint32Array.of(Math.floor(start / PLAIN), Math.ceil(end / PLAIN));
  }

  sealed_range(first: number, end: number): Float64Array {
    return Float64Array.of(first * SEALED, Math.min(end * SEALED, this.sealed_bytes()));
  }

  open(segment: number, sealed: Uint8Array): Uint8Array {
    const plain = sealed.slice(0, PLAIN);
    const sum = plain.reduce((total, byte) => (total + byte) % 256, 0);
    if (sealed[PLAIN] !== segment || sealed[PLAIN + 1] !== sum) throw new Error('changed: not these bytes');
    return plain.slice(0, Math.max(0, this.#content - segment * PLAIN));
  }

  free(): void {}
}

class ToyDigest {
  #bytes: number[] = [];

  update(content: Uint8Array): void {
    this.#bytes.push(...content);
  }

  finish(): string {
    return this.#bytes.join();
  }
}

const thumbnail = [9, 8, 7];
const file = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const content = [...thumbnail, ...file];

function wanted(more: Partial<Wanted> = {}): Wanted {
  return {
    id: 1,
    path: '/v1/blobs/b?t=x',
    key: 'key',
    content: content.length,
    from: thumbnail.length,
    to: content.length,
    digest: content.join(),
    mediaType: 'image/png',
    ...more,
  };
}

/** A server that has these bytes, and gives them in pieces of three. */
function env(bytes: number[], status = 200): OpeningEnv & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    load: () =>
      Promise.resolve({ Digest: ToyDigest, Opener: ToyOpener } as unknown as Awaited<
        ReturnType<OpeningEnv['load']>
      >),
    fetch: (_path, options) => {
      const range = new Headers(options.headers).get('range');
      asked.push(range ?? 'all');
      const [, from = '0', to = ''] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
      const part = range === null ? bytes : bytes.slice(Number(from), Number(to) + 1);
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < part.length; at += 3)
            controller.enqueue(Uint8Array.from(part.slice(at, at + 3)));
          controller.close();
        },
      });
      return Promise.resolve(new Response(status === 200 ? stream : null, { status }));
    },
    signal: new AbortController().signal,
    progress: () => {},
  };
}

async function bytesOf(blob: Blob | null): Promise<number[] | null> {
  return blob === null ? null : [...new Uint8Array(await blob.arrayBuffer())];
}

describe('a sealed file', () => {
  it('is opened without the smaller picture before it', async () => {
    const outcome = await openFile(wanted(), env(seal(content)));
    expect(await bytesOf(outcome.blob)).toEqual(file);
    expect(outcome.blob?.type).toBe('image/png');
  });

  it('gives its smaller picture from its beginning alone', async () => {
    const server = env(seal(content));
    const outcome = await openFile(wanted({ from: 0, to: thumbnail.length, digest: null }), server);
    expect(await bytesOf(outcome.blob)).toEqual(thumbnail);
    expect(server.asked).toEqual(['bytes=0-5']);
  });

  it('gives any part of it, from the segments that have it', async () => {
    for (let from = 0; from < content.length; from += 1)
      for (let to = from + 1; to <= content.length; to += 1) {
        const server = env(seal(content));
        const outcome = await openFile(wanted({ from, to, digest: null }), server);
        expect(await bytesOf(outcome.blob)).toEqual(content.slice(from, to));
        const [first, end] = [Math.floor(from / PLAIN), Math.ceil(to / PLAIN)];
        expect(server.asked).toEqual([`bytes=${first * SEALED}-${end * SEALED - 1}`]);
      }
    const changed = env(seal(content).with(SEALED + 1, 77));
    expect(await openFile(wanted({ from: 5, to: 6, digest: null }), changed)).toEqual({
      blob: null,
      why: 'changed',
    });
  });

  it.each([
    ['cut', seal(content).slice(0, -1)],
    ['without its last segment', seal(content).slice(0, -SEALED)],
    ['longer', [...seal(content), 0]],
    ['with a byte changed', seal(content).with(7, 77)],
    [
      'with two segments swapped',
      [
        ...seal(content).slice(SEALED, 2 * SEALED),
        ...seal(content).slice(0, SEALED),
        ...seal(content).slice(2 * SEALED),
      ],
    ],
    ['another one, sealed with the same key', seal([...thumbnail, ...file.toReversed()])],
  ])('is refused where it is %s', async (_what, bytes) => {
    const outcome = await openFile(wanted(), env(bytes));
    expect(outcome).toEqual({ blob: null, why: 'changed' });
  });

  it('says whether it is gone, or may be asked for again', async () => {
    expect(await openFile(wanted(), env([], 404))).toEqual({ blob: null, why: 'gone' });
    expect(await openFile(wanted(), env([], 503))).toEqual({ blob: null, why: 'failed' });
    const broken = { ...env([]), fetch: () => Promise.reject(new TypeError('no line')) };
    expect(await openFile(wanted(), broken)).toEqual({ blob: null, why: 'failed' });
  });
});
