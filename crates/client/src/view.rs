//! What views see: snapshots of small things, and lists as splices of what they had.
//!
//! A view holds no state of its own about conversations: it applies [`Update`]s in order and shows the result.

use pipit_wire::event::{ConversationKind, GroupSettings, Role, SettingsChange};
use pipit_wire::frame::PresenceState;
use pipit_wire::person::Status;
use pipit_wire::preview::LinkPreview;
use pipit_wire::privacy::Privacy;
use pipit_wire::rest::Me;
use pipit_wire::{Attachment, BlobId, ConversationId, DeviceId, Limits, MessageId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::picture::GroupPicture;

mod archive;
mod list;
mod poll;
mod sealed;
mod trust;
mod unsent;

pub use self::archive::{
    ArchivesView, BackupState, BackupView, HandoverState, HandoverView, TakingView, WaitingDevice,
};
pub use self::list::{ConversationItem, ListFilter, PersonalView, Preview};
pub use self::poll::{PollOptionView, PollView};
pub use self::sealed::UnreadableReason;
pub use self::trust::{LoggedDevice, OwnKeys, PersonTrust, SafetyOutcome, TrustChange, TrustState};
pub use self::unsent::Unsent;

/// One change of a list: at `at`, `remove` items go and `insert` come. Splices apply in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Splice<T> {
    /// Where, as an index into the list as it is then.
    pub at: u32,
    /// How many items go.
    pub remove: u32,
    /// What comes in their place.
    pub insert: Vec<T>,
}

/// Something that a view shows has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Update {
    /// Who is signed in.
    Session {
        /// The whole of it.
        session: SessionView,
    },
    /// How the line to the server is.
    Connection {
        /// The whole of it.
        connection: ConnectionView,
    },
    /// The list of conversations. A view that has just attached gets one splice into an empty list.
    Conversations {
        /// What changed, in order.
        splices: Vec<Splice<ConversationItem>>,
        /// Whether there are more to load.
        has_more: bool,
        /// Whether the first page has come from the store or the server: before that an empty list means "not known yet".
        loaded: bool,
        /// How many message requests wait for an answer, whatever the list shows; counted up to 99.
        requests: u32,
    },
    /// The open timeline. After `open_timeline` the first one inserts into an empty list.
    Timeline {
        /// All but the list.
        header: Box<TimelineHeader>,
        /// What changed of the list, oldest item first, in order.
        splices: Vec<Splice<TimelineItem>>,
    },
    /// The open timeline's conversation is gone: left, or removed from it.
    TimelineGone {
        /// Which one.
        conversation: ConversationId,
    },
    /// Oneself is in a conversation no more. Said once, of each that was known here.
    ConversationGone {
        /// Which one.
        conversation: ConversationId,
        /// What it was called; empty where that was not known.
        name: String,
        /// Whether somebody else has taken one out. Else one has left, on whatever device, or it is not known.
        removed: bool,
    },
    /// What was written to conversations that one is not in any more, and was not sent. A view that has just attached gets it where there is something.
    Unsent {
        /// All of it, the oldest first. Goes with [`crate::Command::DiscardMessage`].
        items: Vec<Unsent>,
    },
    /// The server has refused a change of a message. What it had done on the screen has been taken back.
    ChangeRefused {
        /// Of which conversation.
        conversation: ConversationId,
        /// Of which message.
        message: MessageId,
        /// Why: the code of the error.
        code: String,
    },
    /// What was set on this device was not taken by the server: what it has is shown again.
    SettingRefused {
        /// Of which group; none where it was about oneself.
        conversation: Option<ConversationId>,
        /// Why: the code of the error.
        code: String,
    },
    /// What one lets others see of oneself and do to oneself was changed, on this device or another one.
    Privacy {
        /// The whole of it.
        privacy: Privacy,
    },
    /// What is known of a person's devices has changed, or what oneself makes of it: whoever shows it asks anew.
    Trust {
        /// Whose.
        user: UserId,
    },
    /// What the account's devices hand over to each other.
    Archives {
        /// The whole of it.
        archives: Box<ArchivesView>,
    },
    /// Keeping data on this device does not work as it should.
    Storage {
        /// How it is.
        storage: StorageView,
    },
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionView {
    /// Nobody.
    SignedOut {
        /// Why, where it was not by choice: `signed_out` (elsewhere), `suspended`.
        reason: Option<String>,
    },
    /// Somebody.
    SignedIn {
        /// The account.
        me: Box<Me>,
        /// This device.
        device: DeviceId,
        /// What the server allows.
        limits: Box<Limits>,
        /// What the server is called.
        server_name: String,
    },
}

