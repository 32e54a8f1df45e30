import type { ConversationItem, Update } from '../generated/types';
import { applySplices } from './splice';

/** The list of conversations, as the core orders it. */
export class Conversations {
  items = $state.raw<readonly ConversationItem[]>([]);
  hasMore = $state.raw(false);
  /** Before this an empty list means "not known yet". */
  loaded = $state.raw(false);

  unread = $derived(this.items.reduce((sum, item) => sum + item.unread, 0));

  apply(update: Extract<Update, { type: 'conversations' }>): void {
    if (update.splices.length > 0) this.items = applySplices(this.items, update.splices);
    this.hasMore = update.has_more;
    this.loaded = update.loaded;
  }

  forget(): void {
    this.items = [];
    this.hasMore = false;
    this.loaded = false;
  }
}
