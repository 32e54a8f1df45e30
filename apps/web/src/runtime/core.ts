/** The engine, as the worker that leads holds it. */

/** What the leader needs of the engine in WebAssembly. Calls are synchronous: what is written is on disk when they return. */
export interface CoreHandle {
  /** Takes a JSON list of `Input`s, in one transaction; gives a JSON list of `Output`s. */
  handle(nowMs: number, inputs: string): string;
  /** When the engine wants a tick, milliseconds; `undefined` for never. */
  wakeAt(): number | undefined;
  /** Closes the store and lets go of its files. */
  close(): void;
}

/** Why the core could not be opened, or died. */
export class CoreFailure extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.name = 'CoreFailure';
    this.code = code;
  }

  /** Reads the code from an error of the core, whose message begins with it: `store_busy: the files are held`. */
  static from(error: unknown): CoreFailure {
    if (error instanceof CoreFailure) return error;
    const message = error instanceof Error ? error.message : String(error);
    const match = /^(store_[a-z]+): (.*)$/s.exec(message);
    return new CoreFailure(match?.[1] ?? 'core_crashed', match?.[2] ?? message);
  }
}

/** How long to wait for the files of a leader that has just ended, and how often to look. */
const BUSY_RETRY_MS = 25;
const BUSY_RETRIES_MAX = 400;

/** Opens the core, patiently: the browser closes the files of a worker that has ended a little after it gives its lock away. */
export async function openPatiently(
  open: () => Promise<CoreHandle>,
  wait: (ms: number) => Promise<void>,
): Promise<CoreHandle> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open();
    } catch (error) {
      const failure = CoreFailure.from(error);
      if (failure.code !== 'store_busy' || attempt === BUSY_RETRIES_MAX) throw failure;
    }
    await wait(BUSY_RETRY_MS);
  }
}
