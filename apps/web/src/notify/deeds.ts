/** What was done with notifications, carried out by a page. */
import { describeFailure, type App } from '../state/app.svelte';
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
    waiting: t('notify.waiting'),
  };
  const cache = await caches.open(CACHE);
  await cache.put(WORDS, Response.json(words));
}

/** Does what waits, in one tab at a time. A thing is forgotten once the core has it; what it will not have goes back to whoever wrote it. */
export async function doDeeds(app: App): Promise<void> {
  if ((await ownerOf()) !== deviceOf(app)) return;
  await navigator.locks.request(CACHE, async () => {
    const cache = await caches.open(CACHE);
    for (const request of await cache.keys()) {
      if (!new URL(request.url).pathname.startsWith(DEEDS)) continue;
      const kept = await cache.match(request);
      if (kept === undefined) continue;
      await carryOut(app, (await kept.json()) as Deed);
      await cache.delete(request);
    }
  });
}

async function carryOut(app: App, deed: Deed): Promise<void> {
  if (deed.type === 'read') {
    app.tell({ type: 'mark_read', conversation: deed.conversation, seq: deed.seq });
    return;
  }
  const { conversation, id, text } = deed;
  try {
    // A tab may have gone before it has forgotten it: the same id is sent once.
    await app.ask({ type: 'send_message', conversation, message: id, text, reply_to: null }, 'done');
  } catch (error) {
    app.offer({ text, files: [] }, describeFailure(error));
  }
}
