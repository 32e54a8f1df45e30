/** Small pictures that were shown, kept by the core for when there is no line. */
import { SvelteMap } from 'svelte/reactivity';

import type { Command, Reply } from '../generated/types';
import { whenIdle } from '../components/idle';
import { sealedPictureUrl } from './picture';

/** The longest side of what is kept, in pixels: smaller where it would be too large. Most of messages have some 50 KiB. */
const PIXELS = { message: [640, 320, 160], face: [160] } as const;
const QUALITY = 0.75;
/** What the core keeps at most, in base64: 128 KiB. */
const LENGTH_MAX = (128 * 1024 * 4) / 3;

/** So many are held in the page; those that were asked for first go first, and are asked for again. */
const HELD = 60;

type Ask = Extract<Command, { type: 'picture' }>['ask'];

/** What a picture is of: it goes with that. */
export type Subject = Extract<Ask, { type: 'keep' }>['of'];

export class KeptPictures {
  readonly #send: (command: Command) => Promise<Reply>;
  /** Addresses of those that were asked for; null where there is none. */
  readonly #known = new SvelteMap<string, string | null>();
  readonly #asked = new Set<string>();
  /** Those that there are, in the order in which they came. */
  #held: string[] = [];
  /** Those that the core has, as far as this page knows. */
  readonly #given = new Set<string>();

  constructor(send: (command: Command) => Promise<Reply>) {
    this.#send = send;
  }

  /** The address of one; null where there is none, and undefined until that is known. Ask with {@link want} first. */
  path(blob: string): string | null | undefined {
    return this.#known.get(blob);
  }

  /** Sees to it that it is known. Not for use while something is rendered. */
  want(blob: string): void {
    if (this.#asked.has(blob)) return;
    this.#asked.add(blob);
    void this.#find(blob);
  }

  /** The core has these. */
  know(blobs: readonly string[]): void {
    for (const blob of blobs) this.#given.add(blob);
  }

  /** Keeps what an image shows, once, when there is time. Not what was kept and is shown from here. */
  keep(of: Subject, blob: string, image: HTMLImageElement): void {
    if (this.#given.has(blob) || image.src.startsWith('data:')) return;
    this.#given.add(blob);
    whenIdle(() => void this.#give(of, blob, image));
  }

  forget(): void {
    this.#known.clear();
    this.#asked.clear();
    this.#held = [];
    this.#given.clear();
  }

  async #find(blob: string): Promise<void> {
    const reply = await this.#ask({ type: 'get', blob });
    const found = reply?.type === 'kept_picture' ? reply.picture : null;
    this.#known.set(blob, found === null ? null : sealedPictureUrl(found));
    if (found === null) return;
    this.#given.add(blob);
    this.#held.push(blob);
    const oldest = this.#held.length > HELD ? this.#held.shift() : undefined;
    if (oldest === undefined) return;
    // Whoever shows it has its address already.
    this.#known.delete(oldest);
    this.#asked.delete(oldest);
  }

  async #give(of: Subject, blob: string, image: HTMLImageElement): Promise<void> {
    const bytes = small(image, PIXELS[of.type]);
    if (bytes !== null) await this.#ask({ type: 'keep', of, blob, bytes });
  }

  async #ask(ask: Ask): Promise<Reply | null> {
    try {
      return await this.#send({ type: 'picture', ask });
    } catch {
      // The core is gone: what it would have kept is fetched again.
      return null;
    }
  }
}

/** What an image shows, as a small JPEG in base64; null where this browser cannot make one. */
function small(image: HTMLImageElement, sizes: readonly number[]): string | null {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (context === null) return null;
  for (const pixels of sizes) {
    const scale = Math.min(1, pixels / Math.max(image.naturalWidth, image.naturalHeight));
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const [kind, bytes = ''] = canvas.toDataURL('image/jpeg', QUALITY).split(',');
    if (kind === 'data:image/jpeg;base64' && bytes.length <= LENGTH_MAX) return bytes;
  }
  return null;
}
