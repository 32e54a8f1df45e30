//! What travels over the WebSocket: one JSON object a text frame, each with a `type`.

pub mod client;
pub mod server;

use serde::{Deserialize, Serialize};

use crate::event::{ConversationKind, Event, Role};
use crate::ids::{ConversationId, Seq, UserId};
use crate::time::Timestamp;

/// How far a client has a conversation's log without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Whose log.
    pub conversation: ConversationId,
    /// The last entry it has.
    pub seq: Seq,
}

/// The two markers of a member: both only ever move forward, and `read_seq` never passes `delivered_seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Receipt {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Whose markers.
    pub user: UserId,
    /// Everything up to here is stored on a device of theirs.
    pub delivered_seq: Seq,
    /// Everything up to here was on their screen.
    pub read_seq: Seq,
}

/// Whether a person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// A device of theirs is connected and in use.
    Online,
    /// A device of theirs is connected, but not in use.
    Away,
    /// No device of theirs is connected.
    Offline,
}

/// A person as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Profile {
    /// Who.
    pub user: UserId,
    /// The unique name, without `@`.
    pub handle: String,
    /// The name that they chose to be shown.
    pub name: String,
}

/// A member as a conversation's summary lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Member {
    /// Who it is.
    #[serde(flatten)]
    pub profile: Profile,
    /// What they are here.
    pub role: Role,
    /// Everything up to here is stored on a device of theirs.
    pub delivered_seq: Seq,
    /// Everything up to here was on their screen.
    pub read_seq: Seq,
}

/// A conversation as one of its members sees it in the list, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationSummary {
    /// Which one.
    pub id: ConversationId,
    /// What kind it is.
    pub kind: ConversationKind,
    /// The group's name; none for a direct conversation, which is shown by the other's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    /// How many members there are.
    pub member_count: u32,
    /// The members, oldest first: all of them up to [`crate::limits::SUMMARY_MEMBERS_MAX`], else the first so many.
    /// Whoever asks is always among them.
    pub members: Vec<Member>,
    /// The first entry that whoever asks may read.
    pub first_seq: Seq,
    /// The last entry of the log.
    pub last_seq: Seq,
    /// When the last entry was put there: the order of the list, newest first.
    pub last_at: Timestamp,
    /// The last message, for the preview, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub last_message: Option<Event>,
    /// How many messages of others stand after `read_seq` of whoever asks, counted up to 1,000.
    pub unread: u32,
}

/// Where a page of the list of conversations ends: the next one begins after it. Ordered by time, then id, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ListPosition {
    /// `last_at` of the last conversation of the page.
    pub last_at: Timestamp,
    /// Its id.
    pub conversation: ConversationId,
}
