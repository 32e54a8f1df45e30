import { onSystemChange, systemAsks } from './system';

/** What can be chosen; the first of each is what nobody has chosen. */
export const looks = {
  theme: ['system', 'light', 'dark'],
  contrast: ['system', 'more'],
  accent: ['moss', 'sea', 'plum', 'clay', 'slate'],
  size: ['normal', 'small', 'large', 'larger', 'largest'],
  density: ['comfortable', 'compact'],
  wallpaper: ['none', 'dots', 'weave', 'waves', 'glow'],
} as const;

export type Aspect = keyof typeof looks;
export type Choice<A extends Aspect = Aspect> = (typeof looks)[A][number];
type Choices = { [A in Aspect]: Choice<A> };

/** The text of each size, against the size that the browser is set to. */
const scale: Record<Choice<'size'>, number> = {
  small: 0.9,
  normal: 1,
  large: 1.125,
  larger: 1.25,
  largest: 1.5,
};

const key = (aspect: Aspect): string => `pipit.${aspect}`;

function stored<A extends Aspect>(aspect: A): Choice<A> {
  const values: readonly Choice<A>[] = looks[aspect];
  const first = values[0] as Choice<A>;
  try {
    const value = localStorage.getItem(key(aspect));
    return values.find((candidate) => candidate === value) ?? first;
  } catch {
    return first;
  }
}

/** How the app looks on this device. Kept in the browser: it is of this device, not of the account. */
class Look {
  readonly #chosen = $state<Choices>({
    theme: stored('theme'),
    contrast: stored('contrast'),
    accent: stored('accent'),
    size: stored('size'),
    density: stored('density'),
    wallpaper: stored('wallpaper'),
  });

  constructor() {
    onSystemChange(() => this.apply());
  }

  get<A extends Aspect>(aspect: A): Choice<A> {
    return this.#chosen[aspect];
  }

  choose<A extends Aspect>(aspect: A, choice: Choice<A>): void {
    (this.#chosen as Record<Aspect, Choice>)[aspect] = choice;
    this.apply();
    try {
      localStorage.setItem(key(aspect), choice);
    } catch {
      // A browser that keeps nothing: the choice holds until the page is closed.
    }
  }

  /** Tells the style sheet, which knows nothing of the system's wishes by itself. */
  apply(): void {
    const { theme, contrast, accent, size, density, wallpaper } = this.#chosen;
    const { dataset, style } = document.documentElement;
    dataset['theme'] = theme === 'system' ? (systemAsks('dark') ? 'dark' : 'light') : theme;
    dataset['contrast'] = contrast === 'more' || systemAsks('contrast') ? 'more' : 'normal';
    dataset['accent'] = accent;
    dataset['density'] = density;
    dataset['wallpaper'] = wallpaper;
    style.fontSize = size === 'normal' ? '' : `${scale[size] * 100}%`;
  }
}

export const look = new Look();
