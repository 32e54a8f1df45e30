/** What a notification says: from what was pushed, and what is shown of the same conversation already. */
import type { ConversationId, Push, PushedMessage } from '../generated/types';
import type { NotifyWords } from './format';

/** A message that a notification stands for. */
interface Item {
  readonly seq: number;
  /** Who has written it, where that is said with it. */
  readonly who: string | null;
  readonly text: string;
  /** Whether the text is its own, or only says that there is one. */
  readonly tells: boolean;
}

/** What is known of a notification that is shown. */
export interface Shown {
  readonly conversation: ConversationId;
  readonly title: string;
  readonly at: number | null;
  /** The messages that it stands for, the last of them at the end; at least one. */
  readonly items: readonly Item[];
  /** How many there were before them. */
  readonly more: number;
}

export interface Content {
  readonly title: string;
  readonly body: string;
  readonly at: number | null;
  /** Whether somebody is to be told: what has only changed is shown in silence. */
  readonly loud: boolean;
  /** None where there is no conversation that could be opened. */
  readonly shown: Shown | null;
}

/** What happens to a message that may be shown. */
export type PushedChange = Extract<Push, { type: 'edited' | 'gone' }>;

const LINES_MAX = 4;
const LINE_CHARS_MAX = 240;
/** Those before them are only counted. */
const ITEMS_MAX = 32;

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** The place of the last message that a notification stands for. */
export function lastOf(shown: Shown): number {
  return shown.items.at(-1)?.seq ?? 0;
}

/**
 * Null where something later is shown already. Without the words, which a page puts in place before anything is pushed, names alone are said, and the browser says of which site it is.
 */
export function content(push: Push, before: Shown | null, words: NotifyWords | null): Content | null {
  const app = words?.app ?? '';
  if (push.type === 'message' || push.type === 'request') {
    if (before !== null && lastOf(before) >= push.seq) return null;
    const { conversation, seq } = push;
    if (push.type === 'message') return ofMessage(push, before, words, app);
    const item = { seq, who: null, text: words?.request ?? '', tells: false };
    return drawn({ conversation, title: app, at: null, items: [item], more: 0 }, words, true);
  }
  const body = push.type === 'test' ? (words?.test ?? '') : '';
  return { title: app, body, at: null, loud: true, shown: null };
}

/** What is left to show after a change; null where that is nothing. Undefined where nothing of it was shown. */
export function changed(
  push: PushedChange,
  before: Shown | null,
  words: NotifyWords | null,
): Content | null | undefined {
  const known = before?.items.find(({ seq }) => seq === push.seq);
  if (before === null || known === undefined) return undefined;
  const items =
    push.type === 'gone'
      ? before.items.filter((item) => item !== known)
      : before.items.map((item) => (item === known ? { ...item, ...saidBy(push, words) } : item));
  return items.length === 0 ? null : drawn({ ...before, items }, words, false);
}

function ofMessage(
  push: PushedMessage,
  before: Shown | null,
  words: NotifyWords | null,
  app: string,
): Content {
  const { conversation, seq, at, sender, title: group } = push;
  const who = sender !== undefined && group !== undefined ? sender : null;
  const all = [...(before?.items ?? []), { seq, who, ...saidBy(push, words) }];
  const items = all.slice(-ITEMS_MAX);
  const more = (before?.more ?? 0) + all.length - items.length;
  return drawn({ conversation, title: group ?? sender ?? app, at, items, more }, words, true);
}

function drawn(shown: Shown, words: NotifyWords | null, loud: boolean): Content {
  const { title, at, items } = shown;
  const count = items.length + shown.more;
  const lines = items.slice(-LINES_MAX).map(({ who, text }) => (who === null ? text : `${who}: ${text}`));
  const tells = count === 1 || items.at(-1)?.tells === true;
  const body = tells ? lines.join('\n') : fill(words?.messages ?? '{count}', { count });
  return { title, body, at, loud, shown };
}

function saidBy(
  { text, files = 0 }: { readonly text?: string; readonly files?: number },
  words: NotifyWords | null,
): Pick<Item, 'text' | 'tells'> {
  if (text !== undefined) {
    const line = text.replace(/\s+/gu, ' ').trim();
    return { text: line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line, tells: true };
  }
  if (files > 0) return { text: fill(words?.files ?? '', { count: files }), tells: true };
  return { text: words?.message ?? '', tells: false };
}
