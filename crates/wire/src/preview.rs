//! Previews of links.

use serde::{Deserialize, Serialize};

/// The longest address that a preview is of, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 400;
/// The longest name of a site, in characters.
pub const SITE_NAME_CHARS_MAX: usize = 100;

/// The largest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 8 * 1_024;
/// Its greatest width and height, in pixels.
pub const PICTURE_PIXELS_MAX: u16 = 320;

/// What the page that a link leads to says of itself. Each text is one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LinkPreview {
    /// The link, as it stands in the text: `http` or `https`, at most [`URL_BYTES_MAX`] bytes.
    pub url: String,
    /// At most [`TITLE_CHARS_MAX`] characters; not empty.
    pub title: String,
    /// At most [`DESCRIPTION_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub description: Option<String>,
    /// At most [`SITE_NAME_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub site_name: Option<String>,
    /// A small picture that the page names for itself: a JPEG in standard base64, at most [`PICTURE_BYTES_MAX`] bytes, and [`PICTURE_PIXELS_MAX`]
    /// pixels wide and high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub picture: Option<String>,
}
