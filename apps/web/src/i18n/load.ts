import { add, addBelow, speak } from '.';
import { en } from './en';
import { files, languages, type Language } from './languages';
import { pseudo } from './pseudo';
import type { Texts } from './texts';

/** Real languages, and in development and tests the one that shows what does not fit: see `pseudo`. */
export type Spoken = Language | 'en-XA';

let current: Spoken = 'en';
/** The later texts in English, once a part has been opened that has some. */
let laterEnglish: Texts | null = null;
/** The language of which the later texts are there. */
let translated: Spoken = 'en';

/** The texts of a language, of which English has none but its own. */
async function textsOf(language: Spoken, part: 'first' | 'later'): Promise<Texts> {
  if (language === 'en') return {};
  if (language !== 'en-XA') return files[language][part]();
  if (!__SCRIPTED_CORE__) return {};
  return pseudo(part === 'first' ? en : (await import('./en-later')).enLater);
}

function directionOf(language: Spoken): 'ltr' | 'rtl' {
  return language === 'en-XA' ? 'ltr' : languages[language].dir;
}

/**
 * Speaks this language from now on, once all of its texts that are needed have come. Where they do not come (no line, and not kept
 * yet), what was spoken before stays, and it resolves to false.
 */
export async function load(language: Spoken): Promise<boolean> {
  const wanted = language;
  const before = current;
  current = language;
  try {
    const needed = laterEnglish === null ? [] : [textsOf(language, 'later')];
    const loaded = await Promise.all([textsOf(language, 'first'), ...needed]);
    // Another one has been chosen meanwhile.
    if (current !== wanted) return false;
    speak(language === 'en-XA' ? 'en' : language, directionOf(language), [en, laterEnglish ?? {}, ...loaded]);
    translated = laterEnglish === null ? 'en' : language;
    show(language);
    return true;
  } catch {
    if (current === wanted) current = before;
    return false;
  }
}

/** Tells the page, for screen readers, hyphens, fonts, and the side from which it is read. */
function show(language: Spoken): void {
  const { documentElement } = document;
  documentElement.lang = language;
  documentElement.dir = directionOf(language);
}

/** Adds the texts of all parts that load later, in English: below those that are there. */
export function addLater(english: Texts): void {
  laterEnglish = english;
  addBelow(english);
}

/** A part of the app that loads when it is first opened: it comes with its words. Where those do not load it speaks English. */
export async function part<Module>(loading: Promise<Module>): Promise<Module> {
  const [module] = await Promise.all([loading, laterTexts()]);
  return module;
}

async function laterTexts(): Promise<void> {
  const language = current;
  if (translated === language) return;
  try {
    const texts = await textsOf(language, 'later');
    if (current !== language) return;
    add(texts);
    translated = language;
  } catch {
    // No line, and not kept yet: the next part tries again.
  }
}
