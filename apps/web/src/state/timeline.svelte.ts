import type { Core } from '../core/contract';
import type { Command, CommandError, Seq, TimelineHeader, TimelineItem, Update } from '../generated/types';
import { titled } from './notes';
import { applySplices, countPrepended } from './splice';

type TimelineUpdate = Extract<Update, { type: 'timeline' }>;

/** The open timeline: what the core says of it, and nothing else. */
export class Timeline {
  /** The conversation that is to be shown. */
  wanted = $state<string | null>(null);
  #header = $state.raw<TimelineHeader | null>(null);
  #items = $state.raw<readonly TimelineItem[]>([]);
  /** Whether the last change put items before the first one only: the scroll position is kept from the end. */
  prepended = $state.raw(false);
  /** How often the list began anew: at its end, or around a place. A view of it is made anew with it. */
  generation = $state.raw(0);
  /** The place that it was opened at; null where that is its end. */
  target = $state.raw<Seq | null>(null);
  /** The conversation that is no longer there. */
  gone = $state.raw<string | null>(null);
  /** Why it could not be opened. */
  error = $state.raw<CommandError | null>(null);

  #core: Core;
  #handles = $derived.by(() => {
    const members = this.#header?.kind === 'group' ? this.#header.members : [];
    return new Map(members.map(({ handle, me }) => [handle.toLowerCase(), me]));
  });
  #opening: Promise<void> = Promise.resolve();
  /** Where the list that is to come begins anew; what is shown stays until then. */
  #coming: { target: Seq | null } | null = null;
  #onArrival: (items: readonly TimelineItem[]) => void;

  constructor(core: Core, onArrival: (items: readonly TimelineItem[]) => void) {
    this.#core = core;
    this.#onArrival = onArrival;
  }

  /** The header of the wanted conversation, once it is known. */
  get header(): TimelineHeader | null {
    return this.#header?.conversation === this.wanted ? titled(this.#header) : null;
  }

  /** Who can be mentioned here: by handle, in lower case; true for oneself. */
  get handles(): ReadonlyMap<string, boolean> {
    return this.#handles;
  }

  get items(): readonly TimelineItem[] {
    return this.header === null ? [] : this.#items;
  }

  open(conversation: string): void {
    if (this.wanted === conversation) return;
    this.wanted = conversation;
    this.#settle();
  }

  close(): void {
    if (this.wanted === null) return;
    this.wanted = null;
    this.#settle();
  }

  /** Tries again after an error. */
  reopen(): void {
    this.#settle();
  }

  /**
   * Shows another part of the open conversation: what is around a place of its log, or its end (null). What is shown stays
   * until that comes. Gives the error where the place could not be shown; then the end is.
   */
  async show(target: Seq | null): Promise<CommandError | null> {
    const conversation = this.wanted;
    let error: CommandError | null = null;
    this.#opening = this.#opening.then(async () => {
      if (conversation === null || this.header?.conversation !== conversation) return;
      // After the answer to this nothing comes of the list as it was.
      await this.#core.send({ type: 'close_timeline' });
      error = await this.#show(conversation, target);
      if (error !== null && target !== null && this.wanted === conversation)
        this.error = await this.#show(conversation, null);
      // It is closed or shows something else now.
      if (this.wanted !== conversation) this.#forget();
    });
    await this.#opening;
    return error;
  }

  async #show(conversation: string, target: Seq | null): Promise<CommandError | null> {
    this.#coming = { target };
    const reply = await this.#core.send(
      target === null
        ? { type: 'open_timeline', conversation }
        : { type: 'open_timeline_at', conversation, seq: target },
    );
    if (reply.type !== 'failed') return null;
    this.#coming = null;
    return reply.error;
  }

  /** One open or close after the other, so that updates of one conversation are never taken for another's. */
  #settle(): void {
    this.error = null;
    this.gone = null;
    const target = this.wanted;
    this.#opening = this.#opening.then(async () => {
      if (this.wanted !== target) return;
      if (target === null) {
        await this.#core.send({ type: 'close_timeline' });
        // Not before: what was on its way until then is no beginning of the same conversation.
        this.#forget();
        return;
      }
      if (this.#header?.conversation === target) return;
      this.#forget();
      const open: Command = { type: 'open_timeline', conversation: target };
      let reply = await this.#core.send(open);
      // There was no room for what the core had to write at the same time; to open it takes none.
      if (reply.type === 'failed' && reply.error.code === 'storage') reply = await this.#core.send(open);
      if (reply.type !== 'failed') return;
      this.#forget();
      if (this.wanted === target) this.error = reply.error;
    });
  }

  #forget(): void {
    this.#header = null;
    this.#items = [];
    this.prepended = false;
    this.target = null;
    this.#coming = null;
  }

  apply(update: TimelineUpdate): void {
    const before = this.#header;
    const anew = this.#coming !== null && update.header.conversation === this.wanted;
    const known = !anew && before?.conversation === update.header.conversation;
    const previous = known ? this.#items : [];
    this.#header = update.header;
    if (anew) {
      this.target = this.#coming?.target ?? null;
      this.#coming = null;
      this.generation += 1;
    }
    if (update.splices.length === 0 && known) return;
    const next = applySplices(previous, update.splices);
    const front = countPrepended(previous, next, (item) => item.key);
    this.prepended = front > 0 && next.length - previous.length === front;
    this.#items = next;
    // What comes below an older part is not new.
    const newest = before !== null && !before.has_newer;
    if (known && newest && previous.length > 0 && update.header.conversation === this.wanted) {
      this.#announce(previous, next.slice(front));
    }
  }

  #announce(previous: readonly TimelineItem[], next: readonly TimelineItem[]): void {
    const grown = next.length - previous.length;
    if (grown <= 0) return;
    const had = new Set(previous.slice(-grown - 64).map((item) => item.key));
    const arrived = next.slice(-grown - 8).filter((item) => !had.has(item.key) && !item.mine);
    if (arrived.length > 0) this.#onArrival(arrived);
  }

  applyGone(conversation: string): void {
    if (this.wanted === conversation) this.gone = conversation;
    if (this.#header?.conversation === conversation) this.#forget();
  }
}
