//! What of encrypted conversations cannot be shown.

use serde::{Deserialize, Serialize};

/// Why a message cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UnreadableReason {
    /// It was sealed before this device came into the conversation's group.
    BeforeYou,
    /// Its turn has not come: entries before it, or this device's keys, are on their way.
    Waiting,
    /// It could not be opened, and the devices of the conversation were asked to tell it again.
    AskedAgain,
    /// It could not be opened, or what came out is not what it claims to be, or this version does not know its kind.
    Failed,
}
