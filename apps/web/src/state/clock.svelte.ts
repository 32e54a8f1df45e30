const MINUTE_MS = 60_000;

/** The time, to the minute, for what is shown relative to now. It moves while the page is open. */
class Clock {
  minute = $state(Date.now());

  start(): () => void {
    const timer = setInterval(() => (this.minute = Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }
}

export const clock = new Clock();
