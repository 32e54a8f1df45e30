import type { TimelineHeader } from '../../generated/types';
import { t } from '../../i18n';
import type { App } from '../../state/app.svelte';

/** Blocks whoever a direct conversation is with, and leaves it. A request is deleted by it; what was accepted stays. */
export async function block(app: App, { conversation, title, personal }: TimelineHeader): Promise<void> {
  const said = t('requests.blocked', { name: title });
  const answer = personal.request === 'waiting' ? 'refuse' : 'block';
  if (!(await app.attempt({ type: 'answer_request', conversation, answer }))) return;
  app.toasts.show(said);
  app.detailsOpen = false;
  const shown = app.router.current;
  if (shown.name === 'conversation' && shown.id === conversation) app.router.home();
}
