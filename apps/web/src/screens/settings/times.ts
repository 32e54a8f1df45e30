/** What is typed for notifications, to what the server takes, and back. */

/** `HH:MM` of minutes after midnight. */
export function timeOf(minutes: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Zero where nothing sensible stands there. */
export function minutesOf(time: string): number {
  const match = /^(\d{2}):(\d{2})/.exec(time);
  return match === null ? 0 : Number(match[1]) * 60 + Number(match[2]);
}

/** Words and phrases between commas or on lines of their own. */
export function wordsIn(text: string): string[] {
  const words = text.split(/[,\n]/u).map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ''))];
}

/** Every time zone that the browser knows, and the chosen one. */
export function zones(chosen: string): string[] {
  const known = 'supportedValuesOf' in Intl ? Intl.supportedValuesOf('timeZone') : [];
  return [...new Set([...known, 'UTC', chosen])].sort();
}
