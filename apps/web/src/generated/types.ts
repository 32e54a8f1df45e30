// Written by `cargo xtask gen` from the Rust types. Do not edit.

/** What somebody who makes an account fills in. */
export type AccountForm = {
  /** The unique name. */
  handle: string,
  /** The name to show. */
  name: string,
  /** The password. */
  password: string,
  /** The name of this device. */
  device_name: string, };

/** See [`ServerFrame::Ack`]. */
export type Ack = {
  /** Of the request. */
  id: RequestId,
  /** Which message; the id of the change, where it was one. */
  message: MessageId,
  /** In which conversation. */
  conversation: ConversationId,
  /** Its place in the log. */
  seq: Seq,
  /** When it was put there. */
  at: Timestamp, };

/** What one may do in a conversation: what the view offers. The server decides again. */
export type Allowed = {
  /** Write messages. */
  send: boolean,
  /** Send files with them, and what pages say that they link to. */
  attach: boolean,
  /** Ask the people here something. */
  ask: boolean,
  /** Have messages sent later. */
  schedule: boolean,
  /** Rename the group. */
  rename: boolean,
  /** Add people. */
  add_members: boolean,
  /** Remove members below one's own role. */
  remove_members: boolean,
  /** Change the roles of members below one's own. */
  change_roles: boolean,
  /** Make others owners. */
  hand_over: boolean,
  /** Take a lower role oneself. */
  step_down: boolean,
  /** Change what the group is about and who writes in it. */
  change_settings: boolean,
  /** Choose after which time messages are erased. */
  set_timer: boolean,
  /** Make links into the group and let people in. */
  manage_invites: boolean,
  /** Keep people out, and lift that. */
  ban: boolean,
  /** Leave. */
  leave: boolean, };

/** What an account's devices have of encrypted conversations, sealed. Made by the device that asks for it or begins it. */
export type ArchiveId = string;

/** What the account's devices hand over to each other of encrypted conversations. */
export type ArchivesView = {
  /** Devices that wait for being told their code, oldest first. */
  waiting: Array<WaitingDevice>,
  /** What this device hands over, or has handed over last. */
  giving: HandoverView | null,
  /** What this device gets, or has got; none where it has never asked. */
  taking: TakingView | null,
  /** Whether there is something from before this device came in that it has not asked for. */
  has_gap: boolean,
  /** How it stands with the account's backup; none where that is not known yet. */
  backup: BackupView | null, };

/** A file of a message. */
export type Attachment = {
  /** Which one. */
  blob: BlobId,
  /** What it is called, without folders and without characters that turn the direction of writing. The server's word. */
  name: string,
  /** What it is, by its content: such as `image/jpeg`, or `application/octet-stream` where that is not known. The server's word. */
  media_type: string,
  /** How many bytes it has. The server's word. */
  size: number,
  /** A picture's width in pixels, as it is shown. The server's word; none for anything that it has no smaller pictures of. */
  width?: number,
  /** A picture's height in pixels. The server's word. */
  height?: number,
  /** A blurred picture to show while the real one is fetched: a `ThumbHash` in standard base64. The server's word. */
  preview?: string,
  /** How long it plays, milliseconds. The sender's word. */
  duration_ms?: number,
  /** How loud a voice note is over its time: at most [`WAVEFORM_LEVELS_MAX`] bytes in standard base64. The sender's word. */
  waveform?: string,
  /** What it shows, also for those who cannot see it; at most [`CAPTION_BYTES_MAX`] bytes. The sender's word. */
  caption?: string,
  /** What opens it, where it is sealed: inside a sealed message, and nowhere else. */
  seal?: FileSeal, };

/** A file of a message. */
export type AttachmentView = {
  /** What is known of it. */
  file: Attachment,
  /** How far it has come, where this device is sending it. */
  upload: UploadView | null, };

/** Another picture, or none. */
export type AvatarChange = {
  /** The picture; left out where there is to be none. */
  blob?: BlobId, };

/** What a device does for the account's backup. */
export type BackupState = { "state": "off" }
| { "state": "locked" }
| { "state": "restoring",
  /** So many parts are here, */
  done: number,
  /** of so many. */
  total: number, }
| { "state": "running" }
| { "state": "kept" }
| { "state": "failed",
  /** Why: the code of the error. */
  code: string, };

/** How it stands with the account's backup. */
export type BackupView = {
  /** What this device does for it. */
  state: BackupState,
  /** When this device saw last that everything is in it. */
  at: Timestamp | null,
  /** How many bytes it has. */
  size: number,
  /** When any device changed it last. */
  changed_at: Timestamp | null, };

/** Somebody who is kept out of a group. */
export type BannedPerson = {
  /** Who. */
  profile: Profile,
  /** Who did it. */
  by: Profile,
  /** When. */
  at: Timestamp, };

/** An uploaded file, made by the device that uploads it, before its first byte. */
export type BlobId = string;

/** Where to fetch a file from. */
export type BlobLink = {
  /** Which file. */
  blob: BlobId,
  /** The path and query on this server. For a smaller picture put `/thumb/320` or `/thumb/1280` before the `?`. */
  path: string, };

/** Somebody whom one blocks. */
export type BlockedPerson = {
  /** Who. */
  profile: Profile,
  /** Since when. */
  at: Timestamp, };

/** See [`ServerFrame::CatchUp`]. */
export type CatchUp = {
  /** Of the `hello` or `sync`. */
  id: RequestId,
  /** Whose log. */
  conversation: ConversationId,
  /** What comes directly after the cursor, in order, without a gap. Empty where nothing does, and where `gap` is set. */
  events: Array<Event>,
  /** The last entry of the log. */
  last_seq: Seq,
  /** More than [`crate::limits::PAGE_EVENTS_MAX`] entries are missing: page them in with `history` when they are wanted. */
  gap: boolean,
  /** Of an encrypted conversation: how far the server knows its group and this device in it. Nothing is sealed before that was compared with the device's
  * own state. */
  group?: GroupHead, };

/** A change of a message as its author's device made it. Sent like a message: kept until it is acknowledged, and sent again with the
* same id where that is in doubt. */
export type Change = {
  /** Of the entry that it becomes; made by the device, the idempotency key. */
  id: EventId,
  /** The conversation of the message. */
  conversation: ConversationId,
  /** Which message. */
  message: MessageId,
  /** What happens to it. */
  change: MessageChange, };

/** Who may do something to somebody. */
export type Circle = "everyone" | "known" | "nobody";

/** A frame from a client. The server refuses unknown types and unknown fields by name. */
export type ClientFrame = { "type": "hello" } & Hello | { "type": "message" } & SendMessage | { "type": "change" } & SendChange | { "type": "receipt" } & SendReceipt | { "type": "typing" } & SendTyping | { "type": "presence" } & SetPresence | { "type": "watch" } & Watch | { "type": "sync" } & Sync | { "type": "history" } & History | { "type": "conversations" } & ListConversations | { "type": "personal" } & SetPersonal | { "type": "ping" } & Ping;

/** What software a client is, for logs and the list of devices. At most 64 bytes each. */
export type ClientInfo = {
  /** Such as `pipit-web`. */
  name: string,
  /** Such as `0.1.0`. */
  version: string, };

/** How a report ended. */
export type ClosedReport = {
  /** When. */
  at: Timestamp,
  /** By whom. */
  by: Profile,
  /** What was done. */
  note: string, };

/** What a view asks. */
export type Command = { "type": "get_server_info" }
| { "type": "get_invite_info",
  /** From the link. */
  token: string, }
| { "type": "set_up",
  /** From the link. */
  token: string,
  /** What to call the server. */
  server_name: string,
  /** The account. */
  account: AccountForm, }
| { "type": "sign_up",
  /** From an invite link, where there is one. */
  invite: string | null,
  /** The account. */
  account: AccountForm, }
| { "type": "sign_in",
  /** The unique name. */
  handle: string,
  /** The password. */
  password: string,
  /** The name of this device. */
  device_name: string, }
| { "type": "sign_out" }
| { "type": "set_visible",
  /** Whether it can. */
  visible: boolean, }
| { "type": "set_online",
  /** Whether there seems to be one. */
  online: boolean, }
| { "type": "load_more_conversations" }
| { "type": "open_timeline",
  /** Of which conversation. */
  conversation: ConversationId, }
| { "type": "close_timeline" }
| { "type": "load_older" }
| { "type": "mark_read",
  /** Of which conversation. */
  conversation: ConversationId,
  /** The last entry that was seen. */
  seq: Seq, }
| { "type": "send_message",
  /** Its id, a UUIDv7 made by the view. */
  message: MessageId,
  /** Where to. */
  conversation: ConversationId,
  /** What it says. */
  text: string,
  /** The message that it answers. */
  reply_to: MessageId | null,
  /** Its files. The view hands their bytes to the driver beside this command, under the same ids. */
  attachments?: Array<NewAttachment>,
  /** What a page says that the text links to, as [`Command::FindPreview`] has found it. */
  preview?: LinkPreview, }
| { "type": "find_preview",
  /** The link. */
  url: string, }
| { "type": "send_poll",
  /** Its id, a UUIDv7 made by the view. */
  message: MessageId,
  /** Where to. */
  conversation: ConversationId,
  /** The question. */
  question: string,
  /** What to choose from. */
  poll: Poll, }
| { "type": "vote",
  /** The idempotency key, a UUIDv7 made by the view. */
  change: EventId,
  /** Where. */
  conversation: ConversationId,
  /** Which poll. */
  message: MessageId,
  /** The places of the options that one chooses, from zero, in order; nothing takes the vote back. */
  options: Array<number>, }
| { "type": "close_poll",
  /** The idempotency key, a UUIDv7 made by the view. */
  change: EventId,
  /** Where. */
  conversation: ConversationId,
  /** Which poll. */
  message: MessageId, }
| { "type": "list_votes",
  /** Where. */
  conversation: ConversationId,
  /** Which poll. */
  message: MessageId, }
| { "type": "schedule_message",
  /** Where to. */
  conversation: ConversationId,
  /** Its id, a UUIDv7 made by the view. */
  message: MessageId,
  /** What it says. */
  text: string,
  /** The message that it answers. */
  reply_to: MessageId | null,
  /** When, by the server's clock. */
  send_at: Timestamp,
  /** The files of a new one, as those of [`Command::SendMessage`]. */
  attachments?: Array<NewAttachment>, }
| { "type": "cancel_scheduled",
  /** Where to. */
  conversation: ConversationId,
  /** Which one. */
  message: MessageId, }
| { "type": "send_scheduled",
  /** Where to. */
  conversation: ConversationId,
  /** Which one. */
  message: MessageId, }
| { "type": "retry_message",
  /** Which one. */
  message: MessageId, }
| { "type": "discard_message",
  /** Which one. */
  message: MessageId, }
| { "type": "edit_message",
  /** The idempotency key, a UUIDv7 made by the view. */
  change: EventId,
  /** Where. */
  conversation: ConversationId,
  /** Which one. */
  message: MessageId,
  /** What it says now. */
  text: string, }
| { "type": "delete_message",
  /** The idempotency key, a UUIDv7 made by the view. */
  change: EventId,
  /** Where. */
  conversation: ConversationId,
  /** Which one. */
  message: MessageId, }
