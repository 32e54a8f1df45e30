import type { LinkPreview } from '../../../generated/types';
import type { App } from '../../../state/app.svelte';
import { firstLink } from './first';

/** A link is asked for when nothing was typed for so long. */
const SETTLED_MS = 600;

/** The preview of the link in what is being written, where the server makes any. */
export class AskedPreview {
  shown = $state.raw<LinkPreview | null>(null);
  #app: App;
  #link: string | null = null;
  #removed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(app: App) {
    this.#app = app;
  }

  /** The text has changed. */
  look(text: string): void {
    if (this.#app.limits?.link_previews !== true) return;
    const link = firstLink(text);
    if (link === this.#link) return;
    this.#link = link;
    this.shown = null;
    clearTimeout(this.#timer);
    if (link !== null && !this.#removed.has(link)) {
      this.#timer = setTimeout(() => void this.#ask(link), SETTLED_MS);
    }
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
  }

  /** What goes with the message, which is sent now. */
  take(): LinkPreview | null {
    clearTimeout(this.#timer);
    const taken = this.shown;
    this.shown = null;
    this.#link = null;
    this.#removed.clear();
    return taken;
  }
}
