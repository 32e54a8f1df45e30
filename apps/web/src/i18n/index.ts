import { en } from './en';
import type { enLater } from './en-later';

type Plural = { readonly one: string; readonly other: string };
type Catalogue = typeof en & typeof enLater;
export type Key = keyof Catalogue;

/** The names between braces in a message, as a union. */
type Names<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<K extends Key> = Catalogue[K] extends Plural
  ? Names<Catalogue[K]['one']> | Names<Catalogue[K]['other']> | 'count'
  : Names<Catalogue[K]>;
type Values<K extends Key> = { [Name in NamesOf<K>]: Name extends 'count' ? number : string | number };
type Arguments<K extends Key> = [NamesOf<K>] extends [never] ? [] : [values: Values<K>];

/** The language of the catalogue in use, for `Intl`. */
export const locale = 'en';

/** The locale for dates and numbers: the browser's own flavour of the catalogue's language. */
export const formatLocale: string =
  typeof navigator === 'undefined'
    ? locale
    : (navigator.languages.find((tag) => tag === locale || tag.startsWith(`${locale}-`)) ?? locale);

/** What is loaded of the catalogue: the first view's texts, and all of it once a part has been opened that imports `later`. */
const texts: Record<string, string | Plural> = { ...en };

/** Adds texts that have loaded. */
export function add(more: Readonly<Record<string, string | Plural>>): void {
  Object.assign(texts, more);
}

const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(formatLocale);

/** The sentence for this key with its values filled in. Keys and the names of values are checked by the compiler. */
export function t<K extends Key>(key: K, ...[values]: Arguments<K>): string {
  const entry = texts[key] ?? key;
  const given = (values ?? {}) as Record<string, string | number>;
  const text = typeof entry === 'string' ? entry : pick(entry, Number(given['count']));
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = given[name];
    return typeof value === 'number' ? numbers.format(value) : (value ?? '');
  });
}

function pick(entry: Plural, count: number): string {
  return plurals.select(count) === 'one' ? entry.one : entry.other;
}

/** Names as a list in words: "Ada, Ben and Cem". */
export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(formatLocale, { style: 'long', type: 'conjunction' }).format(names);
}

/** Whether there is such a text among those that are loaded. */
export function hasKey(key: string): key is Key {
  return Object.hasOwn(texts, key);
}
