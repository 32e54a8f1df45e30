/**
 * Sealed films and sounds play as they come. The browser asks for parts of an address that only this page knows; the service worker asks this
 * page for them ({@link ./relay}), which has the key. Where no service worker is between, and where a part did not come, the file is opened whole.
 */
import type { Attachment } from '../generated/types';
import type { WhyNot } from './opening';
import type { PartAnswer, PartAsked, Streamed } from './relay';

const STREAMED: Streamed = '/sealed/';
/** So much is opened at a time; players ask for what comes after it by themselves. */
export const PART_BYTES = 1024 * 1024;

/** A part of a file, opened. */
type Open = (file: Attachment, from: number, to: number) => Promise<Blob | WhyNot>;

function isPartAsked(data: unknown): data is PartAsked {
  return (data as Partial<PartAsked> | null)?.type === 'sealed_part';
}

export class Streams {
  readonly #open: Open;
  readonly #container: ServiceWorkerContainer | undefined;
  readonly #files = new Map<string, Attachment>();
  readonly #givenUp = new Set<string>();

  constructor(
    open: Open,
    container = globalThis.navigator?.serviceWorker as ServiceWorkerContainer | undefined,
  ) {
    this.#open = open;
    this.#container = container;
    container?.addEventListener('message', (event) => this.#hear(event));
  }

  /** The address that it plays from; null where it has to be opened whole. */
  path(file: Attachment): string | null {
    if (!this.#container?.controller || file.size === 0 || this.#givenUp.has(file.blob)) return null;
    const path = STREAMED + encodeURIComponent(file.blob);
    this.#files.set(path, file);
    return path;
  }

  /** It did not come that way. */
  giveUp(file: Attachment): void {
    this.#givenUp.add(file.blob);
  }

  /** Nobody is signed in any more. */
  forget(): void {
    this.#files.clear();
    this.#givenUp.clear();
  }

  #hear({ data, ports }: MessageEvent<unknown>): void {
    const [port] = ports;
    if (port === undefined || !isPartAsked(data)) return;
    void this.#part(data.path, data.from, data.to).then((answer) => {
      port.postMessage(answer);
    });
  }

  async #part(path: string, from: number, to: number | null): Promise<PartAnswer> {
    const file = this.#files.get(path);
    if (file === undefined || from >= file.size) return null;
    const part = await this.#open(file, from, Math.min(to ?? file.size, from + PART_BYTES, file.size));
    return typeof part === 'string' ? null : { part, size: file.size };
  }
}
