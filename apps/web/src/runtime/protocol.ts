/**
 * What pages, their workers and the leader among the workers say to each other. See docs/adr/0009-one-core-for-all-tabs.md.
 *
 * A page talks to its own worker only. The worker that leads runs the core; every other one passes its page's messages on.
 */
import type { Command, Reply, Update } from '../generated/types';
import type { FilePart } from './files';

/** A command on its way, with the number that its reply repeats. */
export interface NumberedCommand {
  readonly id: number;
  readonly command: Command;
}

/** From a page to its worker. */
export type ToWorker =
  | {
      readonly type: 'start';
      /** The view's name, of the page's choice. */
      readonly view: string;
      /** When the page was opened, milliseconds: of two pages with different builds the later one is right. */
      readonly openedAt: number;
    }
  | { readonly type: 'attach' }
  | { readonly type: 'commands'; readonly items: readonly NumberedCommand[] }
  /** The bytes of a file that a message is going to have. */
  | { readonly type: 'keep'; readonly blob: string; readonly file: Blob }
  | { readonly type: 'detach' };

/** From a worker to its page. */
export type ToPage =
  /** The worker holds the view's lock: whoever gets that lock from now on knows that the worker is gone. */
  | { readonly type: 'alive' }
  /** There is a leader; to be served by it, attach. */
  | { readonly type: 'leader'; readonly leader: string }
  | ToView
  /** A file is kept, or cannot be, for the reason that the code names. */
  | { readonly type: 'kept'; readonly blob: string; readonly code: string | null }
  /** A page of another build was opened later: this one has to be loaded again. */
  | { readonly type: 'outdated' }
  /** The worker cannot go on, and has ended itself. */
  | { readonly type: 'failed'; readonly code: string; readonly detail: string };

/** From the leader to a view. */
export type ToView =
  | { readonly type: 'attached'; readonly leader: string }
  | { readonly type: 'batch'; readonly leader: string; readonly items: readonly ToViewItem[] };

/** One thing that the engine says to a view. */
export type ToViewItem =
  | { readonly type: 'update'; readonly update: Update }
  | { readonly type: 'reply'; readonly id: number; readonly reply: Reply };

/** Between the workers of one build, on the channel that all of them share. */
export type Shared =
  | { readonly type: 'who' }
  | { readonly type: 'leader'; readonly leader: string }
  | { readonly type: 'attach'; readonly view: string };

/** From a view's worker to the leader, on the channel of that view. The leader answers there with {@link ToView}. */
export type FromView =
  | { readonly type: 'commands'; readonly items: readonly NumberedCommand[] }
  /** Where workers do not see each other's files, the leader gets those of all. */
  | { readonly type: 'keep'; readonly blob: string; readonly file: Blob }
  | { readonly type: 'detach' };

/** Between the workers of all builds. */
export interface Version {
  readonly build: string;
  readonly openedAt: number;
}

/** The names of locks and channels. */
export const names = {
  /** Held by the leader of all builds: the store has one owner. */
  coreLock: 'pipit:core',
  /** Held by a view's worker as long as it lives. */
  viewLock: (view: string): string => `pipit:view:${view}`,
  versionChannel: 'pipit:version',
  sharedChannel: (build: string): string => `pipit:shared:${build}`,
  viewChannel: (build: string, view: string): string => `pipit:view:${build}:${view}`,
} as const;

/** What the engine takes. */
export type Input =
  | { readonly type: 'attach'; readonly view: string }
  | { readonly type: 'detach'; readonly view: string }
  | {
      readonly type: 'command';
      readonly view: string;
      readonly id: number;
      readonly command: Command;
    }
  | { readonly type: 'connected' }
  | { readonly type: 'received'; readonly text: string }
  | { readonly type: 'disconnected' }
  | { readonly type: 'http_done'; readonly id: number; readonly answer: HttpAnswer }
  | { readonly type: 'http_progress'; readonly id: number; readonly sent: number }
  | { readonly type: 'file_hashed'; readonly blob: string; readonly digest: string | null }
  | { readonly type: 'tick' };

/** How an HTTP request ended. */
export type HttpAnswer =
  | { readonly type: 'answered'; readonly status: number; readonly body: string }
  | { readonly type: 'received'; readonly offset: number }
  | { readonly type: 'unreachable' }
  | { readonly type: 'file_gone' };

/** An HTTP request that the engine wants made. */
export interface HttpRequest {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly bearer: string | null;
  readonly body: string | null;
  readonly headers: readonly (readonly [string, string])[];
  readonly file: FilePart | null;
}

/** What the engine wants done. */
export type Output =
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  | { readonly type: 'send'; readonly text: string }
  | ({ readonly type: 'http' } & HttpRequest)
  | { readonly type: 'abort_http'; readonly id: number }
  | { readonly type: 'hash_file'; readonly blob: string; readonly size: number }
  | { readonly type: 'drop_file'; readonly blob: string }
  | { readonly type: 'keep_files'; readonly blobs: readonly string[]; readonly younger_than_ms: number }
  | { readonly type: 'update'; readonly view: string; readonly update: Update }
  | {
      readonly type: 'reply';
      readonly view: string;
      readonly id: number;
      readonly reply: Reply;
    };