/// How the line to the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectionView {
    /// There is none, and none is being made: signed out, or the device has no network.
    Offline,
    /// It is being made.
    Connecting,
    /// It broke; the next try is at this time.
    Waiting {
        /// When, by this device's clock.
        retry_at: Timestamp,
    },
    /// It stands, and what was missed is coming in.
    CatchingUp,
    /// It stands, and everything is here.
    UpToDate,
}

/// Whether this device keeps data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StorageView {
    /// Durably.
    Durable,
    /// Only until the page is closed: this browser or window keeps nothing.
    Memory,
    /// Its disk refuses writes: what is typed now is not kept.
    Failing,
}

/// Where a message of one's own stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DeliveryState {
    /// On this device's disk, waiting for the line.
    Queued,
    /// On the server's disk.
    Sent,
    /// On a device of every other member.
    Delivered,
    /// Seen by every other member.
    Read,
    /// Refused; can be tried again or dropped.
    Failed {
        /// The code of the error.
        code: String,
    },
}

/// A member, as the header of a timeline lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MemberView {
    /// Who.
    pub user: UserId,
    /// The unique name.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// What they are here.
    pub role: Role,
    /// Whether it is oneself.
    pub me: bool,
    /// Their picture.
    pub avatar: Option<BlobId>,
    /// How they are just now, as they say.
    pub status: Option<Status>,
    /// How they are, where that is known.
    pub presence: Option<PresenceState>,
    /// Whether they are who they are taken to be, in an encrypted conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub trust: Option<TrustState>,
}

/// What one may do in a conversation: what the view offers. The server decides again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[expect(clippy::struct_excessive_bools, reason = "a row of independent permissions")]
pub struct Allowed {
    /// Write messages.
    pub send: bool,
    /// Send files with them, and what pages say that they link to.
    pub attach: bool,
    /// Ask the people here something.
    pub ask: bool,
    /// Have messages sent later.
    pub schedule: bool,
    /// Rename the group.
    pub rename: bool,
    /// Add people.
    pub add_members: bool,
    /// Remove members below one's own role.
    pub remove_members: bool,
    /// Change the roles of members below one's own.
    pub change_roles: bool,
    /// Make others owners.
    pub hand_over: bool,
    /// Take a lower role oneself.
    pub step_down: bool,
    /// Change what the group is about and who writes in it.
    pub change_settings: bool,
    /// Choose after which time messages are erased.
    pub set_timer: bool,
    /// Make links into the group and let people in.
    pub manage_invites: bool,
    /// Keep people out, and lift that.
    pub ban: bool,
    /// Leave.
    pub leave: bool,
}

