import type { MemberView } from '../../../generated/types';
import { emojiChoice } from '../../../emoji/chosen.svelte';
import { membersFor, questionAt, type Question, type Suggestion } from './completion';

const MOST = 6;
const emojiModule = () => import('../../../emoji/emoji');

/** The list above the composer: what the word before the caret could become. */
export class Completion {
  suggestions = $state.raw<readonly Suggestion[]>([]);
  active = $state(0);
  #question: Question | null = null;
  #members: () => readonly MemberView[];

  constructor(members: () => readonly MemberView[]) {
    this.#members = members;
  }

  get open(): boolean {
    return this.suggestions.length > 0;
  }

  close(): void {
    this.#question = null;
    this.suggestions = [];
  }

  /** Looks at what stands before the caret. */
  look(text: string, caret: number, end: number): void {
    const question = caret === end ? questionAt(text, caret, this.#members().length > 0) : null;
    if (question === null) {
      this.close();
      return;
    }
    this.#question = question;
    if (question.kind === 'mention') this.#show(membersFor(question.query, this.#members(), MOST));
    else void this.#findEmoji(question);
  }

  async #findEmoji(question: Question): Promise<void> {
    try {
      const { find, toned } = await emojiModule();
      if (this.#question !== question) return;
      const found = find(question.query, MOST);
      this.#show(
        found.map((entry) => {
          const emoji = toned(entry, emojiChoice.tone);
          const code =
            entry.codes.find((name) => name.startsWith(question.query.toLowerCase())) ?? entry.codes[0] ?? '';
          return {
            key: entry.emoji,
            insert: `${emoji} `,
            title: entry.name,
            note: `:${code}:`,
            user: null,
            emoji,
          };
        }),
      );
    } catch {
      // Without the data nothing is suggested.
      this.close();
    }
  }

  #show(suggestions: readonly Suggestion[]): void {
    this.suggestions = suggestions;
    this.active = 0;
  }

  /** The emoji with this short code, in the chosen tone; null where there is none. */
  async emojiOf(code: string): Promise<string | null> {
    try {
      const { ofCode, toned } = await emojiModule();
      const entry = ofCode(code);
      return entry === undefined ? null : toned(entry, emojiChoice.tone);
    } catch {
      return null;
    }
  }

  /** Takes a key of the open list. Returns whether it was one. */
  key(key: string): boolean {
    const count = this.suggestions.length;
    if (key === 'ArrowDown') this.active = (this.active + 1) % count;
    else if (key === 'ArrowUp') this.active = (this.active + count - 1) % count;
    else if (key === 'Escape') this.close();
    else return key === 'Enter' || key === 'Tab';
    return true;
  }

  choose(suggestion: Suggestion): void {
    this.active = this.suggestions.indexOf(suggestion);
  }

  /** What is chosen and where it goes; the list closes. */
  take(): { from: number; to: number; insert: string } | null {
    const question = this.#question;
    const suggestion = this.suggestions[this.active];
    this.close();
    if (question === null || suggestion === undefined) return null;
    if (suggestion.emoji !== null) emojiChoice.used(suggestion.emoji);
    return { from: question.from, to: question.to, insert: suggestion.insert };
  }
}
