/** Files of encrypted conversations, opened on this device: asked for by their attachment, shown from addresses in this page. */
import { SvelteMap } from 'svelte/reactivity';

import type { Attachment } from '../generated/types';
import { isDrawn, isPlayed } from './kind';
import type { FromOpening, ToOpening, Wanted, WhyNot } from './opening';

/** What is shown of a file: all of it, or the smaller picture before it. */
export type Part = 'whole' | 'thumbnail';

/** What is to be opened of a file: bytes of all that was sealed. */
type Span = Pick<Wanted, 'from' | 'to' | 'digest' | 'mediaType'>;

/** So many bytes of opened files are kept for showing; those that were wanted longest ago go first. */
const KEPT_BYTES = 384 * 1024 * 1024;
/** Files that are fetched at the same time. */
const AT_ONCE = 4;

/** Where a file that is wanted stands. */
type Standing =
  | { readonly state: 'waiting'; readonly got: number; readonly outcome: Promise<Blob | WhyNot> }
  | { readonly state: 'open'; readonly url: string; readonly blob: Blob }
  | { readonly state: 'missing'; readonly why: WhyNot };

/** The end of the worker that opens. */
export interface OpeningWorker {
  post(message: ToOpening): void;
  listen(listener: (message: FromOpening) => void): void;
  /** It could not be loaded, or has broken: nothing more comes from it. */
  fails(listener: () => void): void;
  end(): void;
}

interface Running {
  readonly key: string;
  readonly settle: (outcome: Blob | WhyNot) => void;
}

/** What has its turn to come. */
interface Job extends Running {
  readonly file: Attachment;
  readonly span: Span;
}

/** Addresses of files on the server. */
export interface Addresses {
  /** One that works now; null where there is none. */
  fresh(blob: string): Promise<string | null>;
  /** Why there is none. */
  missing(blob: string): 'gone' | 'failed' | null;
}

export class SealedFiles {
  readonly #known = new SvelteMap<string, Standing>();
  readonly #running = new Map<number, Running>();
  #waiting: Job[] = [];
  readonly #links: Addresses;
  readonly #start: () => OpeningWorker;
  #worker: OpeningWorker | null = null;
  #lastId = 0;
  #busy = 0;

  constructor(links: Addresses, start: () => OpeningWorker = startWorker) {
    this.#links = links;
    this.#start = start;
  }

  /** The address in this page of what was opened; null until it is. Ask with {@link want} first. */
  path(file: Attachment, part: Part): string | null {
    const known = this.#known.get(keyOf(file, part));
    return known?.state === 'open' ? known.url : null;
  }

  missing(file: Attachment, part: Part): WhyNot | null {
    const known = this.#known.get(keyOf(file, part));
    return known?.state === 'missing' ? known.why : null;
  }

  /** Sees to it that it is fetched and opened. Not for use while something is rendered. */
  want(file: Attachment, part: Part): void {
    if (!this.#known.has(keyOf(file, part))) void this.open(file, part);
  }

  /** Forgets that it did not come, so that it may be wanted again. */
  retract(file: Attachment, part: Part): void {
    if (this.missing(file, part) !== null) this.#forget(keyOf(file, part));
  }

  /** Once more, whatever came of it before. */
  retry(file: Attachment, part: Part): void {
    this.#forget(keyOf(file, part));
    this.want(file, part);
  }

  /** How many bytes of the sealed file have come. */
  got(file: Attachment, part: Part): number {
    const known = this.#known.get(keyOf(file, part));
    return known?.state === 'waiting' ? known.got : 0;
  }

  /** What was opened, or why it was not. What is under way already is not asked for again. */
  open(file: Attachment, part: Part): Promise<Blob | WhyNot> {
    const key = keyOf(file, part);
    const known = this.#known.get(key);
    if (known?.state === 'open') return Promise.resolve(known.blob);
    if (known?.state === 'waiting') return known.outcome;
    const outcome = this.#queue(file, key, spanOf(file, part));
    this.#known.set(key, { state: 'waiting', got: 0, outcome });
    return outcome;
  }

  /** A part of a file that plays: opened, and not kept. What the seal of each segment does not show is not compared. */
  stream(file: Attachment, from: number, to: number): Promise<Blob | WhyNot> {
    const before = file.seal?.thumbnail?.size ?? 0;
    const mediaType = shownType(file.media_type);
    const span = { from: before + from, to: before + to, digest: null, mediaType };
    return this.#queue(file, `stream:${keyOf(file, 'whole')}`, span);
  }

  #queue(file: Attachment, key: string, span: Span): Promise<Blob | WhyNot> {
    const outcome = new Promise<Blob | WhyNot>((settle) => {
      this.#waiting.push({ file, span, key, settle });
    });
    this.#next();
    return outcome;
  }

