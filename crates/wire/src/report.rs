//! Reports: what people tell those who run the server of somebody, with what that person has said there, as far as they choose to show it.
//!
//! What was sealed the server cannot read. Its sender's device has committed to it in the clear ([`crate::Content::Sealed`]), whoever could read it has what opens
//! the commitment ([`Opening`]), and the server compares the two: "message franking" (Grubbs, Lu, Ristenpart, *Message Franking via Committing Authenticated Encryption*, 2017).

use serde::{Deserialize, Serialize};

use crate::frame::Profile;
use crate::ids::{ConversationId, MessageId, ReportId, Seq, UserId};
use crate::preview::LinkPreview;
use crate::time::Timestamp;

/// The most entries that one report shows.
pub const REPORTED_ENTRIES_MAX: usize = 50;
/// The most bytes that one report shows, all together: of what opens sealed entries, and of the texts.
pub const OPENINGS_BYTES_MAX: usize = 256 * 1024;
/// The longest note, of whoever reports and of whoever closes, in bytes of UTF-8.
pub const REPORT_NOTE_BYTES_MAX: usize = 2_000;
/// The most reports of one account that are open.
pub const OPEN_REPORTS_MAX: u32 = 50;
/// How many reports a page has.
pub const REPORTS_PAGE_MAX: u32 = 20;
/// How long a report is kept after it was closed, in milliseconds: 90 days.
pub const CLOSED_REPORTS_KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

/// What somebody is reported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    /// Advertising, fraud.
    Spam,
    /// Insults, threats, stalking.
    Harassment,
    /// Somebody is in danger.
    Danger,
    /// Against the law.
    Illegal,
    /// Something else: the note says what.
    Other,
}

/// What opens the commitment of a sealed entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The 32 bytes that were sealed before it, in standard base64 with padding.
    pub key: String,
    /// What was sealed after them, as it was sealed to the byte.
    pub said: String,
}

/// An entry that a report shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ReportedEntry {
    /// Its place: a message of whoever is reported, or an edit of one.
    pub seq: Seq,
    /// Of a sealed one, what opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub opening: Option<Opening>,
}

/// `POST /v1/reports`: somebody is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// Made by the device; the same again changes nothing.
    pub id: ReportId,
    /// Who.
    pub user: UserId,
    /// For what.
    pub reason: ReportReason,
    /// In whoever reports' own words, at most [`REPORT_NOTE_BYTES_MAX`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<String>"))]
    pub note: String,
    /// Where it was said; needed where entries are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conversation: Option<ConversationId>,
    /// What they have said, at most [`REPORTED_ENTRIES_MAX`]. All is kept with the report, or it is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<ReportedEntry>>"))]
    pub entries: Vec<ReportedEntry>,
}

/// `POST /v1/reports/{id}/close`: an administrator has dealt with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CloseReport {
    /// What was done, at most [`REPORT_NOTE_BYTES_MAX`].
    #[serde(default)]
    pub note: String,
}

/// `GET /v1/reports`: a page of reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reports {
    /// The page: of open ones the oldest first, of closed ones the latest first.
    pub items: Vec<Report>,
    /// Where the next page begins; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<String>,
}

/// A report, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Report {
    /// Which one.
    pub id: ReportId,
    /// When it came.
    pub at: Timestamp,
    /// Who has reported.
    pub reporter: Profile,
    /// Who is reported.
    pub user: Profile,
    /// For what.
    pub reason: ReportReason,
    /// In the reporter's words.
    pub note: String,
    /// Where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conversation: Option<ConversationId>,
    /// What they have said, in the order of the log.
    pub evidence: Vec<Evidence>,
    /// How it ended; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closed: Option<ClosedReport>,
}

/// How a report ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClosedReport {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Profile,
    /// What was done.
    pub note: String,
}

/// What somebody has said, as the log has it: of a sealed entry, as its sender's device has committed to it. It stays with the report when the message is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Evidence {
    /// Its place.
    pub seq: Seq,
    /// The message.
    pub message: MessageId,
    /// When the server took it.
    pub at: Timestamp,
    /// Whether it is what the message was changed to.
    pub edit: bool,
    /// Whether it was sealed.
    pub sealed: bool,
    /// What it says, in Pipit's Markdown subset.
    pub text: String,
    /// What people were to choose from, where it is a poll.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<String>>"))]
    pub options: Vec<String>,
    /// Its files, by what they are called. They are not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<ReportedFile>>"))]
    pub files: Vec<ReportedFile>,
    /// What it says of a page that it links to; without the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub preview: Option<LinkPreview>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReportedFile {
    /// What its sender calls it.
    pub name: String,
    /// What its sender says it is.
    pub media_type: String,
    /// How many bytes it has.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// What its sender says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub caption: Option<String>,
}
