const HOUR_MS = 3_600_000;
/** When the evening and the morning are. */
const EVENING = 18;
const MORNING = 9;
/** The evening is offered as long as it is so far away at least. */
const LEAST_MS = HOUR_MS / 2;

export type Preset = 'hour' | 'evening' | 'morning';

/** When to send, as people say it, in their own time zone: what of that is still ahead. */
export function presets(now: number): { preset: Preset; at: number }[] {
  const at = (day: number, hour: number): number => {
    const date = new Date(now);
    // Noon of a day is there whatever the clocks do; the hour then is the local one.
    date.setDate(date.getDate() + day);
    date.setHours(hour, 0, 0, 0);
    return date.getTime();
  };
  const evening = at(0, EVENING);
  return [
    { preset: 'hour', at: now + HOUR_MS },
    ...(evening - now >= LEAST_MS ? [{ preset: 'evening' as const, at: evening }] : []),
    { preset: 'morning', at: at(1, MORNING) },
  ];
}

/** A time as a `datetime-local` field has it, in the person's time zone. */
export function toField(at: number): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** What such a field says; null where it says nothing. */
export function fromField(value: string): number | null {
  const at = value === '' ? Number.NaN : new Date(value).getTime();
  return Number.isNaN(at) ? null : at;
}

/** What is wrong with a time; null where a message can be scheduled for it. */
export function wrongWith(at: number | null, now: number, ahead: number): 'none' | 'past' | 'far' | null {
  if (at === null) return 'none';
  if (at <= now) return 'past';
  return at - now > ahead ? 'far' : null;
}
