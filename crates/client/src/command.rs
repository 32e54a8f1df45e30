//! What views ask of the engine, and how it answers.
//!
//! A command can arrive twice: tabs repeat it to a new leader when the old one is gone. Commands that make something
//! therefore carry the id of what they make, chosen by the view.

use pipit_wire::event::{Role, SettingsChange};
use pipit_wire::person::StatusChange;
use pipit_wire::poll::Poll;
use pipit_wire::preview::LinkPreview;
use pipit_wire::privacy::PrivacyChange;
use pipit_wire::push::{NotificationSettings, NotifyRule, SetSubscription};
use pipit_wire::{
    ArchiveId, BlobId, ConversationId, DeviceId, EventId, InviteId, MessageId, Seq, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::picture::PictureChange;
use crate::view::ListFilter;

mod data;
mod picture;
mod reply;
mod report;
mod trust;

pub use self::data::{
    AccountForm, CommandError, CommandId, EditView, ForwardTarget, MessageReach, NewAttachment, ReactionBy,
    RequestAnswer, ViewId, VoteBy,
};
pub use self::picture::{KeptPicture, PictureCommand, PictureSubject};
pub use self::reply::Reply;
pub use self::report::ReportCommand;
pub use self::trust::TrustCommand;

/// What a view asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Asks what the server is. Answered by [`Reply::ServerInfo`].
    GetServerInfo,
    /// Asks what an invite link leads to. Answered by [`Reply::InviteInfo`].
    GetInviteInfo {
        /// From the link.
        token: String,
    },
    /// Makes the first account with the one-time link.
    SetUp {
        /// From the link.
        token: String,
        /// What to call the server.
        server_name: String,
        /// The account.
        account: AccountForm,
    },
    /// Makes an account.
    SignUp {
        /// From an invite link, where there is one.
        invite: Option<String>,
        /// The account.
        account: AccountForm,
    },
    /// Signs in.
    SignIn {
        /// The unique name.
        handle: String,
        /// The password.
        password: String,
        /// The name of this device.
        device_name: String,
    },
    /// Signs this device out and erases its store.
    SignOut,

    /// Says whether the view can be seen: decides presence, and whether messages on screen count as read.
    SetVisible {
        /// Whether it can.
        visible: bool,
    },
    /// Says what the driver knows of the network; a hint to try at once, or not to try.
    SetOnline {
        /// Whether there seems to be one.
        online: bool,
    },
    /// Lengthens the list of conversations by a page.
    LoadMoreConversations,
    /// Opens this view's timeline at the newest messages (or at the first unread one); closes the one that was open.
    OpenTimeline {
        /// Of which conversation.
        conversation: ConversationId,
    },
    /// Closes this view's timeline.
    CloseTimeline,
    /// Lengthens the open timeline at its beginning by a page.
    LoadOlder,
    /// Everything up to here was on the screen.
    MarkRead {
        /// Of which conversation.
        conversation: ConversationId,
        /// The last entry that was seen.
        seq: Seq,
    },
    /// Writes a message: queued durably, then sent.
    SendMessage {
        /// Its id, a UUIDv7 made by the view.
        message: MessageId,
        /// Where to.
        conversation: ConversationId,
        /// What it says.
        text: String,
        /// The message that it answers.
        #[serde(default)]
        reply_to: Option<MessageId>,
        /// Its files. The view hands their bytes to the driver beside this command, under the same ids.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<NewAttachment>>"))]
        attachments: Vec<NewAttachment>,
        /// What a page says that the text links to, as [`Command::FindPreview`] has found it.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional))]
        preview: Option<Box<LinkPreview>>,
    },
    /// Asks what the page says that a link leads to. Answered by [`Reply::Preview`].
    FindPreview {
        /// The link.
        url: String,
    },
    /// Asks the people of a conversation something. It becomes a message.
    SendPoll {
        /// Its id, a UUIDv7 made by the view.
        message: MessageId,
        /// Where to.
        conversation: ConversationId,
        /// The question.
        question: String,
        /// What to choose from.
        poll: Poll,
    },
    /// Votes in a poll, in place of one's vote before.
    Vote {
        /// The idempotency key, a UUIDv7 made by the view.
        change: EventId,
        /// Where.
        conversation: ConversationId,
        /// Which poll.
        message: MessageId,
        /// The places of the options that one chooses, from zero, in order; nothing takes the vote back.
        options: Vec<u8>,
    },
    /// Ends a poll.
    ClosePoll {
        /// The idempotency key, a UUIDv7 made by the view.
        change: EventId,
        /// Where.
        conversation: ConversationId,
        /// Which poll.
        message: MessageId,
    },
    /// Who voted in a poll that is not anonymous. Answered by [`Reply::Votes`].
    ListVotes {
        /// Where.
        conversation: ConversationId,
        /// Which poll.
        message: MessageId,
    },
    /// Schedules a message, or says differently what is scheduled: it is sent at its time, wherever it waits until then, and keeps its files.
    ScheduleMessage {
        /// Where to.
        conversation: ConversationId,
        /// Its id, a UUIDv7 made by the view.
        message: MessageId,
        /// What it says.
        text: String,
        /// The message that it answers.
        #[serde(default)]
        reply_to: Option<MessageId>,
        /// When, by the server's clock.
        send_at: Timestamp,
        /// The files of a new one, as those of [`Command::SendMessage`].
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<NewAttachment>>"))]
        attachments: Vec<NewAttachment>,
    },
    /// Takes a scheduled message back.
    CancelScheduled {
        /// Where to.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
    },
    /// Sends a scheduled message now.
    SendScheduled {
        /// Where to.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
    },
    /// Tries a failed message again.
    RetryMessage {
        /// Which one.
        message: MessageId,
    },
    /// Drops a message that is queued or has failed.
    DiscardMessage {
        /// Which one.
        message: MessageId,
    },
    /// Says a message of one's own differently: shown at once, kept until the server has it.
    EditMessage {
        /// The idempotency key, a UUIDv7 made by the view.
        change: EventId,
        /// Where.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
        /// What it says now.
        text: String,
    },
    /// Deletes a message for everyone.
    DeleteMessage {
        /// The idempotency key, a UUIDv7 made by the view.
        change: EventId,
        /// Where.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
    },
    /// Reacts to a message, or takes that back.
    React {
        /// The idempotency key, a UUIDv7 made by the view.
        change: EventId,
        /// Where.
        conversation: ConversationId,
        /// To which one.
        message: MessageId,
        /// With what.
        emoji: String,
        /// Whether it is to stand.
        on: bool,
    },
    /// Pins a message in its conversation, or unpins it.
    PinMessage {
        /// The idempotency key, a UUIDv7 made by the view.
        change: EventId,
        /// Where.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
        /// Whether it is to be pinned.
        on: bool,
    },
    /// Writes messages anew into other conversations, in their order, with their files.
    ForwardMessages {
        /// From where.
        conversation: ConversationId,
        /// Which ones.
        messages: Vec<MessageId>,
        /// Where to, each with the ids of the new messages, as many as `messages`, UUIDv7 made by the view.
        to: Vec<ForwardTarget>,
    },
    /// Deletes messages for oneself, on all of one's devices: what they say is erased from this one at once. It cannot be undone.
    DeleteForMe {
        /// Where.
        conversation: ConversationId,
        /// Which ones, at most 100.
        messages: Vec<MessageId>,
    },
    /// What a message said before it was edited. Answered by [`Reply::Edits`].
    ListEdits {
        /// Where.
        conversation: ConversationId,
        /// Of which one.
        message: MessageId,
    },
    /// Who reacted to a message, and with what. Answered by [`Reply::Reactions`].
    ListReactions {
        /// Where.
        conversation: ConversationId,
        /// To which one.
        message: MessageId,
    },
    /// How far a message of one's own has come with each member. Answered by [`Reply::MessageInfo`].
    GetMessageInfo {
        /// Where.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
    },
    /// Opens this view's timeline around a place of the log, such as a found, pinned or answered message.
    OpenTimelineAt {
        /// Of which conversation.
        conversation: ConversationId,
        /// The place.
        seq: Seq,
    },
    /// Asks where in a log a moment is. Answered by [`Reply::Place`].
    FindPlace {
        /// Of which conversation.
        conversation: ConversationId,
        /// When, by the server's clock.
        at: Timestamp,
    },
    /// Lengthens the open timeline at its end by a page, where it was opened at an older place.
    LoadNewer,
    /// Stops sending a file for now.
    PauseUpload {
        /// Which one.
        blob: BlobId,
    },
    /// Goes on with a file that was stopped, or tries one again that has failed.
    ResumeUpload {
        /// Which one.
        blob: BlobId,
    },
    /// Takes a file out of its message; a message with nothing left in it is dropped.
    CancelUpload {
        /// Which one.
        blob: BlobId,
    },
    /// Asks how much room one's own files take. Answered by [`Reply::StorageUse`].
    GetStorageUse,
    /// Asks where files can be fetched from. Answered by [`Reply::BlobLinks`].
    GetBlobLinks {
        /// Which ones, at most 100.
        blobs: Vec<BlobId>,
    },
    /// The person is typing, or has stopped. May come with every key; the engine throttles.
    SetTyping {
        /// Where.
        conversation: ConversationId,
        /// Whether they are.
        active: bool,
    },
    /// Keeps what is in the composer, on this device and soon on one's others; empty to forget it.
    SaveDraft {
        /// Where.
        conversation: ConversationId,
        /// The text.
        text: String,
    },
    /// Chooses which conversations this view's list shows; it begins anew with its first page.
    SetListFilter {
        /// Which.
        filter: ListFilter,
    },
    /// Archives a conversation for oneself, or brings it back.
    ArchiveConversation {
        /// Which one.
        conversation: ConversationId,
        /// Whether it is to be archived.
        archived: bool,
    },
    /// Answers a message request, or blocks whoever a direct conversation is with. Writing in a request accepts it, too.
    AnswerRequest {
        /// Which one.
        conversation: ConversationId,
        /// How.
        answer: RequestAnswer,
    },
    /// Pins a conversation to the top of one's list, moves it there, or unpins it.
    PinConversation {
        /// Which one.
        conversation: ConversationId,
        /// Its place among the pinned ones, 0 first (beyond the last: last); none to unpin it.
        place: Option<u32>,
    },
    /// Mutes a conversation for oneself, or lifts that.
    MuteConversation {
        /// Which one.
        conversation: ConversationId,
        /// Until when, by the server's clock (a time that is centuries away: for ever); none to lift it.
        until: Option<Timestamp>,
    },
    /// Says of which messages of a conversation one is notified.
    SetNotify {
        /// Which one.
        conversation: ConversationId,
        /// Of which.
        notify: NotifyRule,
    },
    /// Asks how one is notified, on all devices. Answered by [`Reply::Notifications`].
    GetNotifications,
    /// Changes that: all of it. Answered by [`Reply::Notifications`].
    SetNotifications {
        /// How.
        settings: NotificationSettings,
    },
    /// Asks whether, and to where, the server pushes to this device. Answered by [`Reply::Push`].
    GetPush,
    /// Says where this device is pushed to, by its push service; none to end it.
    SetPush {
        /// Where.
        subscription: Option<SetSubscription>,
    },
    /// Has something pushed to this device now. Answered by [`Reply::PushTested`].
    TestPush,
    /// Asks what one lets others see of oneself and do to oneself. Answered by [`Reply::Privacy`].
    GetPrivacy,
    /// Changes that; what is left out stays. Answered by [`Reply::Privacy`].
    SetPrivacy {
        /// What is to change.
        change: PrivacyChange,
    },
    /// Asks whom one blocks. Answered by [`Reply::Blocked`].
    ListBlocked {
        /// `next` of the page before; none for the first.
        after: Option<String>,
    },
    /// Blocks somebody no longer. What they have begun, and was refused, is accepted by this.
    Unblock {
        /// Whom.
        user: UserId,
    },
    /// Asks the account's other devices for what they have of encrypted conversations: this one shows a code until one of them was told it ([`crate::view::ArchivesView`]).
    AskDevices,
    /// Stops that, or does not want it.
    StopAsking,
    /// Asks which waiting device shows this code. Answered by [`Reply::WaitingDevice`]; with `code_malformed`, `code_slip`, `code_other` (it is a recovery code) or `code_unknown` (no
    /// device that waits shows it) where none does.
    CheckDeviceCode {
        /// As it was typed or scanned.
        code: String,
    },
    /// Hands over what this device has of encrypted conversations to the device that shows this code. Refused like that before, and with `busy` while it hands over to another one.
    ApproveDevice {
        /// As it was typed or scanned.
        code: String,
    },
    /// Does not hand over to a device that waits, on any device.
    DeclineDevice {
        /// What it has asked for.
        archive: ArchiveId,
    },
    /// Makes a recovery code, which counts for nothing yet. Answered by [`Reply::RecoveryCode`].
    NewRecoveryCode,
    /// Begins the account's backup, or one in place of the one before, which this code opens. The person has shown that they have it. Without a line it begins when there is
    /// one. Refused with `code_malformed`, `code_slip_recovery` or `code_of_device`.
    BeginBackup {
        /// From [`Reply::RecoveryCode`].
        code: String,
    },
    /// Opens the account's backup with its code: what is in it comes to this device, which then keeps it up to date. Refused with `code_malformed`, `code_slip_recovery`,
    /// `code_of_device`, `code_wrong`, `no_backup`, or `offline` where it is not known yet what backup there is.
    RestoreBackup {
        /// As it was typed.
        code: String,
    },
    /// Erases the account's backup, when there is a line. Its code opens nothing any more. Refused with `offline` where it is not known yet whether there is one.
    EndBackup,
    /// What is said of a hand-over that has ended is not shown any longer.
    DismissHandover,
    /// Marks a conversation as unread for oneself, or takes the mark away. Opening its timeline takes it away too.
    MarkUnread {
        /// Which one.
        conversation: ConversationId,
        /// Whether it is to be marked.
        unread: bool,
    },
    /// Finds people. Answered by [`Reply::Users`].
    SearchUsers {
        /// Part of a handle or name.
        query: String,
    },
    /// Finds people, conversations and messages. Answered by [`Reply::SearchResults`].
    Search {
        /// Words, `"phrases"`, and the operators `from:`, `in:`, `has:`, `before:` and `after:`.
        query: String,
        /// Only messages of this conversation.
        #[serde(default)]
        conversation: Option<ConversationId>,
        /// Where the page begins, from the answer before.
        #[serde(default)]
        after: Option<String>,
        /// How many minutes this clock is ahead of UTC: days begin by it.
        #[serde(default)]
        utc_offset_min: i32,
    },
    /// The conversation with somebody, made where there is none. Answered by [`Reply::Conversation`].
    CreateDirect {
        /// With whom.
        user: UserId,
        /// Whether the one is meant that is encrypted end to end: there may be one of each kind.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
        encrypted: bool,
    },
    /// Makes a group. Answered by [`Reply::Conversation`].
    CreateGroup {
        /// Its id, a UUIDv7 made by the view.
        id: ConversationId,
        /// Its name.
        title: String,
        /// Who else is in it.
        members: Vec<UserId>,
        /// Whether it is encrypted end to end, for good.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
        encrypted: bool,
    },
    /// Adds people to a group.
    AddMembers {
        /// Which one.
        conversation: ConversationId,
        /// The idempotency keys, one a person, UUIDv7 made by the view.
        event_ids: Vec<EventId>,
        /// Whom.
        users: Vec<UserId>,
    },
    /// Removes somebody from a group, or leaves it where `user` is oneself.
    RemoveMember {
        /// Which one.
        conversation: ConversationId,
        /// Whom.
        user: UserId,
    },
    /// Changes what somebody is in a group.
    ChangeRole {
        /// Which one.
        conversation: ConversationId,
        /// The idempotency key.
        event_id: EventId,
        /// Whom.
        user: UserId,
        /// To what.
        role: Role,
    },
    /// Renames a group.
    Rename {
        /// Which one.
        conversation: ConversationId,
        /// The idempotency key.
        event_id: EventId,
        /// The new name.
        title: String,
    },
    /// Changes what a group is set to.
    ChangeSettings {
        /// Which one.
        conversation: ConversationId,
        /// The idempotency key.
        event_id: EventId,
        /// What of it.
        change: SettingsChange,
    },
    /// Makes a link into a group. Answered by [`Reply::GroupInvite`].
    CreateGroupInvite {
        /// Which one.
        conversation: ConversationId,
        /// How long it is valid, seconds.
        expires_in_s: u32,
        /// How many people may come by it.
        uses: u32,
        /// Whether an admin has to let each of them in.
        approval: bool,
    },
    /// The links into a group that still work. Answered by [`Reply::GroupInvites`].
    ListGroupInvites {
        /// Which one.
        conversation: ConversationId,
    },
    /// Ends a link into a group.
    RevokeGroupInvite {
        /// Which one.
        conversation: ConversationId,
        /// Which link.
        invite: InviteId,
    },
    /// Asks what a link into a group leads to. Answered by [`Reply::GroupInviteInfo`].
    GetGroupInviteInfo {
        /// From the link.
        token: String,
    },
    /// Joins a group by a link, or asks to be let in. Answered by [`Reply::Joining`].
    JoinGroup {
        /// From the link.
        token: String,
        /// The idempotency key.
        event_id: EventId,
    },
    /// Who waits to be let into a group. Answered by [`Reply::JoinRequests`].
    ListJoinRequests {
        /// Which one.
        conversation: ConversationId,
    },
    /// Lets somebody in who has asked.
    ApproveJoin {
        /// Where.
        conversation: ConversationId,
        /// The idempotency key.
        event_id: EventId,
        /// Whom.
        user: UserId,
    },
    /// Does not let somebody in who has asked.
    DeclineJoin {
        /// Where.
        conversation: ConversationId,
        /// Whom.
        user: UserId,
    },
    /// Removes a member from a group and keeps them out.
    BanMember {
        /// Which one.
        conversation: ConversationId,
        /// The idempotency key.
        event_id: EventId,
        /// Whom.
        user: UserId,
    },
    /// Who is kept out of a group. Answered by [`Reply::Bans`].
    ListBans {
        /// Which one.
        conversation: ConversationId,
    },
    /// Keeps somebody out no longer.
    LiftBan {
        /// Of which group.
        conversation: ConversationId,
        /// Whom.
        user: UserId,
    },
    /// A page of a conversation's members. Answered by [`Reply::Members`].
    ListMembers {
        /// Which one.
        conversation: ConversationId,
        /// The beginning of a handle or of a word of a name, by role; empty: all of them by role; none: all of them, oldest first.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional))]
        query: Option<String>,
        /// Where the page begins, from the answer before.
        #[serde(default)]
        after: Option<String>,
    },
    /// Makes an invite link to the server. Answered by [`Reply::Invite`].
    CreateInvite {
        /// How long it is valid, seconds.
        expires_in_s: u32,
        /// How many accounts it may make.
        uses: u32,
    },
    /// The invites that still work. Answered by [`Reply::Invites`].
    ListInvites,
    /// Ends an invite.
    RevokeInvite {
        /// Which one.
        invite: InviteId,
    },
    /// Something about whose devices are whose.
    Trust {
        /// What.
        ask: TrustCommand,
    },
    /// Something about small pictures that are kept.
    Picture {
        /// What.
        ask: PictureCommand,
    },
    /// Something about reports.
    Report {
        /// What.
        ask: ReportCommand,
    },
    /// Where the account is signed in. Answered by [`Reply::Devices`].
    ListDevices,
    /// Signs another device out.
    SignOutDevice {
        /// Which one.
        device: DeviceId,
    },
    /// Changes what others see of oneself: what is left out stays. Kept until the server has it; repeated with the same id it changes nothing.
    ChangeProfile {
        /// Made by the view.
        event_id: EventId,
        /// The new name.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional))]
        name: Option<String>,
        /// A line about oneself.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional))]
        about: Option<String>,
        /// How one is just now, or that nothing is said of it.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional))]
        status: Option<StatusChange>,
        /// Another picture, or none.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional))]
        picture: Option<PictureChange>,
    },
    /// Gives a group another picture, or none. Kept until the server has it.
    SetGroupPicture {
        /// Which group.
        conversation: ConversationId,
        /// The id of the entry, made by the view.
        event_id: EventId,
        /// The picture.
        picture: PictureChange,
    },
}
