import type { Command, Reply, Update } from '../generated/types';

/** The version of the protocol that the core speaks. */
export const PROTOCOL = 1;

/**
 * The line between the views and the client core: everything that a view knows comes through it, and everything
 * that it wants goes through it.
 *
 * Promises of the runtime behind it:
 * - Updates come in order, and start with a whole picture (session, connection, storage, conversations) once a
 *   listener subscribes.
 * - When the core moves to another tab, the runtime first sends splices that empty the lists which this tab had, then
 *   the whole picture again. It re-opens the open timeline by itself.
 * - A command's promise always settles. What goes wrong is a `failed` reply, never a rejection.
 */
export interface Core {
  send(command: Command): Promise<Reply>;
  /**
   * Keeps the bytes of a file on this device, under the id by which a message is going to name it, until they are sent. Resolves to
   * null, or to the code of what kept it from that; never rejects.
   */
  keep(blob: string, file: Blob): Promise<string | null>;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (update: Update) => void): () => void;
}

/** How the core and the app itself are. */
export interface CoreHealth {
  /**
   * - `restarting`: it failed, and is being started again; `code` says why.
   * - `stalled`: another tab holds it, and does not answer.
   * - `outdated`: a newer version of the app is open in another tab; this one has to be loaded again.
   */
  state: 'starting' | 'running' | 'restarting' | 'stalled' | 'outdated';
  code: string | null;
  /** Loads the new version of the app, once one is ready. */
  update: (() => void) | null;
}

/** What a module that provides a core exports. */
export interface CoreModule {
  connectCore(): Core;
  /** A new UUIDv7, for what a view makes. */
  newId(): string;
  /** Keeps `health` current. */
  watchHealth?(health: CoreHealth): void;
}
