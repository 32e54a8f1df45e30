import type { Plural, Texts } from './texts';

const LETTERS = 'aceghijklnorsuwyzACDEGHIJKLNORSUWYZ';
const ACCENTED = 'áçéĝĥíĵķĺñóŕšúŵýžÁÇĎÉĜĤÍĴĶĹÑÓŔŠÚŴÝŽ';

/** By how much other languages are longer. */
const LONGER = 0.4;
const FILLING = ' óñé ţŵó ţĥŕéé ƒóúŕ ƒíṽé šíẋ šéṽéñ éíĝĥţ ñíñé ţéñ';

/** A text that nobody wrote: accents, brackets around it, and longer by two fifths. Values stay as they are. */
export function pseudoText(text: string): string {
  const written = text.replace(/\{\w+\}|[A-Za-z]/g, (part) =>
    part.length > 1 ? part : (ACCENTED[LETTERS.indexOf(part)] ?? part),
  );
  const more = Math.ceil(text.replace(/\{\w+\}/g, '').length * LONGER);
  return `[${written}${FILLING.repeat(Math.ceil(more / FILLING.length)).slice(0, more)}]`;
}

/**
 * A catalogue in a language that does not exist: what is not in brackets is not from the catalogue, and what has no room for this has
 * none for some real language.
 */
export function pseudo(texts: Texts): Texts {
  const forms = (entry: string | Plural): string | Plural =>
    typeof entry === 'string'
      ? pseudoText(entry)
      : (Object.fromEntries(
          Object.entries(entry).map(([form, text]) => [form, pseudoText(text)]),
        ) as unknown as Plural);
  return Object.fromEntries(Object.entries(texts).map(([key, entry]) => [key, forms(entry)]));
}
