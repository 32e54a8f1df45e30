import { perLocale, t } from '../i18n';

const dates = (options: Intl.DateTimeFormatOptions): (() => Intl.DateTimeFormat) =>
  perLocale((locale) => new Intl.DateTimeFormat(locale, options));

const clock = dates({ hour: 'numeric', minute: '2-digit' });
const weekday = dates({ weekday: 'long' });
const shortWeekday = dates({ weekday: 'short' });
const dayOfYear = dates({ day: 'numeric', month: 'short' });
const longDay = dates({ weekday: 'long', day: 'numeric', month: 'long' });
const fullDay = dates({ day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = dates({ day: 'numeric', month: 'numeric', year: '2-digit' });
const moment = dates({ dateStyle: 'medium', timeStyle: 'short' });
const relative = perLocale((locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The number of the local day: two times on the same day give the same. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Math.floor((at - date.getTimezoneOffset() * MINUTE_MS) / DAY_MS);
}

/** A local day as a field for dates has it: 2026-05-16. */
export function dayField(at: number): string {
  return new Date(dayOf(at) * DAY_MS).toISOString().slice(0, 10);
}

/** When the local day begins that a field for dates has; null where it has none. */
export function dayStart(field: string): number | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(field);
  if (parts === null) return null;
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  const start = new Date(year, month - 1, day).getTime();
  return dayField(start) === field ? start : null;
}

/** The time of day. */
export function timeOfDay(at: number): string {
  return clock().format(at);
}

/** The whole of it, for tooltips. */
export function fullMoment(at: number): string {
  return moment().format(at);
}

/** How the list of conversations says when: the time today, the weekday within a week, else the date. */
export function listTime(at: number, now: number): string {
  const days = dayOf(now) - dayOf(at);
  if (days <= 0) return clock().format(at);
  if (days === 1) return t('chat.yesterday');
  if (days < 7) return shortWeekday().format(at);
  return sameYear(at, now) ? dayOfYear().format(at) : shortDate().format(at);
}

/** The heading of a day in a timeline. */
export function dayHeading(at: number, now: number): string {
  const days = dayOf(now) - dayOf(at);
  if (days === 0) return t('chat.today');
  if (days === 1) return t('chat.yesterday');
  if (days > 1 && days < 7) return weekday().format(at);
  return sameYear(at, now) ? longDay().format(at) : fullDay().format(at);
}

/** How long ago, in words: "5 minutes ago", "yesterday". */
export function ago(at: number, now: number): string {
  const passed_ms = now - at;
  if (passed_ms < MINUTE_MS) return t('when.now');
  if (passed_ms < HOUR_MS) return relative().format(-Math.floor(passed_ms / MINUTE_MS), 'minute');
  const days = dayOf(now) - dayOf(at);
  if (days === 0) return relative().format(-Math.floor(passed_ms / HOUR_MS), 'hour');
  if (days < 7) return relative().format(-days, 'day');
  return sameYear(at, now) ? dayOfYear().format(at) : fullDay().format(at);
}

/** A point in the future, to the day where it is far. */
export function until(at: number): string {
  return moment().format(at);
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}
