import { pieces } from '../format/text';
import { safeHref } from './links';
import type { Block, Handles, Inline } from './nodes';

/** Whether a text could mean anything but itself: only then is it parsed. */
const MARKUP = /[*_~`[\\]|^[ \t]{0,3}(?:>|[-+*][ \t]|\d{1,9}[.)][ \t])/mu;

export function hasMarkup(text: string): boolean {
  return MARKUP.test(text);
}

const MENTION = /(?<![\p{L}\p{N}_@./-])@([a-z0-9][a-z0-9._-]{1,31})/giu;

/** The mentions of people who are here, found in words. */
export function withMentions(text: string, handles: Handles): Inline[] {
  if (handles.size === 0 || !text.includes('@')) return text === '' ? [] : [{ type: 'text', text }];
  const found: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(MENTION)) {
    // A full stop after a name ends the sentence.
    let handle = match[1] ?? '';
    while (handle !== '' && !handles.has(handle.toLowerCase()))
      handle = /[._-]$/u.test(handle) ? handle.slice(0, -1) : '';
    const me = handles.get(handle.toLowerCase());
    if (me === undefined) continue;
    if (match.index > end) found.push({ type: 'text', text: text.slice(end, match.index) });
    found.push({ type: 'mention', text: `@${handle}`, me });
    end = match.index + 1 + handle.length;
  }
  if (end < text.length) found.push({ type: 'text', text: text.slice(end) });
  return found;
}

/** A text without markup: as it was written, with its links and mentions. */
export function plainBlocks(text: string, handles: Handles): Block[] {
  const children = pieces(text).flatMap((piece): Inline[] => {
    const href = piece.href === undefined ? null : safeHref(piece.href);
    return href === null
      ? withMentions(piece.text, handles)
      : [{ type: 'link', href, children: [{ type: 'text', text: piece.text }] }];
  });
  return [{ type: 'paragraph', children }];
}
