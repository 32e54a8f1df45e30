/** The page's end: sends commands to whichever worker leads, and sees to it that none is lost when that changes. */
import type { Core } from '../core/contract';
import type { Command, Reply, Update } from '../generated/types';
import { Lists, Standing } from './lists';
import type { NumberedCommand, ToPage, ToView, ToWorker } from './protocol';

/** A command that was with this many leaders when they ended is taken for the cause, and given up. */
const LEADERS_PER_COMMAND_MAX = 5;
/** Waiting times between restarts of a worker that fails again and again. */
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 10_000;
/** A leader that has not answered for so long is stuck. */
const STALLED_MS = 5_000;
/** A worker that has lived for so long has not failed at its start: the next restart is a first one. */
const SETTLED_MS = 30_000;

/** How the core is, for the views. */
export interface CoreStatus {
  readonly state:
    /** No core is there yet. */
    | 'starting'
    | 'running'
    /** It failed, and is being started again. */
    | 'restarting'
    /** Another tab holds the core and does not answer. */
    | 'stalled'
    /** This page is of an older build than another one that is open: it has to be loaded again. */
    | 'outdated';
  /** Why it failed: `core_crashed`, `worker_lost`, `worker_failed`, `store_busy`, `store_newer`, `store_corrupt`, `store_failed`. */
  readonly code: string | null;
}

/** The worker, as the page holds it. */
export interface WorkerHandle {
  post(message: ToWorker): void;
  terminate(): void;
}

/** What the page's end needs of the world. */
export interface PageEnv {
  readonly view: string;
  readonly openedAt: number;
  startWorker(onMessage: (message: ToPage) => void, onError: () => void): WorkerHandle;
  /** Calls back when the worker that lives for this view is gone, however it went. Does nothing where that cannot be known. */
  watchWorker(view: string, gone: () => void): void;
  after(ms: number, callback: () => void): () => void;
}

interface Pending {
  readonly numbered: NumberedCommand;
  readonly settle: (reply: Reply) => void;
  leaders: number;
}

export class PageCore implements Core {
  readonly #env: PageEnv;
  readonly #lists = new Lists();
  readonly #standing = new Standing();
  /** Files that the worker is keeping. */
  readonly #keeping = new Map<string, { file: Blob; settle: (code: string | null) => void }>();
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(update: Update) => void>();
  readonly #statusListeners = new Set<(status: CoreStatus) => void>();
  #early: Update[] = [];
  #status: CoreStatus = { state: 'starting', code: null };
  #worker: WorkerHandle | null = null;
  /** Counts workers, so that what comes late from one that was given up is not heard. */
  #generation = 0;
  #attachedTo: string | null = null;
  #nextId = 1;
  #failures = 0;
  #cancelStalled: (() => void) | null = null;
  #cancelSettled: (() => void) | null = null;

  constructor(env: PageEnv) {
    this.#env = env;
    this.#start();
  }

