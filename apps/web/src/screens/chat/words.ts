import { withoutMarks } from '../../format/text';
import { durationWords } from '../../format/duration';
import { timeOfDay } from '../../format/time';
import type {
  Attachment,
  DeliveryState,
  ItemBody,
  SettingsChange,
  TimelineItem,
  UnreadableReason,
} from '../../generated/types';
import { describeCode } from '../../i18n/errors';
import { listOf, t, type Key } from '../../i18n';
import { filesInWords } from './files/words';

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

/** What somebody has done. Most languages say it otherwise of oneself, so each of them has a sentence for both. */
type Done = Key extends infer K ? (K extends `notice.you.${infer Rest}` ? Rest : never) : never;

function did(item: TimelineItem, done: Done, values: Record<string, string> = {}): string {
  const say = t as (key: Key, values: Record<string, string>) => string;
  return item.mine
    ? say(`notice.you.${done}`, values)
    : say(`notice.${done}`, { sender: item.sender_name, ...values });
}

/** What changed of a group's settings, a sentence each. */
function settingsWords(item: TimelineItem, change: SettingsChange): string {
  const { topic, announcements, history, expire_after_ms: expires, avatar } = change;
  const sentences: string[] = [];
  if (topic !== undefined) {
    sentences.push(topic === '' ? did(item, 'topic_none') : did(item, 'topic', { topic }));
  }
  if (announcements !== undefined) {
    sentences.push(did(item, announcements ? 'announcements_on' : 'announcements_off'));
  }
  if (history !== undefined) sentences.push(did(item, `history_${history}`));
  if (expires === 0) sentences.push(did(item, 'timer_off'));
  else if (expires !== undefined) sentences.push(did(item, 'timer', { time: durationWords(expires) }));
  if (avatar !== undefined) sentences.push(did(item, avatar.blob === undefined ? 'picture_none' : 'picture'));
  return sentences.join(t('notice.join'));
}

/** People in words, of whom only the first few are named. */
function namesOf(names: readonly string[], count: number): string {
  const more = count - names.length;
  return listOf(more > 0 ? [...names, t('notice.others', { count: more })] : names);
}

/** The sentence of an entry that is no message. */
export function noticeOf(
  item: TimelineItem,
  body: Exclude<ItemBody, { type: 'message' | 'unreadable' | 'deleted' }>,
): string {
  switch (body.type) {
    case 'created':
      return body.title === null ? did(item, 'created') : did(item, 'created_group', { title: body.title });
    case 'member_added':
      return body.joined ? t('notice.joined', { name: body.name }) : did(item, 'added', { name: body.name });
    case 'member_removed':
      if (body.left) return t('notice.left', { name: body.name });
      return did(item, body.banned ? 'banned' : 'removed', { name: body.name });
    case 'role_changed':
      return did(item, 'role', { name: body.name, role: t(`notice.role.${body.role}`) });
    case 'pinned':
      return did(item, 'pinned');
    case 'title_changed':
      return did(item, 'title', { title: body.title });
    case 'history_shown':
      return body.to_me
        ? t('notice.shown_me', { sender: item.sender_name })
        : did(item, 'shown', { names: namesOf(body.names, body.count) });
    case 'trust':
      return t(`notice.trust.${body.change}`, { name: item.sender_name });
    case 'settings_changed':
      return settingsWords(item, body.change);
  }
}

/** The one calm line for messages that this device cannot read. */
export function unreadableWords(reason: UnreadableReason, count: number): string {
  return t(`unreadable.${reason}`, { count });
}

/** What stands in place of a message that is no more. */
export function withoutText({ body, mine }: TimelineItem): string {
  if (body.type !== 'deleted') return '';
  if (body.by !== null) return t('chat.deleted_by', { name: body.by });
  return mine ? t('chat.deleted_mine') : t('chat.deleted');
}

/** What more there is to say of a message: edited, pinned, reactions. */
function marksOf(body: ItemBody): string[] {
  if (body.type !== 'message') return [];
  const marks = body.edited_at === null ? [] : [t('message.edited')];
  if (body.pinned) marks.push(t('message.is_pinned'));
  const reactions = body.reactions.map(({ emoji, count }) => t('reactions.short', { emoji, count }));
  return [...marks, ...reactions];
}

/** What a message begins with, for one line: its files in words, then its text. Empty where it has neither. */
export function beginningOf({
  text,
  attachments = [],
  poll = false,
}: {
  text: string;
  attachments?: Attachment[];
  poll?: boolean;
}): string {
  if (poll) return t('poll.preview', { question: withoutMarks(text) });
  const files = filesInWords(attachments.map((file) => ({ file, upload: null })));
  return [files, withoutMarks(text)].filter((part) => part !== '').join(t('files.join'));
}

/** How many characters of a message the core gives where it is quoted. */
const QUOTED_CHARS = 160;

/** The same of what is quoted, which may have been cut. */
export function quotedOf(reply: { text: string; attachments?: Attachment[] }): string {
  const words = beginningOf(reply);
  return Array.from(reply.text).length < QUOTED_CHARS ? words : `${words}…`;
}

/** What a message says and has, in words. */
export function contentOf(body: Extract<ItemBody, { type: 'message' }>): string {
  if (body.poll !== undefined) return t('poll.preview', { question: body.text });
  return [filesInWords(body.attachments), withoutMarks(body.text)]
    .filter((part) => part !== '')
    .join(t('chat.item_join'));
}

/** A line as a screen reader says it: sender, text, time, state. */
export function labelOf(item: TimelineItem, folded = 1): string {
  const time = timeOfDay(item.at);
  const { body } = item;
  if (body.type === 'unreadable') return unreadableWords(body.reason, folded);
  const spoken = body.type === 'message' || body.type === 'deleted';
  if (!spoken) return [noticeOf(item, body), time].join(t('chat.item_join'));
  const text = body.type === 'message' ? contentOf(body) : withoutText(item);
  const said = t('chat.item', { sender: senderOf(item), text, time });
  const state = item.delivery === null ? [] : [stateWords(item.delivery)];
  return [said, ...marksOf(body), ...state].join(t('chat.item_join'));
}
