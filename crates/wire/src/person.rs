//! What people show of themselves to those who share a conversation with them.

use serde::{Deserialize, Serialize};

use crate::event::AvatarChange;
use crate::ids::BlobId;
use crate::time::Timestamp;

/// The longest line about oneself, in characters as people count them (grapheme clusters).
pub const ABOUT_GRAPHEMES_MAX: usize = 140;
/// The longest text of a status, in grapheme clusters.
pub const STATUS_GRAPHEMES_MAX: usize = 60;
/// How far ahead a status may end, milliseconds: a year.
pub const STATUS_AHEAD_MS_MAX: i64 = 366 * 24 * 60 * 60 * 1_000;

/// What a person shows of themselves beyond their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Face {
    /// Their picture, a file that those who share a conversation with them may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub avatar: Option<BlobId>,
    /// A line about themselves.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<String>"))]
    pub about: String,
    /// How they are just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<Status>,
}

impl Face {
    /// Makes a change.
    pub fn apply(&mut self, change: &FaceChange) {
        if let Some(avatar) = change.avatar {
            self.avatar = avatar.blob;
        }
        if let Some(about) = &change.about {
            self.about.clone_from(about);
        }
        if let Some(status) = &change.status {
            self.status.clone_from(&status.status);
        }
    }

    /// As it is at this time: a status that has ended is none.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        let status = self.status.filter(|status| !status.has_ended(now));
        Self { status, ..self }
    }
}

/// How somebody is just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Status {
    /// One emoji.
    pub emoji: String,
    /// A few words; empty where the emoji says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<String>"))]
    pub text: String,
    /// When it ends, by the server's clock; it stays where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub until: Option<Timestamp>,
}

impl Status {
    /// Whether it says nothing any more.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// Another status, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    /// The status; left out where there is to be none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<Status>,
}

/// What is to change of a [`Face`]; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceChange {
    /// See [`Face::avatar`].
    pub avatar: Option<AvatarChange>,
    /// See [`Face::about`].
    pub about: Option<String>,
    /// See [`Face::status`].
    pub status: Option<StatusChange>,
}

impl FaceChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_gone_when_it_ends() {
        let face = |until| Face {
            about: "Rows".to_owned(),
            status: Some(Status {
                emoji: "🚣".to_owned(),
                text: String::new(),
                until,
            }),
            ..Face::default()
        };
        let status = |until, now| face(until).at(Timestamp(now)).status.is_some();
        assert!(status(None, i64::MAX));
        assert!(status(Some(Timestamp(10)), 9));
        assert!(!status(Some(Timestamp(10)), 10));
        assert_eq!(face(Some(Timestamp(10))).at(Timestamp(10)).about, "Rows");
    }

    #[test]
    fn what_a_change_leaves_out_stays() {
        let picture = BlobId::from_bytes([7; 16]);
        let mut face = Face {
            avatar: Some(picture),
            about: "Rows".to_owned(),
            status: None,
        };
        let before = face.clone();
        face.apply(&FaceChange::default());
        assert_eq!(face, before);
        face.apply(&FaceChange {
            avatar: Some(AvatarChange::default()),
            ..FaceChange::default()
        });
        assert_eq!((face.avatar, face.about.as_str()), (None, "Rows"));
    }
}