| { "type": "react",
  /** The idempotency key, a UUIDv7 made by the view. */
  change: EventId,
  /** Where. */
  conversation: ConversationId,
  /** To which one. */
  message: MessageId,
  /** With what. */
  emoji: string,
  /** Whether it is to stand. */
  on: boolean, }
| { "type": "pin_message",
  /** The idempotency key, a UUIDv7 made by the view. */
  change: EventId,
  /** Where. */
  conversation: ConversationId,
  /** Which one. */
  message: MessageId,
  /** Whether it is to be pinned. */
  on: boolean, }
| { "type": "forward_messages",
  /** From where. */
  conversation: ConversationId,
  /** Which ones. */
  messages: Array<MessageId>,
  /** Where to, each with the ids of the new messages, as many as `messages`, UUIDv7 made by the view. */
  to: Array<ForwardTarget>, }
| { "type": "delete_for_me",
  /** Where. */
  conversation: ConversationId,
  /** Which ones, at most 100. */
  messages: Array<MessageId>, }
| { "type": "list_edits",
  /** Where. */
  conversation: ConversationId,
  /** Of which one. */
  message: MessageId, }
| { "type": "list_reactions",
  /** Where. */
  conversation: ConversationId,
  /** To which one. */
  message: MessageId, }
| { "type": "get_message_info",
  /** Where. */
  conversation: ConversationId,
  /** Which one. */
  message: MessageId, }
| { "type": "open_timeline_at",
  /** Of which conversation. */
  conversation: ConversationId,
  /** The place. */
  seq: Seq, }
| { "type": "find_place",
  /** Of which conversation. */
  conversation: ConversationId,
  /** When, by the server's clock. */
  at: Timestamp, }
| { "type": "load_newer" }
| { "type": "pause_upload",
  /** Which one. */
  blob: BlobId, }
| { "type": "resume_upload",
  /** Which one. */
  blob: BlobId, }
| { "type": "cancel_upload",
  /** Which one. */
  blob: BlobId, }
| { "type": "get_storage_use" }
| { "type": "get_blob_links",
  /** Which ones, at most 100. */
  blobs: Array<BlobId>, }
| { "type": "set_typing",
  /** Where. */
  conversation: ConversationId,
  /** Whether they are. */
  active: boolean, }
| { "type": "save_draft",
  /** Where. */
  conversation: ConversationId,
  /** The text. */
  text: string, }
| { "type": "set_list_filter",
  /** Which. */
  filter: ListFilter, }
| { "type": "archive_conversation",
  /** Which one. */
  conversation: ConversationId,
  /** Whether it is to be archived. */
  archived: boolean, }
| { "type": "answer_request",
  /** Which one. */
  conversation: ConversationId,
  /** How. */
  answer: RequestAnswer, }
| { "type": "pin_conversation",
  /** Which one. */
  conversation: ConversationId,
  /** Its place among the pinned ones, 0 first (beyond the last: last); none to unpin it. */
  place: number | null, }
| { "type": "mute_conversation",
  /** Which one. */
  conversation: ConversationId,
  /** Until when, by the server's clock (a time that is centuries away: for ever); none to lift it. */
  until: Timestamp | null, }
| { "type": "set_notify",
  /** Which one. */
  conversation: ConversationId,
  /** Of which. */
  notify: NotifyRule, }
| { "type": "get_notifications" }
| { "type": "set_notifications",
  /** How. */
  settings: NotificationSettings, }
| { "type": "get_push" }
| { "type": "set_push",
  /** Where. */
  subscription: SetSubscription | null, }
| { "type": "test_push" }
| { "type": "get_privacy" }
| { "type": "set_privacy",
  /** What is to change. */
  change: PrivacyChange, }
| { "type": "list_blocked",
  /** `next` of the page before; none for the first. */
  after: string | null, }
| { "type": "unblock",
  /** Whom. */
  user: UserId, }
| { "type": "ask_devices" }
| { "type": "stop_asking" }
| { "type": "check_device_code",
  /** As it was typed or scanned. */
  code: string, }
| { "type": "approve_device",
  /** As it was typed or scanned. */
  code: string, }
| { "type": "decline_device",
  /** What it has asked for. */
  archive: ArchiveId, }
| { "type": "new_recovery_code" }
| { "type": "begin_backup",
  /** From [`Reply::RecoveryCode`]. */
  code: string, }
| { "type": "restore_backup",
  /** As it was typed. */
  code: string, }
| { "type": "end_backup" }
| { "type": "dismiss_handover" }
| { "type": "mark_unread",
  /** Which one. */
  conversation: ConversationId,
  /** Whether it is to be marked. */
  unread: boolean, }
| { "type": "search_users",
  /** Part of a handle or name. */
  query: string, }
| { "type": "search",
  /** Words, `"phrases"`, and the operators `from:`, `in:`, `has:`, `before:` and `after:`. */
  query: string,
  /** Only messages of this conversation. */
  conversation: ConversationId | null,
  /** Where the page begins, from the answer before. */
  after: string | null,
  /** How many minutes this clock is ahead of UTC: days begin by it. */
  utc_offset_min: number, }
| { "type": "create_direct",
  /** With whom. */
  user: UserId,
  /** Whether the one is meant that is encrypted end to end: there may be one of each kind. */
  encrypted?: boolean, }
| { "type": "create_group",
  /** Its id, a UUIDv7 made by the view. */
  id: ConversationId,
  /** Its name. */
  title: string,
  /** Who else is in it. */
  members: Array<UserId>,
  /** Whether it is encrypted end to end, for good. */
  encrypted?: boolean, }
| { "type": "add_members",
  /** Which one. */
  conversation: ConversationId,
  /** The idempotency keys, one a person, UUIDv7 made by the view. */
  event_ids: Array<EventId>,
  /** Whom. */
  users: Array<UserId>, }
| { "type": "remove_member",
  /** Which one. */
  conversation: ConversationId,
  /** Whom. */
  user: UserId, }
| { "type": "change_role",
  /** Which one. */
  conversation: ConversationId,
  /** The idempotency key. */
  event_id: EventId,
  /** Whom. */
  user: UserId,
  /** To what. */
  role: Role, }
| { "type": "rename",
  /** Which one. */
  conversation: ConversationId,
  /** The idempotency key. */
  event_id: EventId,
  /** The new name. */
  title: string, }
| { "type": "change_settings",
  /** Which one. */
  conversation: ConversationId,
  /** The idempotency key. */
  event_id: EventId,
  /** What of it. */
  change: SettingsChange, }
| { "type": "create_group_invite",
  /** Which one. */
  conversation: ConversationId,
  /** How long it is valid, seconds. */
  expires_in_s: number,
  /** How many people may come by it. */
  uses: number,
  /** Whether an admin has to let each of them in. */
  approval: boolean, }
| { "type": "list_group_invites",
  /** Which one. */
  conversation: ConversationId, }
| { "type": "revoke_group_invite",
  /** Which one. */
  conversation: ConversationId,
  /** Which link. */
  invite: InviteId, }
| { "type": "get_group_invite_info",
  /** From the link. */
  token: string, }
| { "type": "join_group",
  /** From the link. */
  token: string,
  /** The idempotency key. */
  event_id: EventId, }
| { "type": "list_join_requests",
  /** Which one. */
  conversation: ConversationId, }
| { "type": "approve_join",
  /** Where. */
  conversation: ConversationId,
  /** The idempotency key. */
  event_id: EventId,
  /** Whom. */
  user: UserId, }
| { "type": "decline_join",
  /** Where. */
  conversation: ConversationId,
  /** Whom. */
  user: UserId, }
| { "type": "ban_member",
  /** Which one. */
  conversation: ConversationId,
  /** The idempotency key. */
  event_id: EventId,
  /** Whom. */
  user: UserId, }
| { "type": "list_bans",
  /** Which one. */
  conversation: ConversationId, }
| { "type": "lift_ban",
  /** Of which group. */
  conversation: ConversationId,
  /** Whom. */
  user: UserId, }
| { "type": "list_members",
  /** Which one. */
  conversation: ConversationId,
  /** The beginning of a handle or of a word of a name, by role; empty: all of them by role; none: all of them, oldest first. */
  query?: string,
  /** Where the page begins, from the answer before. */
  after: string | null, }
| { "type": "create_invite",
  /** How long it is valid, seconds. */
  expires_in_s: number,
  /** How many accounts it may make. */
  uses: number, }
| { "type": "list_invites" }
| { "type": "revoke_invite",
  /** Which one. */
  invite: InviteId, }
| { "type": "trust",
  /** What. */
  ask: TrustCommand, }
| { "type": "picture",
  /** What. */
  ask: PictureCommand, }
| { "type": "report",
  /** What. */
  ask: ReportCommand, }
| { "type": "list_devices" }
| { "type": "sign_out_device",
  /** Which one. */
  device: DeviceId, }
| { "type": "change_profile",
  /** Made by the view. */
  event_id: EventId,
  /** The new name. */
  name?: string,
  /** A line about oneself. */
  about?: string,
  /** How one is just now, or that nothing is said of it. */
  status?: StatusChange,
  /** Another picture, or none. */
  picture?: PictureChange, }
| { "type": "set_group_picture",
  /** Which group. */
  conversation: ConversationId,
  /** The id of the entry, made by the view. */
  event_id: EventId,
  /** The picture. */
  picture: PictureChange, };

/** Why a command failed. Views have a sentence for each code. */
export type CommandError = {
  /** An error code of the protocol, such as `wrong_credentials`, or one of the engine's own: `offline` (the server cannot be
  * reached), `storage` (this device's disk refuses), `signed_out` (nobody is signed in), `bad_answer` (not understood). */
  code: string,
  /** The field it is about. */
  field: string | null,
  /** Whether trying again can help. */
  retry: Retry,
  /** How long to wait first, milliseconds. */
  retry_after_ms: number | null, };

/** How the line to the server is. */
export type ConnectionView = { "state": "offline" }
| { "state": "connecting" }
| { "state": "waiting",
  /** When, by this device's clock. */
  retry_at: Timestamp, }
| { "state": "catching_up" }
| { "state": "up_to_date" };

/** What a message says: text that the server can read, or bytes that it cannot. */
export type Content = { "kind": "plain",
  /** The text, UTF-8, in Pipit's Markdown subset. Empty only where there are attachments. */
  text: string,
  /** Its files, at most [`crate::media::ATTACHMENTS_MAX`]. */
  attachments?: Array<Attachment>,
  /** What people choose from, where the text is the question of a poll. A poll has no files, and is never edited. */
  poll?: Poll,
  /** What the page that a link of the text leads to says of itself, if the sender wants it there. It stays that of the message, like
  * the files; it is shown while its link stands in the text. */
  preview?: LinkPreview, }
| { "kind": "sealed",
  /** The name of the scheme that sealed it, such as `mls1`. */
  scheme: string,
  /** The bytes, in standard base64 with padding (RFC 4648, section 4). */
  bytes: string,
  /** What stands beside them in an encrypted conversation, where nothing goes without; elsewhere it is refused. */
  seal?: Seal,
  /** What its sender's device has committed to in an encrypted conversation, where nothing is taken without: HMAC-SHA256 (RFC 2104) of what is sealed after the first 32
  * bytes, which are its key. Whoever could read it can show the server what it said ([`crate::report`]); to everybody else it says nothing. */
  commitment?: string,
  /** The sealed files that belong to it, so that they are kept as long as it is, and given to those who may read it. What they are is inside. */
  blobs?: Array<BlobId>,
  /** What it is, as far as the server has to know, in an encrypted conversation; elsewhere anything but a message is refused. */
  purpose?: SealedPurpose, }
