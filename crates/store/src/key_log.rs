//! The key logs of accounts, as the server keeps them: see [`pipit_wire::key_log`].
//!
//! What may come next in a log is decided by one function ([`next`]) on the whole log of the account, under the account's lock, in the transaction in which the key itself
//! comes or goes. Signatures are checked before, by whoever calls; here it is made sure that the key by which they were checked still stands.

use std::collections::BTreeMap;

use async_trait::async_trait;
use pipit_wire::key_log::{KEY_LOG_ENTRIES_MAX, KeyEntry, KeyHolder, KeyStep, NO_HASH, VouchBytes};
use pipit_wire::{ConversationId, DeviceId, Timestamp, UserId};
use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// An entry as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLogRecord {
    /// The entry.
    pub entry: KeyEntry,
    /// Its hash, over the one before.
    pub hash: [u8; 32],
}

/// The last entry of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLogHead {
    /// Its number; zero where there is none.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// A vouch whose signature is good, if `key` is the voucher's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedVouch {
    /// Who has signed, and the signature.
    pub bytes: VouchBytes,
    /// The key by which it was checked.
    pub key: [u8; 32],
}

/// What is to come next in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewKeyEntry {
    /// Whose log.
    pub user: UserId,
    /// What it does.
    pub step: KeyStep,
    /// Who has the key.
    pub holder: KeyHolder,
    /// Which device or recovery key.
    pub device: DeviceId,
    /// The key. Not looked at where it is removed: it is the one that it has.
    pub key: [u8; 32],
    /// Who vouches.
    pub vouch: Option<CheckedVouch>,
    /// When.
    pub now: Timestamp,
}

/// Why an entry does not get in; nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyLogError {
    /// There is no such device of this account (any more).
    #[error("there is no such device")]
    NoDevice,
    /// It has another key.
    #[error("the device has another key")]
    OtherKey,
    /// Who vouches is not in the log, not any more, or with another key.
    #[error("who vouches is no device of this account")]
    NoVoucher,
    /// Who vouches is vouched for by this very device.
    #[error("the two would vouch for each other")]
    Circular,
    /// The log takes no further keys.
    #[error("the log takes no further keys")]
    Full,
}

/// The part of [`crate::Store`] that is about key logs. Every method is atomic; whatever it returned as done is on disk. A device that is revoked is removed from its log in the
/// same transaction ([`crate::Store::revoke_device`]).
#[async_trait]
pub trait KeyLogStore: Send + Sync + 'static {
    /// Keeps a device's key, once, and enters it in the log. The same again changes nothing, but that a vouch that was not there before is entered.
    async fn publish_key(&self, new: NewKeyEntry) -> Result<Result<(), KeyLogError>, StoreError>;
    /// Vouches for a device that is in the log. One that has a vouch keeps it.
    async fn vouch(&self, new: NewKeyEntry) -> Result<Result<(), KeyLogError>, StoreError>;
    /// Enters a recovery key, in the place of the one before. The same again changes nothing.
    async fn set_recovery_key(&self, new: NewKeyEntry) -> Result<Result<(), KeyLogError>, StoreError>;
    /// Removes the recovery key of an account. False where it has none.
    async fn remove_recovery_key(&self, user: UserId, now: Timestamp) -> Result<bool, StoreError>;
    /// The entries of an account's log after this number, in order, at most `limit`.
    async fn read_key_log(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<KeyLogRecord>, StoreError>;
    /// The same of those of these accounts that are members of a conversation: in the order given, each after its number, at most `limit` of all.
    async fn read_key_logs(
        &self,
        conversation: ConversationId,
        of: &[(UserId, u64)],
        limit: u32,
    ) -> Result<Vec<KeyLogRecord>, StoreError>;
}

/// The hash of an entry that follows one with the hash `before`.
#[must_use]
pub fn hash(entry: &KeyEntry, before: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(entry.to_bytes(before)).into()
}

/// A key as the log leaves it.
#[derive(Clone, Copy, Debug)]
struct Standing {
    holder: KeyHolder,
    key: [u8; 32],
    voucher: Option<DeviceId>,
    removed: bool,
}

fn standings(log: &[KeyLogRecord]) -> BTreeMap<DeviceId, Standing> {
    let mut all = BTreeMap::<DeviceId, Standing>::new();
    for KeyLogRecord { entry, .. } in log {
        let voucher = entry.vouch.map(|vouch| vouch.by);
        match (entry.step, all.get_mut(&entry.device)) {
            (KeyStep::Added, _) => {
                let standing = Standing {
                    holder: entry.holder,
                    key: entry.key,
                    voucher,
                    removed: false,
                };
                all.insert(entry.device, standing);
            }
            (KeyStep::Removed, Some(standing)) => standing.removed = true,
            (KeyStep::Vouched, Some(standing)) => standing.voucher = voucher,
            (KeyStep::Removed | KeyStep::Vouched, None) => {}
        }
    }
    all
}

