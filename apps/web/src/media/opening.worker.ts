/// <reference lib="webworker" />
/** Fetches sealed files and opens them, away from the page: what comes out is a blob of the browser's, which it may put on its disk. */
import { loadSealing } from '../runtime/sealing';
import { openFile, type FromOpening, type ToOpening } from './opening';

declare const self: DedicatedWorkerGlobalScope;

const running = new Map<number, AbortController>();

function tell(message: FromOpening): void {
  self.postMessage(message);
}

self.onmessage = ({ data }: MessageEvent<ToOpening>) => {
  if (data.type === 'cancel') {
    running.get(data.id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(data.id, controller);
  const { id } = data;
  openFile(data, {
    load: loadSealing,
    fetch: (path, options) => fetch(path, options),
    signal: controller.signal,
    progress: (got) => tell({ type: 'progress', id, got }),
  })
    .then(
      (outcome) =>
        tell(
          outcome.blob !== null
            ? { type: 'opened', id, blob: outcome.blob }
            : { ...outcome, type: 'failed', id },
        ),
      () => tell({ type: 'failed', id, why: 'failed' }),
    )
    .finally(() => running.delete(id));
};