| { "kind": "erased", };

/** See [`ServerFrame::ConversationGone`]. */
export type ConversationGone = {
  /** Which one. */
  conversation: ConversationId,
  /** Whether somebody else has taken this account out of it. Left out where it has left by itself, and where that is not known. */
  removed?: boolean, };

/** A conversation: direct or group. */
export type ConversationId = string;

/** A conversation in the list. */
export type ConversationItem = {
  /** Which one. */
  id: ConversationId,
  /** What kind it is. */
  kind: ConversationKind,
  /** What to call it: the group's name or the other person's; empty while that is not known here. */
  title: string,
  /** The other person of a direct conversation. */
  peer: UserId | null,
  /** How they are, where that is known. */
  presence: PresenceState | null,
  /** The last message, or what happened last where there is none. */
  preview: Preview | null,
  /** The group's picture, or the other person's. */
  avatar: BlobId | null,
  /** The picture of an encrypted group. */
  picture?: GroupPicture,
  /** How the other person of a direct conversation is just now, as they say. */
  status: Status | null,
  /** When the last thing happened: the order of the list. */
  last_at: Timestamp,
  /** How many messages of others have not been read, counted up to 1,000. */
  unread: number,
  /** What oneself keeps of it. */
  personal: PersonalView,
  /** How many people wait to be let in, where one may decide that. */
  join_requests: number,
  /** The names of those who are typing. */
  typing: Array<string>,
  /** What is in its composer and has not been sent. */
  draft: string | null,
  /** Whether it is encrypted end to end. */
  encrypted?: boolean, };

/** What kind of conversation it is. */
export type ConversationKind = "direct" | "group";

/** A conversation as one of its members sees it in the list, at one moment. */
export type ConversationSummary = {
  /** Which one. */
  id: ConversationId,
  /** What kind it is. */
  kind: ConversationKind,
  /** The group's name; none for a direct conversation, which is shown by the other's name. */
  title?: string,
  /** Whether it is encrypted end to end: chosen when it was made, and never changed. */
  encrypted?: boolean,
  /** How many members there are. */
  member_count: number,
  /** The members, oldest first: all of them up to [`crate::limits::SUMMARY_MEMBERS_MAX`], else the first so many.
  * Whoever asks is always among them. */
  members: Array<Member>,
  /** The first entry that whoever asks may read. */
  first_seq: Seq,
  /** The last entry of the log. */
  last_seq: Seq,
  /** When the last entry was put there: the order of the list, newest first. */
  last_at: Timestamp,
  /** The last message, for the preview, where there is one. */
  last_message?: Event,
  /** How many messages of others stand after `read_seq` of whoever asks, counted up to 1,000. */
  unread: number,
  /** What the group is set to; left out where that is as every group begins. */
  settings?: GroupSettings,
  /** How many people wait to be let in, where whoever asks may decide that; else left out. */
  join_requests?: number,
  /** What whoever asks keeps of it for themselves; left out where that is nothing. */
  personal?: Personal, };

/** See [`ServerFrame::Conversations`]. */
export type ConversationsPage = {
  /** Of the request. */
  id: RequestId,
  /** The page, newest first. */
  items: Array<ConversationSummary>,
  /** Where the next page begins; none at the end. */
  next?: ListPosition, };

/** How far a client has a conversation's log without a gap. */
export type Cursor = {
  /** Whose log. */
  conversation: ConversationId,
  /** The last entry it has. */
  seq: Seq, };

/** Where a message of one's own stands. */
export type DeliveryState = { "state": "queued" }
| { "state": "sent" }
| { "state": "delivered" }
| { "state": "read" }
| { "state": "failed",
  /** The code of the error. */
  code: string, };

/** A place where the account is signed in. */
export type Device = {
  /** Which one. */
  id: DeviceId,
  /** Its name. */
  name: string,
  /** What software it is. */
  client: ClientInfo,
  /** When it signed in. */
  signed_in_at: Timestamp,
  /** When it was last connected, to the nearest minute. */
  last_seen_at: Timestamp,
  /** Whether it is the one that asks. */
  current: boolean, };

/** One signed-in client of a person: a browser, a phone, a terminal, a bot's process. */
export type DeviceId = string;

/** What a message said at one time. */
export type EditView = {
  /** When it was said so. */
  at: Timestamp,
  /** The text. */
  text: string, };

/** What is allowed of encrypted conversations, as a server states it. Bytes are counted before base64. */
export type EncryptionLimits = {
  /** Most people in one encrypted conversation. */
  members_max: number,
  /** Longest commit or proposal, bytes. */
  handshake_bytes_max: number,
  /** Longest welcome, and longest description of a group, bytes. */
  welcome_bytes_max: number,
  /** Longest key package, bytes. */
  key_package_bytes_max: number,
  /** Most key packages that are kept for a device. */
  key_packages_max: number, };

/** A stable name for what went wrong. Codes are only ever added. */
export type ErrorCode = "malformed" | "too_large" | "unknown_type" | "unknown_field" | "invalid_field" | "out_of_order" | "unsupported_version" | "unauthenticated" | "signed_out" | "wrong_credentials" | "suspended" | "forbidden" | "not_found" | "not_member" | "blocked" | "declined" | "banned" | "handle_taken" | "id_conflict" | "invite_invalid" | "invite_required" | "already_set_up" | "password_unacceptable" | "group_too_large" | "owner_required" | "quota_exceeded" | "too_many_uploads" | "offset_conflict" | "checksum_mismatch" | "picture_too_large" | "attachment_unusable" | "window_closed" | "poll_closed" | "stale_epoch" | "sealed_only" | "limit_reached" | "storage_full" | "rate_limited" | "unavailable" | "internal" | "unknown";

/** An entry of a conversation's log. Entries never change, but that deleted content is erased from them; later ones say what happened
* to earlier ones. */
export type Event = {
  /** The idempotency key of its append; for a message, the message's id. */
  id: EventId,
  /** Whose log it is in. */
  conversation: ConversationId,
  /** Its place there: unique, increasing, without gaps. */
  seq: Seq,
  /** When the server put it there, by the server's clock. */
  at: Timestamp,
  /** Who caused it. */
  sender: UserId,
  /** The device that caused it, where it was one. */
  device?: DeviceId,
  /** What happened. */
  body: EventBody, };

/** What an entry of the log says. */
export type EventBody = { "type": "created",
  /** What kind it is. */
  kind: ConversationKind,
  /** The group's name; none for a direct conversation. */
  title?: string,
  /** The first members, with their roles. */
  members: Array<MemberRole>,
  /** Whether it is encrypted end to end. */
  encrypted?: boolean, }
| { "type": "message",
  /** When the person pressed send, by the device's clock. */
  written_at: Timestamp,
  /** What it says. */
  content: Content,
  /** The message that it answers. */
  reply_to?: MessageId,
  /** When it is erased: the conversation's timer when the server took it. Stays when its content is gone. */
  expires_at?: Timestamp, }
| { "type": "member_added",
  /** Who, and as what. */
  member: MemberRole, }
| { "type": "member_removed",
  /** Who is no longer a member. */
  user: UserId,
  /** Whether they are kept out from now on. */
  banned?: boolean, }
| { "type": "role_changed",
  /** Who, and what they are now. */
  member: MemberRole, }
| { "type": "title_changed",
  /** The new name. */
  title: string, }
| { "type": "settings_changed",
  /** What of it. */
  change: SettingsChange, }
| { "type": "message_changed",
  /** To which one. */
  message: MessageId,
  /** What. */
  change: MessageChange, }
| { "type": "handshake",
  /** What. */
  kind: HandshakeKind,
  /** What stands beside the bytes; a commit ends its epoch. */
  seal: Seal,
  /** An `MLSMessage` (RFC 9420, section 6), in standard base64 with padding. */
  bytes: string, }
| { "type": "history_shown",
  /** Where it is ([`crate::rest::archive::ArchivePurpose::History`]). */
  archive: ArchiveId,
  /** What opens it: 32 bytes, in standard base64 with padding. */
  key: string,
  /** To whom. */
  users: Array<UserId>, }
| { "type": "unknown" };

/** An entry of a conversation's log. Made by whoever causes the entry; the idempotency key of its append. */
export type EventId = string;

/** What somebody has said, as the log has it: of a sealed entry, as its sender's device has committed to it. It stays with the report when the message is deleted. */
export type Evidence = {
  /** Its place. */
  seq: Seq,
  /** The message. */
  message: MessageId,
  /** When the server took it. */
  at: Timestamp,
  /** Whether it is what the message was changed to. */
  edit: boolean,
  /** Whether it was sealed. */
  sealed: boolean,
  /** What it says, in Pipit's Markdown subset. */
  text: string,
  /** What people were to choose from, where it is a poll. */
  options?: Array<string>,
  /** Its files, by what they are called. They are not shown. */
  files?: Array<ReportedFile>,
  /** What it says of a page that it links to; without the picture. */
  preview?: LinkPreview, };

/** A part of an excerpt: text as it was written, never markup. */
export type ExcerptPart = {
  /** The text. */
  text: string,
  /** Whether it is what was looked for. */
  hit: boolean, };

/** What a person shows of themselves beyond their names. */
export type Face = {
  /** Their picture, a file that those who share a conversation with them may read. */
  avatar?: BlobId,
  /** A line about themselves. */
  about?: string,
  /** How they are just now. */
  status?: Status, };

/** What opens a sealed file. Its bytes are a smaller picture, where it has one, then the file, then zeros (`docs/protocol.md`, "Sealed files"). */
export type FileSeal = {
  /** The key and the beginning of the nonces: 39 bytes in standard base64. */
  key: string,
  /** SHA-256 of the smaller picture and the file together, in standard base64. Empty until it is known, which is before anything is sent. */
  digest: string,
  /** The smaller picture at its beginning. */
  thumbnail?: SealedThumbnail, };

/** Where messages are forwarded to. */
export type ForwardTarget = {
  /** Which conversation. */
  conversation: ConversationId,
  /** The ids of the new messages. */
  ids: Array<MessageId>, };

/** Who has answered a search. */
export type FoundBy = "server" | "device";

/** A conversation that was found. */
export type FoundConversation = {
  /** Which one. */
  id: ConversationId,
  /** What kind it is. */
  kind: ConversationKind,
  /** The group's title, or the other person's name. */
  title: string,
  /** The other person. */
  peer: UserId | null,
  /** The group's picture, or the other person's. */
  avatar: BlobId | null,
  /** The picture of an encrypted group. */
  picture?: GroupPicture, };

/** A message that was found. */
export type FoundMessage = {
  /** Where. */
  conversation: ConversationId,
  /** What the conversation is called; empty where the device does not know it yet. */
  title: string,
  /** Its place there. */
  seq: Seq,
  /** Which one. */
  message: MessageId,
  /** Who sent it. */
  sender: Profile,
  /** Whether that is oneself. */
  mine: boolean,
  /** When. */
  at: Timestamp,
  /** The part that shows why it was found. */
  excerpt: Array<ExcerptPart>, };

