/** Whose device this browser notifies: another person may sign in with it, and what the one before has left is not theirs. */
import type { App } from '../state/app.svelte';
import type { NotifyCache, OwnerPath } from './format';

const CACHE: NotifyCache = 'pipit-notify';
const OWNER: OwnerPath = '/notify/owner';

/** The device that is signed in. */
export function deviceOf(app: App): string | null {
  return app.session?.state === 'signed_in' ? app.session.device : null;
}

/** The device that notifications were turned on for. */
export async function ownerOf(): Promise<string | null> {
  const kept = await (await caches.open(CACHE)).match(OWNER);
  return kept === undefined ? null : await kept.text();
}

export async function setOwner(device: string): Promise<void> {
  await (await caches.open(CACHE)).put(OWNER, new Response(device));
}
