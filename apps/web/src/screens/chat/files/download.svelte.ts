/** Fetches a file with progress, and offers it for saving. */
import type { Attachment } from '../../../generated/types';
import type { App } from '../../../state/app.svelte';

/** Above this a file is not gathered in memory: the browser saves it by itself, and shows its own progress. */
const GATHERED_MAX = 64 * 1024 * 1024;

export class Download {
  state = $state<'none' | 'running' | 'failed'>('none');
  got = $state(0);
  readonly #app: App;
  #controller: AbortController | null = null;

  constructor(app: App) {
    this.#app = app;
  }

  async start(file: Attachment): Promise<void> {
    if (this.state === 'running') return;
    this.state = 'running';
    this.got = 0;
    const controller = new AbortController();
    this.#controller = controller;
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
    // As bytes and nothing else: a page must never open what somebody else has made in its own place.
    const url = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }));
    save(url, file.name);
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}

function save(href: string, name: string): void {
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
}
