import type { Evidence } from '../../generated/types';

/** What was said, message by message: each with what it was changed to, which may have come long after what others say. */
export function byMessage(evidence: readonly Evidence[]): Evidence[][] {
  const found = new Map<string, Evidence[]>();
  for (const part of evidence) found.set(part.message, [...(found.get(part.message) ?? []), part]);
  return [...found.values()];
}
