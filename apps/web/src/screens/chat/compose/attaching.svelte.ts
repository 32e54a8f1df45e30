/** What is attached to the message that is being written. */
import { byteLength } from '../../../format/text';
import type { MediaLimits, NewAttachment } from '../../../generated/types';
import { t } from '../../../i18n';
import { isDrawn } from '../../../media/kind';
import { formatBytes } from '../../../media/size';

/** A file that is attached, not yet sent. */
export interface Attached {
  readonly blob: string;
  readonly file: Blob;
  readonly name: string;
  /** An address of the picture in this page; null for anything else. */
  readonly url: string | null;
  caption: string;
  readonly durationMs: number | null;
  readonly waveform: string | null;
}

/** What is known of a voice note beside its bytes. */
export interface Recorded {
  readonly durationMs: number;
  readonly waveform: string;
}

export class Attaching {
  items = $state<Attached[]>([]);
  readonly #newId: () => string;
  readonly #limits: () => MediaLimits | null;
  readonly #used: () => Promise<number | null>;
  /** Why some of what was given last cannot be attached. */
  refused = $state.raw<readonly string[]>([]);
  /** How many bytes the account's files have on the server; null where that is not known. */
  #usedBytes = $state<number | null>(null);

  constructor(newId: () => string, limits: () => MediaLimits | null, used: () => Promise<number | null>) {
    this.#newId = newId;
    this.#limits = limits;
    this.#used = used;
  }

  /** What is wrong with what is attached, or was to be: sentences. */
  get problems(): readonly string[] {
    const noRoom = this.#noRoom();
    return noRoom === null ? this.refused : [...this.refused, noRoom];
  }

  #noRoom(): string | null {
    const most = this.#limits()?.account_bytes_max;
    const wanted = this.items.reduce((sum, { file }) => sum + file.size, 0);
    if (most === undefined || this.#usedBytes === null || wanted === 0) return null;
    const left = Math.max(0, most - this.#usedBytes);
    if (wanted <= left) return null;
    return t('attach.no_room', {
      size: formatBytes(wanted),
      limit: formatBytes(most),
      left: formatBytes(left),
    });
  }

  /** Whether this server takes files at all. */
  get possible(): boolean {
    return (this.#limits()?.file_bytes_max ?? 0) > 0;
  }

  /** Whether every caption is short enough. */
  get fits(): boolean {
    return this.items.every((item) => this.captionLeft(item) >= 0);
  }

  captionLeft({ caption }: Attached): number {
    return (this.#limits()?.caption_bytes_max ?? Number.MAX_SAFE_INTEGER) - byteLength(caption.trim());
  }

  /** Attaches files. Those that cannot be are refused with a sentence, before anything of them is sent. */
  add(files: readonly File[]): void {
    this.refused = this.#add(files);
    if (this.items.length > 0) void this.#askRoom();
  }

  async #askRoom(): Promise<void> {
    this.#usedBytes = await this.#used();
  }

  #add(files: readonly File[]): string[] {
    const limits = this.#limits();
    if (limits === null) return [];
    if (limits.file_bytes_max === 0) return [t('attach.none_taken')];
    const problems: string[] = [];
    for (const file of files) {
      if (this.items.length >= limits.attachments_max) {
        problems.push(t('attach.too_many', { count: limits.attachments_max }));
        break;
      }
      if (file.size > limits.file_bytes_max) {
        const limit = formatBytes(limits.file_bytes_max);
        problems.push(t('attach.too_large', { name: file.name, size: formatBytes(file.size), limit }));
      } else {
        this.items.push(this.#attached(file, file.name, null));
      }
    }
    return problems;
  }

  /** A voice note, as a message's only file. */
  recorded(recording: Blob, name: string, known: Recorded): Attached {
    return this.#attached(recording, name, known);
  }

  #attached(file: Blob, name: string, known: Recorded | null): Attached {
    return {
      blob: this.#newId(),
      file,
      name: name === '' ? t('attach.unnamed') : name,
      url: isDrawn(file.type) ? URL.createObjectURL(file) : null,
      caption: '',
      durationMs: known?.durationMs ?? null,
      waveform: known?.waveform ?? null,
    };
  }

  remove(item: Attached): void {
    this.items = this.items.filter(({ blob }) => blob !== item.blob);
    if (item.url !== null) URL.revokeObjectURL(item.url);
  }

  /** Takes everything out, for sending. Its addresses still work: {@link release} ends them. */
  take(): Attached[] {
    const taken = this.items;
    this.items = [];
    this.refused = [];
    return taken;
  }

  /** Puts back what could not be sent. */
  putBack(items: readonly Attached[]): void {
    this.items = [...items, ...this.items];
  }

  clear(): void {
    release(this.take());
  }
}

export function release(items: readonly Attached[]): void {
  for (const { url } of items) if (url !== null) URL.revokeObjectURL(url);
}

/** How wide and high a picture is; null where the browser cannot draw it. */
async function dimensions(item: Attached): Promise<{ width: number; height: number } | null> {
  if (item.url === null) return null;
  try {
    const picture = await createImageBitmap(item.file);
    const { width, height } = picture;
    picture.close();
    return { width, height };
  } catch {
    return null;
  }
}

/** What the core is told of a file. */
export async function describe(item: Attached): Promise<NewAttachment> {
  const size = await dimensions(item);
  const caption = item.caption.trim();
  return {
    blob: item.blob,
    name: item.name,
    media_type: item.file.type,
    size: item.file.size,
    width: size?.width ?? null,
    height: size?.height ?? null,
    duration_ms: item.durationMs,
    waveform: item.waveform,
    caption: caption === '' ? null : caption,
    preview: null,
    thumbnail: null,
  };
}
