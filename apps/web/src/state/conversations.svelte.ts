import type { ConversationItem, ListFilter, Update } from '../generated/types';
import { titled } from './notes';
import { applySplices } from './splice';

/** The list of conversations, as the core orders it. */
export class Conversations {
  /** Which ones it has. */
  filter = $state.raw<ListFilter>('all');
  items = $state.raw<readonly ConversationItem[]>([]);
  hasMore = $state.raw(false);
  /** Before this an empty list means "not known yet". */
  loaded = $state.raw(false);
  /** How many message requests wait, whatever the list shows. */
  requests = $state.raw(0);

  /** How many messages there are to read: those of what is muted do not ask to be. */
  unread = $derived(
    this.items.reduce((sum, { unread, personal }) => sum + (personal.muted_until === null ? unread : 0), 0),
  );

  apply(update: Extract<Update, { type: 'conversations' }>): void {
    const splices = update.splices.map((splice) => ({ ...splice, insert: splice.insert.map(titled) }));
    if (splices.length > 0) this.items = applySplices(this.items, splices);
    this.hasMore = update.has_more;
    this.loaded = update.loaded;
    this.requests = update.requests;
  }

  forget(): void {
    this.filter = 'all';
    this.items = [];
    this.hasMore = false;
    this.loaded = false;
    this.requests = 0;
  }
}
