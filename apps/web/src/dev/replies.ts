import type { Reply } from '../generated/types';

export const done: Reply = { type: 'done' };

export function refusal(code: string, field: string | null = null, wait_ms: number | null = null): Reply {
  const retry = wait_ms === null ? 'never' : 'later';
  return { type: 'failed', error: { code, field, retry, retry_after_ms: wait_ms } };
}
