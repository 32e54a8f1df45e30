//! Every size that the protocol bounds.

use serde::{Deserialize, Serialize};

use crate::encryption::EncryptionLimits;
use crate::media::MediaLimits;
use crate::poll::PollLimits;
use crate::scheduled::{SCHEDULED_AHEAD_MS_MAX, SCHEDULED_MAX};

/// The longest frame a client may send, in bytes. Checked before the frame is parsed.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
/// The longest plain text of a message, in bytes of UTF-8.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 32 * 1024;
/// The longest sealed body of a message, in bytes before base64.
pub const SEALED_BYTES_MAX: usize = 128 * 1024;
/// The most cursors in one `hello` or `sync`.
pub const CURSORS_MAX: usize = 1_000;
/// The most log entries in one page, and in what a resume streams a conversation before it says `gap`.
pub const PAGE_EVENTS_MAX: u32 = 100;
/// The most conversations in one page of the list.
pub const PAGE_CONVERSATIONS_MAX: u32 = 50;
/// The most members listed inside a conversation's summary; a larger group's list is paged over HTTP.
pub const SUMMARY_MEMBERS_MAX: usize = 32;
/// The most people whose presence one connection watches.
pub const WATCHED_USERS_MAX: usize = 200;
/// How long a person is shown as typing after the last `typing` frame, in milliseconds.
pub const TYPING_SHOWN_MS: i64 = 6_000;
/// The least time between two `typing` frames of one person in one conversation, in milliseconds.
pub const TYPING_INTERVAL_MS: i64 = 3_000;
/// The server pings after this long without a frame from the client, in milliseconds; no answer in as long again ends the connection.
pub const IDLE_PING_MS: i64 = 30_000;
/// The most people in one group.
pub const GROUP_MEMBERS_MAX: usize = 5_000;
/// The most people one request adds to a group.
pub const MEMBERS_PER_REQUEST_MAX: usize = 100;
/// The most people that one group keeps out.
pub const BANS_MAX: usize = 1_000;
/// The most invite links of one group that work at a time.
pub const GROUP_INVITES_MAX: usize = 50;
/// The most people who wait to be let into one group.
pub const JOIN_REQUESTS_MAX: u32 = 200;
/// The longest topic of a group, in characters.
pub const TOPIC_CHARS_MAX: usize = 512;
/// The longest reaction, in bytes of UTF-8: one emoji with its modifiers.
pub const REACTION_BYTES_MAX: usize = 64;
/// The most different emoji under one message.
pub const REACTIONS_MAX: usize = 20;
/// The most people that a state names for one emoji.
pub const REACTION_USERS_MAX: usize = 5;
/// The most edits of one message.
pub const EDITS_MAX: usize = 200;
/// The most pinned messages of a conversation.
pub const PINNED_MAX: usize = 50;

/// The shortest time after which messages may be erased by a conversation's timer, in milliseconds.
pub const EXPIRE_AFTER_MS_MIN: i64 = 5_000;
/// The longest.
pub const EXPIRE_AFTER_MS_MAX: i64 = 365 * 24 * 60 * 60 * 1_000;
/// The most messages of one conversation that somebody deletes for themselves.
pub const HIDDEN_MAX: usize = 1_000;

/// What this server allows, stated in `welcome` and `GET /v1/server`, so that no client has to find out by being refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Limits {
    /// Longest frame from a client, bytes.
    pub frame_bytes_max: u32,
    /// Longest plain text of a message, bytes of UTF-8.
    pub message_text_bytes_max: u32,
    /// Longest sealed body, bytes before base64.
    pub sealed_bytes_max: u32,
    /// Most cursors in one `hello` or `sync`.
    pub cursors_max: u32,
    /// Most log entries in one page.
    pub page_events_max: u32,
    /// Most conversations in one page of the list.
    pub page_conversations_max: u32,
    /// Most people whose presence one connection watches.
    pub watched_users_max: u32,
    /// How long a person is shown as typing after the last `typing` frame, milliseconds.
    pub typing_shown_ms: u32,
    /// Least time between two `typing` frames in one conversation, milliseconds.
    pub typing_interval_ms: u32,
    /// Silence after which the server pings, milliseconds.
    pub idle_ping_ms: u32,
    /// Most people in one group.
    pub group_members_max: u32,
    /// How long after it was sent a message may be edited, milliseconds; zero: never, -1: always.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub edit_window_ms: i64,
    /// How long after it was sent its author may delete a message for everyone, milliseconds; zero: never, -1: always.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub delete_window_ms: i64,
    /// Whether this server fetches the pages that links lead to, for previews.
    #[serde(default)]
    pub link_previews: bool,
    /// Of files.
    #[serde(default)]
    pub media: MediaLimits,
    /// Most messages that one account has scheduled.
    #[serde(default)]
    pub scheduled_max: u32,
    /// How far ahead a message may be scheduled, milliseconds.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub scheduled_ahead_ms_max: i64,
    /// Of polls.
    #[serde(default)]
    pub polls: PollLimits,
    /// Of encrypted conversations.
    #[serde(default)]
    pub encryption: EncryptionLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 256 * 1024,
            message_text_bytes_max: 32 * 1024,
            sealed_bytes_max: 128 * 1024,
            cursors_max: 1_000,
            page_events_max: PAGE_EVENTS_MAX,
            page_conversations_max: PAGE_CONVERSATIONS_MAX,
            watched_users_max: 200,
            typing_shown_ms: 6_000,
            typing_interval_ms: 3_000,
            idle_ping_ms: 30_000,
            group_members_max: 5_000,
            edit_window_ms: 24 * 60 * 60 * 1_000,
            delete_window_ms: -1,
            link_previews: false,
            media: MediaLimits::default(),
            scheduled_max: SCHEDULED_MAX,
            scheduled_ahead_ms_max: SCHEDULED_AHEAD_MS_MAX,
            polls: PollLimits::default(),
            encryption: EncryptionLimits::default(),
        }
    }
}
