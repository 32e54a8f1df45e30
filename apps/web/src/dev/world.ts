import type {
  Allowed,
  BannedPerson,
  ConversationItem,
  ConversationKind,
  DeliveryState,
  GroupSettings,
  ItemBody,
  JoinRequest,
  Limits,
  MemberView,
  MessageActions,
  PersonalView,
  PresenceState,
  Profile,
  NotifyRule,
  RequestState,
  Role,
  TimelineHeader,
  TimelineItem,
  ScheduledView,
} from '../generated/types';
import { noChanges, pinsOf, type Changes } from './messages';
import { idOf, people } from './people';
import { trustOf } from './trust';

export const limits: Limits = {
  frame_bytes_max: 262_144,
  message_text_bytes_max: 32_768,
  sealed_bytes_max: 131_072,
  cursors_max: 1_000,
  page_events_max: 100,
  page_conversations_max: 50,
  watched_users_max: 200,
  typing_shown_ms: 6_000,
  typing_interval_ms: 3_000,
  idle_ping_ms: 30_000,
  group_members_max: 5_000,
  edit_window_ms: 86_400_000,
  delete_window_ms: -1,
  link_previews: true,
  media: {
    file_bytes_max: 104_857_600,
    account_bytes_max: 5_368_709_120,
    uploads_max: 32,
    chunk_bytes: 4_194_304,
    attachments_max: 20,
    caption_bytes_max: 1_024,
    image_pixels_max: 50_000_000,
  },
  scheduled_max: 100,
  scheduled_ahead_ms_max: 31_708_800_000,
  polls: { question_graphemes_max: 300, option_graphemes_max: 100, options_max: 12 },
  encryption: {
    members_max: 500,
    handshake_bytes_max: 131_072,
    welcome_bytes_max: 393_216,
    key_package_bytes_max: 8_192,
    key_packages_max: 100,
  },
};

/** A conversation of the scripted world: all of its log, of which a timeline shows the end. */
export interface Room {
  id: string;
  kind: ConversationKind;
  title: string;
  members: { profile: Profile; role: Role; presence: PresenceState | null }[];
  lastSeen: number | null;
  log: TimelineItem[];
  /** Everything up to here has been read by whoever looks. */
  readSeq: number;
  typing: string[];
  draft: string;
  kept: Kept;
  changes: Changes;
  scheduled: ScheduledView[];
  settings: GroupSettings;
  /** Who waits to be let in, and who is kept out. */
  requests: JoinRequest[];
  bans: BannedPerson[];
  encrypted: boolean;
}

/** What whoever looks keeps of it for themselves. */
export interface Kept {
  /** Archived when the log was so long; none where it is not. */
  archivedAt: number | null;
  pinned: boolean;
  mutedUntil: number | null;
  markedUnread: boolean;
  request: RequestState;
  /** Whoever it is with was blocked, and had not asked. */
  blocked?: boolean;
  notify: NotifyRule;
}

const MINUTE_MS = 60_000;
/** How many members a header lists. */
const LISTED = 32;

export function personalOf({ kept, log }: Room): PersonalView {
  const { archivedAt, pinned, mutedUntil, markedUnread, request, notify } = kept;
  return {
    archived: archivedAt !== null && (mutedUntil !== null || log.length <= archivedAt),
    pinned,
    muted_until: mutedUntil,
    marked_unread: markedUnread,
    request,
    notify,
  };
}

let made = 0;

/** The next item's key. */
export function nextKey(): string {
  made += 1;
  return idOf(9, made);
}

function itemOf(sender: Profile, at: number, body: ItemBody, seq: number): TimelineItem {
  const mine = sender.user === people.me.user;
  return {
    key: nextKey(),
    seq,
    at,
    sender: sender.user,
    sender_name: sender.name,
    sender_avatar: mine ? null : (sender.face?.avatar ?? null),
    mine,
    continues: false,
    body,
    delivery: mine && body.type === 'message' ? { state: 'read' } : null,
  };
}

/** What whoever looks may do with a message here. */
function mayIn(room: Room, mine: boolean): MessageActions {
  const keeps = room.kind === 'direct' || roleIn(room) !== 'member';
  return {
    reply: true,
    edit: mine,
    delete: mine || (room.kind === 'group' && keeps),
    react: true,
    pin: keeps,
    forward: true,
  };
}

/** Puts an entry at the end of a room's log. */
export function append(room: Room, sender: Profile, at: number, body: ItemBody): TimelineItem {
  const previous = room.log.at(-1);
  const item = itemOf(sender, at, body, room.log.length + 1);
  item.continues =
    previous !== undefined &&
    body.type === 'message' &&
    previous.body.type === 'message' &&
    previous.sender === item.sender &&
    at - previous.at <= 5 * MINUTE_MS;
  if (item.body.type === 'message') item.body.can = mayIn(room, item.mine);
  room.log.push(item);
  return item;
}

export function message(text: string, answers: TimelineItem | null = null): ItemBody {
  const reply =
    answers?.body.type === 'message'
      ? {
          message: answers.key,
          seq: answers.seq,
          sender_name: answers.sender_name,
          text: answers.body.text.slice(0, 160),
        }
      : null;
  const can = { reply: false, edit: false, delete: false, react: false, pin: false, forward: false };
  return {
    type: 'message',
    text,
    reply,
    attachments: [],
    edited_at: null,
    reactions: [],
    pinned: false,
    can,
  };
}

