/// <reference lib="webworker" />
/** Notifications, in the service worker: what is pushed is shown, and what is done with that is passed on to a page. */
import type { ConversationId, Push } from '../generated/types';
import type {
  ChangesPath,
  Deed,
  DeedsPath,
  NotifyCache,
  NotifyWords,
  OwnerPath,
  ToPage,
  WaitingTag,
  WordsPath,
} from './format';
import { changed, content, lastOf, type Content, type PushedChange, type Shown } from './content';

declare const self: ServiceWorkerGlobalScope;

const CACHE: NotifyCache = 'pipit-notify';
const WORDS: WordsPath = '/notify/words';
const DEEDS: DeedsPath = '/notify/deeds/';
const OWNER: OwnerPath = '/notify/owner';
const WAITING: WaitingTag = 'pipit-waiting';
const CHANGES: ChangesPath = '/notify/changes';
/** How many changes are remembered for messages that come after them. */
const CHANGES_MAX = 64;
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
  self.addEventListener('sync', (event) => {
    const { tag } = event as SyncEvent;
    if (tag === WAITING) (event as SyncEvent).waitUntil(lineIsBack());
  });
}

/** Not in the lists of the DOM's types. */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
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
  if (push.type === 'read') return close(push.conversation, push.seq);
  if (push.type === 'edited' || push.type === 'gone') return change(push);
  if ('conversation' in push && (await isOnScreen(push.conversation))) return;
  const tag = 'conversation' in push ? push.conversation : 'pipit';
  const known = await knownAs(tag);
  const words = await wordsOf();
  const current = await asChanged(push);
  const made = current === null ? null : content(current, shownBy(known), words);
  // It is older than what is shown, or gone since.
  if (made !== null) await show(made, tag, words);
}

/** What is shown under a tag. */
async function knownAs(tag: string): Promise<Notification | undefined> {
  const [known] = await self.registration.getNotifications({ tag });
  return known;
}

/** What a notification stands for; nothing where a version before this one has shown it in another way. */
function shownBy(known: Notification | undefined): Shown | null {
  const shown = known?.data as Partial<Shown> | null | undefined;
  return shown?.items === undefined ? null : (shown as Shown);
}

async function show(made: Content, tag: string, words: NotifyWords | null): Promise<void> {
  const canAct = made.shown !== null && made.at !== null && words !== null;
  const options: Options = {
    tag,
    body: made.body,
    icon: ICON,
    data: made.shown,
    renotify: made.loud,
    silent: !made.loud,
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

/** A message is gone, or says something else: so does what is shown of it, and what comes later. */
async function change(push: PushedChange): Promise<void> {
  const cache = await caches.open(CACHE);
  const kept = [...(await changesIn(cache)), push].slice(-CHANGES_MAX);
  await cache.put(CHANGES, Response.json(kept));
  const known = await knownAs(push.conversation);
  const words = await wordsOf();
  const made = changed(push, shownBy(known), words);
  if (made === null) known?.close();
  else if (made !== undefined) await show(made, push.conversation, words);
}

async function changesIn(cache: Cache): Promise<readonly PushedChange[]> {
  const kept = await cache.match(CHANGES);
  return kept === undefined ? [] : ((await kept.json()) as PushedChange[]);
}

/** What is pushed, as it is by now: push services keep no order. Null where it is gone. */
async function asChanged(push: Push): Promise<Push | null> {
  if (push.type !== 'message' && push.type !== 'request') return push;
  const changes = await changesIn(await caches.open(CACHE));
  const last = changes.findLast(
    ({ conversation, seq }) => conversation === push.conversation && seq === push.seq,
  );
  if (last === undefined || (last.type === 'edited' && push.type === 'request')) return push;
  if (last.type === 'gone') return null;
  const { text, files } = last;
  return { ...push, ...(text !== undefined && { text }), ...(files !== undefined && { files }) };
}

/** Whether somebody is looking at the conversation just now. */
async function isOnScreen(conversation: ConversationId): Promise<boolean> {
  const there = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const seen = there.filter(({ visibilityState }) => visibilityState === 'visible');
  // It is asked: the address that the browser knows of it is the one with which it was loaded.
  const open = await Promise.all(seen.map((page) => ask(page, { type: 'what_is_open' })));
  return open.includes(conversation);
}

/** What a page answers; null where it does not. */
function ask(page: WindowClient, message: ToPage): Promise<unknown> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(null), ANSWER_MS);
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      clearTimeout(timer);
      resolve(data);
    };
    page.postMessage(message, [port2]);
  });
}

/** There is a line again, and something waits. What it is lies in the core's store, which only a page can open: where none runs, the person is asked to open one, if notifications are turned on. */
async function lineIsBack(): Promise<void> {
  const there = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const answers = await Promise.all(there.map((page) => ask(page, { type: 'are_you_there' })));
  if (answers.includes(true) || Notification.permission !== 'granted') return;
  const words = await wordsOf();
  if (words === null || !(await isOn())) return;
  await self.registration.showNotification(words.app, { tag: WAITING, body: words.waiting, icon: ICON });
}

/** Whether somebody has turned notifications on: the browser may allow them without. */
async function isOn(): Promise<boolean> {
  return (await (await caches.open(CACHE)).match(OWNER)) !== undefined;
}

async function close(tag: ConversationId, seq: number): Promise<void> {
  for (const notification of await self.registration.getNotifications({ tag })) {
    const shown = shownBy(notification);
    if (shown === null || lastOf(shown) <= seq) notification.close();
  }
}

type Click = NotificationEvent & { readonly reply?: string | null };

async function clicked(event: Click): Promise<void> {
  const shown = shownBy(event.notification);
  if (shown === null) {
    await open('/', null);
    return;
  }
  const { conversation } = shown;
  const seq = lastOf(shown);
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
