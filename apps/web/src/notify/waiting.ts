/** What waits while the app is closed: where there is Background Sync, the browser says to the service worker when there is a line again. */
import type { App } from '../state/app.svelte';
import { clearOf } from './device';
import type { WaitingTag } from './format';

const TAG: WaitingTag = 'pipit-waiting';

/** What the lists of the DOM's types lack. */
interface WithSync {
  readonly sync?: { register(tag: string): Promise<void> };
}

/** Whether something that was written here is in no log yet, as far as the list shows. */
export function somethingWaits(app: App): boolean {
  return app.conversations.items.some(({ preview }) => preview?.delivery?.state === 'queued');
}

/**
 * Asked for at once, while nobody has closed anything: a page that is being closed may have no time for it. And each time that the page is hidden:
 * where the browser has a network and the server is away, it was answered while the page was there. Returns the function that ends it.
 */
export function keepAsking(): () => void {
  const hidden = (): void => {
    if (document.visibilityState === 'hidden') void askForLine();
  };
  void askForLine();
  document.addEventListener('visibilitychange', hidden);
  return () => document.removeEventListener('visibilitychange', hidden);
}

async function askForLine(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration().catch(() => undefined);
  // Some people, and whoever runs a machine, do not allow it.
  await (registration as WithSync | undefined)?.sync?.register(TAG).catch(() => {});
}

/** Nothing waits any more. */
export function forgetWaiting(): Promise<void> {
  return clearOf(TAG);
}
