/** What was done with notifications, carried out by a page. */
import type { App } from '../state/app.svelte';
import { t } from '../i18n';
import '../i18n/later';
import { deviceOf, ownerOf } from './owner';
import type { Deed, DeedsPath, NotifyCache, NotifyWords, WordsPath } from './format';

const CACHE: NotifyCache = 'pipit-notify';
const WORDS: WordsPath = '/notify/words';
const DEEDS: DeedsPath = '/notify/deeds/';

/** Puts the words of notifications where the service worker finds them. */
export async function keepWords(): Promise<void> {
  const words: NotifyWords = {
    app: t('app.name'),
    message: t('notify.message'),
    messages: t('notify.messages', { n: '{count}' }),
    files: t('notify.files', { n: '{count}' }),
    request: t('notify.request'),
    test: t('notify.test'),
    reply: t('notify.reply'),
    replyHint: t('notify.reply.hint'),
    read: t('notify.read'),
  };
  const cache = await caches.open(CACHE);
  await cache.put(WORDS, Response.json(words));
}

/**
 * Does what waits. A thing is forgotten once the core has it, or has refused it and that was said: two tabs may do the same at the same time, and
 * its id makes that one thing.
 */
export async function doDeeds(app: App): Promise<void> {
  if ((await ownerOf()) !== deviceOf(app)) return;
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) {
    if (!new URL(request.url).pathname.startsWith(DEEDS)) continue;
    const kept = await cache.match(request);
    if (kept === undefined) continue;
    await carryOut(app, (await kept.json()) as Deed);
    await cache.delete(request);
  }
}

async function carryOut(app: App, deed: Deed): Promise<void> {
  if (deed.type === 'read') {
    app.tell({ type: 'mark_read', conversation: deed.conversation, seq: deed.seq });
    return;
  }
  const { conversation, id, text } = deed;
  await app.attempt({ type: 'send_message', conversation, message: id, text, reply_to: null });
}
