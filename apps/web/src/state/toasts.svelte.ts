export interface Toast {
  id: number;
  text: string;
  /** Something is done, others have done something, or something went wrong. */
  tone: 'done' | 'news' | 'error';
}

/** How long a toast stays, unless the pointer or the focus is on it. */
const SHOWN_MS = 6_000;
/** What was said stays for so long: then screen readers have it, and what is deleted meanwhile is to be nowhere. */
const SAID_MS = 5_000;

/** Short messages about what just happened, and what screen readers are told. */
export class Toasts {
  list = $state<Toast[]>([]);
  /** For the polite live region. */
  spoken = $state('');
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #pending: string[] = [];
  #speaking: ReturnType<typeof setTimeout> | null = null;
  #forgetting: ReturnType<typeof setTimeout> | undefined;

  show(text: string, tone: Toast['tone'] = 'done'): void {
    const same = this.list.find((toast) => toast.text === text);
    if (same !== undefined) this.dismiss(same.id);
    const id = this.#next++;
    this.list.push({ id, text, tone });
    this.resume(id);
  }

  error(text: string): void {
    this.show(text, 'error');
  }

  dismiss(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    this.hold(id);
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), SHOWN_MS),
    );
  }

  /**
   * Says these things politely. What comes within a second and a half is said together: one thing in full, several
   * as `many` puts it.
   */
  say(texts: readonly string[], many: (count: number) => string): void {
    this.#pending.push(...texts);
    if (this.#speaking !== null) return;
    this.#speak(many);
  }

  #speak(many: (count: number) => string): void {
    const [first] = this.#pending;
    if (first === undefined) {
      this.#speaking = null;
      this.#forgetting = setTimeout(() => (this.spoken = ''), SAID_MS);
      return;
    }
    clearTimeout(this.#forgetting);
    this.spoken = this.#pending.length === 1 ? first : many(this.#pending.length);
    this.#pending = [];
    this.#speaking = setTimeout(() => this.#speak(many), 1_500);
  }
}