/// All of an open timeline but its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct TimelineHeader {
    /// Which conversation.
    pub conversation: ConversationId,
    /// What kind it is.
    pub kind: ConversationKind,
    /// What to call it.
    pub title: String,
    /// The other person of a direct conversation.
    pub peer: Option<UserId>,
    /// How they are, where that is known.
    pub presence: Option<PresenceState>,
    /// When they were last there, where they are not and that is known.
    pub last_seen: Option<Timestamp>,
    /// The group's picture, or the other person's.
    pub avatar: Option<BlobId>,
    /// The picture of an encrypted group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub picture: Option<GroupPicture>,
    /// What the other person of a direct conversation says about themselves; empty where that is nothing.
    pub about: String,
    /// How they are just now, as they say.
    pub status: Option<Status>,
    /// How many members there are.
    pub member_count: u32,
    /// The members that the summary lists.
    pub members: Vec<MemberView>,
    /// What one is here.
    pub role: Role,
    /// What one may do here.
    pub allowed: Allowed,
    /// What the conversation is set to.
    pub settings: GroupSettings,
    /// How many people wait to be let in, where one may decide that.
    pub join_requests: u32,
    /// Who has begun it, or added oneself to it, where that is a message request; empty while the name is not known here.
    pub asked_by: Option<String>,
    /// The names of those who are typing.
    pub typing: Vec<String>,
    /// The first message that was unread when the timeline was opened: where the divider goes.
    pub first_unread: Option<Seq>,
    /// Whether there are older entries than the list has.
    pub has_older: bool,
    /// Whether they are being fetched.
    pub loading_older: bool,
    /// How many messages of others have not been read, counted up to 1,000.
    pub unread: u32,
    /// What oneself keeps of it.
    pub personal: PersonalView,
    /// What was in the composer when the timeline was opened.
    pub draft: String,
    /// The pinned messages that this device knows, the one pinned last first.
    pub pinned: Vec<PinView>,
    /// The messages that are to be sent later, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<ScheduledView>>"))]
    pub scheduled: Vec<ScheduledView>,
    /// Whether the list ends before the newest entry: it was opened at an older place. `OpenTimeline` goes back to the end.
    pub has_newer: bool,
    /// Whether the conversation is encrypted end to end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub encrypted: bool,
}

/// A message that is to be sent later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ScheduledView {
    /// Its id.
    pub message: MessageId,
    /// What it says.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<AttachmentView>>"))]
    pub attachments: Vec<AttachmentView>,
    /// When it is sent.
    pub send_at: Timestamp,
    /// Why it was refused, when its time came or before: the name of an error code.
    pub failed: Option<String>,
    /// Whether this device has something to say of it that the server does not have yet.
    pub waiting: bool,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TimelineItem {
    /// Stays the same as the item goes from queued to read: the id of the message or entry.
    pub key: MessageId,
    /// Its place in the log; none while it is queued.
    pub seq: Option<Seq>,
    /// When: the server's time once it has one, else when it was written.
    pub at: Timestamp,
    /// Whose it is.
    pub sender: UserId,
    /// Their name; empty while it is not known here.
    pub sender_name: String,
    /// Their picture, in groups.
    pub sender_avatar: Option<BlobId>,
    /// Whether it is one's own.
    pub mine: bool,
    /// Follows a message of the same sender within five minutes: shown as one group.
    pub continues: bool,
    /// What it shows.
    pub body: ItemBody,
    /// Where it stands, where it is one's own message.
    pub delivery: Option<DeliveryState>,
}

