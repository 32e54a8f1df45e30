/**
 * The worker that leads: feeds the engine and carries out what it says. Everything that it keeps can be had again from the
 * engine's store and from the views, so that the next leader starts from nothing.
 */
import { CoreFailure, type CoreHandle } from './core';
import type { FileKeeper, FilePart, ReadFile } from './files';
import type { HttpAnswer, HttpRequest, Input, NumberedCommand, Output, ToView, ToViewItem } from './protocol';
import type { Sending, SocketEvents } from './transport';

/** The longest time that a browser's timer can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The most inputs that are taken in at once. */
const BATCH_MAX = 256;

/** The leader's line to the server. */
export interface Line {
  connect(): void;
  send(text: string): void;
  close(): void;
}

/** What the leader needs of the world. */
export interface LeaderEnv {
  now(): number;
  openLine(events: SocketEvents): Line;
  request(wanted: HttpRequest): Promise<HttpAnswer>;
  /** Makes a request that carries a part of a file. */
  sendPart(wanted: HttpRequest, find: () => Promise<Blob | null>, progress: (sent: number) => void): Sending;
  /** The bytes of files that are to be sent. */
  readonly files: Promise<FileKeeper>;
  /** Seals a part of a file, where it is sealed. */
  seal(part: FilePart, read: ReadFile): Promise<Blob | null>;
  /** SHA-256 of a file of so many bytes, in base64. */
  digest(blob: string, size: number, read: ReadFile): Promise<string | null>;
  /** Calls back in a later turn of the worker, behind what the browser has waiting for it. */
  soon(callback: () => void): void;
  /** Calls back once after a time; returns how to take it back. */
  after(ms: number, callback: () => void): () => void;
  /** The engine has failed, and this leader is over. */
  failed(failure: CoreFailure): void;
}

/** How to reach a view. */
export type ViewPort = (message: ToView) => void;

export class Leader {
  /** Names this term of leadership, so that a view can tell its messages from those of the one before. */
  readonly id: string;
  readonly #core: CoreHandle;
  readonly #env: LeaderEnv;
  readonly #line: Line;
  readonly #views = new Map<string, ViewPort>();
  /** Requests that carry parts of files, to be aborted. */
  readonly #sending = new Map<number, Sending>();
  #cancelTimer: (() => void) | null = null;
  #inputs: Input[] = [];
  #ended = false;

