import { perLocale } from '../i18n';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
/** As the server counts: its limits are powers of two. */
const STEP = 1_024;

const sizes = perLocale((locale) => (value: number, options: Intl.NumberFormatOptions) => {
  return new Intl.NumberFormat(locale, options).format(value);
});

/** A number of bytes for people: "1.4 MB". */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return sizes()(value, {
    style: 'unit',
    unit: UNITS[unit] ?? 'byte',
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: digits,
  });
}

const clockDigits = perLocale((locale) => ({
  one: new Intl.NumberFormat(locale),
  two: new Intl.NumberFormat(locale, { minimumIntegerDigits: 2 }),
}));

/** A length of time for people: "0:07", "1:02:03". */
export function formatDuration(ms: number): string {
  const total = Math.max(0, Math.round(ms / 1_000));
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60];
  const { one, two } = clockDigits();
  return hours > 0
    ? `${one.format(hours)}:${two.format(minutes)}:${two.format(seconds)}`
    : `${one.format(minutes)}:${two.format(seconds)}`;
}
