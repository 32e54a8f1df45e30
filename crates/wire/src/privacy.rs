//! What people let others see of them, and let them do to them.

use serde::{Deserialize, Serialize};

use crate::frame::Profile;
use crate::time::Timestamp;

/// The most blocked people in one page.
pub const BLOCKED_PAGE_MAX: u32 = 100;

/// Who may do something to somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Circle {
    /// Everybody on this server.
    #[default]
    Everyone,
    /// Those who share a conversation with them that they have accepted, and those between whom and them an invite to the server stands.
    Known,
    /// Nobody.
    Nobody,
}

/// What an account lets others see of it and do to it: the same on all of its devices, and shown to nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Privacy {
    /// Whether others are told what it has read. Where not, it is not told what others have read. What was delivered is told in any case.
    pub receipts: bool,
    /// Whether others are told that it is typing. Where not, it is not told of others.
    pub typing: bool,
    /// Whether those who share a conversation with it are told whether it is there, and when it was. Where not, it is not told of others.
    pub presence: bool,
    /// Who finds it by a search for people. Its whole handle finds it in any case.
    pub found_by: Circle,
    /// Who may begin a conversation with it.
    pub written_by: Circle,
    /// Who may add it to groups. A link into a group, which it opens itself, works in any case.
    pub added_by: Circle,
    /// When it was changed last, by the server's clock; grows with every change. Zero where it never was.
    pub changed_at: Timestamp,
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            receipts: true,
            typing: true,
            presence: true,
            found_by: Circle::Everyone,
            written_by: Circle::Everyone,
            added_by: Circle::Everyone,
            changed_at: Timestamp(0),
        }
    }
}

impl Privacy {
    /// The same with what a change says, made at `now`: a millisecond after the change before where that is later.
    #[must_use]
    pub fn with(self, change: PrivacyChange, now: Timestamp) -> Self {
        Self {
            receipts: change.receipts.unwrap_or(self.receipts),
            typing: change.typing.unwrap_or(self.typing),
            presence: change.presence.unwrap_or(self.presence),
            found_by: change.found_by.unwrap_or(self.found_by),
            written_by: change.written_by.unwrap_or(self.written_by),
            added_by: change.added_by.unwrap_or(self.added_by),
            changed_at: now.max(self.changed_at.plus_ms(1)),
        }
    }
}

/// What is to change in a [`Privacy`]; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PrivacyChange {
    /// See [`Privacy::receipts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub receipts: Option<bool>,
    /// See [`Privacy::typing`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub typing: Option<bool>,
    /// See [`Privacy::presence`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub presence: Option<bool>,
    /// See [`Privacy::found_by`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub found_by: Option<Circle>,
    /// See [`Privacy::written_by`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub written_by: Option<Circle>,
    /// See [`Privacy::added_by`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub added_by: Option<Circle>,
}

impl PrivacyChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Whom one blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BlockedPeople {
    /// The page, the latest first.
    pub items: Vec<BlockedPerson>,
    /// Where the next page begins; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<String>,
}

/// Somebody whom one blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BlockedPerson {
    /// Who.
    pub profile: Profile,
    /// Since when.
    pub at: Timestamp,
}
