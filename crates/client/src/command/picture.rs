//! Small pictures that were shown, kept for when there is no line.

use pipit_wire::{BlobId, ConversationId, MessageId};
use serde::{Deserialize, Serialize};

/// What is asked of the pictures that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PictureCommand {
    /// Keeps one that is shown. Answered by [`super::Reply::Done`], also where it is not kept: it is too large, is no picture, or there is nothing that it would be of.
    Keep {
        /// What it is of.
        of: PictureSubject,
        /// Of which file.
        blob: BlobId,
        /// The picture, at most 128 KiB, in base64.
        bytes: String,
    },
    /// Gives one. Answered by [`super::Reply::KeptPicture`].
    Get {
        /// Of which file.
        blob: BlobId,
    },
}

/// What a small picture is of: it goes with that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PictureSubject {
    /// A message that has the file.
    Message {
        /// Where.
        conversation: ConversationId,
        /// Which one.
        message: MessageId,
    },
    /// A person or a group that the file stands for, whoever that is.
    Face,
}

/// A small picture that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct KeptPicture {
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub media_type: String,
    /// It, in base64.
    pub bytes: String,
}