/** See [`ServerFrame::Goodbye`]. */
export type Goodbye = {
  /** Why. */
  reason: GoodbyeReason,
  /** How long to wait before reconnecting, milliseconds. */
  reconnect_after_ms: number, };

/** Why the server ends a connection. */
export type GoodbyeReason = "shutdown" | "slow_reader" | "replaced" | "unknown";

/** What the server knows of a group and of the device that asks. */
export type GroupHead = {
  /** The epoch at the log's end; zero where no commit has made the group yet. */
  epoch: number,
  /** The greatest [`Seal::count`] that the server was ever sent by this device in this conversation, refused ones included; zero where it was sent none. */
  count: number, };

/** An invite link to a group, as those who may make one see it. */
export type GroupInvite = {
  /** Which one. */
  id: InviteId,
  /** Goes into the link; only in the answer that makes it. */
  token?: string,
  /** Who made it. */
  made_by: Profile,
  /** When it ends. */
  expires_at: Timestamp,
  /** How many people may still come by it. */
  uses_left: number,
  /** Whether an admin has to let each of them in. */
  approval: boolean, };

/** `GET /v1/groups/invites/{token}`: what a link leads to. */
export type GroupInviteInfo = {
  /** The group's name; empty where it is encrypted, and only its members know. */
  title: string,
  /** How many members it has. */
  member_count: number,
  /** Whether an admin has to let one in. */
  approval: boolean, };

/** The picture of an encrypted group: small enough to be sealed with what is said of it. */
export type GroupPicture = {
  /** `image/jpeg`, `image/png` or `image/webp`. */
  media_type: string,
  /** At most [`GROUP_PICTURE_BYTES_MAX`] bytes, and [`GROUP_PICTURE_PIXELS_MAX`] pixels wide and high, in base64. */
  bytes: string, };

/** What a group is set to; of a direct conversation only the timer. */
export type GroupSettings = {
  /** What it is about, at most [`crate::limits::TOPIC_CHARS_MAX`] characters; empty where nobody has said so. */
  topic: string,
  /** Whether only admins and owners write. */
  announcements: boolean,
  /** What whoever joins from now on may read. */
  history: HistoryPolicy,
  /** How long after the server has taken it a message is erased, milliseconds; zero: never. */
  expire_after_ms?: number,
  /** Its picture, a file that its members may read; none where it has none. */
  avatar?: BlobId, };

/** How a hand-over stands. */
export type HandoverState = { "state": "waiting" }
| { "state": "running" }
| { "state": "done" }
| { "state": "declined" }
| { "state": "failed",
  /** Why: `expired`, `gone` (the other side has ended it), `damaged`, or the code of the error. */
  code: string, };

/** What this device hands over. */
export type HandoverView = {
  /** What the other device is called. */
  device_name: string,
  /** How it stands. */
  state: HandoverState,
  /** How far, of `total`. */
  done: number,
  /** How much there is; zero where that is not known yet. */
  total: number, };

/** What a handshake does to the group of devices. */
export type HandshakeKind = "commit" | "proposal";

/** See [`ClientFrame::Hello`]. */
export type Hello = {
  /** Repeated in `welcome`. */
  id: RequestId,
  /** [`crate::PROTOCOL_VERSION`]. */
  protocol: number,
  /** A valid access token. */
  token: string,
  /** What software this is. */
  client: ClientInfo,
  /** How far it has each conversation: the most recently active ones first, at most [`crate::limits::CURSORS_MAX`]. */
  cursors: Array<Cursor>,
  /** Whether the device is in use. */
  presence: PresenceState, };

/** See [`ClientFrame::History`]. */
export type History = {
  /** Repeated in `page`. */
  id: RequestId,
  /** Whose log. */
  conversation: ConversationId,
  /** The page ends just before this entry; the newest page where neither this nor `after_seq` is given. */
  before_seq?: Seq,
  /** The page begins just after this entry. Not together with `before_seq`. */
  after_seq?: Seq,
  /** At most so many entries, 1 to [`crate::limits::PAGE_EVENTS_MAX`]. */
  limit: number, };

/** What newcomers to a group may read. */
export type HistoryPolicy = "none" | "all";

/** An invite as its maker sees it. */
export type Invite = {
  /** Which one. */
  id: InviteId,
  /** Goes into the link; only in the answer that makes it. */
  token?: string,
  /** Who made it. */
  made_by: UserId,
  /** When it ends. */
  expires_at: Timestamp,
  /** How many accounts it may still make. */
  uses_left: number, };

/** An invitation, to the server or to a group. */
export type InviteId = string;

/** `GET /v1/invites/{token}`, without an access token: what a link leads to. */
export type InviteInfo = {
  /** The server's name. */
  server_name: string,
  /** Who invites. */
  invited_by: string,
  /** When it ends. */
  expires_at: Timestamp, };

/** What a line of a timeline shows. */
export type ItemBody = { "type": "message",
  /** Its text. */
  text: string,
  /** The message that it answers. */
  reply: ReplyView | null,
  /** Its files. */
  attachments: Array<AttachmentView>,
  /** What the page says that it links to. */
  preview?: LinkPreview,
  /** When it was edited last; none where it never was. */
  edited_at: Timestamp | null,
  /** The reactions, in the order in which each emoji first came. */
  reactions: Array<ReactionView>,
  /** Whether it is pinned in the conversation. */
  pinned: boolean,
  /** What people choose from, where the text is the question of a poll. */
  poll?: PollView,
  /** What one may do with it. */
  can: MessageActions, }
| { "type": "deleted",
  /** Who deleted it, where that was not its author. */
  by: string | null, }
| { "type": "unreadable",
  /** Why. */
  reason: UnreadableReason, }
| { "type": "created",
  /** The group's name. */
  title: string | null, }
| { "type": "member_added",
  /** Whose name. */
  name: string,
  /** Whether they added themselves. */
  joined: boolean, }
| { "type": "member_removed",
  /** Whose name. */
  name: string,
  /** Whether they removed themselves. */
  left: boolean,
  /** Whether they are kept out. */
  banned: boolean, }
| { "type": "role_changed",
  /** Whose name. */
  name: string,
  /** To what. */
  role: Role, }
| { "type": "settings_changed",
  /** What of it. */
  change: SettingsChange, }
| { "type": "pinned",
  /** Which one. */
  message: MessageId, }
| { "type": "history_shown",
  /** Whether it is oneself. */
  to_me: boolean,
  /** Whose names: the first few of them. */
  names: Array<string>,
  /** How many people they are. */
  count: number, }
| { "type": "trust",
  /** What. */
  change: TrustChange, }
| { "type": "title_changed",
  /** To what. */
  title: string, };

/** Somebody who wants to be let into a group. */
export type JoinRequest = {
  /** Who. */
  profile: Profile,
  /** Since when. */
  at: Timestamp, };

/** A small picture that was kept. */
export type KeptPicture = {
  /** `image/jpeg`, `image/png` or `image/webp`. */
  media_type: string,
  /** It, in base64. */
  bytes: string, };

/** The edit of a message that counts. */
export type LastEdit = {
  /** The entry that said so. */
  seq: Seq,
  /** When. */
  at: Timestamp,
  /** What the message says now. */
  content: Content, };

/** What this server allows, stated in `welcome` and `GET /v1/server`, so that no client has to find out by being refused. */
export type Limits = {
  /** Longest frame from a client, bytes. */
  frame_bytes_max: number,
  /** Longest plain text of a message, bytes of UTF-8. */
  message_text_bytes_max: number,
  /** Longest sealed body, bytes before base64. */
  sealed_bytes_max: number,
  /** Most cursors in one `hello` or `sync`. */
  cursors_max: number,
  /** Most log entries in one page. */
  page_events_max: number,
  /** Most conversations in one page of the list. */
  page_conversations_max: number,
  /** Most people whose presence one connection watches. */
  watched_users_max: number,
  /** How long a person is shown as typing after the last `typing` frame, milliseconds. */
  typing_shown_ms: number,
  /** Least time between two `typing` frames in one conversation, milliseconds. */
  typing_interval_ms: number,
  /** Silence after which the server pings, milliseconds. */
  idle_ping_ms: number,
  /** Most people in one group. */
  group_members_max: number,
  /** How long after it was sent a message may be edited, milliseconds; zero: never, -1: always. */
  edit_window_ms: number,
  /** How long after it was sent its author may delete a message for everyone, milliseconds; zero: never, -1: always. */
  delete_window_ms: number,
  /** Whether this server fetches the pages that links lead to, for previews. */
  link_previews: boolean,
  /** Of files. */
  media: MediaLimits,
  /** Most messages that one account has scheduled. */
  scheduled_max: number,
  /** How far ahead a message may be scheduled, milliseconds. */
  scheduled_ahead_ms_max: number,
  /** Of polls. */
  polls: PollLimits,
  /** Of encrypted conversations. */
  encryption: EncryptionLimits, };

/** What the page that a link leads to says of itself. Each text is one line. */
export type LinkPreview = {
  /** The link, as it stands in the text: `http` or `https`, at most [`URL_BYTES_MAX`] bytes. */
  url: string,
  /** At most [`TITLE_CHARS_MAX`] characters; not empty. */
  title: string,
  /** At most [`DESCRIPTION_CHARS_MAX`] characters. */
  description?: string,
  /** At most [`SITE_NAME_CHARS_MAX`] characters. */
  site_name?: string,
  /** A small picture that the page names for itself: a JPEG in standard base64, at most [`PICTURE_BYTES_MAX`] bytes, and [`PICTURE_PIXELS_MAX`]
  * pixels wide and high. */
  picture?: string, };

/** See [`ClientFrame::Conversations`]. */
export type ListConversations = {
  /** Repeated in `conversations`. */
  id: RequestId,
  /** The page begins after this place; at the newest where it is missing. */
  after?: ListPosition,
  /** At most so many, 1 to [`crate::limits::PAGE_CONVERSATIONS_MAX`]. */
  limit: number, };

/** Which conversations a view's list shows. */
export type ListFilter = "all" | "unread" | "groups" | "people" | "archived" | "requests";

/** Where a page of the list of conversations ends: the next one begins after it. Ordered by time, then id, newest first. */
export type ListPosition = {
  /** `last_at` of the last conversation of the page. */
  last_at: Timestamp,
  /** Its id. */
  conversation: ConversationId, };

/** A device of somebody's, as their key log has it. */
export type LoggedDevice = {
  /** Which one. */
  device: DeviceId,
  /** Since when. */
  since: Timestamp,
  /** Whether it is the earliest of those for which nobody vouches, or hangs on that by vouches. */
  approved: boolean,
  /** Which device vouches for it; none where it is the first, or nobody does, or their recovery key does. */
  by: DeviceId | null,
  /** Whether their recovery key vouches for it. */
  by_recovery: boolean,
  /** Six groups of five digits by which it is compared before one vouches for it; of one's own devices alone. */
  code?: Array<string>, };

/** `GET /v1/me`: one's own account. */
export type Me = {
  /** As others see it. */
  profile: Profile,
  /** Whether it runs this server. */
  admin: boolean, };

