//! Polls: a message that asks, and how it stands with the answers.
//!
//! The question is the text of the message. A vote is an entry of the log like a reaction; how the poll stands after it is in the entry, so
//! that nobody has to count. Of an anonymous poll only the voter's own devices are given who voted, and for what.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The fewest options of a poll.
pub const POLL_OPTIONS_MIN: usize = 2;
/// The most.
pub const POLL_OPTIONS_MAX: usize = 12;
/// The longest question of a poll, in grapheme clusters.
pub const POLL_QUESTION_GRAPHEMES_MAX: usize = 300;
/// The longest option of a poll, in grapheme clusters.
pub const POLL_OPTION_GRAPHEMES_MAX: usize = 100;

/// What a message lets people choose from. It never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// [`POLL_OPTIONS_MIN`] to [`POLL_OPTIONS_MAX`] different lines, each at most [`POLL_OPTION_GRAPHEMES_MAX`] long.
    pub options: Vec<String>,
    /// Whether one may choose several.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub multiple: bool,
    /// Whether nobody is told who voted for what.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub anonymous: bool,
    /// From when on nobody can vote any more, by the server's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closes_at: Option<Timestamp>,
}

/// How the votes are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// How many chose each option, in their order.
    pub counts: Vec<u32>,
    /// How many people have voted.
    pub voters: u32,
}

impl Tally {
    /// Somebody chose `before`, and chooses `now` instead; nothing means that they have not voted.
    pub fn change(&mut self, before: &[u8], now: &[u8]) {
        for option in before {
            if let Some(count) = self.counts.get_mut(usize::from(*option)) {
                *count = count.saturating_sub(1);
            }
        }
        for option in now {
            let place = usize::from(*option);
            if self.counts.len() <= place {
                self.counts.resize(place.saturating_add(1), 0);
            }
            if let Some(count) = self.counts.get_mut(place) {
                *count = count.saturating_add(1);
            }
        }
        match (before.is_empty(), now.is_empty()) {
            (true, false) => self.voters = self.voters.saturating_add(1),
            (false, true) => self.voters = self.voters.saturating_sub(1),
            _ => {}
        }
    }
}

/// How it stands with a poll, in a message's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct PollState {
    /// The votes.
    pub tally: Tally,
    /// What whoever asks has chosen: places of options, from zero.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mine: Vec<u8>,
    /// Whether somebody has closed it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

/// What is allowed of polls, as a server states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct PollLimits {
    /// Longest question, grapheme clusters.
    pub question_graphemes_max: u32,
    /// Longest option, grapheme clusters.
    pub option_graphemes_max: u32,
    /// Most options.
    pub options_max: u32,
}

impl Default for PollLimits {
    fn default() -> Self {
        Self {
            question_graphemes_max: 300,
            option_graphemes_max: 100,
            options_max: 12,
        }
    }
}
