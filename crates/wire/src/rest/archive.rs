//! Archives over HTTP: what an account's devices have of encrypted conversations, sealed by them and kept by the server in parts. One is a *hand-over* to a device
//! that has asked for it, the account's *backup*, or the *history* of a group that newcomers to it are shown. The server reads none of it. Bytes are in standard base64 with padding
//! (RFC 4648, section 4).

use serde::{Deserialize, Serialize};

use crate::ids::{ArchiveId, ConversationId, DeviceId, PartId};
use crate::time::Timestamp;

/// The longest part, in bytes before base64.
pub const PART_BYTES_MAX: usize = 512 * 1024;
/// The most parts of one archive.
pub const PARTS_MAX: u32 = 4_096;
/// The most parts that one part takes the place of.
pub const REPLACES_MAX: usize = 256;
/// The most hand-overs of an account that wait or are under way; the oldest goes where there would be more.
pub const HANDOVERS_MAX: u32 = 5;
/// How long a device waits for another one to approve it, in milliseconds: an hour.
pub const HANDOVER_ASKED_MS: i64 = 60 * 60 * 1_000;
/// How long a hand-over is kept after something was last done for it, in milliseconds: a week.
pub const HANDOVER_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// The most histories of an account that are kept; the oldest goes where there would be more.
pub const HISTORIES_MAX: u32 = 64;
/// How long a history is kept after its last part, in milliseconds: 30 days.
pub const HISTORY_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// What an archive is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ArchivePurpose {
    /// For the device that has asked for it, by another device of the account.
    Handover,
    /// For when all devices are lost. An account has one at most.
    Backup,
    /// What was said in an encrypted group, for those whom this device's person has let in. Its members may read it; what it is sealed with they are told sealed.
    History,
}

bodies! {
    /// `POST /v1/me/archives`: this device asks the others for what they have, begins the account's backup, or begins to show newcomers to a group what was said.
    NewArchive {
        /// Made by the device. The same again changes nothing.
        id: ArchiveId,
        /// What it is for. A hand-over takes the place of an earlier one to this device, a backup that of the one before.
        purpose: ArchivePurpose,
        /// 32 bytes. Of a hand-over, what shows a device that was told the code that this device has made it; of a backup, what shows that a code is the one that opens it. A history has none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        proof: String,
        /// Of a history: the encrypted group, whose members this account may add to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        conversation: Option<ConversationId>,
    }
    /// `POST /v1/me/archives/{id}/approval`: this device hands over to the one that asks.
    NewApproval {
        /// 32 bytes, which go into the archive's key.
        salt: String,
    }
    /// `POST /v1/me/archives/{id}/parts`: adds a part.
    NewPart {
        /// Made by the device. The same again changes nothing.
        id: PartId,
        /// At most [`PART_BYTES_MAX`].
        bytes: String,
        /// Of a hand-over or a history: nothing comes after it.
        #[serde(default)]
        last: bool,
        /// Of a backup: parts that go, in the same moment. At most [`REPLACES_MAX`]; those that are not there are left out.
        #[serde(default)]
        replaces: Vec<PartId>,
    }
}

answers! {
    /// `GET /v1/me/archives`: those of the account, but histories.
    Archives {
        /// The oldest first.
        items: Vec<Archive>,
    }
    /// An archive, without its parts.
    Archive {
        /// Which one.
        id: ArchiveId,
        /// What it is for.
        purpose: ArchivePurpose,
        /// The device that has asked for it, or that has begun it.
        device: DeviceId,
        /// What that is called.
        device_name: String,
        /// The key by which it signs in encrypted conversations (Ed25519), once it has said one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        signature_key: Option<String>,
        /// See [`NewArchive::proof`].
        proof: String,
        /// When it was asked for, or begun.
        made_at: Timestamp,
        /// When something was last done for it.
        changed_at: Timestamp,
        /// When it goes; a backup stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        expires_at: Option<Timestamp>,
        /// The device that hands over, once one has approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        giver: Option<DeviceId>,
        /// See [`NewApproval::salt`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        salt: Option<String>,
        /// How many parts there are.
        parts: u32,
        /// How many bytes they have together.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        size: u64,
        /// Whether the last part of a hand-over or a history is there.
        complete: bool,
    }
    /// `GET /v1/me/archives/{id}/parts`: what parts there are.
    Parts {
        /// By number.
        items: Vec<PartInfo>,
    }
    /// A part, without its bytes.
    PartInfo {
        /// Which one.
        id: PartId,
        /// Its place, counted from 1. Those of parts that have gone are not used again.
        number: u32,
        /// How many bytes it has.
        size: u32,
        /// When it was added.
        at: Timestamp,
    }
    /// `GET /v1/me/archives/{id}/parts/{number}`.
    Part {
        /// Which one.
        id: PartId,
        /// What was put there.
        bytes: String,
    }
}
