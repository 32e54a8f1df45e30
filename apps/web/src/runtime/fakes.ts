/** A browser of plain objects for tests: tabs, workers, locks and channels, with deaths on demand. */
import type { Command, Reply, Update } from '../generated/types';
import { Candidate, type Channel, type Locks } from './candidate';
import { CoreFailure, type CoreHandle } from './core';
import { MemoryFiles, type FileKeeper, type FilePart } from './files';
import { PageCore, type CoreStatus, type WorkerHandle } from './page';
import {
  names,
  type HttpAnswer,
  type HttpRequest,
  type Input,
  type Output,
  type ToPage,
  type ToWorker,
} from './protocol';
import type { SocketEvents } from './transport';

interface Request {
  readonly owner: FakeWorker | FakeTab;
  readonly hold: () => Promise<void>;
}

/** The origin that all tabs share: its locks, its channels, its store. */
export class FakeBrowser {
  /** What the engines have "on disk": the texts of messages, by id. */
  readonly disk = new Map<string, string>();
  /** The engine whose files are open: there can be only one. */
  files: FakeWorker | null = null;
  /** Where all workers keep the bytes of files; none where each has a place of its own. */
  sharedFiles: FileKeeper | null = null;
  readonly opened: string[] = [];
  readonly lines: FakeLine[] = [];
  /** Called before each command, to have an engine crash in the middle. */
  beforeCommand: (command: Command, worker: FakeWorker) => void = () => {};
  readonly #held = new Map<string, Request>();
  readonly #waiting = new Map<string, Request[]>();
  readonly #channels = new Map<string, Set<{ owner: FakeWorker; hear: (message: unknown) => void }>>();
  readonly #timers: { at: number; callback: () => void; owner: FakeWorker | FakeTab }[] = [];
  nowMs = 1_000_000;

  locksOf(owner: FakeWorker | FakeTab): Locks {
    return {
      request: (name, hold) =>
        new Promise((resolve, reject) => {
          const request = { owner, hold: () => hold().then(resolve, reject) };
          const queue = this.#waiting.get(name) ?? [];
          queue.push(request);
          this.#waiting.set(name, queue);
          queueMicrotask(() => {
            this.#grant(name);
          });
        }),
    };
  }

  #grant(name: string): void {
    if (this.#held.has(name)) return;
    const request = this.#waiting.get(name)?.shift();
    if (request === undefined) return;
    this.#held.set(name, request);
    void request.hold().finally(() => {
      if (this.#held.get(name) === request) this.#held.delete(name);
      this.#grant(name);
    });
  }

  openChannel<Incoming, Outgoing>(owner: FakeWorker, name: string): Channel<Incoming, Outgoing> {
    const members = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, members);
    const member = { owner, hear: (_message: unknown): void => {} };
    members.add(member);
    return {
      post: (message) => {
        if (!members.has(member)) throw new Error(`the channel ${name} is closed`);
        const copy = structuredClone(message);
        for (const other of members) {
          if (other !== member)
            queueMicrotask(() => other.owner.alive && members.has(other) && other.hear(copy));
        }
      },
      listen: (listener) => {
        member.hear = (message) => {
          listener(message as Incoming);
        };
      },
      close: () => {
        members.delete(member);
      },
    };
  }

