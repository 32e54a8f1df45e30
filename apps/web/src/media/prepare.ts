/**
 * What the server does for pictures of open conversations, done on this device before a file is sealed: a picture is made anew from its pixels, turned as
 * it is to be seen, which leaves out where and by what it was taken; a smaller one is put before it; and a blurred preview is made.
 */
import type { SealedThumbnail } from '../generated/types';
import { isDrawn } from './kind';
import { toBase64 } from './wave';

/** What a smaller picture fits into, in pixels, and what it may have in bytes. */
const SMALL_PX = 640;
const SMALLER_PX = 320;
const SMALL_BYTES_MAX = 256 * 1024;
/** A picture of at most so many bytes is its own smaller picture. */
const LIGHT_BYTES = 96 * 1024;
/** What a preview is made from: ThumbHash takes no more. */
const PREVIEW_PX = 100;
/** What a picture fits into that is too large for a canvas of this browser. */
const FALLBACK_PX = 4_096;
/** So far into a file it is looked for whether a picture moves. */
const HEAD_BYTES = 64 * 1024;

/** A file as it is sealed. */
export interface Prepared {
  /** The file itself. */
  readonly file: Blob;
  /** What is kept and sealed: the smaller picture, then the file. */
  readonly kept: Blob;
  readonly thumbnail: SealedThumbnail | null;
  readonly preview: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

/** A file without a picture, as it is. */
function unchanged(file: Blob): Prepared {
  return { file, kept: file, thumbnail: null, preview: null, width: null, height: null };
}

/** What cannot be drawn stays what it is. */
export async function prepare(file: Blob): Promise<Prepared> {
  if (!isDrawn(file.type)) return unchanged(file);
  let picture: ImageBitmap;
  try {
    // Turned as it says that it is to be seen, which is what browsers do unless they are told otherwise.
    picture = await createImageBitmap(file);
  } catch {
    return unchanged(file);
  }
  try {
    return await prepared(file, picture);
  } finally {
    picture.close();
  }
}

async function prepared(file: Blob, picture: ImageBitmap): Promise<Prepared> {
  const moves = file.type === 'image/gif' || (await isAnimated(file));
  const clean = moves ? file : await anew(file, picture);
  // No canvas takes it: it goes as any file does.
  if (clean === null) return unchanged(file);
  const small = clean.size > LIGHT_BYTES ? await smaller(picture, file.type) : null;
  const type = small?.type ?? '';
  return {
    file: clean,
    kept: small === null ? clean : new Blob([small, clean], { type: clean.type }),
    thumbnail: small === null ? null : { media_type: type, size: small.size },
    preview: await preview(picture),
    ...(clean === file || moves
      ? { width: picture.width, height: picture.height }
      : await sizeOf(clean, picture)),
  };
}

/** Whether it is a picture of several frames, which a canvas would make one of. */
async function isAnimated(file: Blob): Promise<boolean> {
  if (file.type !== 'image/png' && file.type !== 'image/webp') return false;
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join('');
  return text.includes(file.type === 'image/png' ? 'acTL' : 'ANIM');
}

function draw(picture: ImageBitmap, most: number): HTMLCanvasElement {
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext('2d');
  if (context !== null) {
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  }
  return canvas;
}

function encode(canvas: HTMLCanvasElement, type: string, quality: number): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve, type, quality));
}

/** The same picture from its pixels alone. */
async function anew(file: Blob, picture: ImageBitmap): Promise<Blob | null> {
  const whole = await encode(draw(picture, Number.POSITIVE_INFINITY), file.type, 0.92);
  return whole ?? (await encode(draw(picture, FALLBACK_PX), file.type, 0.92));
}

async function smaller(picture: ImageBitmap, type: string): Promise<Blob | null> {
  // What may be seen through stays so.
  const wanted = type === 'image/jpeg' ? 'image/jpeg' : 'image/webp';
  for (const most of [SMALL_PX, SMALLER_PX]) {
    const small = await encode(draw(picture, most), wanted, 0.75);
    if (small !== null && small.size <= SMALL_BYTES_MAX) return small;
  }
  return null;
}

async function sizeOf(clean: Blob, picture: ImageBitmap): Promise<{ width: number; height: number }> {
  const { width, height } = picture;
  if (Math.max(width, height) <= FALLBACK_PX) return { width, height };
  const made = await createImageBitmap(clean);
  const size = { width: made.width, height: made.height };
  made.close();
  return size;
}

async function preview(picture: ImageBitmap): Promise<string | null> {
  const canvas = draw(picture, PREVIEW_PX);
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
  if (pixels === undefined) return null;
  const { rgbaToThumbHash } = await import('thumbhash');
  return toBase64(rgbaToThumbHash(pixels.width, pixels.height, pixels.data));
}
