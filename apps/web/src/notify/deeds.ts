/** What was done with notifications, carried out by a page. */
import type { App } from '../state/app.svelte';
import { t } from '../i18n';
import '../i18n/later';
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

/** Does what waits, each thing once: two tabs may look at the same time. */
export async function doDeeds(app: App): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) {
    if (!new URL(request.url).pathname.startsWith(DEEDS)) continue;
    const kept = await cache.match(request);
    if (kept === undefined || !(await cache.delete(request))) continue;
    const deed = (await kept.json()) as Deed;
    app.tell(
      deed.type === 'read'
        ? { type: 'mark_read', conversation: deed.conversation, seq: deed.seq }
        : {
            type: 'send_message',
            conversation: deed.conversation,
            message: deed.id,
            text: deed.text,
            reply_to: null,
          },
    );
  }
}
