/** A page without views: what the core says is kept in plain objects, for tests to look at. */
import type {
  Command,
  ConnectionView,
  ConversationItem,
  Reply,
  SessionView,
  StorageView,
  TimelineItem,
} from '../../../src/generated/types';
import { connectCore, newId } from '../../../src/runtime';
import { applySplices } from '../../../src/state/splice';

/** All that this tab has been told. */
export interface Seen {
  session: SessionView | null;
  connection: ConnectionView | null;
  storage: StorageView | null;
  conversations: readonly ConversationItem[];
  timeline: readonly TimelineItem[];
  statuses: string[];
}

export interface Probe {
  readonly seen: Seen;
  /** The workers that this tab has started, oldest first. */
  readonly workers: Worker[];
  send(command: Command): Promise<Reply>;
  newId(): string;
}

declare global {
  interface Window {
    probe: Probe;
  }
}

const workers: Worker[] = [];
window.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    workers.push(this);
  }
};

const seen: Seen = {
  session: null,
  connection: null,
  storage: null,
  conversations: [],
  timeline: [],
  statuses: [],
};
let timelineOf: string | null = null;

const core = connectCore();
core.watchStatus(({ state, code }) => seen.statuses.push(code === null ? state : `${state}: ${code}`));
core.subscribe((update) => {
  switch (update.type) {
    case 'session':
      seen.session = update.session;
      break;
    case 'connection':
      seen.connection = update.connection;
      break;
    case 'storage':
      seen.storage = update.storage;
      break;
    case 'conversations':
      seen.conversations = applySplices(seen.conversations, update.splices);
      break;
    case 'timeline':
      if (timelineOf !== update.header.conversation) seen.timeline = [];
      timelineOf = update.header.conversation;
      seen.timeline = applySplices(seen.timeline, update.splices);
      break;
    case 'timeline_gone':
      seen.timeline = [];
      break;
  }
});

window.probe = { seen, workers, send: (command) => core.send(command), newId };