/// Whether `device` is among those by which `voucher` is vouched for.
fn leads_to(all: &BTreeMap<DeviceId, Standing>, voucher: DeviceId, device: DeviceId) -> bool {
    let mut at = Some(voucher);
    // A chain is no longer than there are keys.
    for _ in 0..=all.len() {
        match at {
            None => return false,
            Some(id) if id == device => return true,
            Some(id) => at = all.get(&id).and_then(|standing| standing.voucher),
        }
    }
    true
}

fn check_vouch(
    all: &BTreeMap<DeviceId, Standing>,
    new: &NewKeyEntry,
) -> Result<Option<VouchBytes>, KeyLogError> {
    let Some(vouch) = new.vouch else {
        return Ok(None);
    };
    let by = all.get(&vouch.bytes.by).filter(|by| !by.removed);
    if by.is_none_or(|by| by.key != vouch.key) {
        return Err(KeyLogError::NoVoucher);
    }
    if leads_to(all, vouch.bytes.by, new.device) {
        return Err(KeyLogError::Circular);
    }
    Ok(Some(vouch.bytes))
}

/// The entry that is to be appended to an account's whole log for this; none where it is so already.
///
/// # Errors
/// Why it does not get in.
pub fn next(log: &[KeyLogRecord], new: &NewKeyEntry) -> Result<Option<KeyLogRecord>, KeyLogError> {
    let all = standings(log);
    let known = all.get(&new.device);
    let mut entry = KeyEntry {
        user: new.user,
        number: log.last().map_or(0, |last| last.entry.number) + 1,
        step: new.step,
        holder: new.holder,
        device: new.device,
        key: new.key,
        at: new.now,
        vouch: None,
    };
    if known.is_some_and(|known| known.holder != new.holder) {
        return Err(KeyLogError::OtherKey);
    }
    match (new.step, known) {
        (KeyStep::Removed, None | Some(Standing { removed: true, .. })) => return Ok(None),
        (KeyStep::Removed, Some(known)) => entry.key = known.key,
        (KeyStep::Added | KeyStep::Vouched, Some(Standing { removed: true, .. }))
        | (KeyStep::Vouched, None) => return Err(KeyLogError::NoDevice),
        (KeyStep::Added | KeyStep::Vouched, Some(known)) if known.key != new.key => {
            return Err(KeyLogError::OtherKey);
        }
        (KeyStep::Added | KeyStep::Vouched, Some(known)) => {
            if known.voucher.is_some() || new.vouch.is_none() {
                return Ok(None);
            }
            entry.step = KeyStep::Vouched;
            entry.vouch = check_vouch(&all, new)?;
        }
        (KeyStep::Added, None) => {
            if entry.number > KEY_LOG_ENTRIES_MAX {
                return Err(KeyLogError::Full);
            }
            entry.vouch = check_vouch(&all, new)?;
        }
    }
    let before = log.last().map_or(NO_HASH, |last| last.hash);
    let hash = hash(&entry, &before);
    Ok(Some(KeyLogRecord { entry, hash }))
}

/// What is appended where an account gets another recovery key: the end of the one before, and the new one. Nothing where it is so already.
///
/// # Errors
/// Why it does not get in.
pub fn next_recovery(log: &[KeyLogRecord], new: &NewKeyEntry) -> Result<Vec<KeyLogRecord>, KeyLogError> {
    let Some(added) = next(log, new)? else {
        return Ok(Vec::new());
    };
    let Some(before) = recovery_key(log) else {
        return Ok(vec![added]);
    };
    let ended = end_of(log, new.user, before, new.now);
    let mut appended: Vec<KeyLogRecord> = next(log, &ended)?.into_iter().collect();
    let longer: Vec<KeyLogRecord> = log.iter().chain(&appended).copied().collect();
    appended.extend(next(&longer, new)?);
    Ok(appended)
}

/// The end of a key, whoever has it, for [`next`].
#[must_use]
pub fn end_of(log: &[KeyLogRecord], user: UserId, device: DeviceId, now: Timestamp) -> NewKeyEntry {
    let mut entries = log.iter().map(|record| record.entry);
    NewKeyEntry {
        user,
        step: KeyStep::Removed,
        holder: entries
            .find(|entry| entry.device == device)
            .map_or(KeyHolder::Device, |entry| entry.holder),
        device,
        key: [0; 32],
        vouch: None,
        now,
    }
}

/// The recovery key that stands in a log.
#[must_use]
pub fn recovery_key(log: &[KeyLogRecord]) -> Option<DeviceId> {
    let all = standings(log);
    let mut standing = all
        .iter()
        .filter(|(_, known)| known.holder == KeyHolder::Recovery && !known.removed);
    standing.next().map(|(id, _)| *id)
}

