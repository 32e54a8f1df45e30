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

/** Whether a text is nothing but one to three emoji: shown larger. */
export function isOnlyEmoji(text: string): boolean {
  const compact = text.replace(/\s/gu, '');
  return compact.length <= 24 && /^(?:\p{RGI_Emoji}){1,3}$/v.test(compact);
}