/** What this server allows of files. Any type is allowed. */
export type MediaLimits = {
  /** Largest file, bytes. Zero: this server takes none. */
  file_bytes_max: number,
  /** How much all files of one account may have together, bytes. */
  account_bytes_max: number,
  /** Most uploads of one account that are not finished. */
  uploads_max: number,
  /** How many bytes to send in one request at most, so that little is lost with a line. Servers take more. */
  chunk_bytes: number,
  /** Most files of one message. */
  attachments_max: number,
  /** Longest caption of a file, bytes of UTF-8. */
  caption_bytes_max: number,
  /** Most pixels of a picture. One that has more is refused. */
  image_pixels_max: number, };

/** A member as a conversation's summary lists them. */
export type Member = {
  /** What they are here. */
  role: Role,
  /** Everything up to here is stored on a device of theirs. */
  delivered_seq: Seq,
  /** Everything up to here was on their screen. */
  read_seq: Seq,
  /** Who. */
  user: UserId,
  /** The unique name, without `@`. */
  handle: string,
  /** The name that they chose to be shown. */
  name: string,
  /** What else they show, to those who share a conversation with them. Left out where only the names are told: then what was known
  * stays. */
  face?: Face, };

/** A person and what they are in a conversation. */
export type MemberRole = {
  /** Who. */
  user: UserId,
  /** As what. */
  role: Role, };

/** A member, as the header of a timeline lists them. */
export type MemberView = {
  /** Who. */
  user: UserId,
  /** The unique name. */
  handle: string,
  /** The name to show. */
  name: string,
  /** What they are here. */
  role: Role,
  /** Whether it is oneself. */
  me: boolean,
  /** Their picture. */
  avatar: BlobId | null,
  /** How they are just now, as they say. */
  status: Status | null,
  /** How they are, where that is known. */
  presence: PresenceState | null,
  /** Whether they are who they are taken to be, in an encrypted conversation. */
  trust?: TrustState, };

/** A message as its sender's device made it. */
export type Message = {
  /** Made by the sending device before the message is sent; sending it again returns the first acknowledgement. */
  id: MessageId,
  /** The conversation it goes to. */
  conversation: ConversationId,
  /** When the person pressed send, by the device's clock. Shown to nobody as truth; `at` of the event is the server's. */
  written_at: Timestamp,
  /** What it says. */
  content: Content,
  /** The message that it answers. */
  reply_to?: MessageId, };

/** What one may do with a message now: what the view offers. The server decides again. */
export type MessageActions = {
  /** Answer it. */
  reply: boolean,
  /** Change what it says. */
  edit: boolean,
  /** Delete it for everyone. */
  delete: boolean,
  /** React to it. */
  react: boolean,
  /** Pin or unpin it. */
  pin: boolean,
  /** Write it anew elsewhere. */
  forward: boolean, };

/** What happens to a message after it was sent. */
export type MessageChange = { "kind": "edit",
  /** What it says now. The files stay those of the message. */
  content: Content,
  /** When it is erased with its message, where that has a time to live; set by the server, whatever a client says. */
  expires_at?: Timestamp, }
| { "kind": "delete", }
| { "kind": "react",
  /** One emoji: a grapheme cluster of at most [`crate::limits::REACTION_BYTES_MAX`] bytes. */
  emoji: string,
  /** Whether it stands now. */
  on: boolean, }
| { "kind": "pin",
  /** Whether it is pinned now. */
  on: boolean, }
| { "kind": "vote",
  /** What they choose: places of options, from zero, in order, each once. Nothing takes the vote back. */
  options: Array<number>,
  /** How the poll stands after this; set by the server, whatever a client says. None where it has been erased with the poll. */
  tally?: Tally,
  /** Whether the poll is anonymous; set by the server. Then all but the voter's own devices get this entry with the nil UUID as its
  * sender, without a device and without options. */
  anonymous?: boolean, }
| { "kind": "close_poll", };

/** A message: the id of the [`EventId`] that carried it, made by the sending device before it is sent. */
export type MessageId = string;

/** How far a message has come with a member. */
export type MessageReach = {
  /** Who. */
  profile: Profile,
  /** Whether it is on a device of theirs. */
  delivered: boolean,
  /** Whether it was on their screen. */
  read: boolean, };

/** What has become of a message, as of the last entry of a page's log (`last_seq`). Messages to which nothing has happened have none. */
export type MessageState = {
  /** Which message. */
  message: MessageId,
  /** The last edit, where there is one. */
  edit?: LastEdit,
  /** The reactions, in the order in which each emoji first came; at most [`crate::limits::REACTIONS_MAX`]. */
  reactions?: Array<Reaction>,
  /** The entry that pinned it; zero where it is not pinned. */
  pinned_seq: Seq,
  /** How it stands with the poll, where it is one and somebody has voted in it or closed it. */
  poll?: PollState, };

/** A file that is to be sent with a message. */
export type NewAttachment = {
  /** Its id, a UUIDv7 made by the view. */
  blob: BlobId,
  /** What it is called. */
  name: string,
  /** What the system says that it is; may be empty. */
  media_type: string,
  /** How many bytes it has. */
  size: number,
  /** A picture's width in pixels, where the view knows it. */
  width: number | null,
  /** A picture's height in pixels. */
  height: number | null,
  /** How long it plays, milliseconds. */
  duration_ms: number | null,
  /** How loud a voice note is over its time: at most 64 bytes in standard base64. */
  waveform: string | null,
  /** What it shows. */
  caption: string | null,
  /** A picture's blurred preview, where the view has made one: a `ThumbHash` in standard base64. For encrypted conversations; in others the server makes it. */
  preview: string | null,
  /** The smaller picture whose bytes the driver was given before the file's own, in one with them. For encrypted conversations alone. */
  thumbnail: SealedThumbnail | null, };

/** A picture whose bytes the driver keeps. */
export type NewPicture = {
  /** Its id, made by the view. */
  blob: BlobId,
  /** What it is. */
  media_type: string,
  /** How many bytes it has. */
  size: number, };

/** How somebody is notified, on all of their devices. `GET` and `PUT /v1/me/notifications`. */
export type NotificationSettings = {
  /** What a notification says. */
  previews: Previews,
  /** When there are none; left out where there is no such time. */
  quiet?: QuietHours,
  /** Words that count like one's own name, at most [`KEYWORDS_MAX`]. */
  keywords: Array<string>, };

/** Of which messages of a conversation somebody is notified. */
export type NotifyRule = "all" | "mentions" | "nothing";

/** What is known of one's own devices. */
export type OwnKeys = {
  /** Those that have a key, the earliest first. */
  devices: Array<LoggedDevice>,
  /** Whether the account's key log was cut or rewritten. */
  broken: boolean, };

/** See [`ServerFrame::Page`]. */
export type Page = {
  /** Of the `history`. */
  id: RequestId,
  /** Whose log. */
  conversation: ConversationId,
  /** The entries, in order of `seq`, without a gap. */
  events: Array<Event>,
  /** What has become of the page's messages as of `last_seq`; a message to which nothing has happened has none. */
  states?: Array<MessageState>,
  /** The first entry that this account may read. */
  first_seq: Seq,
  /** The last entry of the log. */
  last_seq: Seq, };

/** What is known of another person's devices. */
export type PersonTrust = {
  /** Who. */
  user: UserId,
  /** Whether they are who they are taken to be. */
  state: TrustState,
  /** The safety number of oneself and them: twelve groups of five digits. None where one of the two has no device yet, as far as is known. */
  number: Array<string> | null,
  /** What the QR code says that oneself shows them. */
  code: string | null,
  /** When the user marked them as verified. */
  verified_at: Timestamp | null,
  /** Their devices, the earliest first. */
  devices: Array<LoggedDevice>, };

/** What a person keeps of a conversation for themselves: the same on all of their devices, and shown to nobody else. */
export type Personal = {
  /** When it was changed last, by the server's clock; grows with every change, so that the later of two states is known. Zero
  * where it never was. */
  changed_at: Timestamp,
  /** Archived up to this entry: a message after it brings the conversation back, unless it is muted then. Zero where it is not
  * archived. */
  archived_seq: Seq,
  /** Its place among those that are pinned to the top of the list, 1 first; zero where it is not pinned. */
  pin: number,
  /** Until when it makes no sound; zero where it is not muted. */
  muted_until: Timestamp,
  /** Marked as unread by the person, though everything was read. */
  marked_unread: boolean,
  /** What is in its composer and has not been sent; empty where there is nothing. Of an encrypted conversation it is sealed, for the account's other devices. */
  draft: string,
  /** The messages that they have deleted for themselves, by their places in the log; at most [`crate::limits::HIDDEN_MAX`]. */
  hidden?: Array<Seq>,
  /** Whether it is a message request, and what was answered. */
  request: RequestState,
  /** Who asks: the stranger who has begun it, or has added them to the group. It stays once that is answered. */
  asked_by?: UserId,
  /** The messages that the server is to send for them, by their ids. */
  scheduled?: { [key in MessageId]: Scheduled },
  /** Of which of its messages they are notified. */
  notify: NotifyRule, };

/** What is to change in a [`Personal`]; what is left out stays. */
export type PersonalChange = {
  /** See [`Personal::archived_seq`]. */
  archived_seq?: Seq,
  /** See [`Personal::pin`]. */
  pin?: number,
  /** See [`Personal::muted_until`]. */
  muted_until?: Timestamp,
  /** See [`Personal::marked_unread`]. */
  marked_unread?: boolean,
  /** See [`Personal::draft`]. */
  draft?: string,
  /** What comes to [`Personal::hidden`]. Nothing is ever taken out of that: what is deleted does not come back. */
  hide?: Array<Seq>,
  /** See [`Personal::request`]: the answer to a request. What was accepted stays so; what was refused can still be accepted, which
  * lifts the block. */
  request?: RequestState,
  /** Messages of [`Personal::scheduled`] that are written or changed; none for one that is taken back. One that was sent or taken back
  * does not come back: what is said of it later changes nothing. */
  schedule?: { [key in MessageId]: Scheduled | null },
  /** See [`Personal::notify`]. */
  notify?: NotifyRule, };

/** See [`ServerFrame::Personal`]. */
export type PersonalChanged = {
  /** Of the request; none where another device changed it. */
  id?: RequestId,
  /** Of which conversation. */
  conversation: ConversationId,
  /** The whole of it, as it is now. */
  personal: Personal, };

/** What oneself keeps of a conversation: the same on all of one's devices, and shown to nobody else. */
export type PersonalView = {
  /** Archived: only in the list of those. A new message brings it back, unless it is muted. */
  archived: boolean,
  /** Stands at the top of the list. */
  pinned: boolean,
  /** Until when it makes no sound, by the server's clock; none where it is not muted. */
  muted_until: Timestamp | null,
  /** Marked as unread by oneself, though everything was read. */
  marked_unread: boolean,
  /** Whether it is a message request: what a stranger has begun, and what was answered. */
  request: RequestState,
  /** Of which messages one is notified. */
  notify: NotifyRule, };

/** Another picture, or none. */
export type PictureChange = {
  /** The picture; left out where there is to be none. */
  picture?: NewPicture,
  /** The picture of an encrypted group, in place of that. */
  sealed?: GroupPicture, };

