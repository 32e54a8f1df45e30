//! What commands and their answers are made of.

use pipit_wire::frame::Profile;
use pipit_wire::media::SealedThumbnail;
use pipit_wire::{BlobId, ConversationId, MessageId, Retry, Timestamp};
use serde::{Deserialize, Serialize};

/// What somebody who makes an account fills in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountForm {
    /// The unique name.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// The password.
    pub password: String,
    /// The name of this device.
    pub device_name: String,
}

/// The answer to a message request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RequestAnswer {
    /// It becomes a conversation like others.
    Accept,
    /// It is deleted for oneself; it comes back if the stranger writes again.
    Delete,
    /// It is deleted for oneself, and whoever asks is blocked. A group is left.
    Refuse,
    /// Whoever a direct conversation is with is blocked, though it was accepted before. What was said stays.
    Block,
}

/// A file that is to be sent with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewAttachment {
    /// Its id, a UUIDv7 made by the view.
    pub blob: BlobId,
    /// What it is called.
    pub name: String,
    /// What the system says that it is; may be empty.
    pub media_type: String,
    /// How many bytes it has.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// A picture's width in pixels, where the view knows it.
    #[serde(default)]
    pub width: Option<u32>,
    /// A picture's height in pixels.
    #[serde(default)]
    pub height: Option<u32>,
    /// How long it plays, milliseconds.
    #[serde(default)]
    pub duration_ms: Option<u32>,
    /// How loud a voice note is over its time: at most 64 bytes in standard base64.
    #[serde(default)]
    pub waveform: Option<String>,
    /// What it shows.
    #[serde(default)]
    pub caption: Option<String>,
    /// A picture's blurred preview, where the view has made one: a `ThumbHash` in standard base64. For encrypted conversations; in others the server makes it.
    #[serde(default)]
    pub preview: Option<String>,
    /// The smaller picture whose bytes the driver was given before the file's own, in one with them. For encrypted conversations alone.
    #[serde(default)]
    pub thumbnail: Option<SealedThumbnail>,
}

/// Where messages are forwarded to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ForwardTarget {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The ids of the new messages.
    pub ids: Vec<MessageId>,
}

/// What a message said at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EditView {
    /// When it was said so.
    pub at: Timestamp,
    /// The text.
    pub text: String,
}

/// Who reacted with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReactionBy {
    /// With what.
    pub emoji: String,
    /// Who.
    pub profile: Profile,
}

/// Who voted for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct VoteBy {
    /// The places of the options that they have chosen, from zero.
    pub options: Vec<u8>,
    /// Who.
    pub profile: Profile,
}

/// How far a message has come with a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MessageReach {
    /// Who.
    pub profile: Profile,
    /// Whether it is on a device of theirs.
    pub delivered: bool,
    /// Whether it was on their screen.
    pub read: bool,
}

/// A view's name: one a tab or window, chosen by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct ViewId(pub String);

/// Recognises the answer to a command; unique within a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct CommandId(pub u32);

/// Why a command failed. Views have a sentence for each code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CommandError {
    /// An error code of the protocol, such as `wrong_credentials`, or one of the engine's own: `offline` (the server cannot be
    /// reached), `storage` (this device's disk refuses), `signed_out` (nobody is signed in), `bad_answer` (not understood).
    pub code: String,
    /// The field it is about.
    pub field: Option<String>,
    /// Whether trying again can help.
    pub retry: Retry,
    /// How long to wait first, milliseconds.
    pub retry_after_ms: Option<u32>,
}
