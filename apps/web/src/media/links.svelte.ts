/** Addresses of files on the server: asked for together, and anew before they end. */
import { SvelteMap } from 'svelte/reactivity';

import type { BlobLink } from '../generated/types';

/** The most that are asked for at once. */
const AT_ONCE = 100;
/** A link is not used any more when it has less time than this. */
const MARGIN_MS = 30_000;
/** What is wanted within so long is asked for together. */
const GATHER_MS = 15;

interface Link {
  path: string;
  until: number;
}

/** How links are asked for: the core's command. Null where that did not work. */
export type AskLinks = (blobs: string[]) => Promise<{ items: BlobLink[]; expires_at: number } | null>;

export class Links {
  readonly #known = new SvelteMap<string, Link>();
  /** Files that one may not read any more, or that could not be asked for. */
  readonly #missing = new SvelteMap<string, 'gone' | 'failed'>();
  readonly #wanted = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #ask: AskLinks;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ask: AskLinks, now: () => number = () => Date.now()) {
    this.#ask = ask;
    this.#now = now;
  }

  /** The address of a file: null until it is known. Ask with {@link want} first. */
  path(blob: string): string | null {
    return this.#known.get(blob)?.path ?? null;
  }

  /** Why there is none. */
  missing(blob: string): 'gone' | 'failed' | null {
    return this.#missing.get(blob) ?? null;
  }

  /** Sees to it that there is an address that works for a while. Not for use while something is rendered. */
  want(blob: string): void {
    const known = this.#known.get(blob);
    if (known !== undefined && known.until - this.#now() > MARGIN_MS) return;
    if (this.#asked.has(blob)) return;
    this.#wanted.add(blob);
    if (this.#timer === null) this.#timer = setTimeout(() => void this.#gather(), GATHER_MS);
  }

  /** Asks again, also where there is an address: it did not work. */
  retry(blob: string): void {
    this.#known.delete(blob);
    this.#missing.delete(blob);
    this.want(blob);
  }

  /** An address that works now: for a download. */
  async fresh(blob: string): Promise<string | null> {
    const known = this.#known.get(blob);
    if (known !== undefined && known.until - this.#now() > MARGIN_MS) return known.path;
    await this.#request([blob]);
    return this.path(blob);
  }

  forget(): void {
    this.#known.clear();
    this.#missing.clear();
    this.#wanted.clear();
  }

  async #gather(): Promise<void> {
    this.#timer = null;
    const all = [...this.#wanted];
    this.#wanted.clear();
    for (let at = 0; at < all.length; at += AT_ONCE) await this.#request(all.slice(at, at + AT_ONCE));
  }

  async #request(blobs: string[]): Promise<void> {
    for (const blob of blobs) this.#asked.add(blob);
    const answer = await this.#ask(blobs);
    for (const blob of blobs) this.#asked.delete(blob);
    if (answer === null) {
      for (const blob of blobs) if (!this.#known.has(blob)) this.#missing.set(blob, 'failed');
      return;
    }
    const found = new Map(answer.items.map(({ blob, path }) => [blob, path]));
    for (const blob of blobs) {
      const path = found.get(blob);
      if (path === undefined) {
        this.#known.delete(blob);
        this.#missing.set(blob, 'gone');
      } else {
        this.#missing.delete(blob);
        this.#known.set(blob, { path, until: answer.expires_at });
      }
    }
  }
}

/** The address of a smaller picture that fills so many pixels. */
export function thumbnail(path: string, pixels: 320 | 1_280): string {
  const [place = '', query] = path.split('?');
  return `${place}/thumb/${pixels}${query === undefined ? '' : `?${query}`}`;
}