/** What is asked of the pictures that are kept. */
export type PictureCommand = { "type": "keep",
  /** What it is of. */
  of: PictureSubject,
  /** Of which file. */
  blob: BlobId,
  /** The picture, at most 128 KiB, in base64. */
  bytes: string, }
| { "type": "get",
  /** Of which file. */
  blob: BlobId, };

/** What a small picture is of: it goes with that. */
export type PictureSubject = { "type": "message",
  /** Where. */
  conversation: ConversationId,
  /** Which one. */
  message: MessageId, }
| { "type": "face" };

/** A pinned message, for the bar above the timeline. */
export type PinView = {
  /** Which one. */
  message: MessageId,
  /** Its place in the log. */
  seq: Seq,
  /** Whose name. */
  sender_name: string,
  /** The beginning of its text, on one line. */
  text: string,
  /** Its files. */
  attachments?: Array<Attachment>, };

/** See [`ClientFrame::Ping`]. */
export type Ping = {
  /** Repeated in `pong`. */
  id: RequestId, };

/** What a message lets people choose from. It never changes. */
export type Poll = {
  /** [`POLL_OPTIONS_MIN`] to [`POLL_OPTIONS_MAX`] different lines, each at most [`POLL_OPTION_GRAPHEMES_MAX`] long. */
  options: Array<string>,
  /** Whether one may choose several. */
  multiple?: boolean,
  /** Whether nobody is told who voted for what. */
  anonymous?: boolean,
  /** From when on nobody can vote any more, by the server's clock. */
  closes_at?: Timestamp, };

/** What is allowed of polls, as a server states it. */
export type PollLimits = {
  /** Longest question, grapheme clusters. */
  question_graphemes_max: number,
  /** Longest option, grapheme clusters. */
  option_graphemes_max: number,
  /** Most options. */
  options_max: number, };

/** An option of a poll. */
export type PollOptionView = {
  /** What it says. */
  text: string,
  /** How many chose it. */
  count: number,
  /** Whether oneself did. */
  mine: boolean, };

/** How it stands with a poll, in a message's state. */
export type PollState = {
  /** The votes. */
  tally: Tally,
  /** What whoever asks has chosen: places of options, from zero. */
  mine: Array<number>,
  /** Whether somebody has closed it. */
  closed: boolean, };

/** A poll, as it stands with what waits. */
export type PollView = {
  /** What can be chosen. */
  options: Array<PollOptionView>,
  /** Whether several may be. */
  multiple: boolean,
  /** Whether nobody is told who voted for what. */
  anonymous: boolean,
  /** When it ends by itself. */
  closes_at: Timestamp | null,
  /** Whether it has ended. */
  closed: boolean,
  /** How many people have voted. */
  voters: number,
  /** Whether one may vote. */
  can_vote: boolean,
  /** Whether one may end it. */
  can_close: boolean, };

/** See [`ServerFrame::Pong`]. */
export type Pong = {
  /** Of the `ping`. */
  id: RequestId, };

/** See [`ServerFrame::Presence`]. */
export type Presence = {
  /** Who. */
  user: UserId,
  /** How they are. */
  state: PresenceState,
  /** When they were last connected, where they are offline and that is known. */
  last_seen?: Timestamp, };

/** Whether a person is there. */
export type PresenceState = "online" | "away" | "offline";

/** What the list shows of a conversation's last message. */
export type Preview = {
  /** Whose it is. */
  sender_name: string,
  /** Whether it is one's own. */
  mine: boolean,
  /** The first characters of its text, on one line. */
  text: string,
  /** Its files. */
  attachments?: Array<Attachment>,
  /** Whether it was deleted for everyone: then there is no text. */
  deleted?: boolean,
  /** Whether it is a poll: then the text is its question. */
  poll?: boolean,
  /** Where it stands, where it is one's own. */
  delivery: DeliveryState | null, };

/** What a notification says. */
export type Previews = "message" | "names" | "nothing";

/** What an account lets others see of it and do to it: the same on all of its devices, and shown to nobody else. */
export type Privacy = {
  /** Whether others are told what it has read. Where not, it is not told what others have read. What was delivered is told in any case. */
  receipts: boolean,
  /** Whether others are told that it is typing. Where not, it is not told of others. */
  typing: boolean,
  /** Whether those who share a conversation with it are told whether it is there, and when it was. Where not, it is not told of others. */
  presence: boolean,
  /** Who finds it by a search for people. Its whole handle finds it in any case. */
  found_by: Circle,
  /** Who may begin a conversation with it. */
  written_by: Circle,
  /** Who may add it to groups. A link into a group, which it opens itself, works in any case. */
  added_by: Circle,
  /** When it was changed last, by the server's clock; grows with every change. Zero where it never was. */
  changed_at: Timestamp, };

/** What is to change in a [`Privacy`]; what is left out stays. */
export type PrivacyChange = {
  /** See [`Privacy::receipts`]. */
  receipts?: boolean,
  /** See [`Privacy::typing`]. */
  typing?: boolean,
  /** See [`Privacy::presence`]. */
  presence?: boolean,
  /** See [`Privacy::found_by`]. */
  found_by?: Circle,
  /** See [`Privacy::written_by`]. */
  written_by?: Circle,
  /** See [`Privacy::added_by`]. */
  added_by?: Circle, };

/** A person as others see them. */
export type Profile = {
  /** Who. */
  user: UserId,
  /** The unique name, without `@`. */
  handle: string,
  /** The name that they chose to be shown. */
  name: string,
  /** What else they show, to those who share a conversation with them. Left out where only the names are told: then what was known
  * stays. */
  face?: Face, };

/** What a push says, as JSON, encrypted for the device (RFC 8291) and filled up with spaces. */
export type Push = { "type": "message" } & PushedMessage | { "type": "request",
  /** Where. */
  conversation: ConversationId,
  /** Its place in the log. */
  seq: Seq, }
| { "type": "read",
  /** Of which conversation. */
  conversation: ConversationId,
  /** Up to where. */
  seq: Seq, }
| { "type": "edited",
  /** In which conversation. */
  conversation: ConversationId,
  /** Which one: its place in the log. */
  seq: Seq,
  /** See [`PushedMessage::text`]. */
  text?: string,
  /** See [`PushedMessage::files`]. */
  files?: number, }
| { "type": "gone",
  /** In which conversation. */
  conversation: ConversationId,
  /** Which one: its place in the log. */
  seq: Seq, }
| { "type": "test", }
| { "type": "unknown" };

/** How a push to this device went. */
export type PushOutcome = "taken" | "not_subscribed" | "gone" | "refused" | "busy" | "unreachable";

/** `GET /v1/push`: whether this server pushes, and to this device. */
export type PushState = {
  /** What the server signs with (VAPID, RFC 8292): a point of P-256, uncompressed, in URL-safe base64 without padding. Left out where it
  * pushes nothing. */
  key?: string,
  /** Where this device is pushed to; left out where it is not. */
  endpoint?: string, };

/** See [`Push::Message`]. */
export type PushedMessage = {
  /** In which conversation. */
  conversation: ConversationId,
  /** Its place in the log. */
  seq: Seq,
  /** Which one. */
  message: MessageId,
  /** When it was put there. */
  at: Timestamp,
  /** What kind of conversation that is. */
  kind: ConversationKind,
  /** The group's name. Left out in a direct conversation, and where the person does not want names shown. */
  title?: string,
  /** The name of who has written it. Left out where the person does not want names shown. */
  sender?: string,
  /** What it says, or the beginning of that, at most [`PUSH_TEXT_BYTES_MAX`] bytes. Left out where it has no text that the server can
  * read, and where the person does not want it shown. */
  text?: string,
  /** How many files it has; left out like the text. */
  files?: number,
  /** Whether it names or answers the person, or has one of their words. */
  mention: boolean, };

/** When somebody is not notified, each day. Where it ends before it begins it goes over midnight. */
export type QuietHours = {
  /** When it begins, in minutes after midnight, 0 to 1,439. */
  from_min: number,
  /** When it ends; another minute than that in which it begins. */
  to_min: number,
  /** In which time zone, by its name in the IANA's database, such as `Europe/Berlin`. */
  time_zone: string, };

/** One emoji under a message. */
export type Reaction = {
  /** Which one. */
  emoji: string,
  /** How many members' it is. */
  count: number,
  /** Whether whoever asks is one of them. */
  mine: boolean,
  /** The first of them, at most [`crate::limits::REACTION_USERS_MAX`]. */
  users: Array<UserId>, };

/** Who reacted with what. */
export type ReactionBy = {
  /** With what. */
  emoji: string,
  /** Who. */
  profile: Profile, };

/** One emoji under a message. */
export type ReactionView = {
  /** Which one. */
  emoji: string,
  /** How many people's it is. */
  count: number,
  /** Whether oneself is one of them. */
  mine: boolean,
  /** The names of the first of them. */
  names: Array<string>, };

/** The two markers of a member: both only ever move forward, and `read_seq` never passes `delivered_seq`. */
export type Receipt = {
  /** Of which conversation. */
  conversation: ConversationId,
  /** Whose markers. */
  user: UserId,
  /** Everything up to here is stored on a device of theirs. */
  delivered_seq: Seq,
  /** Everything up to here was on their screen. */
  read_seq: Seq, };

/** How a command went. */
export type Reply = { "type": "done" }
| { "type": "conversation",
  /** Which one. */
  conversation: ConversationId, }
| { "type": "users",
  /** Best first. */
  items: Array<Profile>, }
| { "type": "search_results",
  /** By whom, and what. */
  results: SearchResults, }
| { "type": "members",
  /** In the order that was asked for. */
  items: Array<Member>,
  /** For the next page. */
  next: string | null, }
| { "type": "invite",
  /** The invite. */
  invite: Invite, }
| { "type": "invites",
  /** Newest first. */
  items: Array<Invite>, }
| { "type": "group_invite",
  /** The link. */
  invite: GroupInvite, }
| { "type": "group_invites",
  /** Newest first. */
  items: Array<GroupInvite>, }
| { "type": "group_invite_info",
  /** What it says. */
  info: GroupInviteInfo, }
| { "type": "joining",
  /** The group, where one is a member now. */
  conversation: ConversationId | null, }
| { "type": "join_requests",
  /** The oldest first. */
  items: Array<JoinRequest>, }
| { "type": "bans",
  /** The latest first. */
  items: Array<BannedPerson>, }
| { "type": "devices",
  /** Newest sign-in first. */
  items: Array<Device>, }
| { "type": "preview",
  /** It. */
  preview: LinkPreview, }
| { "type": "storage_use",
  /** How many bytes, those included that are still to come. */
  used_bytes: number, }
| { "type": "edits",
  /** Each text that it had. */
  items: Array<EditView>, }
| { "type": "reactions",
  /** In the order in which they did. */
  items: Array<ReactionBy>, }
| { "type": "votes",
  /** In the order in which they did, the first 1,000. */
  items: Array<VoteBy>, }
| { "type": "message_info",
  /** Each other member, at most 200 of them. */
  items: Array<MessageReach>,
  /** How many members there are beside oneself. */
  total: number, }
| { "type": "place",
  /** The first entry that is not older, or else the last one; without a line, of those that are here. */
  seq: Seq, }
