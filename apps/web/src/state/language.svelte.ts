import { isLanguage, speaks, type Language } from '../i18n/languages';
import { load, type Spoken } from '../i18n/load';

const KEY = 'pipit.language';

/** A language, or that of the browser. */
export type LanguageChoice = Spoken | 'system';

function stored(): LanguageChoice {
  try {
    const value = localStorage.getItem(KEY);
    if (isLanguage(value)) return value;
    return __SCRIPTED_CORE__ && value === 'en-XA' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** In which language the app speaks on this device. Kept in the browser, beside the look. */
class LanguageInUse {
  #chosen = $state<LanguageChoice>(stored());
  /** What is spoken. The views are drawn anew when it changes. */
  #spoken = $state<Spoken>('en');

  constructor() {
    addEventListener('languagechange', () => {
      if (this.#chosen === 'system') void this.start();
    });
  }

  get chosen(): LanguageChoice {
    return this.#chosen;
  }

  get spoken(): Spoken {
    return this.#spoken;
  }

  /** The one that the browser asks for, of those that there are. */
  get system(): Language {
    return speaks(navigator.languages);
  }

  /** Loads what was chosen; the app speaks English where that does not work. */
  async start(): Promise<boolean> {
    const language = this.#chosen === 'system' ? this.system : this.#chosen;
    const loaded = language === this.#spoken || (await load(language));
    if (loaded) this.#spoken = language;
    return loaded;
  }

  /** Resolves to false where the language did not load: then everything stays as it was. */
  async choose(choice: LanguageChoice): Promise<boolean> {
    const before = this.#chosen;
    this.#chosen = choice;
    if (!(await this.start())) {
      if (this.#chosen === choice) this.#chosen = before;
      return false;
    }
    try {
      if (choice === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // A browser that keeps nothing: the choice holds until the page is closed.
    }
    return true;
  }
}

export const language = new LanguageInUse();
