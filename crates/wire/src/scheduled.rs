//! Messages that are to be sent later, which the server holds for whoever wrote them.

use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;
use crate::ids::MessageId;
use crate::media::Attachment;
use crate::time::Timestamp;

/// The most messages that one account has waiting, those that have failed included.
pub const SCHEDULED_MAX: u32 = 100;
/// The most bytes of their texts in one conversation, and of what is said of their files (as JSON).
pub const SCHEDULED_BYTES_MAX: usize = 64 * 1024;
/// How far ahead a message may be scheduled, in milliseconds: a year and two days, so that the same day next year is within it.
pub const SCHEDULED_AHEAD_MS_MAX: i64 = 367 * 24 * 60 * 60 * 1_000;

/// How far ahead a finished file without a message may be asked to be kept, in milliseconds: for one that is sent as late as any, by a device
/// that comes to it a month later.
pub const FILES_KEPT_AHEAD_MS_MAX: i64 = SCHEDULED_AHEAD_MS_MAX + 32 * 24 * 60 * 60 * 1_000;

/// A message that is to be sent later. Its id is that of the message which it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// What it says; may be empty where it has files.
    pub text: String,
    /// Its files, which are on the server already. They are kept for as long as it is scheduled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<Attachment>>"))]
    pub attachments: Vec<Attachment>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_to: Option<MessageId>,
    /// When it is sent, by the server's clock; at once, where that has passed.
    pub send_at: Timestamp,
    /// Why it was not, where its time came and it was refused. It waits for its author then. Only the server says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub failed: Option<ErrorCode>,
}

impl Scheduled {
    /// When it is to be sent; none where it was refused.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.failed.is_none().then_some(self.send_at)
    }
}
