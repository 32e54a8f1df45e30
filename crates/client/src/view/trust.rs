//! Whose devices are whose, as views show it.

use pipit_wire::{DeviceId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// What has happened to the devices of a person, as their key log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TrustChange {
    /// A device has come for which none of theirs vouches; so the safety number is another one.
    NewDevice,
    /// The safety number is another one for another reason.
    NumberChanged,
    /// The server's log does not go on from what was seen of it: nothing new is believed of them.
    LogBroken,
}

/// Whether somebody is who they are taken to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TrustState {
    /// Nothing is known of their devices.
    #[default]
    Unknown,
    /// Their safety number was not compared.
    Unverified,
    /// It was, and is the same.
    Verified,
    /// It was, and has become another one since.
    Changed,
    /// Their key log was cut or rewritten.
    Broken,
}

/// What is known of another person's devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PersonTrust {
    /// Who.
    pub user: UserId,
    /// Whether they are who they are taken to be.
    pub state: TrustState,
    /// The safety number of oneself and them: twelve groups of five digits. None where one of the two has no device yet, as far as is known.
    pub number: Option<Vec<String>>,
    /// What the QR code says that oneself shows them.
    pub code: Option<String>,
    /// When the user marked them as verified.
    pub verified_at: Option<Timestamp>,
    /// Their devices, the earliest first.
    pub devices: Vec<LoggedDevice>,
}

/// A device of somebody's, as their key log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LoggedDevice {
    /// Which one.
    pub device: DeviceId,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is the earliest of those for which nobody vouches, or hangs on that by vouches.
    pub approved: bool,
    /// Which device vouches for it; none where it is the first, or nobody does, or their recovery key does.
    pub by: Option<DeviceId>,
    /// Whether their recovery key vouches for it.
    pub by_recovery: bool,
    /// Six groups of five digits by which it is compared before one vouches for it; of one's own devices alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub code: Option<Vec<String>>,
}

/// What is known of one's own devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OwnKeys {
    /// Those that have a key, the earliest first.
    pub devices: Vec<LoggedDevice>,
    /// Whether the account's key log was cut or rewritten.
    pub broken: bool,
}

/// How a code that was scanned or typed compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SafetyOutcome {
    /// It is the other side of this very number.
    Match,
    /// It is of another number: of another person, of an earlier number, or somebody stands between.
    Mismatch,
    /// It is no such code.
    NotACode,
}