/// The key of whoever is to vouch, where they stand in this log.
#[must_use]
pub fn voucher_key(log: &[KeyLogRecord], by: DeviceId) -> Option<[u8; 32]> {
    let all = standings(log);
    all.get(&by).filter(|known| !known.removed).map(|known| known.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8) -> DeviceId {
        DeviceId::from_bytes([number; 16])
    }

    fn new(step: KeyStep, number: u8, by: Option<u8>) -> NewKeyEntry {
        NewKeyEntry {
            user: UserId::from_bytes([9; 16]),
            step,
            holder: KeyHolder::Device,
            device: device(number),
            key: [number; 32],
            vouch: by.map(|by| CheckedVouch {
                bytes: VouchBytes {
                    by: device(by),
                    signature: [by; 64],
                },
                key: [by; 32],
            }),
            now: Timestamp(7),
        }
    }

    use KeyStep::{Added, Removed, Vouched};

    fn log(steps: &[(KeyStep, u8, Option<u8>)]) -> Vec<KeyLogRecord> {
        let mut log = Vec::new();
        for (step, number, by) in steps {
            log.extend(next(&log, &new(*step, *number, *by)).unwrap());
        }
        log
    }

    #[test]
    fn what_may_come_next() {
        let begun = log(&[
            (Added, 1, None),
            (Added, 2, Some(1)),
            (Added, 3, None),
            (Added, 4, Some(3)),
            (Removed, 4, None),
        ]);
        let other_key = NewKeyEntry {
            key: [99; 32],
            ..new(Added, 1, None)
        };
        let other_holder = NewKeyEntry {
            holder: KeyHolder::Recovery,
            ..new(Added, 1, None)
        };
        let mut forged = new(Added, 5, Some(1));
        forged.vouch.as_mut().unwrap().key = [99; 32];
        for (new, expect) in [
            (new(Added, 5, None), Ok(Some(Added))),
            (new(Added, 5, Some(2)), Ok(Some(Added))),
            (new(Added, 5, Some(4)), Err(KeyLogError::NoVoucher)),
            (new(Added, 5, Some(6)), Err(KeyLogError::NoVoucher)),
            (new(Added, 5, Some(5)), Err(KeyLogError::NoVoucher)),
            (forged, Err(KeyLogError::NoVoucher)),
            (new(Added, 1, None), Ok(None)),
            (new(Added, 2, Some(3)), Ok(None)),
            (new(Added, 3, Some(2)), Ok(Some(Vouched))),
            (new(Added, 4, None), Err(KeyLogError::NoDevice)),
            (other_key, Err(KeyLogError::OtherKey)),
            (other_holder, Err(KeyLogError::OtherKey)),
            (new(Vouched, 3, Some(1)), Ok(Some(Vouched))),
            (new(Vouched, 2, Some(3)), Ok(None)),
            (new(Vouched, 1, Some(2)), Err(KeyLogError::Circular)),
            (new(Vouched, 1, Some(1)), Err(KeyLogError::Circular)),
            (new(Vouched, 1, Some(3)), Ok(Some(Vouched))),
            (new(Vouched, 4, Some(1)), Err(KeyLogError::NoDevice)),
            (new(Vouched, 6, Some(1)), Err(KeyLogError::NoDevice)),
            (new(Removed, 2, None), Ok(Some(Removed))),
            (new(Removed, 4, None), Ok(None)),
            (new(Removed, 6, None), Ok(None)),
        ] {
            let got = next(&begun, &new).map(|entry| entry.map(|record| record.entry.step));
            assert_eq!(got, expect, "{new:?}");
        }
    }

    #[test]
    fn each_entry_has_the_hash_of_the_one_before() {
        let log = log(&[(Added, 1, None), (Added, 2, Some(1)), (Removed, 1, None)]);
        let mut before = NO_HASH;
        for (record, number) in log.iter().zip(1..) {
            assert_eq!(record.entry.number, number);
            assert_eq!(record.hash, hash(&record.entry, &before));
            before = record.hash;
        }
        assert_eq!(log[2].entry.key, [1; 32], "the key that goes");
        assert_eq!(log[2].entry.vouch, None);
    }

    #[test]
    fn one_recovery_key_takes_the_place_of_the_other() {
        let mut log = log(&[(Added, 1, None)]);
        let recovery = |number| NewKeyEntry {
            holder: KeyHolder::Recovery,
            ..new(Added, number, Some(1))
        };
        let first = next_recovery(&log, &recovery(2)).unwrap();
        assert_eq!(first.len(), 1);
        log.extend(first);
        assert_eq!(next_recovery(&log, &recovery(2)).unwrap(), []);
        let second = next_recovery(&log, &recovery(3)).unwrap();
        let steps: Vec<_> = second
            .iter()
            .map(|record| (record.entry.step, record.entry.device))
            .collect();
        assert_eq!(steps, [(Removed, device(2)), (Added, device(3))]);
        log.extend(second);
        assert_eq!(recovery_key(&log), Some(device(3)));
        assert_eq!(voucher_key(&log, device(2)), None);
        assert_eq!(voucher_key(&log, device(3)), Some([3; 32]));
        assert_eq!(next_recovery(&log, &recovery(2)), Err(KeyLogError::NoDevice));
    }

    #[test]
    fn a_full_log_takes_no_further_keys() {
        let mut log = log(&[(Added, 1, None)]);
        log[0].entry.number = KEY_LOG_ENTRIES_MAX;
        assert_eq!(next(&log, &new(Added, 2, None)), Err(KeyLogError::Full));
        assert!(next(&log, &new(Removed, 1, None)).unwrap().is_some());
    }
}
