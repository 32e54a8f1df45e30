import type { Action } from '../../../components/action';
import type { TimelineItem } from '../../../generated/types';
import { t } from '../../../i18n';
import { isMessage, type Desk, type MessageItem } from './desk.svelte';

/** What can be done with a message; nothing where it is none. */
export function messageActions(desk: Desk, item: TimelineItem): Action[] {
  if (!isMessage(item)) return [];
  return item.seq === null ? waitingActions(desk, item) : sentActions(desk, item);
}

function copyAction(desk: Desk, item: MessageItem): Action[] {
  return item.body.text === ''
    ? []
    : [{ text: t('message.copy'), icon: 'copy', run: () => void desk.copy([item]) }];
}

/** With one that is in the log. */
function sentActions(desk: Desk, item: MessageItem): Action[] {
  const { can, pinned, edited_at: edited, reactions, poll } = item.body;
  const actions: Action[] = [];
  const ask = (text: string, icon: Action['icon'], asked: NonNullable<Desk['asked']>): Action => ({
    text,
    icon,
    run: () => (desk.asked = asked),
  });
  if (can.reply)
    actions.push({ text: t('message.reply'), icon: 'reply', leaves: true, run: () => desk.answer(item) });
  if (can.edit)
    actions.push({ text: t('message.edit'), icon: 'pencil', leaves: true, run: () => desk.change(item) });
  if (can.forward) actions.push(ask(t('message.forward'), 'forward', { kind: 'forward', items: [item] }));
  actions.push(...copyAction(desk, item));
  if (can.pin)
    actions.push({
      text: t(pinned ? 'message.unpin' : 'message.pin'),
      icon: pinned ? 'unpin' : 'pin',
      run: () => void desk.pin(item.key, !pinned),
    });
  actions.push({ text: t('message.select'), icon: 'select', run: () => desk.choose(item) });
  if (reactions.length > 0) actions.push(ask(t('message.reactions'), 'smile', { kind: 'reactions', item }));
  if (poll?.can_close === true)
    actions.push(ask(t('message.close_poll'), 'check', { kind: 'close_poll', item }));
  if (edited !== null) actions.push(ask(t('message.edits'), 'history', { kind: 'edits', item }));
  actions.push(
    item.mine
      ? ask(t('message.info'), 'info', { kind: 'info', item })
      : { text: t('message.report'), icon: 'flag', run: () => desk.report([item]) },
  );
  actions.push({
    ...ask(t('message.delete_for_me'), 'trash', { kind: 'delete_for_me', items: [item] }),
    danger: true,
    separated: true,
  });
  if (can.delete)
    actions.push({
      ...ask(t('message.delete'), 'trash', { kind: 'delete', items: [item] }),
      danger: true,
    });
  return actions;
}

/** With one that waits, or was refused. */
function waitingActions(desk: Desk, item: MessageItem): Action[] {
  const failed = item.delivery?.state === 'failed';
  const actions: Action[] = [];
  if (failed) actions.push({ text: t('state.retry'), icon: 'sync', run: () => desk.retry(item) });
  else if (item.body.can.edit)
    actions.push({ text: t('message.edit'), icon: 'pencil', leaves: true, run: () => desk.change(item) });
  actions.push(...copyAction(desk, item), {
    text: t(failed ? 'state.discard' : 'state.discard_queued'),
    icon: 'trash',
    danger: true,
    separated: true,
    leaves: true,
    run: () => desk.discard(item),
  });
  return actions;
}
