/// <reference lib="webworker" />
/** The worker's entry: ties the candidate to the browser. */
import { Candidate, type Channel, type Locks } from './candidate';
import { MemoryFiles, OriginFiles } from './files';
import { canPersist, openCore } from './open';
import type { ToPage, ToWorker } from './protocol';
import { SocketLine, request, sendPart, socketUrl } from './transport';

declare const self: DedicatedWorkerGlobalScope;

function openChannel<Incoming, Outgoing>(name: string): Channel<Incoming, Outgoing> {
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => {
      channel.postMessage(message);
    },
    listen: (listener) => {
      channel.onmessage = (event: MessageEvent<Incoming>) => {
        listener(event.data);
      };
    },
    close: () => {
      channel.close();
    },
  };
}

function findLocks(): Locks | null {
  // Missing in old browsers, and outside of secure contexts in all of them.
  if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined') return null;
  return {
    request: async (name, hold) => {
      await navigator.locks.request(name, hold);
    },
  };
}

/** A message to itself comes behind the messages that are there already; a timer could be held back for a second. */
function createSoon(): (callback: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => {
    waiting.shift()?.();
  };
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(null);
  };
}

const locks = findLocks();
const persistent = locks === null ? Promise.resolve(false) : canPersist();

const candidate = new Candidate({
  // The script's name has a hash of all that it holds, the core's name included: it is the same exactly where two workers can
  // serve each other's pages.
  build: self.location.pathname,
  locks,
  openChannel,
  openCore: async () => openCore({ persistent: await persistent }),
  newName: () => crypto.randomUUID?.() ?? String(crypto.getRandomValues(new Uint32Array(1))[0]),
  now: () => Date.now(),
  openLine: (events) => new SocketLine(socketUrl(self.location.origin), events),
  request: (wanted) => request(wanted),
  sendPart: (wanted, find, progress) => sendPart(wanted, find, progress),
  files: persistent.then((kept) => (kept ? new OriginFiles() : new MemoryFiles())),
  // Loaded when the first file is sealed.
  seal: async (part, read) => (part.seal ? (await import('./sealing')).sealPart(part, read) : read(part)),
  digest: async (blob, size, read) => (await import('./sealing')).digestOf(blob, size, read),
  soon: createSoon(),
  after: (ms, callback) => {
    const timer = self.setTimeout(callback, ms);
    return () => {
      self.clearTimeout(timer);
    };
  },
  post: (message: ToPage) => {
    self.postMessage(message);
  },
  end: () => {
    self.close();
  },
});

self.onmessage = (event: MessageEvent<ToWorker>) => {
  candidate.hear(event.data);
};
