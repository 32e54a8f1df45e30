import type { LinkPreview } from '../../../generated/types';
import type { App } from '../../../state/app.svelte';
import { firstLink } from './first';

/** A link is asked for when nothing was typed for so long. */
const SETTLED_MS = 600;

/**
 * The preview of the link in what is being written, where the server makes any. In an encrypted conversation the server would learn of a link that it
 * could not read otherwise: there it is asked when the person says so, and only of that link.
 */
export class AskedPreview {
  shown = $state.raw<LinkPreview | null>(null);
  /** A link of which a preview may be asked for. */
  offered = $state.raw<string | null>(null);
  #app: App;
  #link: string | null = null;
  #removed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(app: App) {
    this.#app = app;
  }

  /** The text has changed. */
  look(text: string, encrypted: boolean): void {
    if (this.#app.limits?.link_previews !== true) return;
    const link = firstLink(text);
    if (link === this.#link) return;
    this.#link = link;
    this.shown = null;
    this.offered = null;
    clearTimeout(this.#timer);
    if (link === null || this.#removed.has(link)) return;
    if (encrypted) {
      this.offered = link;
    } else {
      this.#timer = setTimeout(() => void this.#ask(link), SETTLED_MS);
    }
  }

  /** The person wants the one that is offered. */
  accept(): void {
    const link = this.offered;
    this.offered = null;
    if (link !== null) void this.#ask(link);
  }

  async #ask(link: string): Promise<void> {
    try {
      const { preview } = await this.#app.ask({ type: 'find_preview', url: link }, 'preview');
      if (this.#link === link && !this.#removed.has(link)) this.shown = preview;
    } catch {
      // A message goes without.
    }
  }

  /** Not with this link. */
  remove(): void {
    if (this.#link !== null) this.#removed.add(this.#link);
    this.shown = null;
    this.offered = null;
  }

  /** What goes with the message, which is sent now. */
  take(): LinkPreview | null {
    clearTimeout(this.#timer);
    const taken = this.shown;
    this.shown = null;
    this.offered = null;
    this.#link = null;
    this.#removed.clear();
    return taken;
  }
}
