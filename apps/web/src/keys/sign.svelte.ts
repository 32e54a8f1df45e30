const KEY = 'pipit.help_by_sign';

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'no';
  } catch {
    return true;
  }
}

/**
 * Whether `?` alone opens the sheet of shortcuts. Who speaks to their device may have signs typed that they did not mean, so it can be
 * turned off (WCAG 2.1.4). Kept in the browser: it is of this device.
 */
class HelpBySign {
  #on = $state(stored());

  get on(): boolean {
    return this.#on;
  }

  set on(on: boolean) {
    this.#on = on;
    try {
      localStorage.setItem(KEY, on ? 'yes' : 'no');
    } catch {
      // A browser that keeps nothing: it holds until the page is closed.
    }
  }
}

export const helpBySign = new HelpBySign();
