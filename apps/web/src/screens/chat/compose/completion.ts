import type { MemberView } from '../../../generated/types';

/** What is being completed: the word between `from` and `to`, after its `:` or `@`. */
export interface Question {
  kind: 'emoji' | 'mention';
  query: string;
  from: number;
  to: number;
}

/** A line of the list. */
export interface Suggestion {
  key: string;
  /** What is put in place of the word. */
  insert: string;
  title: string;
  note: string;
  /** Whose picture stands before it; none for an emoji, which is its own. */
  user: string | null;
  emoji: string | null;
}

const EMOJI = /(?:^|[\s([{"'“])(:([a-z0-9_+-]{2,32}))$/iu;
const MENTION = /(?:^|[\s([{"'“])(@([\p{L}\p{N}._-]{0,32}))$/u;

/** Whether the caret stands behind a word that can be completed. */
export function questionAt(text: string, caret: number, mentions: boolean): Question | null {
  const before = text.slice(Math.max(0, caret - 64), caret);
  const emoji = EMOJI.exec(before);
  if (emoji !== null)
    return { kind: 'emoji', query: emoji[2] ?? '', from: caret - (emoji[1] ?? '').length, to: caret };
  const mention = mentions ? MENTION.exec(before) : null;
  if (mention === null) return null;
  return { kind: 'mention', query: mention[2] ?? '', from: caret - (mention[1] ?? '').length, to: caret };
}

/** A whole `:code:` that ends at the caret. */
export function codeAt(text: string, caret: number): { code: string; from: number } | null {
  const found = /(?:^|[^\p{L}\p{N}:])(:([a-z0-9_+-]{1,32}):)$/iu.exec(
    text.slice(Math.max(0, caret - 64), caret),
  );
  return found === null ? null : { code: found[2] ?? '', from: caret - (found[1] ?? '').length };
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The members whose name or handle begins with what was typed; oneself is not among them. */
export function membersFor(query: string, members: readonly MemberView[], most: number): Suggestion[] {
  const asked = fold(query);
  return members
    .filter(
      ({ me, handle, name }) =>
        !me &&
        (fold(handle).startsWith(asked) ||
          fold(name)
            .split(/\s+/)
            .some((word) => word.startsWith(asked))),
    )
    .slice(0, most)
    .map(({ user, handle, name }) => ({
      key: user,
      insert: `@${handle} `,
      title: name,
      note: `@${handle}`,
      user,
      emoji: null,
    }));
}
