//! What was written and has nowhere to go any more.

use pipit_wire::{ConversationId, MessageId};
use serde::{Deserialize, Serialize};

/// A message, or what one was to say instead, that was written here for a conversation that one is not in any more. The server may have one whose
/// acknowledgement was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Unsent {
    /// Its id.
    pub message: MessageId,
    /// For which conversation.
    pub conversation: ConversationId,
    /// What that was called; empty where that was not known.
    pub name: String,
    /// Whether somebody else has taken one out of it. Else one has left, on whatever device, or it is not known.
    pub removed: bool,
    /// Whether that was encrypted: then the words are for another one that is.
    pub encrypted: bool,
    /// What it says; a poll's question, and each of its options on a line.
    pub text: String,
    /// How many files it had. They are not kept.
    pub files: u32,
}
