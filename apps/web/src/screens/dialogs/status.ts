import type { Status } from '../../generated/types';

/** The emoji of a status for which none was chosen. */
export const STATUS_EMOJI = '💬';
/** The most characters, as people count them. */
export const STATUS_MOST = 60;
export const ABOUT_MOST = 140;

export const endings = ['never', 'half_hour', 'hour', 'hours', 'today', 'week'] as const;
export type Ending = (typeof endings)[number];

const MINUTE_MS = 60_000;

/** When a status ends that is set now; null: it stays. A day ends where whoever sets it is. */
export function endsAt(ending: Ending, now: number): number | null {
  switch (ending) {
    case 'never':
      return null;
    case 'half_hour':
      return now + 30 * MINUTE_MS;
    case 'hour':
      return now + 60 * MINUTE_MS;
    case 'hours':
      return now + 4 * 60 * MINUTE_MS;
    case 'today': {
      const day = new Date(now);
      return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime();
    }
    case 'week':
      return now + 7 * 24 * 60 * MINUTE_MS;
  }
}

/** The status that somebody has put together; null where it is none. */
export function statusOf(emoji: string, words: string, until: number | null): Status | null {
  const text = words.trim();
  if (emoji === '' && text === '') return null;
  return {
    emoji: emoji === '' ? STATUS_EMOJI : emoji,
    ...(text === '' ? {} : { text }),
    ...(until === null ? {} : { until }),
  };
}
