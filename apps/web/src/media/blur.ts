/** The blurred picture that stands where a real one is going to be. Its decoder is loaded when the first one is wanted. */

type Decoder = (hash: Uint8Array) => string;
let loading: Promise<Decoder> | null = null;
const drawn = new Map<string, string>();
const MOST = 200;

/** A data URL; null where that is no ThumbHash. */
export async function blurOf(preview: string): Promise<string | null> {
  const known = drawn.get(preview);
  if (known !== undefined) return known;
  loading ??= import('thumbhash').then(({ thumbHashToDataURL }) => thumbHashToDataURL);
  try {
    const decode = await loading;
    const url = decode(bytesOf(preview));
    drawn.set(preview, url);
    for (const oldest of drawn.keys()) {
      if (drawn.size <= MOST) break;
      drawn.delete(oldest);
    }
    return url;
  } catch {
    return null;
  }
}

/** Bytes from standard base64. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
