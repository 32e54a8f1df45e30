//! A person's key log: which keys are theirs, in an order that nobody can change behind a device's back, and who says so.
//!
//! The server keeps the log and could say anything. So a device keeps how far it has seen it ([`KeyLog::number`], [`KeyLog::hash`]), takes only what goes on from
//! there, and asks of each key who *vouches* for it: a device of the same person that was in the log before and not removed, or their recovery key. A key for which
//! nobody vouches is a *root*; all others hang on one. The safety number of two people is that of their roots ([`crate::SafetyNumber`]): it stays as it is while devices vouch
//! for each other, and changes when a key comes in for which nobody does.
//!
//! What is hashed and what is signed is in [`pipit_wire::key_log`], byte by byte.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use pipit_wire::key_log::{KeyEntry, KeyHolder, KeyStep, NO_HASH, VouchBytes, vouch_bytes};
use pipit_wire::{DeviceId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

use crate::codec;
use crate::error::Error;
use crate::identity::{Identity, SignatureKey};

/// What a device's code is hashed with.
const CODE_DOMAIN: &[u8] = b"Pipit device code 1";

/// Why entries are not taken. Nothing is, then: the log is what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyLogError {
    /// An entry of another person's log.
    #[error("an entry of another log")]
    OtherLog,
    /// An entry is left out, or said twice.
    #[error("entry {found} where {expected} belongs")]
    Gap {
        /// What would follow.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The entry does not follow from what was seen: the log was rewritten, or is told differently to different people.
    #[error("the log does not go on from what was seen of it")]
    Forked,
    /// The log is shorter than it was.
    #[error("the log is shorter than it was")]
    Cut,
    /// A key is added that is there already, or that was removed.
    #[error("a key is added that was there before")]
    AddedAgain,
    /// What is removed or vouched for is not there (any more), or is another key.
    #[error("an entry is about a key that is not there")]
    NoKey,
    /// A vouch where none belongs, none where one does, or a second one.
    #[error("a vouch that does not belong there")]
    Misplaced,
    /// Who vouches is not in the log.
    #[error("a vouch of somebody who is not in the log")]
    NoVoucher,
    /// Who vouches was removed before.
    #[error("a vouch of a device that was removed")]
    VoucherRemoved,
    /// Two keys would vouch for each other.
    #[error("two keys that vouch for each other")]
    Circular,
    /// The signature of a vouch is not right.
    #[error("a forged vouch")]
    Forged,
}

/// A key of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedKey {
    /// Who has it.
    pub holder: KeyHolder,
    /// The key.
    pub key: SignatureKey,
    /// The entry that added it.
    pub number: u64,
    /// When it was added, by the server's clock.
    pub at: Timestamp,
    /// Who vouches for it.
    pub voucher: Option<DeviceId>,
    /// Whether it was removed.
    pub removed: bool,
}

/// A person's key log, as far as this device has seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLog {
    user: UserId,
    number: u64,
    hash: [u8; 32],
    keys: BTreeMap<DeviceId, LoggedKey>,
}

/// The hash of an entry that follows one with the hash `before`.
#[must_use]
pub fn entry_hash(entry: &KeyEntry, before: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(entry.to_bytes(before)).into()
}

/// The public part of a secret key that is no device's: that of a recovery code.
#[must_use]
pub fn public_key(secret: &[u8; 32]) -> SignatureKey {
    SignatureKey(SigningKey::from_bytes(secret).verifying_key().to_bytes())
}

/// Vouches for a key with a secret key that is no device's: that of a recovery code. A device does it by [`crate::Device::vouch`].
#[must_use]
pub fn sign_vouch(
    secret: &[u8; 32],
    user: UserId,
    (holder, device, key): (KeyHolder, DeviceId, &SignatureKey),
    by: DeviceId,
) -> VouchBytes {
    let signed = vouch_bytes(user, holder, device, &key.0, by);
    VouchBytes {
        by,
        signature: SigningKey::from_bytes(secret).sign(&signed).to_bytes(),
    }
}

/// Whether `voucher` has signed that this key is the same person's.
#[must_use]
pub fn is_vouched(
    voucher: &SignatureKey,
    user: UserId,
    (holder, device, key): (KeyHolder, DeviceId, &SignatureKey),
    vouch: &VouchBytes,
) -> bool {
    let signed = vouch_bytes(user, holder, device, &key.0, vouch.by);
    VerifyingKey::from_bytes(&voucher.0).is_ok_and(|voucher| {
        let signature = Signature::from_bytes(&vouch.signature);
        voucher.verify_strict(&signed, &signature).is_ok()
    })
}

/// Six groups of five digits by which two devices of one person are compared before one vouches for the other: about 100 bits of SHA-512 over who, which device and which key.
#[must_use]
pub fn device_code(identity: Identity, key: &SignatureKey) -> [u32; 6] {
    let hash = Sha512::new()
        .chain_update(CODE_DOMAIN)
        .chain_update(identity.user.as_bytes())
        .chain_update(identity.device.as_bytes())
        .chain_update(key.0)
        .finalize();
    let mut groups = [0; 6];
    for (group, bytes) in groups.iter_mut().zip(hash.chunks_exact(5)) {
        let number = bytes
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        *group = u32::try_from(number % 100_000).unwrap_or(0);
    }
    groups
}

