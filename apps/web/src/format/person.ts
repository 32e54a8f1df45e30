import { graphemesOf } from './graphemes';

/** How many tints avatars have; `design/tokens.css` defines one each. */
export const AVATAR_TINTS = 10;

/** As many marks as a letter of any script has; more of them would not stay in a small circle. */
const MORE_MARKS = /(\p{M}{3})\p{M}+/gu;

function firstGrapheme(text: string): string {
  for (const { segment } of graphemesOf(text)) return segment.replace(MORE_MARKS, '$1');
  return '';
}

/** One or two letters that stand for a name. */
export function initials(name: string): string {
  const words = name.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const [first, ...rest] = words.map((word) => firstGrapheme(word.replace(/^[^\p{L}\p{N}]+/u, '')));
  if (first === undefined) return firstGrapheme(name.trim()).toLocaleUpperCase();
  return (first + (rest.at(-1) ?? '')).toLocaleUpperCase();
}

/** The tint for an id: always the same for the same id (FNV-1a, 32 bits). */
export function tintOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) {
    hash ^= id.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash % AVATAR_TINTS;
}
