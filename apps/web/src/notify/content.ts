/** What a notification says: from what was pushed, and what is shown of the same conversation already. */
import type { ConversationId, Push, PushedMessage } from '../generated/types';
import type { NotifyWords } from './format';

/** What is known of a notification that is shown. */
export interface Shown {
  readonly conversation: ConversationId;
  readonly seq: number;
  /** How many messages it stands for. */
  readonly count: number;
  /** The last ones, as they are shown. */
  readonly lines: readonly string[];
}

export interface Content {
  readonly title: string;
  readonly body: string;
  readonly at: number | null;
  /** None where there is no conversation that could be opened. */
  readonly shown: Shown | null;
}

const LINES_MAX = 4;
const LINE_CHARS_MAX = 240;

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/**
 * Null where something later is shown already. Without the words, which a page puts in place before anything is pushed, names alone are said, and the browser says of which site it is.
 */
export function content(push: Push, before: Shown | null, words: NotifyWords | null): Content | null {
  const app = words?.app ?? '';
  if (push.type === 'message') return ofMessage(push, before, words, app);
  if (push.type === 'request') {
    if (before !== null && before.seq >= push.seq) return null;
    const { conversation, seq } = push;
    const shown = { conversation, seq, count: 1, lines: [] };
    return { title: app, body: words?.request ?? '', at: null, shown };
  }
  return { title: app, body: push.type === 'test' ? (words?.test ?? '') : '', at: null, shown: null };
}

function ofMessage(
  push: PushedMessage,
  before: Shown | null,
  words: NotifyWords | null,
  app: string,
): Content | null {
  if (before !== null && before.seq >= push.seq) return null;
  const { conversation, seq, at, sender, title: group } = push;
  const count = (before?.count ?? 0) + 1;
  const text = lineOf(push, words);
  const line = sender !== undefined && group !== undefined ? `${sender}: ${text}` : text;
  const lines = [...(before?.lines ?? []), line].slice(-LINES_MAX);
  const title = group ?? sender ?? app;
  const tells = push.text !== undefined || (push.files ?? 0) > 0;
  const body = tells || count === 1 ? lines.join('\n') : fill(words?.messages ?? '{count}', { count });
  return { title, body, at, shown: { conversation, seq, count, lines } };
}

function lineOf({ text, files }: PushedMessage, words: NotifyWords | null): string {
  if (text !== undefined) {
    const line = text.replace(/\s+/gu, ' ').trim();
    return line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line;
  }
  if (files !== undefined && files > 0) return fill(words?.files ?? '', { count: files });
  return words?.message ?? '';
}
