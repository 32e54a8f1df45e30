/**
 * What the service worker and the pages tell each other about notifications. Types alone: a module that both run would be a file of its own,
 * which a service worker cannot import everywhere.
 */

/** What the pages keep for the service worker, and the other way round: a cache, because both have it. */
export type NotifyCache = 'pipit-notify';
/** The words of notifications in the person's language, put there by a page. */
export type WordsPath = '/notify/words';
/** What is to be done when a page opens next, put there by the service worker: the folder of all of it. */
export type DeedsPath = '/notify/deeds/';

/** What has become of messages that may be pushed yet, put there by the service worker. */
export type ChangesPath = '/notify/changes';

/** The device that it all belongs to, put there by a page. */
export type OwnerPath = '/notify/owner';

/** `{count}` is filled in. */
export interface NotifyWords {
  readonly app: string;
  /** A message of which nothing is shown. */
  readonly message: string;
  /** Several. */
  readonly messages: string;
  /** Files without a text. */
  readonly files: string;
  readonly request: string;
  readonly test: string;
  readonly reply: string;
  readonly replyHint: string;
  readonly read: string;
  /** What was written waits for a page that sends it. */
  readonly waiting: string;
}

/** By what the browser is asked to say when there is a line again (Background Sync), and the tag of the notification that comes of it. */
export type WaitingTag = 'pipit-waiting';

/** What somebody has done with a notification. */
export type Deed =
  | { readonly type: 'read'; readonly conversation: string; readonly seq: number }
  | { readonly type: 'reply'; readonly conversation: string; readonly text: string; readonly id: string };

/** What the service worker says to a page. */
export type ToPage =
  | { readonly type: 'open_conversation'; readonly conversation: string }
  | { readonly type: 'notify_deeds' }
  | { readonly type: 'push_changed' }
  /** Answered by a page that runs: it sends what waits by itself. */
  | { readonly type: 'are_you_there' }
  /** Answered on the port that comes with it: the id of the conversation that is open, or null. */
  | { readonly type: 'what_is_open' };