  after(owner: FakeWorker | FakeTab, ms: number, callback: () => void): () => void {
    const timer = { at: this.nowMs + ms, callback, owner };
    this.#timers.push(timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place !== -1) this.#timers.splice(place, 1);
    };
  }

  /** Everything that is under way happens; then time passes. */
  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    await settle();
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.splice(this.#timers.indexOf(due), 1);
      this.nowMs = Math.max(this.nowMs, due.at);
      if (due.owner.alive) due.callback();
      await settle();
    }
    this.nowMs = end;
  }

  /** What the browser does when a worker or a page ends: its locks and channels go. */
  bury(owner: FakeWorker | FakeTab): void {
    for (const members of this.#channels.values()) {
      for (const member of members) if (member.owner === owner) members.delete(member);
    }
    for (const [name, queue] of this.#waiting) {
      this.#waiting.set(
        name,
        queue.filter((request) => request.owner !== owner),
      );
    }
    for (const [name, request] of [...this.#held]) {
      if (request.owner !== owner) continue;
      this.#held.delete(name);
      this.#grant(name);
    }
    if (this.files === owner) this.files = null;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

export class FakeLine {
  readonly said: string[] = [];
  readonly events: SocketEvents;

  constructor(events: SocketEvents) {
    this.events = events;
  }

  connect(): void {
    this.said.push('connect');
  }
  send(text: string): void {
    this.said.push(text);
  }
  close(): void {
    this.said.push('close');
  }
}

export class FakeWorker implements WorkerHandle {
  alive = true;
  readonly #browser: FakeBrowser;
  readonly #candidate: Candidate;

  constructor(browser: FakeBrowser, options: TabOptions, toPage: (message: ToPage) => void) {
    this.#browser = browser;
    this.#candidate = new Candidate({
      build: options.build,
      locks: options.locks ? browser.locksOf(this) : null,
      openChannel: (name) => browser.openChannel(this, name),
      openCore: () => Promise.resolve().then(() => this.#openCore()),
      newName: () => `leader-${browser.opened.length}`,
      now: () => browser.nowMs,
      openLine: (events) => {
        const line = new FakeLine(events);
        browser.lines.push(line);
        return line;
      },
      request: (wanted: HttpRequest): Promise<HttpAnswer> =>
        Promise.resolve({ type: 'answered', status: 200, body: wanted.path }),
      sendPart: (wanted, find, progress) => {
        const answer = find().then(async (part): Promise<HttpAnswer> => {
          if (part === null) return { type: 'file_gone' };
          progress(1);
          return { type: 'answered', status: 200, body: `${wanted.path} ${await part.text()}` };
        });
        return { answer, abort: () => {} };
      },
      files: Promise.resolve(browser.sharedFiles ?? new MemoryFiles()),
      seal: (part, read) => read(part),
      digest: async (blob, size, read) => ((await read({ blob, offset: 0, length: size })) ? 'digest' : null),
      soon: (callback) => {
        queueMicrotask(() => {
          if (this.alive) callback();
        });
      },
      after: (ms, callback) => browser.after(this, ms, callback),
      post: (message) => {
        // A message that was posted arrives also when its worker is gone.
        queueMicrotask(() => {
          toPage(message);
        });
      },
      end: () => {
        this.terminate();
      },
    });
  }

  #openCore(): CoreHandle {
    if (this.#browser.files !== null) throw new CoreFailure('store_busy', 'the files are held');
    this.#browser.files = this;
    this.#browser.opened.push('core');
    return new FakeEngine(this.#browser, this);
  }

  post(message: ToWorker): void {
    queueMicrotask(() => {
      if (this.alive) this.#candidate.hear(message);
    });
  }

  terminate(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#browser.bury(this);
  }
}

export interface TabOptions {
  readonly build: string;
  readonly openedAt: number;
  readonly locks: boolean;
}

export class FakeTab {
  alive = true;
  readonly core: PageCore;
  readonly workers: FakeWorker[] = [];
  readonly statuses: CoreStatus['state'][] = [];
  /** The list of texts as this view sees it. */
  texts: string[] = [];
  readonly #browser: FakeBrowser;

  constructor(browser: FakeBrowser, view: string, options: Partial<TabOptions> = {}) {
    const full = { build: 'one', openedAt: 0, locks: true, ...options };
    this.#browser = browser;
    this.core = new PageCore({
      view,
      openedAt: full.openedAt,
      startWorker: (onMessage) => {
        const worker = new FakeWorker(browser, full, (message) => {
          if (this.alive) onMessage(message);
        });
        this.workers.push(worker);
        return worker;
      },
      watchWorker: (name, gone) => {
        void browser.locksOf(this).request(names.viewLock(name), () => {
          gone();
          return Promise.resolve();
        });
      },
      after: (ms, callback) => browser.after(this, ms, callback),
    });
    this.core.watchStatus(({ state }) => this.statuses.push(state));
    this.core.subscribe((update) => {
      if (update.type !== 'conversations') return;
      for (const { at, remove, insert } of update.splices) {
        this.texts.splice(at, remove, ...insert.map(({ title }) => title));
      }
    });
  }

  get worker(): FakeWorker {
    const worker = this.workers.at(-1);
    if (worker === undefined) throw new Error('this tab has no worker');
    return worker;
  }

  /** Closed without a word, as by a crash. */
  close(): void {
    this.alive = false;
    this.worker.terminate();
    this.#browser.bury(this);
  }

  write(id: string, text: string): Promise<Reply> {
    return this.core.send({ type: 'send_message', message: id, conversation: 'c', text, reply_to: null });
  }
}

/** Stands for the engine: keeps messages, shows each of them to every view as a conversation of that title. */
class FakeEngine implements CoreHandle {
  readonly #browser: FakeBrowser;
  readonly #worker: FakeWorker;
  readonly #views = new Set<string>();

  constructor(browser: FakeBrowser, worker: FakeWorker) {
    this.#browser = browser;
    this.#worker = worker;
  }

  handle(_nowMs: number, inputs: string): string {
    return JSON.stringify((JSON.parse(inputs) as Input[]).flatMap((input) => this.#handle(input)));
  }

  wakeAt(): number | undefined {
    return undefined;
  }

  close(): void {
    this.#browser.files = null;
  }

  #handle(input: Input): Output[] {
    const { disk } = this.#browser;
    switch (input.type) {
      case 'attach': {
        this.#views.add(input.view);
        return [{ type: 'update', view: input.view, update: list(0, [...disk.values()]) }];
      }
      case 'detach':
        this.#views.delete(input.view);
        return [];
      case 'command': {
        this.#browser.beforeCommand(input.command, this.#worker);
        const outputs: Output[] = [];
        if (input.command.type === 'send_message' && !disk.has(input.command.message)) {
          const { message, text } = input.command;
          for (const view of this.#views)
            outputs.push({ type: 'update', view, update: list(disk.size, [text]) });
          disk.set(message, text);
          for (const { blob, size } of input.command.attachments ?? [])
            outputs.push(http(2, `/v1/uploads/${blob}`, { blob, offset: 0, length: size }));
        }
        outputs.push({ type: 'reply', view: input.view, id: input.id, reply: { type: 'done' } });
        return outputs;
      }
      case 'connected':
        return [http(1, '/v1/server', null)];
      case 'received':
        return [{ type: 'send', text: `echo ${input.text}` }];
      case 'http_done':
        return [{ type: 'send', text: JSON.stringify(input.answer) }];
      default:
        return [];
    }
  }
}

function http(id: number, path: string, file: FilePart | null): Output {
  return { type: 'http', id, method: 'GET', path, bearer: null, body: null, headers: [], file };
}

function list(at: number, titles: readonly string[]): Update {
  return {
    type: 'conversations',
    splices: [{ at, remove: 0, insert: titles.map((title) => ({ title }) as never) }],
    has_more: false,
    loaded: true,
    requests: 0,
  };
}
