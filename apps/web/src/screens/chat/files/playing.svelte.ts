/** Where something that plays comes from, and which of them plays. */
import type { AttachmentView } from '../../../generated/types';
import { localUrl } from '../../../media/local';
import type { App } from '../../../state/app.svelte';
import { retryPlayed, wantPlayed } from './address';

/** A link ends while something plays: so often in a row it is asked for anew. */
const RETRIES = 2;

let current: HTMLMediaElement | null = null;

/** One at a time. */
export function begins(element: HTMLMediaElement): void {
  if (current !== null && current !== element) current.pause();
  current = element;
}

/** The address of what a file plays, kept for as long as it works. */
export class Source {
  src = $state<string | null>(null);
  failed = $state(false);
  /** Its bytes are not those that were sealed. */
  changed = $state(false);
  readonly #app: App;
  #retries = 0;
  #at = 0;

  constructor(app: App) {
    this.#app = app;
  }

  /** For an effect: the address, once there is one. */
  follow(view: AttachmentView): void {
    if (this.src !== null) return;
    const { blob } = view.file;
    const local = localUrl(blob);
    if (local !== null) {
      this.src = local;
      return;
    }
    if (view.upload !== null) return;
    const address = wantPlayed(this.#app, view.file);
    this.src = address.path;
    this.failed = address.failed;
    this.changed = address.changed;
  }

  /** The element could not go on. */
  broken(view: AttachmentView, element: HTMLMediaElement): void {
    this.#at = element.currentTime;
    this.src = null;
    if (this.#retries < RETRIES) {
      this.#retries += 1;
      retryPlayed(this.#app, view.file);
    } else this.failed = true;
  }

  /** It has what it needs: it goes on where it was. */
  ready(element: HTMLMediaElement): void {
    if (this.#at > 0) element.currentTime = this.#at;
    this.#at = 0;
  }

  plays(): void {
    this.#retries = 0;
  }

  again(view: AttachmentView): void {
    this.failed = false;
    this.changed = false;
    this.#retries = 0;
    retryPlayed(this.#app, view.file);
  }
}
