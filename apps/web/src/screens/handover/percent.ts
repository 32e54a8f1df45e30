/** How far something is, for reading: 100 only when it is all there. */
export function percentOf(done: number, total: number): number {
  if (total <= 0) return 0;
  return Math.min(99, Math.floor((100 * done) / total));
}
