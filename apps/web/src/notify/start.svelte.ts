/** Everything about notifications that goes on while somebody is signed in. Loaded after the first view. */
import type { App } from '../state/app.svelte';
import { doDeeds, keepWords } from './deeds';
import { clearOf, forget, forgetOf, renew } from './device';
import { markFavicon } from './favicon';
import type { ToPage } from './format';
import { deviceOf, ownerOf } from './owner';
import { chime, soundIsOn } from './sound';
import { forgetWaiting, keepAsking, somethingWaits } from './waiting';

/** Starts it, and returns what ends it: at the end of the page, or when the person has signed out. */
export function start(app: App): () => void {
  const device = deviceOf(app);
  const listen = (event: MessageEvent<unknown>): void => {
    void heard(app, event.data as ToPage, event.ports[0]);
  };
  const worker = 'serviceWorker' in navigator ? navigator.serviceWorker : null;
  worker?.addEventListener('message', listen);
  const unwatch = $effect.root(() => {
    watchUnread(app);
    $effect(() => {
      const { gone } = app;
      if (gone.length === 0) return;
      app.gone = [];
      for (const conversation of gone) void clearOf(conversation);
    });
    const waits = $derived(somethingWaits(app));
    const isUp = $derived(app.connection.state === 'up_to_date');
    $effect(() => {
      if (waits && !isUp) return keepAsking();
      if (!waits && isUp) void forgetWaiting();
      return;
    });
    // What was read can be marked once it is here.
    $effect(() => {
      if (isUp && 'caches' in window) void doDeeds(app);
    });
  });
  void begin(app);
  return () => {
    worker?.removeEventListener('message', listen);
    unwatch();
    void markFavicon(false);
    if (app.session?.state === 'signed_out' && device !== null) void forgetOf(device);
  };
}

async function begin(app: App): Promise<void> {
  if (!('caches' in window)) return;
  // What somebody else has left in this browser, who did not sign out in it.
  const owner = await ownerOf();
  if (owner !== null && owner !== deviceOf(app)) await forget();
  if (typeof Notification !== 'undefined' && Notification.permission === 'granted') await keepWords();
  await renew(app);
}

async function heard(app: App, message: ToPage, port: MessagePort | undefined): Promise<void> {
  switch (message.type) {
    case 'open_conversation':
      app.openConversation(message.conversation);
      break;
    case 'notify_deeds':
      await doDeeds(app);
      break;
    case 'push_changed':
      await renew(app);
      break;
    case 'are_you_there':
      port?.postMessage(true);
      break;
    case 'what_is_open': {
      const { current } = app.router;
      port?.postMessage(current.name === 'conversation' ? current.id : null);
      break;
    }
  }
}

function watchUnread(app: App): void {
  const loud = $derived(
    app.conversations.items.reduce(
      (sum, { unread, personal }) =>
        sum + (personal.muted_until === null && personal.notify === 'all' ? unread : 0),
      0,
    ),
  );
  let before: number | null = null;
  $effect(() => {
    const more = before !== null && loud > before;
    before = app.conversations.loaded ? loud : null;
    if (more && !document.hasFocus() && soundIsOn()) void chime();
  });
  $effect(() => {
    void markFavicon(app.conversations.unread > 0);
  });
}
