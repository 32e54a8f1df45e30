import type { Profile } from '../../generated/types';
import { describeFailure, type App } from '../../state/app.svelte';

/** How long after the last key the search starts. */
const PAUSE_MS = 180;

/** A search for people as somebody types: the newest question wins. */
export class PeopleSearch {
  query = $state('');
  found = $state.raw<readonly Profile[]>([]);
  /** The question that `found` answers; null before the first answer. */
  answered = $state.raw<string | null>(null);
  failure = $state.raw<string | null>(null);
  #app: App;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(app: App) {
    this.#app = app;
  }

  typed(): void {
    clearTimeout(this.#timer);
    const query = this.query.trim();
    if (query === '') {
      this.found = [];
      this.answered = null;
      this.failure = null;
      return;
    }
    this.#timer = setTimeout(() => void this.#search(query), PAUSE_MS);
  }

  clear(): void {
    this.query = '';
    this.typed();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #search(query: string): Promise<void> {
    try {
      const { items } = await this.#app.ask(
        { type: 'search_users', query: query.replace(/^@/, '') },
        'users',
      );
      if (this.query.trim() !== query) return;
      this.found = items;
      this.failure = null;
    } catch (error) {
      if (this.query.trim() !== query) return;
      this.found = [];
      this.failure = describeFailure(error);
    }
    this.answered = query;
  }
}
