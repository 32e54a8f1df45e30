//! Frames from the server to a client. Clients ignore types and fields that they do not know.

use serde::{Deserialize, Serialize};

use super::{ConversationSummary, ListPosition, Personal, PresenceState, Profile, Receipt};
use crate::encryption::GroupHead;
use crate::error::WireError;
use crate::event::{Event, MessageState};
use crate::ids::{ConversationId, DeviceId, MessageId, RequestId, Seq, UserId};
use crate::limits::Limits;
use crate::privacy::Privacy;
use crate::time::Timestamp;

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `hello`. A `catch_up` for each of its cursors follows, then a `synced` with the same id.
    Welcome(Box<Welcome>),
    /// The message or change is on the server's disk. Sent again for a repeated one, with the same `seq`.
    Ack(Ack),
    /// A new entry of a log that this account may read. A jump in `seq` means that some were missed: ask with `sync`.
    Event(Event),
    /// Somebody's markers moved; one's own too, when another device moved them.
    Receipt(Receipt),
    /// Somebody is typing, or has stopped.
    Typing(Typing),
    /// A watched person came, went, or went idle.
    Presence(Presence),
    /// What one conversation has after a cursor.
    CatchUp(CatchUp),
    /// Every cursor of the request has been answered.
    Synced(Synced),
    /// A page of a log.
    Page(Page),
    /// A page of the list of conversations.
    Conversations(ConversationsPage),
    /// A conversation that is new to this account, or whose summary has changed other than by an entry of its log.
    Conversation(Box<ConversationSummary>),
    /// This account is no longer a member: nothing more will come from it.
    ConversationGone(ConversationGone),
    /// What a watched person, or this account, shows of themselves: when they are watched, and when it has changed.
    Profile(Profile),
    /// What this account lets others see of it and do to it was changed, by this device or another one of its own: the whole of it.
    Privacy(Privacy),
    /// The archives of this account have changed: a device asks for what the others have, or gets it, or the backup has moved on. How they stand is asked for (`GET /v1/me/archives`), so that
    /// what is known is never older than the answer, in whatever order this and answers come.
    ArchivesChanged,
    /// What one keeps of a conversation for oneself has changed: on this device, where it answers one, or on another.
    Personal(PersonalChanged),
    /// The line is alive.
    Pong(Pong),
    /// What a request, or the connection as a whole, got wrong.
    Error(WireError),
    /// The server ends this connection in good order: reconnect after the time given and resume from the cursors.
    Goodbye(Goodbye),
    /// A type that this version does not know.
    #[serde(other)]
    Unknown,
}

/// See [`ServerFrame::Welcome`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Welcome {
    /// Of the `hello`.
    pub id: RequestId,
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The server's version, such as `0.1.0`.
    pub server_version: String,
    /// The server's clock, for measuring one's own against.
    pub now: Timestamp,
    /// This device.
    pub device: DeviceId,
    /// This account, as others see it.
    pub profile: Profile,
    /// What this server allows.
    pub limits: Limits,
    /// What this server can do beyond the protocol's base: names, see the protocol page.
    pub features: Vec<String>,
    /// The first page of the list of conversations.
    pub conversations: Vec<ConversationSummary>,
    /// Where the next page begins; none when the list is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<ListPosition>,
}

/// See [`ServerFrame::Ack`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Ack {
    /// Of the request.
    pub id: RequestId,
    /// Which message; the id of the change, where it was one.
    pub message: MessageId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its place in the log.
    pub seq: Seq,
    /// When it was put there.
    pub at: Timestamp,
}

/// See [`ServerFrame::Typing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Typing {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub user: UserId,
    /// Whether they are; forget it by yourself after `typing_shown_ms`.
    pub active: bool,
}

/// See [`ServerFrame::Presence`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Presence {
    /// Who.
    pub user: UserId,
    /// How they are.
    pub state: PresenceState,
    /// When they were last connected, where they are offline and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub last_seen: Option<Timestamp>,
}

/// See [`ServerFrame::CatchUp`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CatchUp {
    /// Of the `hello` or `sync`.
    pub id: RequestId,
    /// Whose log.
    pub conversation: ConversationId,
    /// What comes directly after the cursor, in order, without a gap. Empty where nothing does, and where `gap` is set.
    pub events: Vec<Event>,
    /// The last entry of the log.
    pub last_seq: Seq,
    /// More than [`crate::limits::PAGE_EVENTS_MAX`] entries are missing: page them in with `history` when they are wanted.
    pub gap: bool,
    /// Of an encrypted conversation: how far the server knows its group and this device in it. Nothing is sealed before that was compared with the device's
    /// own state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub group: Option<GroupHead>,
}

/// See [`ServerFrame::Synced`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Synced {
    /// Of the `hello` or `sync`.
    pub id: RequestId,
}

/// See [`ServerFrame::Page`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Page {
    /// Of the `history`.
    pub id: RequestId,
    /// Whose log.
    pub conversation: ConversationId,
    /// The entries, in order of `seq`, without a gap.
    pub events: Vec<Event>,
    /// What has become of the page's messages as of `last_seq`; a message to which nothing has happened has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<MessageState>,
    /// The first entry that this account may read.
    pub first_seq: Seq,
    /// The last entry of the log.
    pub last_seq: Seq,
}

/// See [`ServerFrame::Conversations`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationsPage {
    /// Of the request.
    pub id: RequestId,
    /// The page, newest first.
    pub items: Vec<ConversationSummary>,
    /// Where the next page begins; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<ListPosition>,
}

/// See [`ServerFrame::ConversationGone`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationGone {
    /// Which one.
    pub conversation: ConversationId,
    /// Whether somebody else has taken this account out of it. Left out where it has left by itself, and where that is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub removed: bool,
}

/// See [`ServerFrame::Personal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PersonalChanged {
    /// Of the request; none where another device changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub id: Option<RequestId>,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// The whole of it, as it is now.
    pub personal: Personal,
}

/// See [`ServerFrame::Pong`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Pong {
    /// Of the `ping`.
    pub id: RequestId,
}

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum GoodbyeReason {
    /// The server stops or restarts.
    Shutdown,
    /// The client did not read fast enough, and its queue was dropped.
    SlowReader,
    /// The same device has connected again.
    Replaced,
    /// A reason that this version does not know.
    #[serde(other)]
    Unknown,
}

/// See [`ServerFrame::Goodbye`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Goodbye {
    /// Why.
    pub reason: GoodbyeReason,
    /// How long to wait before reconnecting, milliseconds.
    pub reconnect_after_ms: u32,
}
