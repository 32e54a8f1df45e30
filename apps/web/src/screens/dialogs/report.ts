import type { CommandError, ReportReason } from '../../generated/types';
import { byteLength } from '../../format/text';
import { describeError } from '../../i18n/errors';
import { t } from '../../i18n';

/** The longest note, of whoever reports and of whoever closes, in bytes of UTF-8. */
export const NOTE_BYTES_MAX = 2_000;

/** In the order in which they are offered. */
export const reasons: readonly ReportReason[] = ['spam', 'harassment', 'danger', 'illegal', 'other'];

/** What has to be filled in before it can be sent: `other` says nothing by itself. */
export function missingIn(reason: ReportReason | null, note: string): 'reason' | 'note' | null {
  if (reason === null) return 'reason';
  return (reason === 'other' && note.trim() === '') || isTooLong(note) ? 'note' : null;
}

/** Whether a note is longer than it may be. */
export function isTooLong(note: string): boolean {
  return byteLength(note.trim()) > NOTE_BYTES_MAX;
}

/** Why a report was not taken. */
export function describeRefusal(error: CommandError): string {
  const { code, field } = error;
  if (code === 'offline' || code === 'too_large' || code === 'limit_reached') {
    return t(`report.error.${code}`);
  }
  return code === 'invalid_field' && field === 'entries' ? t('report.error.entries') : describeError(error);
}
