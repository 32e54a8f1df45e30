//! Frames from a client to the server.

use serde::{Deserialize, Serialize};

use super::{Cursor, ListPosition, PersonalChange, PresenceState};
use crate::event::{Change, Message};
use crate::ids::{ConversationId, RequestId, Seq, UserId};

/// A frame from a client. The server refuses unknown types and unknown fields by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame: who this is and how far it has everything. Answered by `welcome`, then a catch-up for each cursor.
    Hello(Hello),
    /// A message to store and deliver. Answered by `ack` after it is on disk.
    Message(SendMessage),
    /// A change of a message: an edit, a deletion, a reaction, a pin. Answered by `ack` after it is on disk.
    Change(SendChange),
    /// Moves one's own markers forward. Markers that would move back are ignored. Not answered, unless by `error`.
    Receipt(SendReceipt),
    /// Says that the person is typing. Not answered.
    Typing(SendTyping),
    /// Says whether this device is in use. Not answered.
    Presence(SetPresence),
    /// Replaces the set of people whose presence this connection is told. Answered by a `presence` frame a person at once, then on change.
    Watch(Watch),
    /// Asks for what comes after these cursors. Answered by one `catch_up` a cursor and a `synced`.
    Sync(Sync),
    /// Asks for one page of a log. Answered by `page`.
    History(History),
    /// Asks for a page of the list of conversations. Answered by `conversations`.
    Conversations(ListConversations),
    /// Changes what one keeps of a conversation for oneself. Answered by `personal` after it is on disk; the account's other
    /// devices get one too.
    Personal(SetPersonal),
    /// Asks whether the line is alive. Answered by `pong`.
    Ping(Ping),
}

impl ClientFrame {
    /// The values of `type` that the server knows.
    pub const TYPES: &'static [&'static str] = &[
        "hello",
        "message",
        "change",
        "receipt",
        "typing",
        "presence",
        "watch",
        "sync",
        "history",
        "conversations",
        "personal",
        "ping",
    ];

    /// The request id that an answer or error repeats, where the frame has one.
    pub const fn request_id(&self) -> Option<RequestId> {
        match self {
            Self::Hello(frame) => Some(frame.id),
            Self::Message(frame) => Some(frame.id),
            Self::Change(frame) => Some(frame.id),
            Self::Sync(frame) => Some(frame.id),
            Self::History(frame) => Some(frame.id),
            Self::Conversations(frame) => Some(frame.id),
            Self::Personal(frame) => Some(frame.id),
            Self::Ping(frame) => Some(frame.id),
            Self::Receipt(_) | Self::Typing(_) | Self::Presence(_) | Self::Watch(_) => None,
        }
    }
}

/// What software a client is, for logs and the list of devices. At most 64 bytes each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ClientInfo {
    /// Such as `pipit-web`.
    pub name: String,
    /// Such as `0.1.0`.
    pub version: String,
}

/// See [`ClientFrame::Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Repeated in `welcome`.
    pub id: RequestId,
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// A valid access token.
    pub token: String,
    /// What software this is.
    pub client: ClientInfo,
    /// How far it has each conversation: the most recently active ones first, at most [`crate::limits::CURSORS_MAX`].
    #[serde(default)]
    pub cursors: Vec<Cursor>,
    /// Whether the device is in use.
    pub presence: PresenceState,
}

/// See [`ClientFrame::Message`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// Repeated in `ack` or `error`.
    pub id: RequestId,
    /// The message.
    pub message: Message,
}

/// See [`ClientFrame::Change`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SendChange {
    /// Repeated in `ack` or `error`.
    pub id: RequestId,
    /// The change.
    pub change: Change,
}

/// See [`ClientFrame::Receipt`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SendReceipt {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Everything up to here is stored on this device.
    pub delivered_seq: Seq,
    /// Everything up to here was on the screen; raises `delivered_seq` where it is higher.
    pub read_seq: Seq,
}

/// See [`ClientFrame::Typing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SendTyping {
    /// Where.
    pub conversation: ConversationId,
    /// False when the person stopped without sending.
    pub active: bool,
}

/// See [`ClientFrame::Presence`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// `online` or `away`; `offline` is refused: disconnecting says so.
    pub state: PresenceState,
}

/// See [`ClientFrame::Watch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The people on the screen, at most [`crate::limits::WATCHED_USERS_MAX`]. Only those who share a conversation with one's own account are told.
    pub users: Vec<UserId>,
}

/// See [`ClientFrame::Sync`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Sync {
    /// Repeated in every `catch_up` and in `synced`.
    pub id: RequestId,
    /// At most [`crate::limits::CURSORS_MAX`].
    pub cursors: Vec<Cursor>,
}

/// See [`ClientFrame::History`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Repeated in `page`.
    pub id: RequestId,
    /// Whose log.
    pub conversation: ConversationId,
    /// The page ends just before this entry; the newest page where neither this nor `after_seq` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub before_seq: Option<Seq>,
    /// The page begins just after this entry. Not together with `before_seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after_seq: Option<Seq>,
    /// At most so many entries, 1 to [`crate::limits::PAGE_EVENTS_MAX`].
    pub limit: u32,
}

/// See [`ClientFrame::Conversations`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ListConversations {
    /// Repeated in `conversations`.
    pub id: RequestId,
    /// The page begins after this place; at the newest where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<ListPosition>,
    /// At most so many, 1 to [`crate::limits::PAGE_CONVERSATIONS_MAX`].
    pub limit: u32,
}

/// See [`ClientFrame::Personal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SetPersonal {
    /// Repeated in `personal` or `error`.
    pub id: RequestId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// What changes; the later change of a field wins, by the server's clock.
    pub change: PersonalChange,
}

/// See [`ClientFrame::Ping`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// Repeated in `pong`.
    pub id: RequestId,
}
