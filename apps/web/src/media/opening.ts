/** Fetching a sealed file and opening it, piece by piece as it comes. Without a page and without a worker, for tests. */
import type { Digest, Opener } from '../generated/files/pipit_files_wasm';

/** A file that is to be opened: all of it, or the smaller picture at its beginning. */
export interface Wanted {
  readonly id: number;
  /** An address that works now. */
  readonly path: string;
  readonly key: string;
  /** In base64. Compared where all of the file is read. */
  readonly digest: string;
  /** How many bytes the smaller picture before the file has. */
  readonly before: number;
  readonly size: number;
  readonly part: Part;
  /** What the browser is to take it for. */
  readonly mediaType: string;
}

export type Part = 'whole' | 'thumbnail';

export type ToOpening =
  ({ readonly type: 'open' } & Wanted) | { readonly type: 'cancel'; readonly id: number };

/** Why a file could not be opened: nobody gives it to us any more, the line, or the bytes are not those that were sealed. */
export type WhyNot = 'gone' | 'failed' | 'changed';

export type FromOpening =
  | { readonly type: 'progress'; readonly id: number; readonly got: number }
  | { readonly type: 'opened'; readonly id: number; readonly blob: Blob }
  | { readonly type: 'failed'; readonly id: number; readonly why: WhyNot };

export type Outcome =
  { readonly blob: Blob; readonly why?: never } | { readonly blob: null; readonly why: WhyNot };

/** What opening needs of the world. */
export interface OpeningEnv {
  load(): Promise<{ Digest: new () => Digest; Opener: new (key: string, content: number) => Opener }>;
  fetch(path: string, options: RequestInit): Promise<Response>;
  readonly signal: AbortSignal;
  progress(got: number): void;
}

/** What was opened is given to the browser in blobs of so many bytes, so that not all of it is in the worker's memory. */
const GATHERED_BYTES = 8 * 1024 * 1024;
/** The least time between two words of how far it is. */
const PROGRESS_MS = 200;

type Bytes = Uint8Array<ArrayBuffer>;

/** Cuts what comes into pieces of the lengths that are asked for. */
class Pieces {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #left: Bytes = new Uint8Array(0);

  constructor(stream: ReadableStream<Bytes>) {
    this.#reader = stream.getReader();
  }

  /** Exactly so many bytes; null where there are less. */
  async take(length: number): Promise<Bytes | null> {
    const piece = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      if (this.#left.length === 0) {
        const { done, value } = await this.#reader.read();
        if (done) return null;
        this.#left = value;
      }
      const some = this.#left.subarray(0, length - at);
      piece.set(some, at);
      at += some.length;
      this.#left = this.#left.subarray(some.length);
    }
    return piece;
  }

  /** Whether nothing more comes. */
  async isOver(): Promise<boolean> {
    while (this.#left.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return true;
      this.#left = value;
    }
    return false;
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }
}

/** Fetches a sealed file, or its beginning, and opens it. */
export async function openFile(wanted: Wanted, env: OpeningEnv): Promise<Outcome> {
  const { Digest, Opener } = await env.load();
  const content = wanted.before + wanted.size;
  const opener = new Opener(wanted.key, content);
  const digest = wanted.part === 'whole' ? new Digest() : null;
  try {
    const whole = wanted.part === 'whole';
    const sealedBytes = opener.sealed_bytes();
    const [, segments = 0] = whole
      ? [0, Math.ceil(sealedBytes / segmentBytes(opener))]
      : opener.segments_with(0, wanted.before);
    const [, stop = 0] = opener.sealed_range(0, segments);
    const headers = new Headers(whole ? {} : { range: `bytes=0-${stop - 1}` });
    const response = await env.fetch(wanted.path, {
      signal: env.signal,
      credentials: 'omit',
      headers,
    });
    if (response.status === 404 || response.status === 410) return { blob: null, why: 'gone' };
    if (!response.ok || response.body === null)
      return { blob: null, why: response.status === 416 ? 'changed' : 'failed' };
    const pieces = new Pieces(response.body);
    const parts: Blob[] = [];
    let gathered: Bytes[] = [];
    let gatheredBytes = 0;
    let saidAt = 0;
    let at = 0;
    for (let segment = 0; segment < segments; segment += 1) {
      const [from = 0, to = 0] = opener.sealed_range(segment, segment + 1);
      const sealed = await pieces.take(to - from);
      if (sealed === null) return { blob: null, why: 'changed' };
      const plain = opener.open(segment, sealed) as Bytes;
      digest?.update(plain);
      gathered.push(plain);
      gatheredBytes += plain.length;
      at += sealed.length;
      if (gatheredBytes >= GATHERED_BYTES) {
        parts.push(new Blob(gathered));
        [gathered, gatheredBytes] = [[], 0];
      }
      if (Date.now() - saidAt >= PROGRESS_MS) {
        saidAt = Date.now();
        env.progress(at);
      }
    }
    parts.push(new Blob(gathered));
    if (whole && !(await pieces.isOver())) {
      pieces.cancel();
      return { blob: null, why: 'changed' };
    }
    if (!whole) pieces.cancel();
    if (digest !== null && digest.finish() !== wanted.digest) return { blob: null, why: 'changed' };
    const all = new Blob(parts);
    const [cut, until] = whole ? [wanted.before, content] : [0, wanted.before];
    return { blob: all.slice(cut, until, wanted.mediaType) };
  } catch (error) {
    // The module says so of bytes that do not open; everything else is the line.
    const isChanged = error instanceof Error && error.message.startsWith('changed');
    return { blob: null, why: isChanged ? 'changed' : 'failed' };
  } finally {
    opener.free();
  }
}

/** How many bytes a whole segment has. */
function segmentBytes(opener: Opener): number {
  const [, end = 1] = opener.sealed_range(0, 1);
  return end;
}
