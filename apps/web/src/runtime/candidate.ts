/**
 * A page's worker. It competes with the workers of all other tabs for one lock; whoever holds it leads: it runs the core for all
 * of them. The others pass their page's messages on to it.
 */
import { CoreFailure, openPatiently, type CoreHandle } from './core';
import { keepingCode } from './files';
import { Leader, type LeaderEnv } from './leader';
import {
  names,
  type FromView,
  type Shared,
  type ToPage,
  type ToView,
  type ToWorker,
  type Version,
} from './protocol';

/** How long a page has to end a worker that is of no more use. */
const END_MS = 1_000;

/** A broadcast channel, as far as it is used here. */
export interface Channel<Incoming, Outgoing> {
  post(message: Outgoing): void;
  listen(listener: (message: Incoming) => void): void;
  close(): void;
}

/** The browser's locks, as far as they are used here: the lock is held until the promise of `hold` settles. */
export interface Locks {
  request(name: string, hold: () => Promise<void>): Promise<void>;
}

/** What the worker needs of the world. */
export interface CandidateEnv extends Omit<LeaderEnv, 'failed'> {
  /** Tells workers that can share a core from those of another version of the app. */
  readonly build: string;
  /** None where the browser has none: then this tab is served alone. */
  readonly locks: Locks | null;
  openChannel<Incoming, Outgoing>(name: string): Channel<Incoming, Outgoing>;
  openCore(): Promise<CoreHandle>;
  newName(): string;
  post(message: ToPage): void;
  /** Ends the worker. */
  end(): void;
}

export class Candidate {
  readonly #env: CandidateEnv;
  #view = '';
  #leader: Leader | null = null;
  #shared: Channel<Shared, Shared> | null = null;
  #versions: Channel<Version, Version> | null = null;
  /** The channel between this worker's view and a leader elsewhere. */
  #up: Channel<ToView, FromView> | null = null;
  /** The channels to the views of other tabs, where this worker leads. */
  readonly #served = new Map<string, Channel<FromView, ToView>>();
  #ended = false;
  /** Settles when this worker's part is over: until then it holds the core's lock, once it has it. */
  readonly #over: Promise<void>;
  #beOver: () => void = () => {};

