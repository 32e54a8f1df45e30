import type { Action } from '../../components/ActionMenu.svelte';
import type { RequestAnswer } from '../../generated/types';
import { t } from '../../i18n';
import type { App } from '../../state/app.svelte';

/** Whom a request is of. */
interface Asked {
  id: string;
  title: string;
}

/** Answers a request, says so where it is put away by that, and says whether it worked. */
export async function answer(app: App, { id, title }: Asked, how: RequestAnswer): Promise<boolean> {
  if (!(await app.attempt({ type: 'answer_request', conversation: id, answer: how }))) return false;
  if (how === 'accept') return true;
  app.toasts.show(t(how === 'delete' ? 'requests.deleted' : 'requests.refused', { name: title }));
  const shown = app.router.current;
  if (shown.name === 'conversation' && shown.id === id) app.router.home();
  return true;
}

/** What one can do with a request. */
export function requestActions(app: App, asked: Asked): Action[] {
  return [
    { text: t('requests.accept'), icon: 'check', run: () => void answer(app, asked, 'accept') },
    { text: t('requests.delete'), icon: 'trash', run: () => void answer(app, asked, 'delete') },
    {
      text: t('requests.refuse'),
      icon: 'close',
      separated: true,
      run: () => void answer(app, asked, 'refuse'),
    },
  ];
}