impl KeyLog {
    /// The log of a person of which nothing was seen yet.
    #[must_use]
    pub const fn new(user: UserId) -> Self {
        Self {
            user,
            number: 0,
            hash: NO_HASH,
            keys: BTreeMap::new(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The last entry that was seen; zero where none was.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Its hash.
    #[must_use]
    pub const fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Every key that was ever in it.
    pub fn keys(&self) -> impl Iterator<Item = (DeviceId, &LoggedKey)> {
        self.keys.iter().map(|(id, key)| (*id, key))
    }

    /// The devices that are the person's now, with their keys.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &LoggedKey)> {
        self.keys()
            .filter(|(_, key)| key.holder == KeyHolder::Device && !key.removed)
    }

    /// The key of a device that is the person's now.
    #[must_use]
    pub fn device(&self, device: DeviceId) -> Option<&LoggedKey> {
        let key = self.keys.get(&device)?;
        (key.holder == KeyHolder::Device && !key.removed).then_some(key)
    }

    /// The roots on which the person's devices hang: what their half of a safety number is made of. Those on which nothing hangs any more do not count.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<SignatureKey> {
        let roots = self.devices().map(|(id, _)| self.root_of(id));
        roots
            .filter_map(|root| self.keys.get(&root))
            .map(|root| root.key)
            .collect()
    }

    /// On which key a key hangs: the last of those who vouch for each other.
    #[must_use]
    pub fn root_of(&self, device: DeviceId) -> DeviceId {
        let mut root = device;
        // A chain has no circles (they are refused), and is no longer than there are keys.
        for _ in 0..self.keys.len() {
            match self.keys.get(&root).and_then(|key| key.voucher) {
                Some(voucher) => root = voucher,
                None => break,
            }
        }
        root
    }

    /// What the server says of the last entry, compared with what was seen: whether there is more to read.
    ///
    /// # Errors
    /// `Cut` where it is an earlier one, `Forked` where it is another one.
    pub fn compare(&self, number: u64, hash: &[u8; 32]) -> Result<bool, KeyLogError> {
        match number.cmp(&self.number) {
            std::cmp::Ordering::Less => Err(KeyLogError::Cut),
            std::cmp::Ordering::Equal if *hash != self.hash => Err(KeyLogError::Forked),
            std::cmp::Ordering::Equal => Ok(false),
            std::cmp::Ordering::Greater => Ok(true),
        }
    }

    /// Takes the entries that come next, each with the hash that the server gives it: all of them or none.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn extend(&mut self, entries: &[(KeyEntry, [u8; 32])]) -> Result<(), KeyLogError> {
        let mut longer = self.clone();
        for (entry, hash) in entries {
            longer.take(entry, hash)?;
        }
        *self = longer;
        Ok(())
    }

    fn take(&mut self, entry: &KeyEntry, hash: &[u8; 32]) -> Result<(), KeyLogError> {
        if entry.user != self.user {
            return Err(KeyLogError::OtherLog);
        }
        let expected = self.number.saturating_add(1);
        if entry.number != expected {
            let found = entry.number;
            return Err(KeyLogError::Gap { expected, found });
        }
        if entry_hash(entry, &self.hash) != *hash {
            return Err(KeyLogError::Forked);
        }
        let known = self.keys.get(&entry.device).copied();
        match entry.step {
            KeyStep::Added => {
                if known.is_some() {
                    return Err(KeyLogError::AddedAgain);
                }
                if entry.holder == KeyHolder::Recovery && entry.vouch.is_none() {
                    return Err(KeyLogError::Misplaced);
                }
                self.check_vouch(entry)?;
                let key = LoggedKey {
                    holder: entry.holder,
                    key: SignatureKey(entry.key),
                    number: entry.number,
                    at: entry.at,
                    voucher: entry.vouch.map(|vouch| vouch.by),
                    removed: false,
                };
                self.keys.insert(entry.device, key);
            }
            KeyStep::Removed | KeyStep::Vouched => {
                let mut key = known
                    .filter(|known| {
                        !known.removed && known.key.0 == entry.key && known.holder == entry.holder
                    })
                    .ok_or(KeyLogError::NoKey)?;
                if entry.step == KeyStep::Removed {
                    if entry.vouch.is_some() {
                        return Err(KeyLogError::Misplaced);
                    }
                    key.removed = true;
                } else {
                    if key.voucher.is_some() || entry.vouch.is_none() {
                        return Err(KeyLogError::Misplaced);
                    }
                    self.check_vouch(entry)?;
                    key.voucher = entry.vouch.map(|vouch| vouch.by);
                }
                self.keys.insert(entry.device, key);
            }
        }
        (self.number, self.hash) = (entry.number, *hash);
        Ok(())
    }

    fn check_vouch(&self, entry: &KeyEntry) -> Result<(), KeyLogError> {
        let Some(vouch) = &entry.vouch else {
            return Ok(());
        };
        if vouch.by == entry.device || self.root_of(vouch.by) == entry.device {
            return Err(KeyLogError::Circular);
        }
        let voucher = self.keys.get(&vouch.by).ok_or(KeyLogError::NoVoucher)?;
        if voucher.removed {
            return Err(KeyLogError::VoucherRemoved);
        }
        let what = (entry.holder, entry.device, &SignatureKey(entry.key));
        if is_vouched(&voucher.key, entry.user, what, vouch) {
            Ok(())
        } else {
            Err(KeyLogError::Forged)
        }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// Never, but where memory is short of it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(codec::encode(self)?.to_vec())
    }

    /// Reads what was stored.
    ///
    /// # Errors
    /// `Corrupt` where it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(codec::decode(bytes)?)
    }
}

#[cfg(test)]
mod tests;