  send(command: Command): Promise<Reply> {
    const numbered = { id: this.#nextId, command };
    this.#nextId += 1;
    if (this.#status.state === 'outdated') return Promise.resolve(failed('outdated'));
    this.#standing.note(numbered);
    return new Promise((settle) => {
      const pending = { numbered, settle, leaders: 0 };
      this.#pending.set(numbered.id, pending);
      if (this.#attachedTo !== null) {
        pending.leaders = 1;
        this.#post({ type: 'commands', items: [numbered] });
      }
    });
  }

  keep(blob: string, file: Blob): Promise<string | null> {
    if (this.#status.state === 'outdated') return Promise.resolve('outdated');
    return new Promise((settle) => {
      this.#keeping.set(blob, { file, settle });
      this.#post({ type: 'keep', blob, file });
    });
  }

  subscribe(listener: (update: Update) => void): () => void {
    this.#listeners.add(listener);
    const early = this.#early;
    this.#early = [];
    for (const update of early) listener(update);
    return () => this.#listeners.delete(listener);
  }

  /** Tells how the core is, now and whenever that changes. Returns the function that ends it. */
  watchStatus(listener: (status: CoreStatus) => void): () => void {
    this.#statusListeners.add(listener);
    listener(this.#status);
    return () => this.#statusListeners.delete(listener);
  }

  /** The page is going away. */
  leave(): void {
    this.#post({ type: 'detach' });
  }

  /** The page is back from the browser's memory of pages. */
  comeBack(): void {
    this.#post({ type: 'attach' });
  }

  #start(): void {
    this.#generation += 1;
    const generation = this.#generation;
    this.#worker = this.#env.startWorker(
      (message) => {
        if (this.#generation === generation) this.#hear(message, generation);
      },
      () => {
        if (this.#generation === generation) this.#restart('worker_failed');
      },
    );
    this.#expectLeader();
    this.#cancelSettled = this.#env.after(SETTLED_MS, () => {
      this.#failures = 0;
    });
    this.#post({ type: 'start', view: this.#env.view, openedAt: this.#env.openedAt });
    for (const [blob, { file }] of this.#keeping) this.#post({ type: 'keep', blob, file });
  }

  #hear(message: ToPage, generation: number): void {
    switch (message.type) {
      case 'alive':
        this.#env.watchWorker(this.#env.view, () => {
          if (this.#generation === generation) this.#restart('worker_lost');
        });
        break;
      case 'leader':
        if (message.leader !== this.#attachedTo) this.#post({ type: 'attach' });
        break;
      case 'attached':
        this.#attached(message.leader);
        break;
      case 'batch':
        if (message.leader === this.#attachedTo) this.#take(message);
        break;
      case 'kept':
        this.#keeping.get(message.blob)?.settle(message.code);
        this.#keeping.delete(message.blob);
        break;
      case 'outdated':
        this.#giveUp();
        break;
      case 'failed':
        this.#restart(message.code);
        break;
    }
  }

  #attached(leader: string): void {
    this.#cancelStalled?.();
    this.#cancelStalled = null;
    if (this.#attachedTo !== leader) {
      for (const pending of this.#pending.values()) pending.leaders += 1;
    }
    this.#attachedTo = leader;
    this.#lists.restart();
    const items = this.#standing.all().filter(({ id }) => !this.#pending.has(id));
    for (const [id, pending] of this.#pending) {
      if (pending.leaders > LEADERS_PER_COMMAND_MAX) {
        this.#pending.delete(id);
        pending.settle(failed('core_crashed'));
      } else {
        items.push(pending.numbered);
      }
    }
    if (items.length > 0) this.#post({ type: 'commands', items });
    this.#setStatus({ state: 'running', code: null });
  }

  #take(batch: Extract<ToView, { type: 'batch' }>): void {
    for (const item of batch.items) {
      if (item.type === 'update') {
        this.#publish(this.#lists.pass(item.update));
      } else {
        const pending = this.#pending.get(item.id);
        this.#pending.delete(item.id);
        pending?.settle(item.reply);
      }
    }
  }

  #publish(update: Update): void {
    if (this.#listeners.size === 0) this.#early.push(update);
    for (const listener of this.#listeners) listener(update);
  }

  #restart(code: string): void {
    this.#drop();
    const generation = this.#generation;
    const delayMs = Math.min(RESTART_MS_MIN * 2 ** this.#failures - RESTART_MS_MIN, RESTART_MS_MAX);
    this.#failures += 1;
    this.#setStatus({ state: 'restarting', code });
    this.#env.after(delayMs, () => {
      if (this.#generation === generation) this.#start();
    });
  }

  #giveUp(): void {
    this.#drop();
    this.#setStatus({ state: 'outdated', code: null });
    for (const { settle } of this.#pending.values()) settle(failed('outdated'));
    this.#pending.clear();
    for (const { settle } of this.#keeping.values()) settle('outdated');
    this.#keeping.clear();
  }

  /** Ends the worker, and hears nothing of it any more. */
  #drop(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#attachedTo = null;
    this.#generation += 1;
    this.#cancelStalled?.();
    this.#cancelSettled?.();
  }

  #expectLeader(): void {
    this.#cancelStalled?.();
    this.#cancelStalled = this.#env.after(STALLED_MS, () => {
      this.#setStatus({ state: 'stalled', code: null });
    });
  }

  #post(message: ToWorker): void {
    this.#worker?.post(message);
  }

  #setStatus(status: CoreStatus): void {
    if (status.state === this.#status.state && status.code === this.#status.code) return;
    this.#status = status;
    for (const listener of this.#statusListeners) listener(status);
  }
}

function failed(code: string): Reply {
  return {
    type: 'failed',
    error: { code, field: null, retry: 'never', retry_after_ms: null },
  };
}
