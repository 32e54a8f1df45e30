/** Seals what is sent of a file, and opens what is read of one: with a WebAssembly module of its own, which every worker may load. */
import init, { Digest, Opener, Sealer } from '../generated/files/pipit_files_wasm';
import moduleUrl from '../generated/files/pipit_files_wasm_bg.wasm?url';
import type { FilePart, ReadFile } from './files';

/** So much of a file is read at a time where its digest is taken. */
const HASHED_BYTES = 4 * 1024 * 1024;

let loading: Promise<unknown> | null = null;

/** Loads the module once; asked again after a failure it tries again. */
export async function loadSealing(): Promise<{
  Digest: typeof Digest;
  Opener: typeof Opener;
  Sealer: typeof Sealer;
}> {
  loading ??= init({ module_or_path: moduleUrl }).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  await loading;
  return { Digest, Opener, Sealer };
}

async function bytesOf(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await part.arrayBuffer());
}

/** A part of a sealed file; null where the file is not there, or not whole. */
export async function sealPart(wanted: FilePart, read: ReadFile): Promise<Blob | null> {
  const { blob, offset, length, seal } = wanted;
  if (!seal) return read({ blob, offset, length });
  const { Sealer } = await loadSealing();
  const sealer = new Sealer(seal.key, seal.content);
  try {
    const [from = 0, to = 0] = sealer.needed(offset, offset + length);
    const needed = await read({ blob, offset: from, length: to - from });
    if (needed === null) return null;
    const sealed = sealer.seal(offset, offset + length, await bytesOf(needed));
    return new Blob([sealed as Uint8Array<ArrayBuffer>]);
  } finally {
    sealer.free();
  }
}

/** SHA-256 of a file of so many bytes, in base64; null where it is not there, or not as long. */
export async function digestOf(blob: string, size: number, read: ReadFile): Promise<string | null> {
  const { Digest } = await loadSealing();
  const digest = new Digest();
  for (let offset = 0; offset < size; offset += HASHED_BYTES) {
    const part = await read({ blob, offset, length: Math.min(HASHED_BYTES, size - offset) });
    if (part === null) {
      digest.free();
      return null;
    }
    digest.update(await bytesOf(part));
  }
  return digest.finish();
}
