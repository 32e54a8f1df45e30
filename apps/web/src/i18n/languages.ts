import type { Texts } from './texts';

/** The languages that the app speaks, each by its own name, and the way it is written. */
export const languages = {
  en: { name: 'English', dir: 'ltr' },
  de: { name: 'Deutsch', dir: 'ltr' },
  es: { name: 'Español', dir: 'ltr' },
  fr: { name: 'Français', dir: 'ltr' },
  ar: { name: 'العربية', dir: 'rtl' },
  ja: { name: '日本語', dir: 'ltr' },
} as const satisfies Record<string, { name: string; dir: 'ltr' | 'rtl' }>;

export type Language = keyof typeof languages;

interface Files {
  /** What the first view says. */
  readonly first: () => Promise<Texts>;
  /** What the parts say that load later. */
  readonly later: () => Promise<Texts>;
}

/** Where the texts of a language are: two files each, as English has. English itself is always at hand. */
export const files: Record<Exclude<Language, 'en'>, Files> = {
  de: {
    first: () => import('./de').then(({ de }) => de),
    later: () => import('./de-later').then(({ deLater }) => deLater),
  },
  es: {
    first: () => import('./es').then(({ es }) => es),
    later: () => import('./es-later').then(({ esLater }) => esLater),
  },
  fr: {
    first: () => import('./fr').then(({ fr }) => fr),
    later: () => import('./fr-later').then(({ frLater }) => frLater),
  },
  ar: {
    first: () => import('./ar').then(({ ar }) => ar),
    later: () => import('./ar-later').then(({ arLater }) => arLater),
  },
  ja: {
    first: () => import('./ja').then(({ ja }) => ja),
    later: () => import('./ja-later').then(({ jaLater }) => jaLater),
  },
};

export function isLanguage(tag: unknown): tag is Language {
  return typeof tag === 'string' && Object.hasOwn(languages, tag);
}

/** The first of the languages that a person wants which the app speaks. */
export function speaks(wanted: readonly string[]): Language {
  const spoken = wanted.map((tag) => tag.toLowerCase().split('-')[0]);
  return spoken.find(isLanguage) ?? 'en';
}