  /** Gives up what is under way for a file, or has its turn to come. */
  cancel(file: Attachment, part: Part): void {
    const key = keyOf(file, part);
    const [dropped, left] = [[] as Job[], [] as Job[]];
    for (const job of this.#waiting) (job.key === key ? dropped : left).push(job);
    this.#waiting = left;
    for (const job of dropped) this.#finish(job, 'failed');
    for (const [id, running] of this.#running)
      if (running.key === key) this.#worker?.post({ type: 'cancel', id });
  }

  /** Nobody is signed in any more. */
  forget(): void {
    for (const key of [...this.#known.keys()]) this.#forget(key);
    for (const job of this.#waiting.splice(0)) job.settle('gone');
    for (const id of this.#running.keys()) this.#worker?.post({ type: 'cancel', id });
  }

  #next(): void {
    while (this.#busy < AT_ONCE) {
      const job = this.#waiting.shift();
      if (job === undefined) return;
      this.#busy += 1;
      void this.#run(job)
        .catch((): WhyNot => 'failed')
        .then((outcome) => {
          this.#busy -= 1;
          this.#finish(job, outcome);
          this.#next();
        });
    }
  }

  #finish(job: Job, outcome: Blob | WhyNot): void {
    this.#settle(job.key, outcome);
    job.settle(outcome);
  }

  async #run({ file, key, span }: Job): Promise<Blob | WhyNot> {
    const { seal } = file;
    if (seal === undefined) return 'failed';
    const path = await this.#links.fresh(file.blob);
    if (path === null) return this.#links.missing(file.blob) ?? 'failed';
    if (this.#worker === null) {
      this.#worker = this.#start();
      this.#worker.listen((message) => this.#hear(message));
      this.#worker.fails(() => this.#broke());
    }
    const worker = this.#worker;
    this.#lastId += 1;
    const wanted: Wanted = {
      id: this.#lastId,
      path,
      key: seal.key,
      content: (seal.thumbnail?.size ?? 0) + file.size,
      ...span,
    };
    return new Promise((settle) => {
      this.#running.set(wanted.id, { key, settle });
      worker.post({ type: 'open', ...wanted });
    });
  }

  #hear(message: FromOpening): void {
    const running = this.#running.get(message.id);
    if (running === undefined) return;
    if (message.type === 'progress') {
      const known = this.#known.get(running.key);
      if (known?.state === 'waiting') this.#known.set(running.key, { ...known, got: message.got });
      return;
    }
    this.#running.delete(message.id);
    running.settle(message.type === 'opened' ? message.blob : message.why);
  }

  /** What was under way there has failed; whatever is wanted next starts another one. */
  #broke(): void {
    this.#worker?.end();
    this.#worker = null;
    for (const running of this.#running.values()) running.settle('failed');
    this.#running.clear();
  }

  #settle(key: string, outcome: Blob | WhyNot): void {
    // It was forgotten meanwhile.
    if (this.#known.get(key)?.state !== 'waiting') return;
    this.#known.delete(key);
    if (typeof outcome === 'string') this.#known.set(key, { state: 'missing', why: outcome });
    else this.#known.set(key, { state: 'open', url: URL.createObjectURL(outcome), blob: outcome });
    this.#trim(key);
  }

  #trim(latest: string): void {
    let bytes = 0;
    for (const known of this.#known.values()) if (known.state === 'open') bytes += known.blob.size;
    for (const [key, known] of [...this.#known]) {
      if (bytes <= KEPT_BYTES) return;
      if (known.state !== 'open' || key === latest) continue;
      bytes -= known.blob.size;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    const known = this.#known.get(key);
    this.#known.delete(key);
    if (known?.state === 'open') URL.revokeObjectURL(known.url);
  }
}

function keyOf(file: Attachment, part: Part): string {
  return `${part}:${file.blob}:${file.seal?.key ?? ''}`;
}

function spanOf(file: Attachment, part: Part): Span {
  const thumbnail = file.seal?.thumbnail;
  const before = thumbnail?.size ?? 0;
  if (part === 'thumbnail')
    return { from: 0, to: before, digest: null, mediaType: thumbnail?.media_type ?? '' };
  const digest = file.seal?.digest ?? null;
  return { from: before, to: before + file.size, digest, mediaType: shownType(file.media_type) };
}

/** A page must never take what somebody has sent for anything that runs. */
function shownType(mediaType: string): string {
  return isDrawn(mediaType) || isPlayed(mediaType) ? mediaType : 'application/octet-stream';
}

function startWorker(): OpeningWorker {
  const worker = new Worker(new URL('./opening.worker.ts', import.meta.url), { type: 'module' });
  return {
    post: (message) => worker.postMessage(message),
    listen: (listener) => {
      worker.onmessage = ({ data }: MessageEvent<FromOpening>) => listener(data);
    },
    fails: (listener) => {
      worker.onerror = listener;
      worker.onmessageerror = listener;
    },
    end: () => worker.terminate(),
  };
}
