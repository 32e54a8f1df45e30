const KEY = 'pipit.emoji';
const RECENT_MAX = 24;

/** What a reaction is offered first, until others have been used. */
export const quick: readonly string[] = ['👍', '❤️', '😂', '😮', '😢', '🎉'];

function stored(): { recent: string[]; tone: number } {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const { recent, tone } = value as { recent?: unknown; tone?: unknown };
    return {
      recent: Array.isArray(recent)
        ? recent.filter((entry) => typeof entry === 'string').slice(0, RECENT_MAX)
        : [],
      tone: typeof tone === 'number' && tone >= 0 && tone <= 5 ? tone : 0,
    };
  } catch {
    return { recent: [], tone: 0 };
  }
}

/** Which emoji somebody uses on this device, and in which skin tone. Kept in the browser, like the theme. */
class EmojiChoice {
  #state = $state.raw(stored());

  get recent(): readonly string[] {
    return this.#state.recent;
  }

  get tone(): number {
    return this.#state.tone;
  }

  set tone(tone: number) {
    this.#keep({ ...this.#state, tone });
  }

  used(emoji: string): void {
    const recent = [emoji, ...this.#state.recent.filter((other) => other !== emoji)].slice(0, RECENT_MAX);
    this.#keep({ ...this.#state, recent });
  }

  #keep(state: { recent: string[]; tone: number }): void {
    this.#state = state;
    try {
      localStorage.setItem(KEY, JSON.stringify(state));
    } catch {
      // A browser that keeps nothing: it holds until the page is closed.
    }
  }
}

export const emojiChoice = new EmojiChoice();
