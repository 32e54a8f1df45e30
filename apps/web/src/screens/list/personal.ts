import type { Action } from '../../components/action';
import { listTime } from '../../format/time';
import type { ConversationItem, PersonalView } from '../../generated/types';
import { t } from '../../i18n';
import type { App } from '../../state/app.svelte';

const HOUR_MS = 3_600_000;
/** The end of the year 9999: "for ever", as the core understands it. */
const ALWAYS = Date.UTC(9999, 11, 31);
/** The most that a `seq` can be: everything that is there. */
const ALL = Number.MAX_SAFE_INTEGER;

const times = [
  ['hour', HOUR_MS],
  ['hours', 8 * HOUR_MS],
  ['week', 7 * 24 * HOUR_MS],
] as const;

/** What actions need to know of a conversation. */
export interface Kept {
  id: string;
  title: string;
  unread: number;
  personal: PersonalView;
}

/** How long it is muted, in words; none where it is not. */
export function mutedWords(personal: PersonalView, now: number): string | null {
  const until = personal.muted_until;
  if (until === null) return null;
  return until >= now + 366 * 24 * HOUR_MS
    ? t('list.muted')
    : t('list.muted_until', { when: untilWords(until, now) });
}

function untilWords(until: number, now: number): string {
  // The list's words for times that have been serve for those that come, but for the nearest days.
  return until - now < 20 * HOUR_MS ? listTime(until, until) : listTime(until, until + 8 * 24 * HOUR_MS);
}

/** Whether it stands out as something to read. */
export function isUnread(item: Pick<ConversationItem, 'unread' | 'personal'>): boolean {
  return item.unread > 0 || item.personal.marked_unread;
}

/** For how long it can be muted. */
export function muteActions(app: App, id: string): (Action & { run: () => void })[] {
  const mute = (until: number) => void app.attempt({ type: 'mute_conversation', conversation: id, until });
  return [
    ...times.map(([name, ms]) => ({
      text: t(`mute.${name}`),
      icon: 'clock' as const,
      run: () => mute(Date.now() + ms),
    })),
    { text: t('mute.always'), icon: 'bell_off', run: () => mute(ALWAYS) },
  ];
}

export function unmute(app: App, conversation: string): void {
  void app.attempt({ type: 'mute_conversation', conversation, until: null });
}

/** To this place at the top of the list, or away from there. */
export function pin(app: App, conversation: string, place: number | null): void {
  void app.attempt({ type: 'pin_conversation', conversation, place });
}

/** Archives it, or brings it back. */
export async function archive(app: App, kept: Pick<Kept, 'id' | 'title' | 'personal'>): Promise<void> {
  const { id: conversation, title, personal } = kept;
  const archived = !personal.archived;
  if (!(await app.attempt({ type: 'archive_conversation', conversation, archived }))) return;
  app.toasts.show(t(archived ? 'list.archived' : 'list.unarchived', { title }));
}

function markRead(app: App, { id: conversation, unread, personal }: Kept): void {
  if (personal.marked_unread) void app.attempt({ type: 'mark_unread', conversation, unread: false });
  if (unread > 0) void app.attempt({ type: 'mark_read', conversation, seq: ALL });
}

/** What one can do with a conversation for oneself. */
export function personalActions(app: App, kept: Kept): Action[] {
  const { id, personal } = kept;
  return [
    isUnread(kept)
      ? { text: t('list.mark_read'), icon: 'check', run: () => markRead(app, kept) }
      : {
          text: t('list.mark_unread'),
          icon: 'unread',
          run: () => void app.attempt({ type: 'mark_unread', conversation: id, unread: true }),
        },
    personal.pinned
      ? { text: t('list.unpin'), icon: 'unpin', run: () => pin(app, id, null) }
      : { text: t('list.pin'), icon: 'pin', run: () => pin(app, id, 0) },
    personal.muted_until !== null
      ? { text: t('list.unmute'), icon: 'bell', run: () => unmute(app, id) }
      : { text: t('list.mute'), icon: 'bell_off', more: muteActions(app, id) },
    {
      text: personal.archived ? t('list.unarchive') : t('list.archive'),
      icon: personal.archived ? 'unarchive' : 'archive',
      separated: true,
      run: () => void archive(app, kept),
    },
  ];
}
