//! Files: uploads that are under way, what is known of those that are finished, and which messages have them.
//!
//! A file's bytes are objects of the blob store; a record lists them in order. Rows come before objects when a file is made, and go before
//! them when it is removed: an object that no row names is rubbish, and a row that names a missing object is a fault.

use pipit_wire::event::{Content, EventBody};
use pipit_wire::{BlobId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A part of a file: an object of the blob store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The object's key. No two pieces ever have the same.
    pub object: String,
    /// How many bytes it has.
    pub size: u64,
}

/// A smaller picture of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// The width and height that it fits into, in pixels.
    pub pixels: u32,
    /// What it is.
    pub media_type: String,
    /// Its bytes.
    pub piece: Piece,
}

/// What a file is. Kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobDetails {
    /// What it is called, as it may be shown.
    pub name: String,
    /// What it is: by its content once it is finished, what was claimed before.
    pub media_type: String,
    /// A picture's width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// A picture's height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// A picture's blurred preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// Its bytes, in order.
    pub pieces: Vec<Piece>,
    /// Smaller pictures, smallest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thumbnails: Vec<Thumbnail>,
    /// Whether it was sealed on the device: then nothing is known of it, and it goes with sealed messages alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sealed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What every sealed file is said to be.
pub const SEALED_TYPE: &str = "application/octet-stream";

impl BlobDetails {
    /// Whether nothing stands here that says what a sealed file is. Of one that is not sealed anything may be known.
    #[must_use]
    pub fn keeps_silent(&self) -> bool {
        let nothing = Self {
            media_type: SEALED_TYPE.to_owned(),
            pieces: self.pieces.clone(),
            sealed: true,
            ..Self::default()
        };
        !self.sealed || *self == nothing
    }
}

/// A file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRecord {
    /// Which one.
    pub id: BlobId,
    /// Who uploads or has uploaded it.
    pub owner: UserId,
    /// How many bytes it has, or will have.
    pub size: u64,
    /// How many of them have come.
    pub received: u64,
    /// Whether it can be sent and read.
    pub finished: bool,
    /// When the last of it came.
    pub touched_at: Timestamp,
    /// How many messages have it; a group or a person whose picture it is counts as one.
    pub attachments: u32,
    /// What it is.
    pub details: BlobDetails,
}

/// Makes room for a file.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// Made by the device.
    pub id: BlobId,
    /// Who uploads it.
    pub owner: UserId,
    /// How many bytes it will have.
    pub size: u64,
    /// What it is called.
    pub name: String,
    /// What it is said to be.
    pub media_type: String,
    /// Whether it was sealed on the device. Then neither its name nor its type is kept.
    pub sealed: bool,
    /// When.
    pub now: Timestamp,
    /// How many bytes all files of the owner may have together.
    pub account_bytes_max: u64,
    /// How many uploads of the owner may be unfinished.
    pub uploads_max: u32,
}

impl NewUpload {
    /// What is kept of it.
    #[must_use]
    pub fn details(&self) -> BlobDetails {
        if self.sealed {
            return BlobDetails {
                media_type: SEALED_TYPE.to_owned(),
                sealed: true,
                ..BlobDetails::default()
            };
        }
        BlobDetails {
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            ..BlobDetails::default()
        }
    }
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateUploadError {
    /// The id was used for another file.
    #[error("the id was used before for another file")]
    IdConflict,
    /// The owner's files would have too many bytes.
    #[error("the account's files would have more bytes than it is allowed")]
    Quota,
    /// Too many of the owner's uploads are unfinished.
    #[error("too many uploads are under way")]
    TooMany,
}

/// Adds what has come to an upload.
#[derive(Clone, Debug)]
pub struct AdvanceUpload {
    /// Which one.
    pub id: BlobId,
    /// Whose it has to be.
    pub owner: UserId,
    /// How much had come before.
    pub from: u64,
    /// What has come.
    pub pieces: Vec<Piece>,
    /// Of how many pieces a file may consist.
    pub pieces_max: usize,
    /// When.
    pub now: Timestamp,
}

/// Why nothing was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// The owner has no such upload, or it is finished.
    #[error("there is no such upload")]
    NotFound,
    /// Another number of bytes had come before.
    #[error("{received} bytes have come")]
    Offset {
        /// How many.
        received: u64,
    },
    /// It would be more than the file has.
    #[error("it is more than the file has")]
    TooLong,
    /// It came in too many pieces.
    #[error("it consists of too many pieces")]
    TooManyPieces,
}

/// What an upload has become.
#[derive(Clone, Debug)]
pub struct FinishUpload {
    /// Which one.
    pub id: BlobId,
    /// Whose it has to be.
    pub owner: UserId,
    /// How many bytes it has now: what must not be passed on has been taken out.
    pub size: u64,
    /// What it is.
    pub details: BlobDetails,
    /// When.
    pub now: Timestamp,
}

/// An account's uploads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadList {
    /// Those that are not finished, oldest id first.
    pub items: Vec<BlobRecord>,
    /// How many bytes all its files have.
    pub used_bytes: u64,
}

impl BlobRecord {
    /// Adds what has come; the rule that both storages share. Adding the same pieces again changes nothing: whoever is not sure whether
    /// it was written may repeat it.
    pub fn advance(&mut self, advance: &AdvanceUpload) -> Result<(), AdvanceError> {
        if self.owner != advance.owner || self.finished {
            return Err(AdvanceError::NotFound);
        }
        let size: u64 = advance.pieces.iter().map(|piece| piece.size).sum();
        let until = advance.from.saturating_add(size);
        if self.received == until && self.details.pieces.ends_with(&advance.pieces) {
            return Ok(());
        }
        if self.received != advance.from {
            let received = self.received;
            return Err(AdvanceError::Offset { received });
        }
        if until > self.size {
            return Err(AdvanceError::TooLong);
        }
        if self.details.pieces.len() + advance.pieces.len() > advance.pieces_max {
            return Err(AdvanceError::TooManyPieces);
        }
        self.details.pieces.extend(advance.pieces.iter().cloned());
        self.received = until;
        self.touched_at = advance.now;
        Ok(())
    }
}

/// The files that have to be there, finished, for an entry to be appended: those of a message, and a group's new picture. All of them sealed, or none
/// ([`takes_sealed`]).
pub fn required(body: &EventBody) -> Vec<BlobId> {
    match body {
        EventBody::SettingsChanged { change } => {
            change.avatar.and_then(|avatar| avatar.blob).into_iter().collect()
        }
        _ => attached(body),
    }
}

/// Whether the files of an entry have to be sealed ones. Elsewhere none may be.
pub const fn takes_sealed(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::Message {
            content: Content::Sealed { .. },
            ..
        }
    )
}

/// The files that a message brings into its conversation, each once, in the order of their ids. A group's picture is kept not by the entry
/// that sets it but by the conversation, and goes when there is another one.
pub fn attached(body: &EventBody) -> Vec<BlobId> {
    let EventBody::Message { content, .. } = body else {
        return Vec::new();
    };
    let mut blobs: Vec<BlobId> = match content {
        Content::Plain { attachments, .. } => attachments.iter().map(|attachment| attachment.blob).collect(),
        Content::Sealed { blobs, .. } => blobs.clone(),
        Content::Erased {} => Vec::new(),
    };
    blobs.sort_unstable();
    blobs.dedup();
    blobs
}
