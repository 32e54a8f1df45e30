/** Fetching a sealed file and opening it, piece by piece as it comes. Without a page and without a worker, for tests. */
import type { Digest, Opener } from '../generated/files/pipit_files_wasm';

/** A file that is to be opened, or a part of it. */
export interface Wanted {
  readonly id: number;
  /** An address that works now. */
  readonly path: string;
  readonly key: string;
  /** How many bytes were sealed: a smaller picture, where there is one, and the file. */
  readonly content: number;
  /** What is wanted of them: from this byte on, and up to before that one. */
  readonly from: number;
  readonly to: number;
  /** Of all that was sealed, in base64: where it is given, all of it is read and compared, whatever is wanted. */
  readonly digest: string | null;
  /** What the browser is to take it for. */
  readonly mediaType: string;
}

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

/** Fetches a sealed file, or the segments that have what is wanted of it, and opens it. */
export async function openFile(wanted: Wanted, env: OpeningEnv): Promise<Outcome> {
  const { Digest, Opener } = await env.load();
  const { content, from, to } = wanted;
  const opener = new Opener(wanted.key, content);
  const whole = wanted.digest !== null;
  const digest = whole ? new Digest() : null;
  try {
    const [first = 0, end = 0] = whole
      ? [0, Math.ceil(opener.sealed_bytes() / segmentBytes(opener))]
      : opener.segments_with(from, to);
    const [start = 0, stop = 0] = opener.sealed_range(first, end);
    const headers = new Headers(whole ? {} : { range: `bytes=${start}-${stop - 1}` });
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
    /** Where in the content what was opened begins. */
    let begins = 0;
    for (let segment = first; segment < end; segment += 1) {
      const [sealedFrom = 0, sealedTo = 0] = opener.sealed_range(segment, segment + 1);
      const sealed = await pieces.take(sealedTo - sealedFrom);
      if (sealed === null) return { blob: null, why: 'changed' };
      const plain = opener.open(segment, sealed) as Bytes;
      // All segments are as long as one another, but for the last one that has any content.
      if (segment === first && first > 0)
        begins = segment === lastOf(opener, content) ? content - plain.length : segment * plain.length;
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
    return { blob: new Blob(parts).slice(from - begins, to - begins, wanted.mediaType) };
  } catch (error) {
    // The module says so of bytes that do not open; everything else is the line.
    const isChanged = error instanceof Error && error.message.startsWith('changed');
    return { blob: null, why: isChanged ? 'changed' : 'failed' };
  } finally {
    opener.free();
  }
}

/** The last segment that has any content. */
function lastOf(opener: Opener, content: number): number {
  const [last = 0] = opener.segments_with(content - 1, content);
  return last;
}

/** How many bytes a whole segment has, sealed. */
function segmentBytes(opener: Opener): number {
  const [, end = 1] = opener.sealed_range(0, 1);
  return end;
}
