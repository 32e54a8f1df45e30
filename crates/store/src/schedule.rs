//! Messages that are to be sent later. What they say is in what their author keeps of the conversation ([`pipit_wire::frame::Personal`]); here
//! is when they are due, which files are kept for them, and which ones are over: an id that was sent or taken back does not come back, however late a device
//! says it again.

use std::collections::BTreeMap;

use pipit_wire::scheduled::Scheduled;
use pipit_wire::{ConversationId, MessageId, UserId};

/// How long it is remembered that one is over, milliseconds: 30 days.
pub const OVER_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// A message whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMessage {
    /// Where to.
    pub conversation: ConversationId,
    /// Whose.
    pub user: UserId,
    /// Its id.
    pub message: MessageId,
    /// What it says.
    pub scheduled: Scheduled,
}

/// What a person has scheduled in a conversation.
pub type Schedule = BTreeMap<MessageId, Scheduled>;
