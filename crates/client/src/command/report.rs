//! What views ask about reports.

use pipit_wire::report::ReportReason;
use pipit_wire::{ConversationId, MessageId, ReportId, UserId};
use serde::{Deserialize, Serialize};

/// What a view asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ReportCommand {
    /// Reports somebody to those who run the server. Answered by [`super::Reply::Reported`].
    Send {
        /// Chosen by the view.
        id: ReportId,
        /// Whom.
        user: UserId,
        /// For what.
        reason: ReportReason,
        /// In the reporter's words.
        note: String,
        /// Where what is shown was said.
        conversation: Option<ConversationId>,
        /// What is shown: messages of theirs, each with its edits.
        messages: Vec<MessageId>,
    },
    /// Asks for a page of reports; for administrators. Answered by [`super::Reply::Reports`].
    List {
        /// Those that were closed, and not those that are open.
        closed: bool,
        /// `next` of the page before; none for the first.
        after: Option<String>,
    },
    /// An administrator has dealt with one.
    Close {
        /// With which one.
        id: ReportId,
        /// What was done.
        note: String,
    },
}