| { "type": "blob_links",
  /** Those of them that are there. */
  items: Array<BlobLink>,
  /** When they stop working. */
  expires_at: Timestamp,
  /** Those of which a small picture is kept ([`super::PictureCommand`]). */
  kept: Array<BlobId>, }
| { "type": "invite_info",
  /** What it says. */
  info: InviteInfo, }
| { "type": "server_info",
  /** What it says. */
  info: ServerInfo, }
| { "type": "notifications",
  /** How. */
  settings: NotificationSettings, }
| { "type": "push",
  /** What the server says. */
  state: PushState, }
| { "type": "push_tested",
  /** How. */
  outcome: PushOutcome,
  /** The status of the push service's answer, where there was one. */
  status: number | null, }
| { "type": "privacy",
  /** The whole of it. */
  privacy: Privacy, }
| { "type": "blocked",
  /** The page, the latest first. */
  items: Array<BlockedPerson>,
  /** Where the next page begins; none at the end. */
  next: string | null, }
| { "type": "reported",
  /** How many messages it shows. */
  shown: number,
  /** How many it does not show, because they are not here, or nothing opens what their sender has committed to. */
  left_out: number, }
| { "type": "reports",
  /** The page: of open ones the oldest first, of closed ones the latest first. */
  items: Array<Report>,
  /** Where the next page begins; none at the end. */
  next: string | null, }
| { "type": "person_trust",
  /** The whole of it. */
  person: PersonTrust, }
| { "type": "safety_code",
  /** How. */
  outcome: SafetyOutcome, }
| { "type": "own_keys",
  /** The whole of it. */
  own: OwnKeys, }
| { "type": "waiting_device",
  /** Which one. */
  device: WaitingDevice, }
| { "type": "kept_picture",
  /** It; none where there is none. */
  picture: KeptPicture | null, }
| { "type": "recovery_code",
  /** It. */
  code: string, }
| { "type": "failed",
  /** Why. */
  error: CommandError, };

/** The message that another one answers. */
export type ReplyView = {
  /** Which one. */
  message: MessageId,
  /** Its place in the log; none where the message is not on this device, or has not been sent. */
  seq: Seq | null,
  /** Whose name; none where the message is not on this device. */
  sender_name: string | null,
  /** The beginning of its text; none where the message is not on this device, or was deleted. */
  text: string | null,
  /** Its files. */
  attachments?: Array<Attachment>, };

/** A report, as administrators see it. */
export type Report = {
  /** Which one. */
  id: ReportId,
  /** When it came. */
  at: Timestamp,
  /** Who has reported. */
  reporter: Profile,
  /** Who is reported. */
  user: Profile,
  /** For what. */
  reason: ReportReason,
  /** In the reporter's words. */
  note: string,
  /** Where it was said. */
  conversation?: ConversationId,
  /** What they have said, in the order of the log. */
  evidence: Array<Evidence>,
  /** How it ended; none while it is open. */
  closed?: ClosedReport, };

/** What a view asks. */
export type ReportCommand = { "type": "send",
  /** Chosen by the view. */
  id: ReportId,
  /** Whom. */
  user: UserId,
  /** For what. */
  reason: ReportReason,
  /** In the reporter's words. */
  note: string,
  /** Where what is shown was said. */
  conversation: ConversationId | null,
  /** What is shown: messages of theirs, each with its edits. */
  messages: Array<MessageId>, }
| { "type": "list",
  /** Those that were closed, and not those that are open. */
  closed: boolean,
  /** `next` of the page before; none for the first. */
  after: string | null, }
| { "type": "close",
  /** With which one. */
  id: ReportId,
  /** What was done. */
  note: string, };

/** A report, made by the device that sends it; the idempotency key. */
export type ReportId = string;

/** What somebody is reported for. */
export type ReportReason = "spam" | "harassment" | "danger" | "illegal" | "other";

/** What a file is. */
export type ReportedFile = {
  /** What its sender calls it. */
  name: string,
  /** What its sender says it is. */
  media_type: string,
  /** How many bytes it has. */
  size: number,
  /** What its sender says of it. */
  caption?: string, };

/** The answer to a message request. */
export type RequestAnswer = "accept" | "delete" | "refuse" | "block";

/** Chosen by the client to recognise the answer to a request; repeated in the answer, meaningless to the server. */
export type RequestId = number;

/** Where a conversation that a stranger has begun, or has added somebody to, stands with whom it asks. */
export type RequestState = "accepted" | "waiting" | "refused";

/** Whether trying the same thing again can help. */
export type Retry = "never" | "later" | "after_sign_in";

/** What a member of a group is. */
export type Role = "member" | "moderator" | "admin" | "owner";

/** How a code that was scanned or typed compares. */
export type SafetyOutcome = "match" | "mismatch" | "not_a_code";

/** A message that is to be sent later. Its id is that of the message which it becomes. */
export type Scheduled = {
  /** What it says; may be empty where it has files. */
  text: string,
  /** Its files, which are on the server already. They are kept for as long as it is scheduled. */
  attachments?: Array<Attachment>,
  /** The message that it answers. */
  reply_to?: MessageId,
  /** When it is sent, by the server's clock; at once, where that has passed. */
  send_at: Timestamp,
  /** Why it was not, where its time came and it was refused. It waits for its author then. Only the server says so. */
  failed?: ErrorCode, };

/** A message that is to be sent later. */
export type ScheduledView = {
  /** Its id. */
  message: MessageId,
  /** What it says. */
  text: string,
  /** The message that it answers. */
  reply_to: MessageId | null,
  /** Its files. */
  attachments?: Array<AttachmentView>,
  /** When it is sent. */
  send_at: Timestamp,
  /** Why it was refused, when its time came or before: the name of an error code. */
  failed: string | null,
  /** Whether this device has something to say of it that the server does not have yet. */
  waiting: boolean, };

/** What stands beside sealed bytes, in the clear. */
export type Seal = {
  /** The epoch that it can be read in; of a commit, the one that it ends. At most [`SEAL_NUMBER_MAX`]. */
  epoch: number,
  /** Which one of this device's sealed things in this conversation it is, counted from 1, refused ones included. At most [`SEAL_NUMBER_MAX`]. */
  count: number, };

/** What something sealed is, as far as the server has to know to tell people of it, and of nothing else. */
export type SealedPurpose = "message" | "change" | "profile";

/** A smaller picture of a picture or a film, before the file's own bytes. */
export type SealedThumbnail = {
  /** What it is: `image/jpeg`, `image/png` or `image/webp`. */
  media_type: string,
  /** How many bytes it has, at most [`SEALED_THUMBNAIL_BYTES_MAX`]. */
  size: number, };

/** What was found. */
export type SearchResults = {
  /** Who has answered. */
  by: FoundBy,
  /** People by handle or name; on the first page of a query without operators only. */
  people: Array<Profile>,
  /** Conversations by name, newest first; likewise. */
  conversations: Array<FoundConversation>,
  /** Messages, newest first. */
  messages: Array<FoundMessage>,
  /** For the next page of messages; none at the end. */
  next: string | null,
  /** Whether everything was looked at that whoever has answered has. If not, asking again finds more. */
  complete: boolean, };

/** See [`ClientFrame::Change`]. */
export type SendChange = {
  /** Repeated in `ack` or `error`. */
  id: RequestId,
  /** The change. */
  change: Change, };

/** See [`ClientFrame::Message`]. */
export type SendMessage = {
  /** Repeated in `ack` or `error`. */
  id: RequestId,
  /** The message. */
  message: Message, };

/** See [`ClientFrame::Receipt`]. */
export type SendReceipt = {
  /** Of which conversation. */
  conversation: ConversationId,
  /** Everything up to here is stored on this device. */
  delivered_seq: Seq,
  /** Everything up to here was on the screen; raises `delivered_seq` where it is higher. */
  read_seq: Seq, };

/** See [`ClientFrame::Typing`]. */
export type SendTyping = {
  /** Where. */
  conversation: ConversationId,
  /** False when the person stopped without sending. */
  active: boolean, };

/** The place of an entry in its conversation's log.
*
* The first entry has 1; each next one exactly one more. Zero means "before the first". Kept below 2^53 so
* that every JSON reader holds it exactly (RFC 8259, section 6). */
export type Seq = number;

/** A frame from the server. */
export type ServerFrame = { "type": "welcome" } & Welcome | { "type": "ack" } & Ack | { "type": "event" } & Event | { "type": "receipt" } & Receipt | { "type": "typing" } & Typing | { "type": "presence" } & Presence | { "type": "catch_up" } & CatchUp | { "type": "synced" } & Synced | { "type": "page" } & Page | { "type": "conversations" } & ConversationsPage | { "type": "conversation" } & ConversationSummary | { "type": "conversation_gone" } & ConversationGone | { "type": "profile" } & Profile | { "type": "privacy" } & Privacy | { "type": "archives_changed" }
| { "type": "personal" } & PersonalChanged | { "type": "pong" } & Pong | { "type": "error" } & WireError | { "type": "goodbye" } & Goodbye | { "type": "unknown" };

/** `GET /v1/server`, without a token: what a client needs before sign-in. */
export type ServerInfo = {
  /** What its people call it. */
  name: string,
  /** Its version. */
  version: string,
  /** The protocol version it speaks. */
  protocol: number,
  /** Whether the first account still has to be made. */
  needs_setup: boolean,
  /** Whether anybody may sign up without an invite. */
  registration_open: boolean,
  /** What it allows. */
  limits: Limits, };

/** Who is signed in. */
export type SessionView = { "state": "signed_out",
  /** Why, where it was not by choice: `signed_out` (elsewhere), `suspended`. */
  reason: string | null, }
| { "state": "signed_in",
  /** The account. */
  me: Me,
  /** This device. */
  device: DeviceId,
  /** What the server allows. */
  limits: Limits,
  /** What the server is called. */
  server_name: string, };

/** See [`ClientFrame::Personal`]. */
export type SetPersonal = {
  /** Repeated in `personal` or `error`. */
  id: RequestId,
  /** Of which conversation. */
  conversation: ConversationId,
  /** What changes; the later change of a field wins, by the server's clock. */
  change: PersonalChange, };

/** See [`ClientFrame::Presence`]. */
export type SetPresence = {
  /** `online` or `away`; `offline` is refused: disconnecting says so. */
  state: PresenceState, };

/** `PUT /v1/push/subscription`: where this device is pushed to, as its push service says. Again after each change. */
export type SetSubscription = {
  /** The address, by https, at most [`PUSH_ENDPOINT_BYTES_MAX`] bytes. */
  endpoint: string,
  /** The device's key for what is pushed (RFC 8291): a point of P-256, uncompressed, in URL-safe base64. */
  p256dh: string,
  /** Its 16 bytes of secret, in URL-safe base64. */
  auth: string,
  /** Whether it also wants what shows nothing new: that a message was read elsewhere, is gone, or says something else. */
  silent: boolean, };

/** What is to change in a [`GroupSettings`]; what is left out stays. */
export type SettingsChange = {
  /** See [`GroupSettings::topic`]. */
  topic?: string,
  /** See [`GroupSettings::announcements`]. */
  announcements?: boolean,
  /** See [`GroupSettings::history`]. */
  history?: HistoryPolicy,
  /** See [`GroupSettings::expire_after_ms`]. */
  expire_after_ms?: number,
  /** See [`GroupSettings::avatar`]. */
  avatar?: AvatarChange, };

