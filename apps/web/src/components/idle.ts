/** Not all browsers say when there is time; where they do not, what waits comes in a turn of its own. */
const hasIdle = typeof requestIdleCallback !== 'undefined';
/** The longest that it waits for there to be time. */
const TIMEOUT_MS = 200;

/** Does what is not needed for the first view when there is time. Returns the function that takes it back. */
export function whenIdle(then: () => void): () => void {
  if (!hasIdle) {
    const timer = setTimeout(then);
    return () => clearTimeout(timer);
  }
  const waiting = requestIdleCallback(then, { timeout: TIMEOUT_MS });
  return () => cancelIdleCallback(waiting);
}
