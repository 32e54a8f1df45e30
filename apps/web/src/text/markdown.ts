import MarkdownIt, { type Token } from 'markdown-it';

import { misleads, safeHref } from './links';
import type { Block, Handles, Inline } from './nodes';
import { withMentions } from './plain';

/** Deeper than this, marks are text: each level costs the drawing a component. */
const DEPTH_MAX = 12;

/** Pipit's subset of CommonMark. What is not named here does not exist: no HTML, images, headings, tables, entities. */
const parser = new MarkdownIt('zero', { html: false, linkify: true, maxNesting: DEPTH_MAX }).enable([
  'fence',
  'blockquote',
  'list',
  'newline',
  'escape',
  'backticks',
  'strikethrough',
  'emphasis',
  'link',
  'linkify',
  'balance_pairs',
]);
parser.validateLink = (address) => safeHref(address) !== null;
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
parser.linkify.add('ftp:', null).add('//', null);

/** Walks a flat list of tokens, in which `x_open` and `x_close` enclose what is inside. */
class Cursor {
  #at = 0;
  constructor(readonly tokens: readonly Token[]) {}

  next(): Token | undefined {
    const token = this.tokens[this.#at];
    this.#at += 1;
    return token;
  }
}

function inlinesOf(cursor: Cursor, handles: Handles, until: string | null): Inline[] {
  const found: Inline[] = [];
  for (let token = cursor.next(); token !== undefined && token.type !== until; token = cursor.next()) {
    found.push(...inlineOf(token, cursor, handles));
  }
  return found;
}

function inlineOf(token: Token, cursor: Cursor, handles: Handles): Inline[] {
  switch (token.type) {
    case 'softbreak':
    case 'hardbreak':
      return [{ type: 'break' }];
    case 'code_inline':
      return [{ type: 'code', text: token.content }];
    case 'strong_open':
      return [{ type: 'strong', children: inlinesOf(cursor, handles, 'strong_close') }];
    case 'em_open':
      return [{ type: 'em', children: inlinesOf(cursor, handles, 'em_close') }];
    case 's_open':
      return [{ type: 'strike', children: inlinesOf(cursor, handles, 's_close') }];
    case 'link_open':
      return linkOf(token, inlinesOf(cursor, new Map(), 'link_close'));
    default:
      return withMentions(token.content, handles);
  }
}

function linkOf(token: Token, children: Inline[]): Inline[] {
  const href = safeHref(String(token.attrGet('href') ?? ''));
  if (href === null) return children;
  const text = textOf(children);
  // A link that names another place than it leads to says where it leads.
  const honest =
    text.trim() === '' || misleads(text, href) ? [{ type: 'text', text: href } as const] : children;
  return [{ type: 'link', href, children: honest }];
}

export function textOf(inlines: readonly Inline[]): string {
  return inlines
    .map((inline) =>
      'children' in inline ? textOf(inline.children) : inline.type === 'break' ? '\n' : inline.text,
    )
    .join('');
}

function blocksOf(cursor: Cursor, handles: Handles, until: string | null): Block[] {
  const found: Block[] = [];
  for (let token = cursor.next(); token !== undefined && token.type !== until; token = cursor.next()) {
    switch (token.type) {
      case 'inline':
        found.push({
          type: 'paragraph',
          children: inlinesOf(new Cursor(token.children ?? []), handles, null),
        });
        break;
      case 'fence':
        found.push({
          type: 'code',
          language: /^[\w+#.-]{1,24}/u.exec(token.info.trim())?.[0].toLowerCase() ?? '',
          text: token.content.replace(/\n$/u, ''),
        });
        break;
      case 'blockquote_open':
        found.push({ type: 'quote', children: blocksOf(cursor, handles, 'blockquote_close') });
        break;
      case 'bullet_list_open':
      case 'ordered_list_open':
        found.push(listOf(token, cursor, handles));
        break;
    }
  }
  return found;
}

function listOf(open: Token, cursor: Cursor, handles: Handles): Block {
  const ordered = open.type === 'ordered_list_open';
  const items: Block[][] = [];
  const until = ordered ? 'ordered_list_close' : 'bullet_list_close';
  for (let token = cursor.next(); token !== undefined && token.type !== until; token = cursor.next()) {
    if (token.type === 'list_item_open') items.push(blocksOf(cursor, handles, 'list_item_close'));
  }
  return { type: 'list', ordered, start: Number(open.attrGet('start') ?? 1), items };
}

/** A message's text as blocks. */
export function parseMarkdown(text: string, handles: Handles): Block[] {
  return blocksOf(new Cursor(parser.parse(text, {})), handles, null);
}
