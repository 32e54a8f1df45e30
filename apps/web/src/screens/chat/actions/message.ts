import type { Action } from '../../../components/ActionMenu.svelte';
import { copyText } from '../../../format/clipboard';
import type { TimelineItem } from '../../../generated/types';
import { t } from '../../../i18n';
import type { App } from '../../../state/app.svelte';

/** What the timeline does when somebody chooses something for a message. */
export interface Handlers {
  onreply: (item: TimelineItem) => void;
  onretry: (item: TimelineItem) => void;
  ondiscard: (item: TimelineItem) => void;
}

/** What can be done with a message; nothing where it is none. */
export function messageActions(app: App, item: TimelineItem, handlers: Handlers): Action[] {
  if (item.body.type !== 'message') return [];
  const { text } = item.body;
  const state = item.delivery?.state;
  const actions: Action[] = [];
  if (item.seq !== null)
    actions.push({
      text: t('message.reply'),
      icon: 'reply',
      leaves: true,
      run: () => handlers.onreply(item),
    });
  if (state === 'failed')
    actions.push({ text: t('state.retry'), icon: 'sync', run: () => handlers.onretry(item) });
  if (text !== '')
    actions.push({ text: t('message.copy'), icon: 'copy', run: () => void copyMessage(app, text) });
  if (state === 'failed' || state === 'queued')
    actions.push({
      text: t(state === 'failed' ? 'state.discard' : 'state.discard_queued'),
      icon: 'trash',
      danger: true,
      separated: true,
      leaves: true,
      run: () => handlers.ondiscard(item),
    });
  return actions;
}

async function copyMessage(app: App, text: string): Promise<void> {
  if (await copyText(text)) app.toasts.show(t('message.copied'));
  else app.toasts.error(t('code.copy_failed'));
}
