import { graphemesIn, graphemesOf } from './graphemes';

const encoder = new TextEncoder();

/** How long a text is on the wire: bytes of UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

export interface Piece {
  text: string;
  /** Where it leads, where it is a link. */
  href?: string;
}

const LINK = /\bhttps?:\/\/[^\s<>"']+/giu;
const TRAILING = /[.,;:!?)\]}'"»”…]+$/u;

/** A message's text in pieces, with the links in it found. Only http and https count. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const raw = trimLink(match[0]);
    if (!URL.canParse(raw)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: raw, href: raw });
    end = match.index + raw.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

function trimLink(raw: string): string {
  const trimmed = raw.replace(TRAILING, '');
  // A closing bracket belongs to the link where the link opened one.
  const rest = raw.slice(trimmed.length);
  return rest.startsWith(')') && trimmed.includes('(') && !trimmed.includes(')') ? `${trimmed})` : trimmed;
}

/**
 * A picture that is shown as one: by itself, or because a variation selector asks for it; or a flag. (`\p{RGI_Emoji}`
 * would say it exactly, and takes seconds to compile.)
 */
const PICTURE = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}.*\uFE0F|\p{Regional_Indicator}{2})/u;

/** Whether a text is nothing but one to three emoji: shown larger. */
export function isOnlyEmoji(text: string): boolean {
  if (text.length > 48) return false;
  const compact = text.replace(/\s/gu, '');
  // Hardly any text begins with one, and to cut it up takes long.
  if (!PICTURE.test(compact)) return false;
  const graphemes = Array.from(graphemesOf(compact), ({ segment }) => segment);
  return (
    graphemes.length > 0 && graphemes.length <= 3 && graphemes.every((grapheme) => PICTURE.test(grapheme))
  );
}

const MARKS: [RegExp, string][] = [
  [/^```[^\n]*$\n?/gmu, ''],
  [/(\*\*|~~|`)(?=\S)(.+?)(?<=\S)\1/gu, '$2'],
  [/(?<![\p{L}\p{N}*_])([*_])(?=\S)(.+?)(?<=\S)\1(?![\p{L}\p{N}*_])/gu, '$2'],
  [/\[([^\]\n]+)\]\(https?:[^)\s]+\)/giu, '$1'],
  [/^[ \t]{0,3}> ?/gmu, ''],
];

/** A text with the plainest of its marks taken out: for one line of preview, and for what is read out. */
export function withoutMarks(text: string): string {
  const short = text.slice(0, 1_024);
  return MARKS.reduce((rest, [mark, instead]) => rest.replace(mark, instead), short);
}

/** How many characters, as people count them, still fit behind a text, if they are as long as those of its end. */
export function graphemesLeft(text: string, bytesMax: number): number {
  const left = bytesMax - byteLength(text);
  const end = text.slice(-64);
  return Math.floor((left * Math.max(graphemesIn(end), 1)) / Math.max(byteLength(end), 1));
}

/** How many characters, as people count them, have to go from the end of a text until it fits. */
export function graphemesOver(text: string, bytesMax: number): number {
  let bytes = 0;
  let over = 0;
  for (const { segment } of graphemesOf(text)) {
    bytes += byteLength(segment);
    if (bytes > bytesMax) over += 1;
  }
  return over;
}
