/** What is not needed for the first view comes after it: each in a turn of its own, so that whoever presses something meanwhile does not wait for all of it. */

const waiting = new Set<() => void>();

/** Not all browsers say when there is time. */
const whenFree: (then: () => void) => unknown =
  typeof requestIdleCallback === 'undefined'
    ? (then) => setTimeout(then)
    : (then) => requestIdleCallback(then, { timeout: 200 });

function next(): void {
  const [first] = waiting;
  if (first === undefined) return;
  waiting.delete(first);
  if (waiting.size > 0) whenFree(next);
  first();
}

/** Does it when there is time. Returns the function that takes it back. */
export function whenIdle(then: () => void): () => void {
  waiting.add(then);
  if (waiting.size === 1) whenFree(next);
  return () => waiting.delete(then);
}
