/** What the app has of the runtime: the core, and ids. */
import type { Core, CoreHealth } from '../core/contract';
import { PageCore, type CoreStatus, type WorkerHandle } from './page';
import { names, type ToPage } from './protocol';
import { registerServiceWorker } from './service-worker';

export { newId } from './ids';

/** The core, and how it is. */
export interface RuntimeCore extends Core {
  /** Tells how the core is, now and whenever that changes. Returns the function that ends it. */
  watchStatus(listener: (status: CoreStatus) => void): () => void;
}

let connected: RuntimeCore | null = null;

/** Starts this tab's worker, once, and gives the core that all tabs share. */
export function connectCore(): RuntimeCore {
  connected ??= connect();
  return connected;
}

/** Keeps `health` current, and puts the service worker in place, which says when a new version is ready. */
export function watchHealth(health: CoreHealth): void {
  connectCore().watchStatus(({ state, code }) => {
    health.state = state;
    health.code = code;
  });
  registerServiceWorker((apply) => {
    health.update = apply;
  });
}

function connect(): RuntimeCore {
  const core = new PageCore({
    view: newViewName(),
    openedAt: performance.timeOrigin,
    startWorker,
    watchWorker,
    after: (ms, callback) => {
      const timer = window.setTimeout(callback, ms);
      return () => {
        window.clearTimeout(timer);
      };
    },
  });
  followPage(core);
  return core;
}

/** Also where `crypto.randomUUID` is missing: on a plain address that is not this machine. */
function newViewName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('');
}

function startWorker(onMessage: (message: ToPage) => void, onError: () => void): WorkerHandle {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = (event: MessageEvent<ToPage>) => {
    onMessage(event.data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    onError();
  };
  return {
    post: (message) => {
      worker.postMessage(message);
    },
    terminate: () => {
      worker.terminate();
    },
  };
}

/** The worker holds its view's lock for life: to get it is to know that the worker is gone. */
function watchWorker(view: string, gone: () => void): void {
  if (!('locks' in navigator)) return;
  void navigator.locks.request(names.viewLock(view), () => {
    gone();
  });
}

/** Tells the core when this page goes and, where the browser had only put it away, when it comes back. */
function followPage(core: PageCore): void {
  window.addEventListener('pagehide', () => {
    core.leave();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) core.comeBack();
  });
}
