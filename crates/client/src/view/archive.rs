//! What views see of hand-overs.

use pipit_wire::{ArchiveId, DeviceId, Timestamp};
use serde::{Deserialize, Serialize};

/// What the account's devices hand over to each other of encrypted conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ArchivesView {
    /// Devices that wait for being told their code, oldest first.
    pub waiting: Vec<WaitingDevice>,
    /// What this device hands over, or has handed over last.
    pub giving: Option<HandoverView>,
    /// What this device gets, or has got; none where it has never asked.
    pub taking: Option<TakingView>,
    /// Whether there is something from before this device came in that it has not asked for.
    pub has_gap: bool,
    /// How it stands with the account's backup; none where that is not known yet.
    pub backup: Option<BackupView>,
}

/// How it stands with the account's backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BackupView {
    /// What this device does for it.
    pub state: BackupState,
    /// When this device saw last that everything is in it.
    pub at: Option<Timestamp>,
    /// How many bytes it has.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// When any device changed it last.
    pub changed_at: Option<Timestamp>,
}

/// What a device does for the account's backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum BackupState {
    /// There is none.
    Off,
    /// There is one, and this device does not have its key.
    Locked,
    /// What is in it comes to this device.
    Restoring {
        /// So many parts are here,
        done: u32,
        /// of so many.
        total: u32,
    },
    /// Something is being put by.
    Running,
    /// Everything is.
    Kept,
    /// It does not work. It is tried again.
    Failed {
        /// Why: the code of the error.
        code: String,
    },
}

/// A device of the account that asks for what the others have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WaitingDevice {
    /// What it has asked for.
    pub archive: ArchiveId,
    /// Which one.
    pub device: DeviceId,
    /// What it is called.
    pub name: String,
    /// When it asked.
    pub at: Timestamp,
}

/// How a hand-over stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HandoverState {
    /// The other side has not begun.
    Waiting,
    /// It is under way.
    Running,
    /// All is there.
    Done,
    /// It is not wanted.
    Declined,
    /// It came to nothing.
    Failed {
        /// Why: `expired`, `gone` (the other side has ended it), `damaged`, or the code of the error.
        code: String,
    },
}

/// What this device hands over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HandoverView {
    /// What the other device is called.
    pub device_name: String,
    /// How it stands.
    pub state: HandoverState,
    /// How far, of `total`.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub done: u64,
    /// How much there is; zero where that is not known yet.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub total: u64,
}

/// What this device gets from another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TakingView {
    /// The code that another device is to be told, while it is needed.
    pub code: Option<String>,
    /// How it stands.
    pub state: HandoverState,
    /// How far, of `total`.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub done: u64,
    /// How much there is; zero where that is not known yet.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub total: u64,
    /// How many entries came.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub came: u64,
    /// How many of them do not have their place yet.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub left: u64,
}
