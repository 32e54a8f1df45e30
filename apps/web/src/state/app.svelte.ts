import { getContext, setContext } from 'svelte';

import { PROTOCOL, type Core } from '../core/contract';
import { withoutMarks } from '../format/text';
import type {
  ArchivesView,
  Command,
  ConnectionView,
  ConversationId,
  ListFilter,
  MessageId,
  Privacy,
  Reply,
  Seq,
  SessionView,
  StorageView,
  TimelineItem,
  Unsent,
  Update,
  UserId,
} from '../generated/types';
import { describeCode, describeError } from '../i18n/errors';
import { t } from '../i18n';
import { Links } from '../media/links.svelte';
import { SealedFiles } from '../media/sealed.svelte';
import { Streams } from '../media/streams';
import { KeptPictures } from '../media/kept.svelte';
import { forgetAllLocal } from '../media/local';
import type { Shared } from '../share/take';
import { Conversations } from './conversations.svelte';
import { Drafts } from './drafts.svelte';
import { CommandFailure, expectReply } from './failure';
import { Health } from './health.svelte';
import { Install } from './install.svelte';
import { Router } from './router.svelte';
import { Search } from './search.svelte';
import { Timeline } from './timeline.svelte';
import { Toasts } from './toasts.svelte';

/** The dialogs that any screen can open. */
export type DialogName =
  | 'new-chat'
  | 'new-group'
  | 'share'
  | 'add-members'
  | 'new-poll'
  | 'scheduled'
  | 'group-settings'
  | 'timer'
  | 'group-picture'
  | 'group-links'
  | 'bans'
  | 'roles'
  | 'hand-over'
  | 'invite'
  | 'profile'
  | 'notifications'
  | 'appearance'
  | 'settings'
  | 'devices'
  | 'get-messages'
  | 'give-messages'
  | 'recovery-code'
  | 'enter-recovery'
  | 'shortcuts'
  | 'verify'
  | 'report'
  | 'sign-out';

/** Whose safety number is compared. */
export interface Verifying {
  readonly user: UserId;
  readonly name: string;
}

/** Who is reported, and what of theirs is shown. */
export interface Reporting {
  readonly user: UserId;
  readonly name: string;
  /** Messages of theirs in the open conversation. */
  readonly messages: readonly TimelineItem[];
  /** It was sent. */
  readonly ondone?: () => void;
}

const NO_ARCHIVES: ArchivesView = { waiting: [], giving: null, taking: null, has_gap: false, backup: null };

/** What is to be written in a conversation that was chosen for it. */
export interface Handed extends Shared {
  readonly conversation: ConversationId;
  /** What was put aside that it is: the core keeps that until the words are kept there. */
  readonly messages: readonly MessageId[];
}

/** What somebody is to find a conversation for. */
export interface Offered extends Shared {
  /** Why it could not be sent where it was written for; null where that was not chosen yet. */
  readonly why: string | null;
}

/** All that the views share. It holds what the core said last and passes on what people want; it decides nothing. */
export class App {
  /** Null until the core has said who is signed in. */
  session = $state.raw<SessionView | null>(null);
  connection = $state.raw<ConnectionView>({ state: 'connecting' });
  storage = $state.raw<StorageView>('durable');
  /** What others may see and do; null until somebody has asked. */
  privacy = $state.raw<Privacy | null>(null);
  /** What this device and the others hand over to each other. */
  archives = $state.raw<ArchivesView>(NO_ARCHIVES);
  dialog = $state.raw<DialogName | null>(null);
  /** Whom the dialog `verify` is about. */
  verifying = $state.raw<Verifying | null>(null);
  /** What the dialog `report` is about. */
  reporting = $state.raw<Reporting | null>(null);
  /** How often something became known about anybody's devices. */
  trustChanges = $state(0);
  /** What waits until it is chosen where it goes. */
  offered = $state.raw<Offered | null>(null);
  /** The same, for the composer of the conversation that was chosen. */
  handed = $state.raw<Handed | null>(null);
  /** What was written to conversations that one is not in any more, until somebody has seen it. */
  unsent = $state.raw<readonly Unsent[]>([]);
  /** What was seen of that since the page was opened. */
  readonly #seen = new Set<MessageId>();
  /** Conversations that one is not in any more, until what is shown of them elsewhere is taken away. */
  gone = $state.raw<readonly ConversationId[]>([]);
  detailsOpen = $state(false);
  /** Whether the open conversation is being searched. */
  finding = $state(false);