/// What a line of a timeline shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ItemBody {
    /// A message.
    Message {
        /// Its text.
        text: String,
        /// The message that it answers.
        reply: Option<ReplyView>,
        /// Its files.
        attachments: Vec<AttachmentView>,
        /// What the page says that it links to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        preview: Option<Box<LinkPreview>>,
        /// When it was edited last; none where it never was.
        edited_at: Option<Timestamp>,
        /// The reactions, in the order in which each emoji first came.
        reactions: Vec<ReactionView>,
        /// Whether it is pinned in the conversation.
        pinned: bool,
        /// What people choose from, where the text is the question of a poll.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        poll: Option<Box<PollView>>,
        /// What one may do with it.
        can: MessageActions,
    },
    /// A message that was deleted for everyone.
    Deleted {
        /// Who deleted it, where that was not its author.
        by: Option<String>,
    },
    /// A message that this device cannot show.
    Unreadable {
        /// Why.
        reason: UnreadableReason,
    },
    /// The conversation was made, by the sender.
    Created {
        /// The group's name.
        title: Option<String>,
    },
    /// The sender added somebody (or joined, where it is the same person).
    MemberAdded {
        /// Whose name.
        name: String,
        /// Whether they added themselves.
        joined: bool,
    },
    /// The sender removed somebody (or left).
    MemberRemoved {
        /// Whose name.
        name: String,
        /// Whether they removed themselves.
        left: bool,
        /// Whether they are kept out.
        banned: bool,
    },
    /// The sender changed somebody's role.
    RoleChanged {
        /// Whose name.
        name: String,
        /// To what.
        role: Role,
    },
    /// The sender changed what the group is set to.
    SettingsChanged {
        /// What of it.
        change: SettingsChange,
    },
    /// The sender pinned a message.
    Pinned {
        /// Which one.
        message: MessageId,
    },
    /// The sender shows somebody, whom they have added, what was said before they came.
    HistoryShown {
        /// Whether it is oneself.
        to_me: bool,
        /// Whose names: the first few of them.
        names: Vec<String>,
        /// How many people they are.
        count: u32,
    },
    /// Something about the devices of the sender, which this device has seen and is in no log.
    Trust {
        /// What.
        change: TrustChange,
    },
    /// The sender renamed the group.
    TitleChanged {
        /// To what.
        title: String,
    },
}

/// What one may do with a message now: what the view offers. The server decides again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[expect(clippy::struct_excessive_bools, reason = "a row of independent permissions")]
pub struct MessageActions {
    /// Answer it.
    pub reply: bool,
    /// Change what it says.
    pub edit: bool,
    /// Delete it for everyone.
    pub delete: bool,
    /// React to it.
    pub react: bool,
    /// Pin or unpin it.
    pub pin: bool,
    /// Write it anew elsewhere.
    pub forward: bool,
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReactionView {
    /// Which one.
    pub emoji: String,
    /// How many people's it is.
    pub count: u32,
    /// Whether oneself is one of them.
    pub mine: bool,
    /// The names of the first of them.
    pub names: Vec<String>,
}

/// A pinned message, for the bar above the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PinView {
    /// Which one.
    pub message: MessageId,
    /// Its place in the log.
    pub seq: Seq,
    /// Whose name.
    pub sender_name: String,
    /// The beginning of its text, on one line.
    pub text: String,
    /// Its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<Attachment>>"))]
    pub attachments: Vec<Attachment>,
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AttachmentView {
    /// What is known of it.
    pub file: Attachment,
    /// How far it has come, where this device is sending it.
    pub upload: Option<UploadView>,
}

/// A file on its way from this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct UploadView {
    /// How it stands.
    pub state: UploadState,
    /// How many bytes the server has.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub sent: u64,
    /// How many there are.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
}

/// How a file on its way stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UploadState {
    /// Waits for the line, or for others before it.
    Waiting,
    /// Is being sent.
    Sending,
    /// The person has stopped it for now.
    Paused,
    /// All of it is there; the server looks at it.
    Processing,
    /// It is there; the message goes out when all its files are.
    Done,
    /// Refused, or this device no longer has it; can be tried again or dropped.
    Failed {
        /// The code of the error; `file_gone` where this device no longer has the bytes.
        code: String,
    },
}

/// The message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReplyView {
    /// Which one.
    pub message: MessageId,
    /// Its place in the log; none where the message is not on this device, or has not been sent.
    pub seq: Option<Seq>,
    /// Whose name; none where the message is not on this device.
    pub sender_name: Option<String>,
    /// The beginning of its text; none where the message is not on this device, or was deleted.
    pub text: Option<String>,
    /// Its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<Attachment>>"))]
    pub attachments: Vec<Attachment>,
}
