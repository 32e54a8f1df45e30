//! Files: what a message says of those that belong to it, and the limits of sending them.
//!
//! A file is uploaded first, over HTTP by the tus protocol (version 1.0.0), under an id that the device makes; the server looks at
//! what has come and says what it is. Then a message names it. What the server itself knows of a file (name, type, size, picture)
//! it puts into the message in place of whatever the sender claims.

use serde::{Deserialize, Serialize};

use crate::ids::BlobId;

/// The most files of one message.
pub const ATTACHMENTS_MAX: usize = 20;
/// The largest smaller picture at the beginning of a sealed file, in bytes.
pub const SEALED_THUMBNAIL_BYTES_MAX: u32 = 256 * 1024;
/// The longest caption of a file, in bytes of UTF-8.
pub const CAPTION_BYTES_MAX: usize = 1_024;
/// The longest name of a file, in bytes of UTF-8.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// The most levels of a voice note's waveform, one byte each.
pub const WAVEFORM_LEVELS_MAX: usize = 64;
/// The widths and heights that smaller pictures of a picture fit into, in pixels.
pub const THUMBNAIL_PIXELS: [u32; 2] = [320, 1_280];

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Which one.
    pub blob: BlobId,
    /// What it is called, without folders and without characters that turn the direction of writing. The server's word.
    #[serde(default)]
    pub name: String,
    /// What it is, by its content: such as `image/jpeg`, or `application/octet-stream` where that is not known. The server's word.
    #[serde(default)]
    pub media_type: String,
    /// How many bytes it has. The server's word.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// A picture's width in pixels, as it is shown. The server's word; none for anything that it has no smaller pictures of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub width: Option<u32>,
    /// A picture's height in pixels. The server's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub height: Option<u32>,
    /// A blurred picture to show while the real one is fetched: a `ThumbHash` in standard base64. The server's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub preview: Option<String>,
    /// How long it plays, milliseconds. The sender's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub duration_ms: Option<u32>,
    /// How loud a voice note is over its time: at most [`WAVEFORM_LEVELS_MAX`] bytes in standard base64. The sender's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub waveform: Option<String>,
    /// What it shows, also for those who cannot see it; at most [`CAPTION_BYTES_MAX`] bytes. The sender's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub caption: Option<String>,
    /// What opens it, where it is sealed: inside a sealed message, and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub seal: Option<Box<FileSeal>>,
}

/// What opens a sealed file. Its bytes are a smaller picture, where it has one, then the file, then zeros (`docs/protocol.md`, "Sealed files").
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FileSeal {
    /// The key and the beginning of the nonces: 39 bytes in standard base64.
    pub key: String,
    /// SHA-256 of the smaller picture and the file together, in standard base64. Empty until it is known, which is before anything is sent.
    pub digest: String,
    /// The smaller picture at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub thumbnail: Option<SealedThumbnail>,
}

/// A smaller picture of a picture or a film, before the file's own bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SealedThumbnail {
    /// What it is: `image/jpeg`, `image/png` or `image/webp`.
    pub media_type: String,
    /// How many bytes it has, at most [`SEALED_THUMBNAIL_BYTES_MAX`].
    pub size: u32,
}

impl std::fmt::Debug for FileSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let thumbnail = &self.thumbnail;
        f.debug_struct("FileSeal")
            .field("thumbnail", thumbnail)
            .finish_non_exhaustive()
    }
}

impl Attachment {
    /// What a sender has to say of a file: which one. The server says the rest.
    pub const fn of(blob: BlobId) -> Self {
        Self {
            blob,
            name: String::new(),
            media_type: String::new(),
            size: 0,
            width: None,
            height: None,
            preview: None,
            duration_ms: None,
            waveform: None,
            caption: None,
            seal: None,
        }
    }
}

/// What this server allows of files. Any type is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MediaLimits {
    /// Largest file, bytes. Zero: this server takes none.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub file_bytes_max: u64,
    /// How much all files of one account may have together, bytes.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub account_bytes_max: u64,
    /// Most uploads of one account that are not finished.
    pub uploads_max: u32,
    /// How many bytes to send in one request at most, so that little is lost with a line. Servers take more.
    pub chunk_bytes: u32,
    /// Most files of one message.
    pub attachments_max: u32,
    /// Longest caption of a file, bytes of UTF-8.
    pub caption_bytes_max: u32,
    /// Most pixels of a picture. One that has more is refused.
    pub image_pixels_max: u32,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 100 * 1024 * 1024,
            account_bytes_max: 5 * 1024 * 1024 * 1024,
            uploads_max: 32,
            chunk_bytes: 4 * 1024 * 1024,
            attachments_max: 20,
            caption_bytes_max: 1_024,
            image_pixels_max: 50_000_000,
        }
    }
}