  constructor(id: string, core: CoreHandle, env: LeaderEnv) {
    this.id = id;
    this.#core = core;
    this.#env = env;
    this.#line = env.openLine({
      connected: () => {
        this.#feed({ type: 'connected' });
      },
      received: (text) => {
        this.#feed({ type: 'received', text });
      },
      disconnected: () => {
        this.#feed({ type: 'disconnected' });
      },
    });
    // The engine may want to connect, or be woken, without being asked for anything.
    this.#feed({ type: 'tick' });
  }

  /** A view is there, or there again: it gets everything that it shows. */
  attach(view: string, port: ViewPort): void {
    // What was under way for the view as it was before comes first.
    this.#run();
    this.#views.set(view, port);
    port({ type: 'attached', leader: this.id });
    this.#feed({ type: 'attach', view });
  }

  detach(view: string): void {
    if (this.#views.delete(view)) this.#feed({ type: 'detach', view });
  }

  command(view: string, items: readonly NumberedCommand[]): void {
    // Not attached with this leader: the view will say it again when it is.
    if (!this.#views.has(view)) return;
    for (const { id, command } of items) this.#feed({ type: 'command', view, id, command });
  }

  /** Stops, closes the line and lets go of the store. */
  end(): void {
    if (this.#ended) return;
    this.#run();
    this.#ended = true;
    this.#cancelTimer?.();
    this.#line.close();
    this.#abortAll();
    this.#core.close();
  }

  /** What could not be removed now is at the next start. */
  #withFiles(clean: (files: FileKeeper) => Promise<void>): void {
    this.#env.files.then(clean).catch(() => {});
  }

  #abortAll(): void {
    for (const sending of this.#sending.values()) sending.abort();
    this.#sending.clear();
  }

  /** Takes an input in, with all others that come before the worker's next turn: together they cost one commit. */
  #feed(input: Input): void {
    if (this.#ended) return;
    this.#inputs.push(input);
    if (this.#inputs.length === 1) this.#env.soon(() => this.#run());
    else if (this.#inputs.length === BATCH_MAX) this.#run();
  }

  #run(): void {
    if (this.#ended || this.#inputs.length === 0) return;
    const inputs = JSON.stringify(this.#inputs);
    this.#inputs = [];
    try {
      this.#carryOut(JSON.parse(this.#core.handle(this.#env.now(), inputs)) as Output[]);
      this.#setTimer();
    } catch (error) {
      // The engine answers every input; one that throws has crashed, and its memory cannot be trusted any more.
      this.#ended = true;
      this.#cancelTimer?.();
      this.#line.close();
      this.#abortAll();
      this.#env.failed(CoreFailure.from(error));
    }
  }

  #carryOut(outputs: readonly Output[]): void {
    const batches = new Map<string, ToViewItem[]>();
    for (const output of outputs) {
      switch (output.type) {
        case 'connect':
          this.#line.connect();
          break;
        case 'disconnect':
          this.#line.close();
          break;
        case 'send':
          this.#line.send(output.text);
          break;
        case 'http':
          void this.#request(output);
          break;
        case 'abort_http':
          this.#sending.get(output.id)?.abort();
          this.#sending.delete(output.id);
          break;
        case 'hash_file':
          void this.#hash(output.blob, output.size);
          break;
        case 'drop_file':
          this.#withFiles((files) => files.forget(output.blob));
          break;
        case 'keep_files':
          this.#withFiles((files) => files.keepOnly(output.blobs, output.younger_than_ms));
          break;
        case 'update':
          batchOf(batches, output.view).push({ type: 'update', update: output.update });
          break;
        case 'reply':
          batchOf(batches, output.view).push({
            type: 'reply',
            id: output.id,
            reply: output.reply,
          });
          break;
      }
    }
    for (const [view, items] of batches) {
      this.#views.get(view)?.({ type: 'batch', leader: this.id, items });
    }
  }

  async #request(wanted: HttpRequest): Promise<void> {
    const answer = await (wanted.file === null
      ? this.#env.request(wanted)
      : this.#sendPart(wanted, wanted.file));
    this.#feed({ type: 'http_done', id: wanted.id, answer });
  }

  async #sendPart(wanted: HttpRequest, part: FilePart): Promise<HttpAnswer> {
    const sending = this.#env.sendPart(
      wanted,
      async () => {
        const files = await this.#env.files;
        return this.#env.seal(part, (wanted) => files.part(wanted));
      },
      (sent) => {
        this.#feed({ type: 'http_progress', id: wanted.id, sent });
      },
    );
    this.#sending.set(wanted.id, sending);
    const answer = await sending.answer;
    this.#sending.delete(wanted.id);
    return answer;
  }

  async #hash(blob: string, size: number): Promise<void> {
    let digest: string | null = null;
    try {
      const files = await this.#env.files;
      digest = await this.#env.digest(blob, size, (wanted) => files.part(wanted));
    } catch {
      // What cannot be read any more is gone.
    }
    this.#feed({ type: 'file_hashed', blob, digest });
  }

  #setTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const wakeAt = this.#core.wakeAt();
    if (wakeAt === undefined) return;
    const delayMs = Math.min(Math.max(wakeAt - this.#env.now(), 0), TIMER_MS_MAX);
    this.#cancelTimer = this.#env.after(delayMs, () => {
      this.#cancelTimer = null;
      this.#feed({ type: 'tick' });
    });
  }
}

function batchOf(batches: Map<string, ToViewItem[]>, view: string): ToViewItem[] {
  let batch = batches.get(view);
  if (batch === undefined) {
    batch = [];
    batches.set(view, batch);
  }
  return batch;
}
