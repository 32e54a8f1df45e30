/** The bytes of files that are to be sent: kept on this device until the engine says that they are not needed. */

/** Some bytes of a file. */
export interface FileRange {
  readonly blob: string;
  readonly offset: number;
  readonly length: number;
}

/** A part of a file as it is sent: of the sealed file, where it is sealed. */
export interface FilePart extends FileRange {
  readonly seal?: { readonly key: string; readonly content: number } | null;
}

/** Reads some bytes of a file; null where they are not there. */
export type ReadFile = (wanted: FileRange) => Promise<Blob | null>;

/** Where the bytes are. */
export interface FileKeeper {
  /** Whether workers of other tabs see what this one keeps. */
  readonly shared: boolean;
  /** Keeps a file; when that resolves it survives the end of the browser, where anything does. */
  keep(blob: string, file: Blob): Promise<void>;
  /** A part; null where it is not there, or not whole. */
  part(wanted: FileRange): Promise<Blob | null>;
  forget(blob: string): Promise<void>;
  /** Forgets all but these, and but those that are younger than this. */
  keepOnly(wanted: readonly string[], youngerThanMs: number): Promise<void>;
}

/** Why a file could not be kept, as a code that the views have a sentence for. */
export function keepingCode(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') return 'store_full';
  // It was moved or changed since it was chosen, or its folder cannot be read.
  return name === 'NotReadableError' || name === 'NotFoundError' ? 'file_unreadable' : 'store_failed';
}

/** In memory: gone with the worker. */
export class MemoryFiles implements FileKeeper {
  readonly shared = false;
  readonly #files = new Map<string, Blob>();

  keep(blob: string, file: Blob): Promise<void> {
    this.#files.set(blob, file);
    return Promise.resolve();
  }

  part({ blob, offset, length }: FileRange): Promise<Blob | null> {
    return Promise.resolve(partOf(this.#files.get(blob), offset, length));
  }

  forget(blob: string): Promise<void> {
    this.#files.delete(blob);
    return Promise.resolve();
  }

  keepOnly(wanted: readonly string[], youngerThanMs: number): Promise<void> {
    // All of them came since this worker was started: they are young.
    if (youngerThanMs === 0) {
      for (const blob of [...this.#files.keys()]) if (!wanted.includes(blob)) this.#files.delete(blob);
    }
    return Promise.resolve();
  }
}

function partOf(file: Blob | undefined, offset: number, length: number): Blob | null {
  return file === undefined || offset + length > file.size ? null : file.slice(offset, offset + length);
}

/** The folder in the origin's private file system. */
export const FILES_FOLDER = 'pipit-files';

/** In the origin's private file system, which all tabs share. */
export class OriginFiles implements FileKeeper {
  readonly shared = true;
  readonly #now: () => number;

  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  async keep(blob: string, file: Blob): Promise<void> {
    const folder = await this.#folder();
    const handle = await folder.getFileHandle(blob, { create: true });
    const access = await handle.createSyncAccessHandle();
    try {
      access.truncate(0);
      let at = 0;
      const reader = file.stream().getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        at += access.write(value, { at });
      }
      access.flush();
      if (at !== file.size) throw new DOMException('the file has changed', 'NotReadableError');
    } catch (error) {
      access.close();
      await folder.removeEntry(blob).catch(() => {});
      throw error;
    }
    access.close();
  }

  async part({ blob, offset, length }: FileRange): Promise<Blob | null> {
    try {
      const handle = await (await this.#folder()).getFileHandle(blob);
      return partOf(await handle.getFile(), offset, length);
    } catch {
      return null;
    }
  }

  async forget(blob: string): Promise<void> {
    // What is not there need not be forgotten; what cannot be removed now is removed at the next start.
    await (await this.#folder()).removeEntry(blob).catch(() => {});
  }

  async keepOnly(wanted: readonly string[], youngerThanMs: number): Promise<void> {
    const folder = await this.#folder();
    for await (const [name, handle] of folder.entries()) {
      if (wanted.includes(name) || handle.kind !== 'file') continue;
      const { lastModified } = await (handle as FileSystemFileHandle).getFile();
      if (this.#now() - lastModified >= youngerThanMs) await this.forget(name);
    }
  }

  async #folder(): Promise<FileSystemDirectoryHandle> {
    const root = await navigator.storage.getDirectory();
    return root.getDirectoryHandle(FILES_FOLDER, { create: true });
  }
}