export function newRoom(
  number: number,
  kind: ConversationKind,
  title: string,
  members: Room['members'],
): Room {
  return {
    id: idOf(2, number),
    kind,
    title,
    members,
    lastSeen: null,
    log: [],
    readSeq: 0,
    typing: [],
    draft: '',
    kept: {
      archivedAt: null,
      pinned: false,
      mutedUntil: null,
      markedUnread: false,
      request: 'accepted',
      notify: 'all',
    },
    changes: noChanges(),
    scheduled: [],
    settings: { topic: '', announcements: false, history: 'none' },
    requests: [],
    bans: [],
    encrypted: false,
  };
}

export function unreadOf(room: Room): number {
  return room.log.filter(
    (item) => !item.mine && item.body.type === 'message' && (item.seq ?? 0) > room.readSeq,
  ).length;
}

function roleIn(room: Room): Role {
  return room.members.find((member) => member.profile.user === people.me.user)?.role ?? 'member';
}

function allowedIn(room: Room): Allowed {
  const role = roleIn(room);
  const group = room.kind === 'group';
  const owners = room.members.filter((member) => member.role === 'owner').length;
  const runs = group && (role === 'owner' || role === 'admin');
  const send = runs || !room.settings.announcements;
  return {
    send,
    attach: send,
    ask: send,
    schedule: send,
    rename: runs,
    add_members: runs,
    remove_members: group && role !== 'member',
    change_roles: runs,
    hand_over: group && role === 'owner',
    step_down: group && role !== 'member' && (role !== 'owner' || owners > 1),
    change_settings: runs,
    set_timer: runs || !group,
    manage_invites: runs,
    ban: group && role !== 'member',
    leave: group && (role !== 'owner' || owners > 1),
  };
}

function memberViews(room: Room): MemberView[] {
  return room.members.slice(0, LISTED).map(({ profile, role, presence }) => ({
    user: profile.user,
    handle: profile.handle,
    name: profile.name,
    role,
    me: profile.user === people.me.user,
    avatar: profile.face?.avatar ?? null,
    status: profile.face?.status ?? null,
    presence,
    ...(room.encrypted && profile.user !== people.me.user ? { trust: trustOf(profile.user) } : {}),
  }));
}

function peerOf(room: Room) {
  return room.kind === 'direct'
    ? room.members.find((member) => member.profile.user !== people.me.user)
    : undefined;
}

export function itemFor(room: Room): ConversationItem {
  const last = room.log.findLast(({ body }) => body.type === 'message' || body.type === 'deleted');
  const peer = peerOf(room);
  return {
    id: room.id,
    kind: room.kind,
    title: room.title,
    peer: peer?.profile.user ?? null,
    presence: peer?.presence ?? null,
    preview:
      last !== undefined
        ? {
            sender_name: last.sender_name.split(' ')[0] ?? last.sender_name,
            mine: last.mine,
            text: last.body.type === 'message' ? last.body.text.replace(/\s+/g, ' ').slice(0, 120) : '',
            attachments: last.body.type === 'message' ? last.body.attachments.map(({ file }) => file) : [],
            deleted: last.body.type === 'deleted',
            delivery: last.delivery,
          }
        : null,
    avatar: peer?.profile.face?.avatar ?? room.settings.avatar ?? null,
    status: peer?.profile.face?.status ?? null,
    last_at: room.log.at(-1)?.at ?? 0,
    unread: room.kept.request === 'accepted' ? unreadOf(room) : 0,
    personal: personalOf(room),
    join_requests: room.requests.length,
    typing: room.typing,
    draft: room.draft === '' ? null : room.draft,
    ...(room.encrypted ? { encrypted: true } : {}),
  };
}

/** Whom a request is of. */
function strangerIn(room: Room): string {
  return room.members.find(({ profile }) => profile.user !== people.me.user)?.profile.name ?? '';
}

export function headerFor(
  room: Room,
  firstUnread: number | null,
  hasOlder: boolean,
  loadingOlder: boolean,
  hasNewer = false,
): TimelineHeader {
  const peer = peerOf(room);
  return {
    conversation: room.id,
    kind: room.kind,
    title: room.title,
    peer: peer?.profile.user ?? null,
    presence: peer?.presence ?? null,
    last_seen: room.lastSeen,
    avatar: peer?.profile.face?.avatar ?? room.settings.avatar ?? null,
    about: peer?.profile.face?.about ?? '',
    status: peer?.profile.face?.status ?? null,
    member_count: room.members.length,
    members: memberViews(room),
    role: roleIn(room),
    allowed: allowedIn(room),
    settings: room.settings,
    join_requests: allowedIn(room).manage_invites ? room.requests.length : 0,
    asked_by: room.kept.request === 'accepted' || room.kept.blocked === true ? null : strangerIn(room),
    typing: room.typing,
    first_unread: firstUnread,
    has_older: hasOlder,
    loading_older: loadingOlder,
    unread: unreadOf(room),
    personal: personalOf(room),
    draft: room.draft,
    pinned: pinsOf(room),
    ...(room.scheduled.length > 0 ? { scheduled: room.scheduled } : {}),
    has_newer: hasNewer,
    ...(room.encrypted ? { encrypted: true } : {}),
  };
}

export function failed(code: string): DeliveryState {
  return { state: 'failed', code };
}
