import { withoutMarks } from '../../format/text';
import { timeOfDay } from '../../format/time';
import type { DeliveryState, ItemBody, TimelineItem } from '../../generated/types';
import { describeCode } from '../../i18n/errors';
import { t } from '../../i18n';

/** Where a message stands, in words. */
export function stateWords(delivery: DeliveryState): string {
  return delivery.state === 'failed'
    ? t('state.failed_why', { why: describeCode(delivery.code) })
    : t(`state.${delivery.state}`);
}

/** Who, as the timeline names them. */
function senderOf(item: TimelineItem): string {
  return item.mine ? t('chat.you') : item.sender_name;
}

/** The sentence of an entry that is no message. */
export function noticeOf(
  item: TimelineItem,
  body: Exclude<ItemBody, { type: 'message' } | { type: 'unreadable' }>,
): string {
  const sender = senderOf(item);
  switch (body.type) {
    case 'created':
      return body.title === null
        ? t('notice.created', { sender })
        : t('notice.created_group', { sender, title: body.title });
    case 'member_added':
      return body.joined
        ? t('notice.joined', { name: body.name })
        : t('notice.added', { sender, name: body.name });
    case 'member_removed':
      return body.left
        ? t('notice.left', { name: body.name })
        : t('notice.removed', { sender, name: body.name });
    case 'role_changed':
      return t('notice.role', { sender, name: body.name, role: t(`notice.role.${body.role}`) });
    case 'deleted':
      return body.by === null ? t('notice.deleted', { sender }) : t('notice.deleted_by', { name: body.by });
    case 'pinned':
      return t('notice.pinned', { sender });
    case 'title_changed':
      return t('notice.title', { sender, title: body.title });
  }
}

/** A line as a screen reader says it: sender, text, time, state. */
export function labelOf(item: TimelineItem): string {
  const time = timeOfDay(item.at);
  const { body } = item;
  if (body.type !== 'message' && body.type !== 'unreadable') return `${noticeOf(item, body)}, ${time}`;
  const text = body.type === 'message' ? withoutMarks(body.text) : t('chat.unreadable');
  const values = { sender: senderOf(item), text, time };
  return item.delivery === null
    ? t('chat.item', values)
    : t('chat.item_state', { ...values, state: stateWords(item.delivery) });
}
