import type { CommandError, FoundMessage, SearchResults } from '../generated/types';
import { CommandFailure } from './failure';
import type { App } from './app.svelte';
import { titled } from './notes';

/** How long after the last key the search starts. */
const PAUSE_MS = 180;
/** What is not understood at all: everything else comes from the core with its own code. */
const UNKNOWN: CommandError = { code: 'unknown', field: null, retry: 'never', retry_after_ms: null };

/** A search as somebody types: the newest question wins. */
export class Search {
  query = $state('');
  /** What the last question found; null before the first answer and while nothing is asked. */
  results = $state.raw<SearchResults | null>(null);
  messages = $state.raw<readonly FoundMessage[]>([]);
  error = $state.raw<CommandError | null>(null);
  /** A question is under way. */
  busy = $state(false);
  loadingMore = $state(false);
  #app: App;
  #conversation: string | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The number of the newest question. */
  #asked = 0;

  /** A search of everything, or of one conversation. */
  constructor(app: App, conversation: string | null = null) {
    this.#app = app;
    this.#conversation = conversation;
  }

  get active(): boolean {
    return this.query.trim() !== '';
  }

  /** Nothing at all was found. */
  get empty(): boolean {
    const { results } = this;
    return (
      results !== null &&
      results.people.length + results.conversations.length + this.messages.length === 0 &&
      results.next === null
    );
  }

  typed(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    if (!this.active) {
      this.#forget();
      return;
    }
    this.busy = true;
    const number = this.#asked;
    this.#timer = setTimeout(() => void this.#search(number), PAUSE_MS);
  }

  /** Asks the same again, at once. */
  again(): void {
    clearTimeout(this.#timer);
    if (!this.active) return;
    this.#asked += 1;
    this.busy = true;
    void this.#search(this.#asked);
  }

  clear(): void {
    this.query = '';
    this.typed();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
  }

  /** Puts an operator into the query, or takes it out of it. */
  toggle(operator: string): void {
    const words = this.query.split(' ').filter((word) => word !== '');
    this.query = words.includes(operator)
      ? words.filter((word) => word !== operator).join(' ')
      : [operator, ...words].join(' ');
    this.typed();
  }

  has(operator: string): boolean {
    return this.query.split(' ').includes(operator);
  }

  async more(): Promise<void> {
    const next = this.results?.next ?? null;
    if (next === null || this.loadingMore) return;
    const number = this.#asked;
    this.loadingMore = true;
    try {
      const results = await this.#ask(next);
      if (number !== this.#asked || this.results === null) return;
      this.messages = [...this.messages, ...results.messages];
      this.results = { ...this.results, next: results.next, by: results.by };
    } catch (error) {
      if (number === this.#asked) this.error = errorOf(error);
    } finally {
      this.loadingMore = false;
    }
  }

  async #search(number: number): Promise<void> {
    try {
      const results = await this.#ask(null);
      if (number !== this.#asked) return;
      this.results = results;
      this.messages = results.messages;
      this.error = null;
    } catch (error) {
      if (number !== this.#asked) return;
      this.#forget();
      this.error = errorOf(error);
    }
    this.busy = false;
  }

  async #ask(after: string | null): Promise<SearchResults> {
    const { results } = await this.#app.ask(
      {
        type: 'search',
        query: this.query,
        conversation: this.#conversation,
        after,
        utc_offset_min: -new Date().getTimezoneOffset(),
      },
      'search_results',
    );
    return { ...results, conversations: results.conversations.map(titled) };
  }

  #forget(): void {
    this.results = null;
    this.messages = [];
    this.error = null;
    this.busy = false;
  }
}

function errorOf(error: unknown): CommandError {
  return error instanceof CommandFailure ? error.error : UNKNOWN;
}
