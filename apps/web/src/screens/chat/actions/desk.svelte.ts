import { getContext, setContext } from 'svelte';

import { copyText } from '../../../format/clipboard';
import type { ConversationId, ItemBody, PinView, TimelineItem } from '../../../generated/types';
import { describeError } from '../../../i18n/errors';
import { t } from '../../../i18n';
import { describeFailure, type App } from '../../../state/app.svelte';

/** A line that is a message. */
export type MessageItem = TimelineItem & { body: Extract<ItemBody, { type: 'message' }> };

export function isMessage(item: TimelineItem): item is MessageItem {
  return item.body.type === 'message';
}

/** What asks about messages, or says more of them, over the conversation. */
export type Asked =
  | { kind: 'delete' | 'delete_for_me' | 'delete_or_for_me' | 'forward'; items: readonly MessageItem[] }
  | { kind: 'edits' | 'info' | 'reactions' | 'votes' | 'close_poll'; item: MessageItem }
  | { kind: 'pins' }
  | { kind: 'date'; near: number };

/** Whether these are messages of one person, and of nobody else, and not one's own. */
export function areOfOneOther(items: readonly TimelineItem[]): boolean {
  const [first] = items;
  return first !== undefined && items.every(({ sender, mine }) => sender === first.sender && !mine);
}

/** The most messages that are chosen at once. */
export const CHOSEN_MAX = 100;

/**
 * What somebody is doing with the messages of the open conversation: which one they answer or edit, which ones they have
 * chosen, what is open about them. It decides nothing: the core and the server do.
 */
export class Desk {
  reply = $state.raw<MessageItem | null>(null);
  edit = $state.raw<MessageItem | null>(null);
  asked = $state.raw<Asked | null>(null);
  /** The keys of those that are chosen; null where nobody chooses. */
  #keys = $state.raw<ReadonlySet<string> | null>(null);

  readonly app: App;

  constructor(app: App) {
    this.app = app;
  }

  /** Begins anew: another conversation was opened. */
  clear(): void {
    this.reply = null;
    this.edit = null;
    this.asked = null;
    this.#keys = null;
  }

  get conversation(): ConversationId {
    return this.app.timeline.header?.conversation ?? '';
  }

  /** Whether the open conversation is encrypted end to end. */
  get encrypted(): boolean {
    return this.app.timeline.header?.encrypted === true;
  }

  answer(item: TimelineItem): void {
    if (!isMessage(item) || !item.body.can.reply) return;
    this.edit = null;
    this.reply = item;
  }

  change(item: TimelineItem): void {
    if (!isMessage(item) || !item.body.can.edit) return;
    this.reply = null;
    this.edit = item;
  }

  /** The last message of one's own that can be edited, among those that are loaded. */
  changeLast(): boolean {
    const last = this.app.timeline.items.findLast((item) => isMessage(item) && item.mine);
    if (last === undefined || !isMessage(last) || !last.body.can.edit) return false;
    this.change(last);
    return true;
  }

  /** Neither answers nor edits after all. */
  settle(): void {
    this.reply = null;
    this.edit = null;
  }

  /** Shows the conversation from this moment on; says what is in the way. */
  async jumpTo(at: number): Promise<boolean> {
    const { conversation } = this;
    try {
      const { seq } = await this.app.ask({ type: 'find_place', conversation, at }, 'place');
      await this.app.openAt(conversation, seq);
      return true;
    } catch (error) {
      this.app.toasts.error(describeFailure(error));
      return false;
    }
  }

  retry(item: TimelineItem): void {
    void this.app.attempt({ type: 'retry_message', message: item.key });
  }

  discard(item: TimelineItem): void {
    void this.app.attempt({ type: 'discard_message', message: item.key });
  }

  /** Reacts, or takes that back where one has. */
  react(item: MessageItem, emoji: string): void {
    const mine = item.body.reactions.some((reaction) => reaction.mine && reaction.emoji === emoji);
    void this.app.attempt({
      type: 'react',
      change: this.app.newId(),
      conversation: this.conversation,
      message: item.key,
      emoji,
      on: !mine,
    });
  }

