/** Notifications while the app is closed, as this browser and the server have them. */
import type { ConversationId } from '../generated/types';
import type { App } from '../state/app.svelte';
import { CommandFailure } from '../state/failure';
import type { NotifyCache, WaitingTag } from './format';
import { deviceOf, ownerOf, setOwner } from './owner';

const CACHE: NotifyCache = 'pipit-notify';
/** Safari ends a subscription whose pushes show nothing, such as those that only clear. */
const SHOWS_ALWAYS = /(^|\.)push\.apple\.com$/;

/** How notifications stand on this device, and what is in their way. */
export type Standing =
  | 'on'
  | 'off'
  /** The person, or whoever runs the machine, has said no; only the browser's own settings undo that. */
  | 'denied'
  /** The browser cannot do it, or not here. */
  | 'unsupported'
  /** There is no service worker: a private window, or a page that is not by https. */
  | 'no_worker'
  /** This server pushes nothing. */
  | 'server_off'
  /** The browser's push service would not have it, or cannot be reached. */
  | 'no_service'
  /** The server cannot be asked now. */
  | 'no_line';

interface Found {
  readonly registration: ServiceWorkerRegistration;
  readonly key: string;
  readonly endpoint: string | null;
  readonly subscription: PushSubscription | null;
}

/** What there is, or why there is nothing. */
async function find(app: App): Promise<Found | Standing> {
  if (typeof Notification === 'undefined') return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  if (!('serviceWorker' in navigator)) return 'no_worker';
  const registration = await navigator.serviceWorker.getRegistration().catch(() => undefined);
  if (registration === undefined) return 'no_worker';
  if (!('PushManager' in window)) return 'unsupported';
  try {
    const { state } = await app.ask({ type: 'get_push' }, 'push');
    if (state.key === undefined) return 'server_off';
    const subscription = await registration.pushManager.getSubscription().catch(() => null);
    return { registration, key: state.key, endpoint: state.endpoint ?? null, subscription };
  } catch (error) {
    if (error instanceof CommandFailure) return 'no_line';
    throw error;
  }
}

export async function standing(app: App): Promise<Standing> {
  const found = await find(app);
  if (typeof found === 'string') return found;
  const isSame = found.subscription !== null && found.subscription.endpoint === found.endpoint;
  return isSame && Notification.permission === 'granted' ? 'on' : 'off';
}

/** Asks the person through the browser, and subscribes. To be called from something that they have pressed. */
export async function turnOn(app: App): Promise<Standing> {
  if (typeof Notification === 'undefined') return 'unsupported';
  const permission = await Notification.requestPermission();
  if (permission !== 'granted') return permission === 'denied' ? 'denied' : 'off';
  return subscribe(app);
}

/** Says to the server where this device is pushed to, where that has changed; where nobody has turned it on here it stays off. */
export async function renew(app: App): Promise<void> {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const found = await find(app);
  if (typeof found === 'string') return;
  const { subscription, key, endpoint } = found;
  if (endpoint === null) {
    if (subscription === null) return;
    // Of whoever was signed in before, or turned off; else the push service does not know it any more, and it takes a new one.
    if ((await ownerOf()) !== deviceOf(app)) return forget();
    await subscription.unsubscribe().catch(() => false);
  }
  if (subscription?.endpoint === endpoint && isOf(subscription, key)) return own(app);
  await subscribe(app);
}

/** This browser notifies the device that is signed in. */
async function own(app: App): Promise<void> {
  const device = deviceOf(app);
  if (device !== null) await setOwner(device);
}

async function subscribe(app: App): Promise<Standing> {
  const found = await find(app);
  if (typeof found === 'string') return found;
  const { registration, key } = found;
  let { subscription } = found;
  // The server has another key than it had: it was set up anew.
  if (subscription !== null && !isOf(subscription, key)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  try {
    subscription ??= await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: key,
    });
  } catch {
    return Notification.permission === 'granted' ? 'no_service' : 'denied';
  }
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys ?? {};
  if (endpoint === undefined || p256dh === undefined || auth === undefined) return 'no_service';
  const silent = !SHOWS_ALWAYS.test(new URL(endpoint).hostname);
  try {
    await app.ask({ type: 'set_push', subscription: { endpoint, p256dh, auth, silent } }, 'done');
  } catch (error) {
    return error instanceof CommandFailure && error.error.field === 'endpoint' ? 'no_service' : 'no_line';
  }
  await own(app);
  return 'on';
}

export function isOf(subscription: PushSubscription, key: string): boolean {
  const own = subscription.options.applicationServerKey;
  if (own === null) return false;
  const text = btoa(String.fromCharCode(...new Uint8Array(own)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === key;
}

/** From now on this device is told nothing while the app is closed. */
export async function turnOff(app: App): Promise<Standing> {
  try {
    await app.ask({ type: 'set_push', subscription: null }, 'done');
  } catch {
    return 'no_line';
  }
  await forget();
  return 'off';
}

/** Nothing of it is left on this device, whatever the server knows. */
export async function forget(): Promise<void> {
  await caches.delete(CACHE).catch(() => false);
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration().catch(() => undefined);
  if (registration === undefined) return;
  await clear(registration);
  const subscription = await registration.pushManager?.getSubscription().catch(() => null);
  await subscription?.unsubscribe().catch(() => false);
}

/** The same, where it is this device's; another one may have come since. */
export async function forgetOf(device: string): Promise<void> {
  const owner = await ownerOf();
  if (owner === null || owner === device) await forget();
}

async function clear(
  registration: ServiceWorkerRegistration,
  of: GetNotificationOptions = {},
): Promise<void> {
  const shown = await registration.getNotifications(of).catch(() => []);
  for (const notification of shown) notification.close();
}

/** Nothing is shown here any more of a conversation, or of what waited. */
export async function clearOf(tag: ConversationId | WaitingTag): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration().catch(() => undefined);
  if (registration !== undefined) await clear(registration, { tag });
}
