/** Marks that turn the direction of what follows: in an address they make it read as another one. */
const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;

/** The address, where it is one that a message may lead to: http, https, mailto. Else null. */
export function safeHref(address: string): string | null {
  if (TURNS.test(address) || !URL.canParse(address)) return null;
  const { protocol, hostname, href } = new URL(address);
  if (protocol === 'mailto:') return href;
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '' ? href : null;
}

const ADDRESS = /^(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?:[/:?#].*)?$/iu;

/** Whether a link says that it leads to one host and leads to another. */
export function misleads(text: string, href: string): boolean {
  const said = ADDRESS.exec(text.trim())?.[1];
  if (said === undefined) return false;
  const { hostname } = new URL(href);
  return (
    !URL.canParse(`https://${said}`) ||
    new URL(`https://${said}`).hostname.replace(/^www\./, '') !== hostname.replace(/^www\./, '')
  );
}
