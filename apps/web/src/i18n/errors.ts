import type { CommandError } from '../generated/types';
import { hasKey, t } from '.';

/** The sentence for an error's code. A code that is not known here gets a general one. */
export function describeCode(code: string): string {
  const key = `error.${code}`;
  return hasKey(key) ? (t as (key: string) => string)(key) : t('error.unknown');
}

/** The sentence for an error, and when to try again where that is known and worth saying. */
export function describeError(error: CommandError): string {
  const sentence = describeCode(error.code);
  const wait_s = Math.ceil((error.retry_after_ms ?? 0) / 1_000);
  return error.retry === 'later' && wait_s > 1
    ? t('error.with_wait', { sentence, wait: t('error.wait', { count: wait_s }) })
    : sentence;
}

/** The last part of the field that an error is about: `account.handle` is `handle`. */
export function fieldOf(error: CommandError): string | null {
  return error.field?.split('.').at(-1) ?? null;
}
