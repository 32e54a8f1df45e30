//! Pictures that are to stand for a group or for oneself.

use pipit_wire::BlobId;
use serde::{Deserialize, Serialize};

/// A picture whose bytes the driver keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewPicture {
    /// Its id, made by the view.
    pub blob: BlobId,
    /// What it is.
    pub media_type: String,
    /// How many bytes it has.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
}

/// Another picture, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PictureChange {
    /// The picture; left out where there is to be none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub picture: Option<NewPicture>,
    /// The picture of an encrypted group, in place of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub sealed: Option<Box<GroupPicture>>,
}

/// The picture of an encrypted group: small enough to be sealed with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GroupPicture {
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub media_type: String,
    /// At most [`GROUP_PICTURE_BYTES_MAX`] bytes, and [`GROUP_PICTURE_PIXELS_MAX`] pixels wide and high, in base64.
    pub bytes: String,
}

/// The largest picture of an encrypted group, in bytes before base64.
pub const GROUP_PICTURE_BYTES_MAX: usize = 24 * 1024;
/// Its greatest width and height, in pixels.
pub const GROUP_PICTURE_PIXELS_MAX: usize = 512;