  readonly conversations = new Conversations();
  readonly timeline: Timeline;
  readonly drafts: Drafts;
  readonly health = new Health();
  readonly install = new Install();
  readonly toasts = new Toasts();
  readonly router = new Router();
  readonly links: Links;
  /** Small pictures for when there is no line. */
  readonly kept: KeptPictures;
  /** Files of encrypted conversations. */
  readonly sealed: SealedFiles;
  /** Those of them that play as they come. */
  readonly streams: Streams;
  readonly search = new Search(this);

  #core: Core;
  readonly newId: () => string;

  constructor(core: Core, newId: () => string) {
    this.#core = core;
    this.newId = newId;
    this.timeline = new Timeline(core, (items) => this.#announce(items));
    this.drafts = new Drafts((command) => core.send(command));
    this.links = new Links(async (blobs) => {
      const reply = await core.send({ type: 'get_blob_links', blobs });
      if (reply.type !== 'blob_links') return null;
      this.kept.know(reply.kept);
      return reply;
    });
    this.kept = new KeptPictures((command) => core.send(command));
    this.sealed = new SealedFiles(this.links);
    this.streams = new Streams((file, from, to) => this.sealed.stream(file, from, to));
  }

  /** Starts to listen. Returns the function that stops it. */
  start(): () => void {
    const stop = this.#core.subscribe((update) => this.#apply(update));
    const visible = () => this.tell({ type: 'set_visible', visible: document.visibilityState === 'visible' });
    const online = () => this.tell({ type: 'set_online', online: navigator.onLine });
    document.addEventListener('visibilitychange', visible);
    addEventListener('online', online);
    addEventListener('offline', online);
    visible();
    online();
    return () => {
      stop();
      document.removeEventListener('visibilitychange', visible);
      removeEventListener('online', online);
      removeEventListener('offline', online);
    };
  }

  get me() {
    return this.session?.state === 'signed_in' ? this.session.me : null;
  }

  get limits() {
    return this.session?.state === 'signed_in' ? this.session.limits : null;
  }

  /** How many bytes one's own files have on the server; null where it cannot be asked. */
  async storageUse(): Promise<number | null> {
    try {
      return (await this.ask({ type: 'get_storage_use' }, 'storage_use')).used_bytes;
    } catch {
      return null;
    }
  }

  /** Whether the server speaks another version of the protocol than this app; false where it cannot be asked. */
  async isOfOtherVersion(): Promise<boolean> {
    try {
      return (await this.ask({ type: 'get_server_info' }, 'server_info')).info.protocol !== PROTOCOL;
    } catch {
      return false;
    }
  }

  get serverName(): string {
    return this.session?.state === 'signed_in' ? this.session.server_name : '';
  }

  /** Keeps a file's bytes on this device until its message has been sent. Resolves to null, or to the code of what is wrong. */
  keep(blob: string, file: Blob): Promise<string | null> {
    return this.#core.keep(blob, file);
  }

  /** Asks, and throws a `CommandFailure` where it did not work. */
  async ask<T extends Reply['type']>(command: Command, type: T): Promise<Extract<Reply, { type: T }>> {
    return expectReply(await this.#core.send(command), type);
  }

  /** Does, and says in a toast where it did not work. Resolves to whether it did. */
  async attempt(command: Command): Promise<boolean> {
    try {
      await this.ask(command, 'done');
      return true;
    } catch (error) {
      this.toasts.error(describeFailure(error));
      return false;
    }
  }

  /** To be put where somebody chooses, with what waits for that already. */
  offer({ text, files }: Shared, why: string | null): void {
    const before = this.offered;
    this.offered = {
      text: [before?.text ?? '', text].filter((part) => part !== '').join('\n'),
      files: [...(before?.files ?? []), ...files],
      why: why ?? before?.why ?? null,
    };
  }

  /** Somebody has seen this of what was put aside: it is shown again when the app is next opened, unless it is discarded. */
  seeUnsent(messages: readonly MessageId[]): void {
    for (const message of messages) this.#seen.add(message);
    this.#showUnsent(this.unsent);
  }

  /** This of what was put aside is not needed any more. */
  discardUnsent(messages: readonly MessageId[]): void {
    for (const message of messages) this.tell({ type: 'discard_message', message });
  }

  #showUnsent(items: readonly Unsent[]): void {
    this.unsent = items.filter(({ message }) => !this.#seen.has(message));
  }

  /** Tells the core something whose failure means nothing to the person. */
  tell(command: Command): void {
    void this.#core.send(command);
  }

  verify(user: UserId, name: string): void {
    this.verifying = { user, name };
    this.dialog = 'verify';
  }

  report(about: Reporting): void {
    this.reporting = about;
    this.dialog = 'report';
  }

  filterConversations(filter: ListFilter): void {
    this.conversations.filter = filter;
    this.tell({ type: 'set_list_filter', filter });
  }

  openConversation(id: string): void {
    if (this.router.current.name === 'conversation') this.router.replace({ name: 'conversation', id });
    else this.router.go({ name: 'conversation', id });
  }

  /** Opens the conversation with somebody, made where there is none; `ready` is called before it is shown. */
  async openDirect(user: UserId, ready?: () => void, encrypted = false): Promise<void> {
    try {
      const { conversation } = await this.ask({ type: 'create_direct', user, encrypted }, 'conversation');
      ready?.();
      this.openConversation(conversation);
    } catch (error) {
      this.toasts.error(describeFailure(error));
    }
  }

  /** Opens a conversation around a place of its log. What lies over one that is open stays: it may be what leads there. */
  async openAt(conversation: string, seq: Seq): Promise<void> {
    const { current } = this.router;
    if (current.name !== 'conversation' || current.id !== conversation) this.openConversation(conversation);
    this.timeline.open(conversation);
    const error = await this.timeline.show(seq);
    if (error !== null) this.toasts.error(describeError(error));
  }

  /** Answers and what another device has changed come in any order: the later state stays. */
  learnPrivacy(privacy: Privacy): void {
    if (privacy.changed_at >= (this.privacy?.changed_at ?? 0)) this.privacy = privacy;
  }

  #apply(update: Update): void {
    switch (update.type) {
      case 'session':
        this.#applySession(update.session);
        break;
      case 'connection':
        this.connection = update.connection;
        break;
      case 'storage':
        this.storage = update.storage;
        break;
      case 'conversations':
        this.conversations.apply(update);
        break;
      case 'timeline':
        this.timeline.apply(update);
        break;
      case 'timeline_gone':
        this.timeline.applyGone(update.conversation);
        break;
      case 'conversation_gone':
        this.#applyGone(update);
        break;
      case 'unsent':
        this.#showUnsent(update.items);
        break;
      case 'privacy':
        this.learnPrivacy(update.privacy);
        break;
      case 'trust':
        this.trustChanges += 1;
        break;
      case 'archives':
        this.archives = update.archives;
        break;
      case 'setting_refused':
        this.toasts.error(t('setting.refused', { why: describeCode(update.code) }));
        break;
      case 'change_refused':
        this.toasts.error(t('message.refused', { why: describeCode(update.code) }));
        break;
    }
  }

  #applyGone({ conversation, name, removed }: Extract<Update, { type: 'conversation_gone' }>): void {
    this.gone = [...this.gone, conversation];
    // Where it is open, it says so in its place.
    if (!removed || this.timeline.wanted === conversation) return;
    this.toasts.show(name === '' ? t('chat.removed.unnamed') : t('chat.removed', { name }), 'news');
  }

