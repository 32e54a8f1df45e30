import { byteLength } from '../../../format/text';

/** So many characters are more than a message that somebody reads in passing. */
const LONG_CHARACTERS = 8_000;

/** Whether a pasted text is better sent as a file: it is very long, or no message can hold it. */
export function isLong(text: string, bytesMax: number): boolean {
  return text.length >= LONG_CHARACTERS || (text.length * 3 > bytesMax && byteLength(text) > bytesMax);
}

/** A text as a file. */
export function fileOf(text: string, name: string): File {
  return new File([text], name, { type: 'text/plain' });
}
