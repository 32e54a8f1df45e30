/** Files that this page has just sent, shown from here while they are on their way, and not fetched back. */

/** So many are remembered; the oldest goes first. */
const MOST = 40;

const urls = new Map<string, string>();

export function rememberLocal(blob: string, file: Blob): void {
  forgetLocal(blob);
  urls.set(blob, URL.createObjectURL(file));
  for (const oldest of urls.keys()) {
    if (urls.size <= MOST) break;
    forgetLocal(oldest);
  }
}

/** An address of the bytes in this page; null where it does not have them. */
export function localUrl(blob: string): string | null {
  return urls.get(blob) ?? null;
}

export function forgetLocal(blob: string): void {
  const url = urls.get(blob);
  if (url === undefined) return;
  urls.delete(blob);
  URL.revokeObjectURL(url);
}

export function forgetAllLocal(): void {
  for (const blob of [...urls.keys()]) forgetLocal(blob);
}
