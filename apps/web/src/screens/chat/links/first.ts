/** The end of a sentence is not the end of a link. */
const AFTER = /[.,;:!?'"»”’)\]}>*_~]+$/;

/** The first link of a text that a preview could be of. */
export function firstLink(text: string): string | null {
  const found = /\bhttps?:\/\/[^\s<>"`\\]{4,}/i.exec(text)?.[0];
  if (found === undefined) return null;
  // A bracket that opens inside belongs to the link: many an encyclopedia has them.
  const trimmed = found.includes('(') && found.endsWith(')') ? found : found.replace(AFTER, '');
  return URL.canParse(trimmed) ? trimmed : null;
}

/** What a link leads to, in few words: the name of its host. */
export function hostOf(link: string): string {
  return URL.canParse(link) ? new URL(link).hostname.replace(/^www\./, '') : link;
}
