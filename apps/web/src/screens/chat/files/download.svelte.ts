/** Fetches a file with progress, and offers it for saving. */
import type { Attachment } from '../../../generated/types';
import type { App } from '../../../state/app.svelte';

/** Above this a file is not gathered in memory: the browser saves it by itself, and shows its own progress. */
const GATHERED_MAX = 64 * 1024 * 1024;

export class Download {
  state = $state<'none' | 'running' | 'failed'>('none');
  got = $state(0);
  /** Its bytes are not those that were sealed. */
  changed = $state(false);
  readonly #app: App;
  #controller: AbortController | null = null;

  constructor(app: App) {
    this.#app = app;
  }

  async start(file: Attachment): Promise<void> {
    if (this.state === 'running') return;
    this.state = 'running';
    this.got = 0;
    this.changed = false;
    const controller = new AbortController();
    this.#controller = controller;
    if (file.seal !== undefined) return this.#open(file, controller.signal);
    try {
      const path = await this.#app.links.fresh(file.blob);
      if (path === null) throw new Error('there is no link');
      if (file.size > GATHERED_MAX) save(path, file.name);
      else await this.#gather(path, file, controller.signal);
      this.state = 'none';
    } catch {
      this.state = controller.signal.aborted ? 'none' : 'failed';
    }
  }

  /** A sealed file comes out of the worker that opens it, which leaves it to the browser where to put what it has. */
  async #open(file: Attachment, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#app.sealed.cancel(file, 'whole'));
    const outcome = await this.#app.sealed.open(file, 'whole');
    if (signal.aborted) {
      this.#app.sealed.retract(file, 'whole');
      this.state = 'none';
    } else if (typeof outcome === 'string') {
      this.#app.sealed.retract(file, 'whole');
      this.changed = outcome === 'changed';
      this.state = 'failed';
    } else {
      saveBlob(outcome, file.name);
      this.state = 'none';
    }
  }

  cancel(): void {
    this.#controller?.abort();
  }

  async #gather(path: string, file: Attachment, signal: AbortSignal): Promise<void> {
    const response = await fetch(path, { signal, credentials: 'omit' });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      this.got += value.length;
    }
    saveBlob(new Blob(parts), file.name);
  }
}

/** As bytes and nothing else: a page must never open what somebody else has made in its own place. */
function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob.slice(0, blob.size, 'application/octet-stream'));
  save(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function save(href: string, name: string): void {
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
}
