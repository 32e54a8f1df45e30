import type { Member } from '../../../generated/types';
import { describeFailure, type App } from '../../../state/app.svelte';

/** The members of a group as the server finds them: by role, page after page, for what is searched. */
export class MemberPages {
  items = $state.raw<readonly Member[]>([]);
  /** Where the next page begins; none at the end. */
  next = $state.raw<string | null>(null);
  busy = $state.raw(false);
  /** What the items are an answer to; none before there is one. */
  answered = $state.raw<string | null>(null);

  #app: App;
  #conversation: string;
  /** Counts questions, so that a late answer to an older one is not heard. */
  #asked = 0;

  constructor(app: App, conversation: string) {
    this.#app = app;
    this.#conversation = conversation;
  }

  /** The first page of what is searched. */
  search(query: string): Promise<void> {
    return this.#ask(query, null);
  }

  /** One page more. */
  async more(): Promise<void> {
    if (!this.busy && this.next !== null) await this.#ask(this.answered ?? '', this.next);
  }

  async #ask(query: string, after: string | null): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.busy = true;
    try {
      const command = { type: 'list_members', conversation: this.#conversation, query, after } as const;
      const { items, next } = await this.#app.ask(command, 'members');
      if (asked !== this.#asked) return;
      const known = new Set(after === null ? [] : this.items.map(({ user }) => user));
      const found = items.filter(({ user }) => !known.has(user));
      this.items = after === null ? found : [...this.items, ...found];
      this.next = next;
      this.answered = query;
    } catch (error) {
      if (asked === this.#asked) this.#app.toasts.error(describeFailure(error));
    } finally {
      if (asked === this.#asked) this.busy = false;
    }
  }
}
