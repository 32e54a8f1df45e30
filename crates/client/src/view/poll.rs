//! Polls, as they are shown.

use pipit_wire::Timestamp;
use serde::{Deserialize, Serialize};

/// A poll, as it stands with what waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct PollView {
    /// What can be chosen.
    pub options: Vec<PollOptionView>,
    /// Whether several may be.
    pub multiple: bool,
    /// Whether nobody is told who voted for what.
    pub anonymous: bool,
    /// When it ends by itself.
    pub closes_at: Option<Timestamp>,
    /// Whether it has ended.
    pub closed: bool,
    /// How many people have voted.
    pub voters: u32,
    /// Whether one may vote.
    pub can_vote: bool,
    /// Whether one may end it.
    pub can_close: bool,
}

/// An option of a poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PollOptionView {
    /// What it says.
    pub text: String,
    /// How many chose it.
    pub count: u32,
    /// Whether oneself did.
    pub mine: bool,
}
