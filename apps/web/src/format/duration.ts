import { perLocale } from '../i18n';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The units in which people give durations, the longest first. */
export const units = [
  { unit: 'week', ms: 7 * DAY_MS },
  { unit: 'day', ms: DAY_MS },
  { unit: 'hour', ms: HOUR_MS },
  { unit: 'minute', ms: MINUTE_MS },
  { unit: 'second', ms: SECOND_MS },
] as const;

export type Unit = (typeof units)[number]['unit'];

/** A duration in the longest unit that measures it: "4 weeks", "90 seconds". */
export function inUnits(duration: number): { count: number; unit: Unit } {
  const fitting = units.find(({ ms }) => duration >= ms && duration % ms === 0);
  const { unit, ms } = fitting ?? { unit: 'second' as const, ms: SECOND_MS };
  return { count: Math.round(duration / ms), unit };
}

const lengths = perLocale((locale) => (unit: Unit, count: number) => {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
});

export function durationWords(duration: number): string {
  const { count, unit } = inUnits(duration);
  return lengths()(unit, count);
}
