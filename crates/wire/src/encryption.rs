//! What the server carries for conversations that are encrypted end to end, and cannot read.
//!
//! The devices of the members are a group of MLS (RFC 9420). Its epochs are the log's: a commit names the epoch that it ends, everything else that is
//! sealed the epoch that it can be read in, and the log takes only what names its own. So whoever is a member at a place in the log can read what
//! is there, and nobody else can.

use serde::{Deserialize, Serialize};

/// The name of what seals in an encrypted conversation: MLS 1.0, over what `docs/protocol.md` says.
pub const SCHEME: &str = "mls1";
/// The greatest epoch and count: every JSON reader holds it exactly (RFC 8259, section 6).
pub const SEAL_NUMBER_MAX: u64 = (1 << 53) - 1;
/// The longest commit or proposal, in bytes before base64.
pub const HANDSHAKE_BYTES_MAX: usize = 128 * 1024;
/// The longest welcome, in bytes before base64.
pub const WELCOME_BYTES_MAX: usize = 384 * 1024;
/// The longest description of a group for those who come in anew, in bytes before base64.
pub const GROUP_INFO_BYTES_MAX: usize = 384 * 1024;
/// The longest key package, in bytes before base64.
pub const KEY_PACKAGE_BYTES_MAX: usize = 8 * 1024;
/// The most key packages that are kept for one device, beside the last resort.
pub const KEY_PACKAGES_MAX: u32 = 100;
/// How far ahead the end of a key package may be, in milliseconds: 90 days.
pub const KEY_PACKAGE_LIFETIME_MS_MAX: i64 = 90 * 24 * 60 * 60 * 1_000;
/// The most devices that one request claims key packages of, and that one commit welcomes.
pub const DEVICES_PER_REQUEST_MAX: usize = 100;
/// The most people in one encrypted conversation: their devices are leaves of one tree.
pub const ENCRYPTED_MEMBERS_MAX: u32 = 500;

/// What stands beside sealed bytes, in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The epoch that it can be read in; of a commit, the one that it ends. At most [`SEAL_NUMBER_MAX`].
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub epoch: u64,
    /// Which one of this device's sealed things in this conversation it is, counted from 1, refused ones included. At most [`SEAL_NUMBER_MAX`].
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub count: u64,
}

/// What a handshake does to the group of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HandshakeKind {
    /// It changes the group and ends the epoch.
    Commit,
    /// Somebody wishes for a change that another device is to commit. The epoch goes on.
    Proposal,
}

/// What the server knows of a group and of the device that asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GroupHead {
    /// The epoch at the log's end; zero where no commit has made the group yet.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub epoch: u64,
    /// The greatest [`Seal::count`] that the server was ever sent by this device in this conversation, refused ones included; zero where it was sent none.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub count: u64,
}

/// What is allowed of encrypted conversations, as a server states it. Bytes are counted before base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct EncryptionLimits {
    /// Most people in one encrypted conversation.
    pub members_max: u32,
    /// Longest commit or proposal, bytes.
    pub handshake_bytes_max: u32,
    /// Longest welcome, and longest description of a group, bytes.
    pub welcome_bytes_max: u32,
    /// Longest key package, bytes.
    pub key_package_bytes_max: u32,
    /// Most key packages that are kept for a device.
    pub key_packages_max: u32,
}

impl Default for EncryptionLimits {
    fn default() -> Self {
        Self {
            members_max: ENCRYPTED_MEMBERS_MAX,
            handshake_bytes_max: 128 * 1024,
            welcome_bytes_max: 384 * 1024,
            key_package_bytes_max: 8 * 1024,
            key_packages_max: KEY_PACKAGES_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_is_what_holds() {
        let stated = EncryptionLimits::default();
        for (stated, holds) in [
            (stated.handshake_bytes_max, HANDSHAKE_BYTES_MAX),
            (stated.welcome_bytes_max, WELCOME_BYTES_MAX),
            (stated.welcome_bytes_max, GROUP_INFO_BYTES_MAX),
            (stated.key_package_bytes_max, KEY_PACKAGE_BYTES_MAX),
        ] {
            assert_eq!(usize::try_from(stated), Ok(holds));
        }
    }
}