  async closePoll({ key: message }: MessageItem): Promise<void> {
    const { app, conversation } = this;
    await app.attempt({ type: 'close_poll', change: app.newId(), conversation, message });
  }

  async pin(message: string, on: boolean): Promise<void> {
    const { app, conversation } = this;
    const done = await app.attempt({ type: 'pin_message', change: app.newId(), conversation, message, on });
    if (done) app.toasts.show(t(on ? 'message.pinned' : 'message.unpinned'));
  }

  async delete(items: readonly MessageItem[]): Promise<void> {
    const { app, conversation } = this;
    let count = 0;
    for (const { key: message } of items) {
      const done = await app.attempt({
        type: 'delete_message',
        change: app.newId(),
        conversation,
        message,
      });
      // What did not work has been said once.
      if (!done) break;
      count += 1;
    }
    if (count > 0) app.toasts.show(count === 1 ? t('message.deleted') : t('message.deleted_many', { count }));
  }

  async deleteForMe(items: readonly MessageItem[]): Promise<void> {
    const { app, conversation } = this;
    const messages = items.map(({ key }) => key);
    const { length: count } = messages;
    const done = await app.attempt({ type: 'delete_for_me', conversation, messages });
    if (done)
      app.toasts.show(
        count === 1 ? t('message.deleted_for_me') : t('message.deleted_for_me_many', { count }),
      );
  }

  /** Reports whose messages these are: those of one other person. */
  report(messages: readonly MessageItem[]): void {
    const [first] = messages;
    if (first === undefined) return;
    const { sender: user, sender_name: name } = first;
    this.app.report({ user, name, messages, ondone: () => this.stopChoosing() });
  }

  async copy(items: readonly MessageItem[]): Promise<void> {
    const { toasts } = this.app;
    const text = items.map(({ body }) => body.text).join('\n');
    const { length: count } = items;
    if (!(await copyText(text))) toasts.error(t('code.copy_failed'));
    else toasts.show(count === 1 ? t('message.copied') : t('message.copied_many', { count }));
  }

  /** Whether somebody is choosing messages. */
  get choosing(): boolean {
    return this.#keys !== null;
  }

  /** Those that are chosen and still there, in their order. */
  get chosen(): MessageItem[] {
    const keys = this.#keys;
    if (keys === null) return [];
    return this.app.timeline.items.filter(isMessage).filter((item) => keys.has(item.key));
  }

  isChosen(key: string): boolean {
    return this.#keys?.has(key) === true;
  }

  canChoose(item: TimelineItem): boolean {
    return isMessage(item) && item.seq !== null;
  }

  choose(item: TimelineItem): void {
    if (!this.canChoose(item)) return;
    const keys = new Set(this.#keys);
    if (keys.has(item.key)) keys.delete(item.key);
    else if (keys.size < CHOSEN_MAX) keys.add(item.key);
    else this.app.toasts.error(t('select.most', { count: CHOSEN_MAX }));
    this.#keys = keys;
  }

  stopChoosing(): void {
    this.#keys = null;
  }

  /** To a place of the log that is not loaded. */
  async goTo(seq: number): Promise<void> {
    const error = await this.app.timeline.show(seq);
    if (error !== null) this.app.toasts.error(describeError(error));
  }

  /** To a pinned message. */
  goToPin(pin: PinView): void {
    if (!this.jump(pin.message)) void this.goTo(pin.seq);
  }

  /** Goes to a message that is loaded, and says whether it is: given by the timeline. */
  jump: (key: string) => boolean = () => false;
}

const KEY = Symbol('desk');

export function provideDesk(desk: Desk): Desk {
  return setContext(KEY, desk);
}

export function useDesk(): Desk {
  return getContext<Desk>(KEY);
}
