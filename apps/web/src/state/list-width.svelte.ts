const KEY = 'pipit.list_width';

/** In the unit of the text's size, so that it grows with it. */
export const NARROWEST = 15;
export const WIDEST = 32;

function stored(): number | null {
  try {
    const width = Number.parseFloat(localStorage.getItem(KEY) ?? '');
    return width >= NARROWEST && width <= WIDEST ? width : null;
  } catch {
    return null;
  }
}

/** How wide the list of conversations is where there is room for two panes. Kept in the browser: it is of this device. */
class ListWidth {
  #rem = $state<number | null>(stored());

  /** None where nobody has chosen: then it depends on the window. */
  get rem(): number | null {
    return this.#rem;
  }

  /** Shows it so; `keep` remembers it. */
  choose(rem: number | null): void {
    this.#rem = rem === null ? null : Math.round(Math.min(WIDEST, Math.max(NARROWEST, rem)) * 16) / 16;
  }

  keep(): void {
    try {
      if (this.#rem === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, String(this.#rem));
    } catch {
      // A browser that keeps nothing: it holds until the page is closed.
    }
  }
}

export const listWidth = new ListWidth();
