/// <reference lib="webworker" />
/** Notifications, in the service worker: what is pushed is shown, and what is done with that is passed on to a page. */
import type { ConversationId, Push } from '../generated/types';
import type { Deed, DeedsPath, NotifyCache, NotifyWords, ToPage, WordsPath } from './format';
import { content, type Shown } from './content';

declare const self: ServiceWorkerGlobalScope;

const CACHE: NotifyCache = 'pipit-notify';
const WORDS: WordsPath = '/notify/words';
const DEEDS: DeedsPath = '/notify/deeds/';
/** How long a page may take to say what it shows. */
const ANSWER_MS = 500;
const ICON = '/icons/icon-192.png';

/** What the lists of the DOM's types lack. */
type Options = NotificationOptions & {
  actions?: { action: string; title: string; type?: 'text'; placeholder?: string }[];
  renotify?: boolean;
  timestamp?: number;
};

export function listen(): void {
  // One after the other: each adds to what those before it have shown.
  let before: Promise<void> = Promise.resolve();
  self.addEventListener('push', (event) => {
    const { data } = event;
    before = before.then(() => pushed(data)).catch(() => {});
    event.waitUntil(before);
  });
  self.addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(clicked(event));
  });
  self.addEventListener('pushsubscriptionchange', (event) => {
    event.waitUntil(renew(event as PushSubscriptionChange));
  });
}

interface PushSubscriptionChange extends ExtendableEvent {
  readonly oldSubscription: PushSubscription | null;
}

async function wordsOf(): Promise<NotifyWords | null> {
  const kept = await (await caches.open(CACHE)).match(WORDS);
  return kept === undefined ? null : ((await kept.json()) as NotifyWords);
}

function read(data: PushMessageData | null): Push {
  try {
    return (data?.json() as Push | null | undefined) ?? { type: 'unknown' };
  } catch {
    return { type: 'unknown' };
  }
}

async function pushed(data: PushMessageData | null): Promise<void> {
  const push = read(data);
  if (push.type === 'read') {
    await close(push.conversation, push.seq);
    return;
  }
  if ('conversation' in push && (await isOnScreen(push.conversation))) return;
  const tag = 'conversation' in push ? push.conversation : 'pipit';
  const [known] = await self.registration.getNotifications({ tag });
  const before = (known?.data as Shown | null | undefined) ?? null;
  const words = await wordsOf();
  const made = content(push, before, words);
  // It is older than what is shown.
  if (made === null) return;
  const canAct = made.shown !== null && push.type === 'message' && words !== null;
  const options: Options = {
    tag,
    body: made.body,
    icon: ICON,
    data: made.shown,
    renotify: true,
    timestamp: made.at ?? Date.now(),
    // What takes a text comes last: on desktops that have a field of their own for it, Chromium leaves it out when it counts which was pressed.
    actions: canAct
      ? [
          { action: 'read', title: words.read },
          { action: 'reply', title: words.reply, type: 'text', placeholder: words.replyHint },
        ]
      : [],
  };
  await self.registration.showNotification(made.title, options);
}

/** Whether somebody is looking at the conversation just now. */
async function isOnScreen(conversation: ConversationId): Promise<boolean> {
  const there = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const seen = there.filter(({ visibilityState }) => visibilityState === 'visible');
  return (await Promise.all(seen.map(whatIsOpen))).includes(conversation);
}

/** What a page shows. It is asked: the address that the browser knows of it is the one with which it was loaded. One that does not answer shows nothing. */
function whatIsOpen(page: WindowClient): Promise<string | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(null), ANSWER_MS);
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      clearTimeout(timer);
      resolve(typeof data === 'string' ? data : null);
    };
    const asked: ToPage = { type: 'what_is_open' };
    page.postMessage(asked, [port2]);
  });
}

async function close(tag: ConversationId, seq: number): Promise<void> {
  for (const notification of await self.registration.getNotifications({ tag })) {
    const shown = notification.data as Shown | null;
    if (shown === null || shown.seq <= seq) notification.close();
  }
}

type Click = NotificationEvent & { readonly reply?: string | null };

async function clicked(event: Click): Promise<void> {
  const shown = event.notification.data as Shown | null;
  if (shown === null) {
    await open('/', null);
    return;
  }
  const { conversation, seq } = shown;
  if (event.action === 'read') {
    await later({ type: 'read', conversation, seq });
    return;
  }
  // Where the desktop has a field of its own for answers, Chromium says what was written there and names no action.
  const text = event.reply?.trim() ?? '';
  if (text !== '') {
    // The same id however often it is tried: it is sent once.
    await later({ type: 'reply', conversation, text, id: crypto.randomUUID() });
    if ((await pages()).length > 0) return;
  }
  await open(`/c/${conversation}`, conversation);
}

function pages(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: 'window' });
}

/** To the page that is there, or to a new one. */
async function open(path: string, conversation: ConversationId | null): Promise<void> {
  const there = await pages();
  const best =
    there.find(({ focused }) => focused) ??
    there.find(({ visibilityState }) => visibilityState === 'visible');
  const page = best ?? there[0];
  if (page === undefined) {
    await self.clients.openWindow(path);
    return;
  }
  await page.focus();
  if (conversation !== null) say([page], { type: 'open_conversation', conversation });
}

/** Kept until a page has done it: now, where one is open. */
async function later(deed: Deed): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.put(DEEDS + crypto.randomUUID(), Response.json(deed));
  say(await pages(), { type: 'notify_deeds' });
}

function say(to: readonly WindowClient[], message: ToPage): void {
  for (const page of to) page.postMessage(message);
}

/** The push service has given the subscription up: a page tells the server of the new one, now or when it opens next. */
async function renew({ oldSubscription }: PushSubscriptionChange): Promise<void> {
  const options = oldSubscription?.options;
  if (options?.applicationServerKey !== undefined && options.applicationServerKey !== null) {
    const { userVisibleOnly, applicationServerKey } = options;
    await self.registration.pushManager.subscribe({ userVisibleOnly, applicationServerKey });
  }
  say(await pages(), { type: 'push_changed' });
}
