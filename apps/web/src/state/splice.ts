import type { Splice } from '../generated/types';

/**
 * The list after these changes, in order. A change that does not fit the list is cut to what does, so that a fault
 * elsewhere shows as a wrong line and never as a dead view.
 */
export function applySplices<T>(list: readonly T[], splices: readonly Splice<T>[]): T[] {
  const next = list.slice();
  for (const { at, remove, insert } of splices) next.splice(at, remove, ...insert);
  return next;
}

/** How many of the items in `next` stand before what was the first of `previous`. */
export function countPrepended<T>(
  previous: readonly T[],
  next: readonly T[],
  key: (item: T) => string,
): number {
  const first = previous[0];
  if (first === undefined) return 0;
  const firstKey = key(first);
  const place = next.findIndex((item) => key(item) === firstKey);
  return place === -1 ? 0 : place;
}