  constructor(env: CandidateEnv) {
    this.#env = env;
    this.#over = new Promise((resolve) => {
      this.#beOver = resolve;
    });
  }

  /** A message from the page. */
  hear(message: ToWorker): void {
    if (this.#ended) return;
    switch (message.type) {
      case 'start':
        this.#start(message.view, message.openedAt).catch((error: unknown) => {
          this.#fail(CoreFailure.from(error));
        });
        break;
      case 'attach':
        if (this.#leader !== null) this.#leader.attach(this.#view, (answer) => this.#env.post(answer));
        else this.#shared?.post({ type: 'attach', view: this.#view });
        break;
      case 'commands':
        if (this.#leader !== null) this.#leader.command(this.#view, message.items);
        else this.#up?.post({ type: 'commands', items: message.items });
        break;
      case 'keep':
        void this.#keep(message.blob, message.file);
        break;
      case 'detach':
        if (this.#leader !== null) this.#leader.detach(this.#view);
        else this.#up?.post({ type: 'detach' });
        break;
    }
  }

  /** This worker keeps the bytes itself, whoever leads: the leader finds them where it sees what others keep. */
  async #keep(blob: string, file: Blob): Promise<void> {
    let code: string | null = null;
    try {
      const files = await this.#env.files;
      await files.keep(blob, file);
      if (!files.shared) this.#up?.post({ type: 'keep', blob, file });
    } catch (error) {
      code = keepingCode(error);
    }
    this.#env.post({ type: 'kept', blob, code });
  }

  async #start(view: string, openedAt: number): Promise<void> {
    const { build, locks } = this.#env;
    this.#view = view;
    if (locks === null) {
      await this.#lead();
      return;
    }
    await this.#holdUntilGone(locks, names.viewLock(view));
    this.#env.post({ type: 'alive' });
    this.#watchVersions({ build, openedAt });
    const up = this.#env.openChannel<ToView, FromView>(names.viewChannel(build, view));
    up.listen((message) => {
      if (this.#leader === null) this.#env.post(message);
    });
    this.#up = up;
    const shared = this.#env.openChannel<Shared, Shared>(names.sharedChannel(build));
    shared.listen((message) => {
      this.#hearShared(message, locks);
    });
    this.#shared = shared;
    shared.post({ type: 'who' });
    await locks.request(names.coreLock, async () => {
      if (this.#ended) return;
      await this.#lead();
      await this.#over;
    });
  }

  /** Resolves once the lock is held; it is given back when the worker ends. */
  async #holdUntilGone(locks: Locks, name: string): Promise<void> {
    await new Promise<void>((held, refused) => {
      locks
        .request(name, () => {
          held();
          return new Promise<never>(() => {});
        })
        .catch(refused);
    });
  }

  async #lead(): Promise<void> {
    const core = await openPatiently(
      () => this.#env.openCore(),
      (ms) => new Promise((resolve) => this.#env.after(ms, resolve)),
    );
    if (this.#ended) {
      core.close();
      return;
    }
    const leader = new Leader(this.#env.newName(), core, {
      now: () => this.#env.now(),
      openLine: (events) => this.#env.openLine(events),
      request: (wanted) => this.#env.request(wanted),
      sendPart: (wanted, find, progress) => this.#env.sendPart(wanted, find, progress),
      files: this.#env.files,
      seal: (part, read) => this.#env.seal(part, read),
      digest: (blob, size, read) => this.#env.digest(blob, size, read),
      soon: (callback) => {
        this.#env.soon(callback);
      },
      after: (ms, callback) => this.#env.after(ms, callback),
      failed: (failure) => {
        this.#fail(failure);
      },
    });
    if (this.#ended) return;
    this.#leader = leader;
    this.#up?.close();
    this.#up = null;
    this.#env.post({ type: 'leader', leader: leader.id });
    this.#shared?.post({ type: 'leader', leader: leader.id });
  }

  #hearShared(message: Shared, locks: Locks): void {
    const leader = this.#leader;
    if (leader === null) {
      if (message.type === 'leader') this.#env.post({ type: 'leader', leader: message.leader });
      return;
    }
    if (message.type === 'who') this.#shared?.post({ type: 'leader', leader: leader.id });
    else if (message.type === 'attach') this.#serve(leader, message.view, locks);
  }

  /** Serves the view of another tab. */
  #serve(leader: Leader, view: string, locks: Locks): void {
    let down = this.#served.get(view);
    if (down === undefined) {
      const opened = this.#env.openChannel<FromView, ToView>(names.viewChannel(this.#env.build, view));
      opened.listen((message) => {
        if (message.type === 'commands') leader.command(view, message.items);
        else if (message.type === 'keep')
          void this.#env.files.then((files) => files.keep(message.blob, message.file));
        else leader.detach(view);
      });
      this.#served.set(view, opened);
      down = opened;
      // Its worker holds this lock for life; to get it means that the tab is gone, also where it could not say so.
      void locks.request(names.viewLock(view), async () => {
        this.#served.delete(view);
        opened.close();
        leader.detach(view);
        await Promise.resolve();
      });
    }
    const port = down;
    leader.attach(view, (message) => {
      port.post(message);
    });
  }

  /** Of two builds that are open at once, the one whose page was opened later is right: its files are what the server has now. */
  #watchVersions(own: Version): void {
    const versions = this.#env.openChannel<Version, Version>(names.versionChannel);
    versions.listen((other) => {
      if (other.build === own.build) return;
      const later = other.openedAt === own.openedAt ? other.build > own.build : other.openedAt > own.openedAt;
      if (later) {
        this.#env.post({ type: 'outdated' });
        this.#finish();
      } else {
        versions.post(own);
      }
    });
    this.#versions = versions;
    versions.post(own);
  }

  #fail(failure: CoreFailure): void {
    if (this.#ended) return;
    this.#env.post({ type: 'failed', code: failure.code, detail: failure.message });
    this.#finish();
  }

  /**
   * Lets go of everything but the view's lock, so that the page hears why before it sees that the worker is gone; it then ends
   * the worker. A page that is frozen cannot, so the worker ends itself a little later.
   */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#shared?.close();
    this.#versions?.close();
    this.#up?.close();
    for (const channel of this.#served.values()) channel.close();
    this.#env.after(END_MS, () => {
      this.#env.end();
    });
    this.#leader?.end();
    this.#beOver();
  }
}
