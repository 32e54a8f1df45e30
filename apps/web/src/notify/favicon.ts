/** The icon of the tab, with a dot while there is something to read. */

const SIZE = 64;
const DOT = '#d0312d';

let plain: string | null = null;
let wanted = false;

export async function markFavicon(unread: boolean): Promise<void> {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link === null || wanted === unread) return;
  wanted = unread;
  plain ??= link.href;
  if (!unread) {
    link.href = plain;
    return;
  }
  const drawn = await dotted(plain);
  // It may have been read while that was drawn.
  if (drawn !== null && wanted) link.href = drawn;
}

async function dotted(address: string): Promise<string | null> {
  const image = new Image(SIZE, SIZE);
  image.src = address;
  const canvas = document.createElement('canvas');
  canvas.width = SIZE;
  canvas.height = SIZE;
  const pen = canvas.getContext('2d');
  if (pen === null) return null;
  try {
    await image.decode();
  } catch {
    return null;
  }
  pen.drawImage(image, 0, 0, SIZE, SIZE);
  pen.fillStyle = DOT;
  pen.beginPath();
  pen.arc(SIZE * 0.74, SIZE * 0.26, SIZE * 0.24, 0, 2 * Math.PI);
  pen.fill();
  return canvas.toDataURL('image/png');
}
