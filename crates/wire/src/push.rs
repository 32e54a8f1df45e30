//! Notifications of devices that are not connected: what is pushed to them by Web Push (RFC 8030), and the rules of when.

use serde::{Deserialize, Serialize};

use crate::event::ConversationKind;
use crate::ids::{ConversationId, MessageId, Seq};
use crate::time::Timestamp;

/// The longest address of a push service, in bytes.
pub const PUSH_ENDPOINT_BYTES_MAX: usize = 2_000;
/// The most words that somebody is notified of.
pub const KEYWORDS_MAX: usize = 50;
/// The longest of them, in bytes of UTF-8.
pub const KEYWORD_BYTES_MAX: usize = 128;
/// The longest text of a message in a push, in bytes of UTF-8: push services take 4,096 bytes, encrypted.
pub const PUSH_TEXT_BYTES_MAX: usize = 2_048;

/// Of which messages of a conversation somebody is notified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NotifyRule {
    /// Of all.
    #[default]
    All,
    /// Of those that name them, answer them, or have one of their words.
    Mentions,
    /// Of none.
    Nothing,
}

/// What a notification says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Previews {
    /// Who writes where, and what.
    #[default]
    Message,
    /// Who writes where.
    Names,
    /// That there is something.
    Nothing,
}

/// When somebody is not notified, each day. Where it ends before it begins it goes over midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// When it begins, in minutes after midnight, 0 to 1,439.
    pub from_min: u16,
    /// When it ends; another minute than that in which it begins.
    pub to_min: u16,
    /// In which time zone, by its name in the IANA's database, such as `Europe/Berlin`.
    pub time_zone: String,
}

/// How somebody is notified, on all of their devices. `GET` and `PUT /v1/me/notifications`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct NotificationSettings {
    /// What a notification says.
    #[serde(default)]
    pub previews: Previews,
    /// When there are none; left out where there is no such time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub quiet: Option<QuietHours>,
    /// Words that count like one's own name, at most [`KEYWORDS_MAX`].
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// `GET /v1/push`: whether this server pushes, and to this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PushState {
    /// What the server signs with (VAPID, RFC 8292): a point of P-256, uncompressed, in URL-safe base64 without padding. Left out where it
    /// pushes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub key: Option<String>,
    /// Where this device is pushed to; left out where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub endpoint: Option<String>,
}

/// `PUT /v1/push/subscription`: where this device is pushed to, as its push service says. Again after each change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SetSubscription {
    /// The address, by https, at most [`PUSH_ENDPOINT_BYTES_MAX`] bytes.
    pub endpoint: String,
    /// The device's key for what is pushed (RFC 8291): a point of P-256, uncompressed, in URL-safe base64.
    pub p256dh: String,
    /// Its 16 bytes of secret, in URL-safe base64.
    pub auth: String,
    /// Whether it also wants what shows nothing new: that a message was read elsewhere, is gone, or says something else.
    #[serde(default)]
    pub silent: bool,
}

impl std::fmt::Debug for SetSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetSubscription").finish_non_exhaustive()
    }
}

/// How a push to this device went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PushOutcome {
    /// The push service has taken it.
    Taken,
    /// This device has said nowhere to push to.
    NotSubscribed,
    /// The push service knows the address no longer; the server has forgotten it.
    Gone,
    /// The push service would not have it.
    Refused,
    /// The push service has no time now.
    Busy,
    /// The push service did not answer.
    Unreachable,
}

/// The answer to `POST /v1/push/test`, which pushes something to this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PushTest {
    /// How it went.
    pub outcome: PushOutcome,
    /// The status of the push service's answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<u16>,
}

/// What a push says, as JSON, encrypted for the device (RFC 8291) and filled up with spaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Push {
    /// A message has come.
    Message(Box<PushedMessage>),
    /// Somebody whom they do not know has written, or has added them to a group. Nothing of what that says is told.
    Request {
        /// Where.
        conversation: ConversationId,
        /// Its place in the log.
        seq: Seq,
    },
    /// Everything up to here was read on another device: what is shown of it can go.
    Read {
        /// Of which conversation.
        conversation: ConversationId,
        /// Up to where.
        seq: Seq,
    },
    /// A message says something else now: where it is shown, that is shown in its place. Nothing is shown anew.
    Edited {
        /// In which conversation.
        conversation: ConversationId,
        /// Which one: its place in the log.
        seq: Seq,
        /// See [`PushedMessage::text`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        text: Option<String>,
        /// See [`PushedMessage::files`].
        #[serde(default, skip_serializing_if = "is_zero")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<u32>"))]
        files: u32,
    },
    /// A message was deleted, or has erased itself: what is shown of it can go.
    Gone {
        /// In which conversation.
        conversation: ConversationId,
        /// Which one: its place in the log.
        seq: Seq,
    },
    /// The person has asked for it.
    Test {},
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

/// See [`Push::Message`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PushedMessage {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its place in the log.
    pub seq: Seq,
    /// Which one.
    pub message: MessageId,
    /// When it was put there.
    pub at: Timestamp,
    /// What kind of conversation that is.
    pub kind: ConversationKind,
    /// The group's name. Left out in a direct conversation, and where the person does not want names shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    /// The name of who has written it. Left out where the person does not want names shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub sender: Option<String>,
    /// What it says, or the beginning of that, at most [`PUSH_TEXT_BYTES_MAX`] bytes. Left out where it has no text that the server can
    /// read, and where the person does not want it shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub text: Option<String>,
    /// How many files it has; left out like the text.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<u32>"))]
    pub files: u32,
    /// Whether it names or answers the person, or has one of their words.
    #[serde(default)]
    pub mention: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(crate) const fn is_zero(count: &u32) -> bool {
    *count == 0
}