  #applySession(session: SessionView): void {
    const before = this.session?.state;
    this.session = session;
    if (session.state === 'signed_out') {
      this.dialog = null;
      this.offered = null;
      this.handed = null;
      this.unsent = [];
      this.#seen.clear();
      this.privacy = null;
      this.archives = NO_ARCHIVES;
      this.detailsOpen = false;
      this.finding = false;
      this.search.clear();
      this.timeline.close();
      if (this.conversations.filter !== 'all') this.filterConversations('all');
      this.conversations.forget();
      this.drafts.forget();
      this.links.forget();
      this.kept.forget();
      this.sealed.forget();
      this.streams.forget();
      forgetAllLocal();
      // Why it happened is said where one signs in again.
      if (before === 'signed_in') this.router.replace({ name: 'home' });
    }
  }

  #announce(items: readonly TimelineItem[]): void {
    const texts = items.flatMap((item) =>
      item.body.type === 'message'
        ? [t('live.message', { sender: item.sender_name, text: withoutMarks(item.body.text).slice(0, 280) })]
        : [],
    );
    if (texts.length > 0) this.toasts.say(texts, (count) => t('live.messages', { count }));
  }
}

/** What to say about something that was caught. */
export function describeFailure(error: unknown): string {
  return error instanceof CommandFailure ? describeError(error.error) : describeCode('unknown');
}

const KEY = Symbol('app');

export function provideApp(app: App): void {
  setContext(KEY, app);
}

/** The same, for a component that a test renders alone. */
export function contextOf(app: App): Map<unknown, unknown> {
  return new Map([[KEY, app]]);
}

export function useApp(): App {
  return getContext<App>(KEY);
}
