//! What views ask about whose devices are whose.

use pipit_wire::{DeviceId, UserId};
use serde::{Deserialize, Serialize};

/// What a view asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TrustCommand {
    /// What is known of somebody's devices. Answered by [`super::Reply::PersonTrust`].
    Person {
        /// Whose.
        user: UserId,
    },
    /// Compares a code that was scanned from the other person's screen. Answered by [`super::Reply::SafetyCode`].
    CheckCode {
        /// Whose.
        user: UserId,
        /// What it says.
        code: String,
    },
    /// The user has compared the safety number with the other person, and it is the same; or takes that back.
    SetVerified {
        /// With whom.
        user: UserId,
        /// The number that was shown; none takes it back. Refused where it is another one by now.
        number: Option<Vec<String>>,
    },
    /// Believes what the server says of somebody's devices from here on, as if they were new.
    BeginAnew {
        /// Whose.
        user: UserId,
    },
    /// What is known of one's own devices, as the server has it now. Answered by [`super::Reply::OwnKeys`].
    Own,
    /// Vouches for another device of one's own: the user has compared its code.
    Approve {
        /// Which one.
        device: DeviceId,
        /// The code that was shown. Refused where it is another one by now.
        code: Vec<String>,
    },
}
