import { en } from './en';
import type { enLater } from './en-later';
import type { Plural, Texts } from './texts';

type Catalogue = typeof en & typeof enLater;
export type Key = keyof Catalogue;

/** The names between braces in a message, as a union. */
type Names<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<K extends Key> = Catalogue[K] extends { readonly one: infer One; readonly other: infer Other }
  ? Names<One> | Names<Other> | 'count'
  : Names<Catalogue[K]>;
type Values<K extends Key> = { [Name in NamesOf<K>]: Name extends 'count' ? number : string | number };
type Arguments<K extends Key> = [NamesOf<K>] extends [never] ? [] : [values: Values<K>];

/** The locale for dates and numbers: the browser's own flavour of the language in use. */
let formatLocale = flavourOf('en');
/** Whether it is written from the right. */
let fromRight = false;

/** What is loaded of the catalogue: the first view's texts, and all of it once a part has been opened that imports `later`. */
let texts: Record<string, string | Plural> = { ...en };

function flavourOf(language: string): string {
  if (typeof navigator === 'undefined') return language;
  return navigator.languages.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
}

/** Speaks another language from now on: those of the given texts that come last count. */
export function speak(language: string, dir: 'ltr' | 'rtl', parts: readonly Texts[]): void {
  formatLocale = flavourOf(language);
  fromRight = dir === 'rtl';
  texts = Object.assign({}, ...parts) as Record<string, string | Plural>;
}

/** Adds texts that have loaded. */
export function add(more: Texts): void {
  Object.assign(texts, more);
}

/** Adds texts for the keys that have none yet. */
export function addBelow(more: Texts): void {
  texts = { ...more, ...texts };
}

/** Something that is made of the locale, such as a format of `Intl`: made when it is first used, and anew in another language. */
export function perLocale<Made>(make: (locale: string) => Made): () => Made {
  let kept: { locale: string; made: Made } | null = null;
  return () => {
    if (kept?.locale !== formatLocale) kept = { locale: formatLocale, made: make(formatLocale) };
    return kept.made;
  };
}

const plurals = perLocale((locale) => new Intl.PluralRules(locale));
const numbers = perLocale((locale) => new Intl.NumberFormat(locale));
const names = perLocale((locale) => new Intl.ListFormat(locale, { style: 'long', type: 'conjunction' }));

/** The digits that are written in a text, as the locale writes them: those of Arabic differ by country. */
const digits = perLocale((locale) => {
  const format = new Intl.NumberFormat(locale);
  return format.format(0) === '0' ? null : Array.from('0123456789', (digit) => format.format(Number(digit)));
});

/** The sentence for this key with its values filled in. Keys and the names of values are checked by the compiler. */
export function t<K extends Key>(key: K, ...[values]: Arguments<K>): string {
  const entry = texts[key] ?? key;
  const given = (values ?? {}) as Record<string, string | number>;
  const text = typeof entry === 'string' ? entry : pick(entry, Number(given['count']));
  return localised(text).replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = given[name] ?? '';
    return typeof value === 'number' ? numbers().format(value) : isolated(value);
  });
}

function localised(text: string): string {
  // To find out costs as much as to draw a conversation; hardly any text has one.
  if (!/\d/.test(text)) return text;
  const own = digits();
  return own === null ? text : text.replace(/\d/g, (digit) => own[Number(digit)] ?? digit);
}

function pick(entry: Plural, count: number): string {
  return entry[plurals().select(count)] ?? entry.other;
}

/** In a sentence that is written from the right, a name in Latin letters keeps its own direction and moves nothing around it. */
function isolated(value: string): string {
  return fromRight && value !== '' ? `\u2068${value}\u2069` : value;
}

/** A text for where it is not shown but sent: without what only directs it. */
export function plain(text: string): string {
  return text.replace(/[\u2066-\u2069]/g, '');
}

/** The side from which the language in use is read. */
export function direction(): 'ltr' | 'rtl' {
  return fromRight ? 'rtl' : 'ltr';
}

/** Names as a list in words: "Ada, Ben and Cem". */
export function listOf(list: readonly string[]): string {
  return names().format(list.map(isolated));
}

/** A number by itself, in the digits of the language. */
export function numberOf(value: number): string {
  return numbers().format(value);
}

/** Whether there is such a text among those that are loaded. */
export function hasKey(key: string): key is Key {
  return Object.hasOwn(texts, key);
}