/** One change of a list: at `at`, `remove` items go and `insert` come. Splices apply in order. */
export type Splice<T> = {
  /** Where, as an index into the list as it is then. */
  at: number,
  /** How many items go. */
  remove: number,
  /** What comes in their place. */
  insert: Array<T>, };

/** How somebody is just now. */
export type Status = {
  /** One emoji. */
  emoji: string,
  /** A few words; empty where the emoji says it. */
  text?: string,
  /** When it ends, by the server's clock; it stays where there is none. */
  until?: Timestamp, };

/** Another status, or none. */
export type StatusChange = {
  /** The status; left out where there is to be none. */
  status?: Status, };

/** Whether this device keeps data. */
export type StorageView = "durable" | "memory" | "failing";

/** See [`ClientFrame::Sync`]. */
export type Sync = {
  /** Repeated in every `catch_up` and in `synced`. */
  id: RequestId,
  /** At most [`crate::limits::CURSORS_MAX`]. */
  cursors: Array<Cursor>, };

/** See [`ServerFrame::Synced`]. */
export type Synced = {
  /** Of the `hello` or `sync`. */
  id: RequestId, };

/** What this device gets from another one. */
export type TakingView = {
  /** The code that another device is to be told, while it is needed. */
  code: string | null,
  /** How it stands. */
  state: HandoverState,
  /** How far, of `total`. */
  done: number,
  /** How much there is; zero where that is not known yet. */
  total: number,
  /** How many entries came. */
  came: number,
  /** How many of them do not have their place yet. */
  left: number, };

/** How the votes are spread. */
export type Tally = {
  /** How many chose each option, in their order. */
  counts: Array<number>,
  /** How many people have voted. */
  voters: number, };

/** All of an open timeline but its list. */
export type TimelineHeader = {
  /** Which conversation. */
  conversation: ConversationId,
  /** What kind it is. */
  kind: ConversationKind,
  /** What to call it. */
  title: string,
  /** The other person of a direct conversation. */
  peer: UserId | null,
  /** How they are, where that is known. */
  presence: PresenceState | null,
  /** When they were last there, where they are not and that is known. */
  last_seen: Timestamp | null,
  /** The group's picture, or the other person's. */
  avatar: BlobId | null,
  /** The picture of an encrypted group. */
  picture?: GroupPicture,
  /** What the other person of a direct conversation says about themselves; empty where that is nothing. */
  about: string,
  /** How they are just now, as they say. */
  status: Status | null,
  /** How many members there are. */
  member_count: number,
  /** The members that the summary lists. */
  members: Array<MemberView>,
  /** What one is here. */
  role: Role,
  /** What one may do here. */
  allowed: Allowed,
  /** What the conversation is set to. */
  settings: GroupSettings,
  /** How many people wait to be let in, where one may decide that. */
  join_requests: number,
  /** Who has begun it, or added oneself to it, where that is a message request; empty while the name is not known here. */
  asked_by: string | null,
  /** The names of those who are typing. */
  typing: Array<string>,
  /** The first message that was unread when the timeline was opened: where the divider goes. */
  first_unread: Seq | null,
  /** Whether there are older entries than the list has. */
  has_older: boolean,
  /** Whether they are being fetched. */
  loading_older: boolean,
  /** How many messages of others have not been read, counted up to 1,000. */
  unread: number,
  /** What oneself keeps of it. */
  personal: PersonalView,
  /** What was in the composer when the timeline was opened. */
  draft: string,
  /** The pinned messages that this device knows, the one pinned last first. */
  pinned: Array<PinView>,
  /** The messages that are to be sent later, the earliest first. */
  scheduled?: Array<ScheduledView>,
  /** Whether the list ends before the newest entry: it was opened at an older place. `OpenTimeline` goes back to the end. */
  has_newer: boolean,
  /** Whether the conversation is encrypted end to end. */
  encrypted?: boolean, };

/** One line of a timeline. */
export type TimelineItem = {
  /** Stays the same as the item goes from queued to read: the id of the message or entry. */
  key: MessageId,
  /** Its place in the log; none while it is queued. */
  seq: Seq | null,
  /** When: the server's time once it has one, else when it was written. */
  at: Timestamp,
  /** Whose it is. */
  sender: UserId,
  /** Their name; empty while it is not known here. */
  sender_name: string,
  /** Their picture, in groups. */
  sender_avatar: BlobId | null,
  /** Whether it is one's own. */
  mine: boolean,
  /** Follows a message of the same sender within five minutes: shown as one group. */
  continues: boolean,
  /** What it shows. */
  body: ItemBody,
  /** Where it stands, where it is one's own message. */
  delivery: DeliveryState | null, };

/** Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
*
* Always given by whoever holds the clock; nothing in this crate reads one. */
export type Timestamp = number;

/** What has happened to the devices of a person, as their key log says. */
export type TrustChange = "new_device" | "number_changed" | "log_broken";

/** What a view asks. */
export type TrustCommand = { "type": "person",
  /** Whose. */
  user: UserId, }
| { "type": "check_code",
  /** Whose. */
  user: UserId,
  /** What it says. */
  code: string, }
| { "type": "set_verified",
  /** With whom. */
  user: UserId,
  /** The number that was shown; none takes it back. Refused where it is another one by now. */
  number: Array<string> | null, }
| { "type": "begin_anew",
  /** Whose. */
  user: UserId, }
| { "type": "own" }
| { "type": "approve",
  /** Which one. */
  device: DeviceId,
  /** The code that was shown. Refused where it is another one by now. */
  code: Array<string>, };

/** Whether somebody is who they are taken to be. */
export type TrustState = "unknown" | "unverified" | "verified" | "changed" | "broken";

/** See [`ServerFrame::Typing`]. */
export type Typing = {
  /** Where. */
  conversation: ConversationId,
  /** Who. */
  user: UserId,
  /** Whether they are; forget it by yourself after `typing_shown_ms`. */
  active: boolean, };

/** Why a message cannot be shown. */
export type UnreadableReason = "before_you" | "waiting" | "asked_again" | "failed";

/** A message, or what one was to say instead, that was written here for a conversation that one is not in any more. The server may have one whose
* acknowledgement was lost. */
export type Unsent = {
  /** Its id. */
  message: MessageId,
  /** For which conversation. */
  conversation: ConversationId,
  /** What that was called; empty where that was not known. */
  name: string,
  /** Whether somebody else has taken one out of it. Else one has left, on whatever device, or it is not known. */
  removed: boolean,
  /** Whether that was encrypted: then the words are for another one that is. */
  encrypted: boolean,
  /** What it says; a poll's question, and each of its options on a line. */
  text: string,
  /** How many files it had. They are not kept. */
  files: number, };

/** Something that a view shows has changed. */
export type Update = { "type": "session",
  /** The whole of it. */
  session: SessionView, }
| { "type": "connection",
  /** The whole of it. */
  connection: ConnectionView, }
| { "type": "conversations",
  /** What changed, in order. */
  splices: Array<Splice<ConversationItem>>,
  /** Whether there are more to load. */
  has_more: boolean,
  /** Whether the first page has come from the store or the server: before that an empty list means "not known yet". */
  loaded: boolean,
  /** How many message requests wait for an answer, whatever the list shows; counted up to 99. */
  requests: number, }
| { "type": "timeline",
  /** All but the list. */
  header: TimelineHeader,
  /** What changed of the list, oldest item first, in order. */
  splices: Array<Splice<TimelineItem>>, }
| { "type": "timeline_gone",
  /** Which one. */
  conversation: ConversationId, }
| { "type": "conversation_gone",
  /** Which one. */
  conversation: ConversationId,
  /** What it was called; empty where that was not known. */
  name: string,
  /** Whether somebody else has taken one out. Else one has left, on whatever device, or it is not known. */
  removed: boolean, }
| { "type": "unsent",
  /** All of it, the oldest first. Goes with [`crate::Command::DiscardMessage`]. */
  items: Array<Unsent>, }
| { "type": "change_refused",
  /** Of which conversation. */
  conversation: ConversationId,
  /** Of which message. */
  message: MessageId,
  /** Why: the code of the error. */
  code: string, }
| { "type": "setting_refused",
  /** Of which group; none where it was about oneself. */
  conversation: ConversationId | null,
  /** Why: the code of the error. */
  code: string, }
| { "type": "privacy",
  /** The whole of it. */
  privacy: Privacy, }
| { "type": "trust",
  /** Whose. */
  user: UserId, }
| { "type": "archives",
  /** The whole of it. */
  archives: ArchivesView, }
| { "type": "storage",
  /** How it is. */
  storage: StorageView, };

/** How a file on its way stands. */
export type UploadState = { "state": "waiting" }
| { "state": "sending" }
| { "state": "paused" }
| { "state": "processing" }
| { "state": "done" }
| { "state": "failed",
  /** The code of the error; `file_gone` where this device no longer has the bytes. */
  code: string, };

/** A file on its way from this device. */
export type UploadView = {
  /** How it stands. */
  state: UploadState,
  /** How many bytes the server has. */
  sent: number,
  /** How many there are. */
  size: number, };

/** A person's account. */
export type UserId = string;

/** Who voted for what. */
export type VoteBy = {
  /** The places of the options that they have chosen, from zero. */
  options: Array<number>,
  /** Who. */
  profile: Profile, };

/** A device of the account that asks for what the others have. */
export type WaitingDevice = {
  /** What it has asked for. */
  archive: ArchiveId,
  /** Which one. */
  device: DeviceId,
  /** What it is called. */
  name: string,
  /** When it asked. */
  at: Timestamp, };

/** See [`ClientFrame::Watch`]. */
export type Watch = {
  /** The people on the screen, at most [`crate::limits::WATCHED_USERS_MAX`]. Only those who share a conversation with one's own account are told. */
  users: Array<UserId>, };

/** See [`ServerFrame::Welcome`]. */
export type Welcome = {
  /** Of the `hello`. */
  id: RequestId,
  /** [`crate::PROTOCOL_VERSION`]. */
  protocol: number,
  /** The server's version, such as `0.1.0`. */
  server_version: string,
  /** The server's clock, for measuring one's own against. */
  now: Timestamp,
  /** This device. */
  device: DeviceId,
  /** This account, as others see it. */
  profile: Profile,
  /** What this server allows. */
  limits: Limits,
  /** What this server can do beyond the protocol's base: names, see the protocol page. */
  features: Array<string>,
  /** The first page of the list of conversations. */
  conversations: Array<ConversationSummary>,
  /** Where the next page begins; none when the list is complete. */
  next?: ListPosition, };

/** An error as a client gets it, in an `error` frame or as the body of an HTTP answer. */
export type WireError = {
  /** The request that failed, where there is one. */
  id?: RequestId,
  /** What went wrong, for programs. */
  code: ErrorCode,
  /** What went wrong, for developers, in English. Never shown to people: clients have a catalogue by code. */
  message: string,
  /** The frame type or field that the error is about. */
  field?: string,
  /** Whether trying again can help. */
  retry: Retry,
  /** How long to wait first, milliseconds, where `retry` is `later`. */
  retry_after_ms?: number, };
