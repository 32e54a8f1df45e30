/** Cutting a square out of a picture. */

/** How many pixels the square that is kept has on a side: as much as any screen shows of it. */
export const CROP_PIXELS = 512;
export const ZOOM_MAX = 4;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What somebody has chosen: how near, and where in what is left over, from 0 to 1. */
export interface Choice {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

export const CENTRE: Choice = { zoom: 1, x: 0.5, y: 0.5 };

const within = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** The square, in pixels of the picture: always inside of it. */
export function square({ width, height }: Size, choice: Choice): { left: number; top: number; side: number } {
  const side = Math.min(width, height) / within(choice.zoom, 1, ZOOM_MAX);
  return {
    left: (width - side) * within(choice.x, 0, 1),
    top: (height - side) * within(choice.y, 0, 1),
    side,
  };
}

/** The choice after the picture was dragged by a part of the square's side. */
export function dragged(size: Size, choice: Choice, dx: number, dy: number): Choice {
  const { side } = square(size, choice);
  const moved = (at: number, by: number, room: number): number =>
    room <= 0 ? at : within(at - (by * side) / room, 0, 1);
  return {
    zoom: choice.zoom,
    x: moved(choice.x, dx, size.width - side),
    y: moved(choice.y, dy, size.height - side),
  };
}

/** What a square is kept as. */
export interface Kept {
  readonly pixels: number;
  /** The most bytes; where it would have more it is kept less well. */
  readonly bytesMax: number;
}

export const CROP: Kept = { pixels: CROP_PIXELS, bytesMax: Infinity };
/** Small enough to be sealed with what is said of a group: `GROUP_PICTURE_BYTES_MAX` of the core. */
export const SEALED_CROP: Kept = { pixels: 192, bytesMax: 24 * 1024 };
const QUALITIES = [0.9, 0.75, 0.6, 0.4, 0.2] as const;

/** The square as a JPEG. Null where this browser cannot make one. */
export async function cut(image: HTMLImageElement, choice: Choice, kept = CROP): Promise<Blob | null> {
  const { left, top, side } = square({ width: image.naturalWidth, height: image.naturalHeight }, choice);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = kept.pixels;
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, kept.pixels, kept.pixels);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, left, top, side, side, 0, 0, kept.pixels, kept.pixels);
  for (const quality of QUALITIES) {
    const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    if (made === null || made.size <= kept.bytesMax) return made;
  }
  return null;
}
