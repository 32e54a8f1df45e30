//! The key log of an account: which keys its devices have had, in an order that cannot be changed afterwards.
//!
//! Each entry is hashed with the hash of the one before, and an entry may carry a *vouch*: the signature of another device of the account, or of its recovery key,
//! by which that says "this key is ours too". What is hashed and what is signed is here, byte by byte; hashing, signing and checking are for those who do it
//! (`docs/adr/0044-key-log.md`).

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, UserId};
use crate::time::Timestamp;

/// What the bytes of an entry begin with before they are hashed.
pub const ENTRY_DOMAIN: &[u8; 21] = b"Pipit key log entry 1";
/// What the bytes of a vouch begin with before they are signed.
pub const VOUCH_DOMAIN: &[u8; 21] = b"Pipit key log vouch 1";
/// A log this long takes no further keys. What removes a key, or vouches for one, always gets in, so that it ends below three times this.
pub const KEY_LOG_ENTRIES_MAX: u64 = 10_000;
/// The most people whose logs one request asks for.
pub const KEY_LOGS_PER_REQUEST_MAX: usize = 100;
/// The hash before the first entry.
pub const NO_HASH: [u8; 32] = [0; 32];

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum KeyStep {
    /// The key is the account's from here on. Without a vouch nobody but the server says so.
    Added,
    /// It is not any more. It never comes back.
    Removed,
    /// It was added without a vouch, and now has one.
    Vouched,
}

impl KeyStep {
    /// As it is hashed and stored.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Added => 1,
            Self::Removed => 2,
            Self::Vouched => 3,
        }
    }

    /// The step with this number.
    #[must_use]
    pub const fn of_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Added),
            2 => Some(Self::Removed),
            3 => Some(Self::Vouched),
            _ => None,
        }
    }
}

/// Who has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum KeyHolder {
    /// A device. Its key is that of its leaves in groups.
    Device,
    /// A recovery code. It is in no group, and vouches for devices alone.
    Recovery,
}

impl KeyHolder {
    /// As it is hashed, signed and stored.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Device => 1,
            Self::Recovery => 2,
        }
    }

    /// The holder with this number.
    #[must_use]
    pub const fn of_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Device),
            2 => Some(Self::Recovery),
            _ => None,
        }
    }
}

/// A vouch, as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VouchBytes {
    /// Which device or recovery key of the same account has signed.
    pub by: DeviceId,
    /// Ed25519 over [`vouch_bytes`].
    pub signature: [u8; 64],
}

/// An entry, as it is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// Whose log.
    pub user: UserId,
    /// Its place: 1, 2, 3, …
    pub number: u64,
    /// What it does.
    pub step: KeyStep,
    /// Who has the key.
    pub holder: KeyHolder,
    /// Which device; of a recovery key, an id that was made with it.
    pub device: DeviceId,
    /// The public key, Ed25519.
    pub key: [u8; 32],
    /// When, by the server's clock.
    pub at: Timestamp,
    /// Who vouches.
    pub vouch: Option<VouchBytes>,
}

impl KeyEntry {
    /// What SHA-256 is taken of, where the entry before has the hash `before` ([`NO_HASH`] for the first).
    #[must_use]
    pub fn to_bytes(&self, before: &[u8; 32]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(223);
        bytes.extend_from_slice(ENTRY_DOMAIN);
        bytes.extend_from_slice(self.user.as_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.push(self.step.number());
        bytes.push(self.holder.number());
        bytes.extend_from_slice(self.device.as_bytes());
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(&self.at.as_ms().to_be_bytes());
        bytes.extend_from_slice(before);
        match &self.vouch {
            None => bytes.push(0),
            Some(vouch) => {
                bytes.push(1);
                bytes.extend_from_slice(vouch.by.as_bytes());
                bytes.extend_from_slice(&vouch.signature);
            }
        }
        bytes
    }
}

/// What `by` signs to vouch for a key of the same account.
#[must_use]
pub fn vouch_bytes(
    user: UserId,
    holder: KeyHolder,
    device: DeviceId,
    key: &[u8; 32],
    by: DeviceId,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(102);
    bytes.extend_from_slice(VOUCH_DOMAIN);
    bytes.extend_from_slice(user.as_bytes());
    bytes.push(holder.number());
    bytes.extend_from_slice(device.as_bytes());
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(by.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(vouch: Option<VouchBytes>) -> KeyEntry {
        KeyEntry {
            user: UserId::from_bytes([1; 16]),
            number: 2,
            step: KeyStep::Added,
            holder: KeyHolder::Device,
            device: DeviceId::from_bytes([3; 16]),
            key: [4; 32],
            at: Timestamp(5),
            vouch,
        }
    }

    /// The lengths and places that `docs/protocol.md` states.
    #[test]
    fn the_bytes_are_the_documented_ones() {
        let bare = entry(None).to_bytes(&[6; 32]);
        assert_eq!(bare.len(), 21 + 16 + 8 + 1 + 1 + 16 + 32 + 8 + 32 + 1);
        assert_eq!(&bare[..21], ENTRY_DOMAIN);
        assert_eq!(bare[21..37], [1; 16]);
        assert_eq!(bare[37..45], [0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(bare[45..47], [1, 1]);
        assert_eq!(bare[47..63], [3; 16]);
        assert_eq!(bare[63..95], [4; 32]);
        assert_eq!(bare[95..103], [0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(bare[103..135], [6; 32]);
        assert_eq!(bare[135..], [0]);
        let vouched = entry(Some(VouchBytes {
            by: DeviceId::from_bytes([7; 16]),
            signature: [8; 64],
        }));
        let vouched = vouched.to_bytes(&[6; 32]);
        assert_eq!(vouched[135], 1);
        assert_eq!(vouched[136..152], [7; 16]);
        assert_eq!(vouched[152..], [8; 64]);
        let signed = vouch_bytes(
            UserId::from_bytes([1; 16]),
            KeyHolder::Recovery,
            DeviceId::from_bytes([3; 16]),
            &[4; 32],
            DeviceId::from_bytes([7; 16]),
        );
        assert_eq!(signed.len(), 21 + 16 + 1 + 16 + 32 + 16);
        assert_eq!(signed[37], 2);
    }

    #[test]
    fn numbers_are_kept() {
        for step in [KeyStep::Added, KeyStep::Removed, KeyStep::Vouched] {
            assert_eq!(KeyStep::of_number(step.number()), Some(step));
        }
        for holder in [KeyHolder::Device, KeyHolder::Recovery] {
            assert_eq!(KeyHolder::of_number(holder.number()), Some(holder));
        }
        assert_eq!((KeyStep::of_number(0), KeyHolder::of_number(3)), (None, None));
    }
}
