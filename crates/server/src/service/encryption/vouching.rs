//! Keys of devices and the logs of them: who has which key, since when, and who says so.
//!
//! Signatures are checked here so that an honest server's logs have none that is wrong; each client checks them again, and believes nobody else.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use pipit_model::Action;
use pipit_store::key_log::{CheckedVouch, KeyLogError, KeyLogRecord, NewKeyEntry, voucher_key};
use pipit_wire::key_log::{KEY_LOGS_PER_REQUEST_MAX, KeyHolder, KeyStep, VouchBytes, vouch_bytes};
use pipit_wire::rest::encryption as rest;
use pipit_wire::{ConversationId, DeviceId, ErrorCode, UserId};

use super::{Encryption, decode, device_of};
use crate::error::ServiceError;
use crate::service::access::Caller;

/// How many entries of key logs are given at a time.
const PAGE_ENTRIES: u32 = 500;

impl Encryption {
    /// Keeps the key of the caller's device, once, with the vouch for it where there is one.
    pub async fn publish_key(&self, caller: Caller, new: rest::NewDeviceKey) -> Result<(), ServiceError> {
        let mut entry = self.entry_of(caller, KeyStep::Added, device_of(caller)?, &new.signature_key)?;
        if let Some(vouch) = &new.vouch {
            entry.vouch = Some(self.checked(&entry, vouch).await?);
        }
        let kept = self.context.store.publish_key(entry).await?;
        kept.map_err(|error| self.refused(error))?;
        if entry.vouch.is_some() {
            self.stats.keys_vouched.add_one();
        } else {
            self.stats.keys_unvouched.add_one();
        }
        Ok(())
    }

    /// Keeps a vouch for a device of the caller's account.
    pub async fn vouch(
        &self,
        caller: Caller,
        device: DeviceId,
        new: rest::NewVouch,
    ) -> Result<(), ServiceError> {
        let mut entry = self.entry_of(caller, KeyStep::Vouched, device, &new.signature_key)?;
        entry.vouch = Some(self.checked(&entry, &new.vouch).await?);
        let kept = self.context.store.vouch(entry).await?;
        kept.map_err(|error| match error {
            KeyLogError::NoDevice => ServiceError::refused(ErrorCode::NotFound, error.to_string()),
            error => self.refused(error),
        })?;
        self.stats.keys_vouched.add_one();
        Ok(())
    }

    /// Keeps a recovery key of the caller's account, in the place of the one before.
    pub async fn set_recovery_key(
        &self,
        caller: Caller,
        new: rest::NewRecoveryKey,
    ) -> Result<(), ServiceError> {
        let mut entry = self.entry_of(caller, KeyStep::Added, new.id, &new.signature_key)?;
        entry.holder = KeyHolder::Recovery;
        entry.vouch = Some(self.checked(&entry, &new.vouch).await?);
        let kept = self.context.store.set_recovery_key(entry).await?;
        kept.map_err(|error| match error {
            KeyLogError::NoDevice | KeyLogError::OtherKey => {
                ServiceError::refused(ErrorCode::IdConflict, "this id was used before")
            }
            error => self.refused(error),
        })?;
        self.stats.keys_vouched.add_one();
        Ok(())
    }

    /// Removes the recovery key of the caller's account. Doing so again changes nothing.
    pub async fn remove_recovery_key(&self, caller: Caller) -> Result<(), ServiceError> {
        let now = self.context.now();
        self.context.store.remove_recovery_key(caller.user, now).await?;
        Ok(())
    }

    /// The key log of the caller's own account, after this entry.
    pub async fn own_key_log(&self, caller: Caller, after: u64) -> Result<rest::KeyLogs, ServiceError> {
        let store = &self.context.store;
        let records = store.read_key_log(caller.user, after, PAGE_ENTRIES + 1).await?;
        Ok(shown(records))
    }

    /// The key logs of members of an encrypted conversation.
    pub async fn key_logs(
        &self,
        caller: Caller,
        conversation: ConversationId,
        asked: rest::ReadKeyLogs,
    ) -> Result<rest::KeyLogs, ServiceError> {
        if asked.of.is_empty() || asked.of.len() > KEY_LOGS_PER_REQUEST_MAX {
            let why = format_args!("1 to {KEY_LOGS_PER_REQUEST_MAX}");
            return Err(ServiceError::field("of", why));
        }
        let mut seen = HashSet::new();
        if !asked.of.iter().all(|place| seen.insert(place.user)) {
            return Err(ServiceError::field("of", "one is named twice"));
        }
        self.require(caller, conversation, Action::ReadKeys).await?;
        let of: Vec<(UserId, u64)> = asked.of.iter().map(|place| (place.user, place.after)).collect();
        let store = &self.context.store;
        let records = store.read_key_logs(conversation, &of, PAGE_ENTRIES + 1).await?;
        Ok(shown(records))
    }

    fn entry_of(
        &self,
        caller: Caller,
        step: KeyStep,
        device: DeviceId,
        signature_key: &str,
    ) -> Result<NewKeyEntry, ServiceError> {
        Ok(NewKeyEntry {
            user: caller.user,
            step,
            holder: KeyHolder::Device,
            device,
            key: bytes_of("signature_key", signature_key)?,
            vouch: None,
            now: self.context.now(),
        })
    }

    /// The vouch, if its signature is that of a key which stands in the account's log.
    async fn checked(&self, entry: &NewKeyEntry, vouch: &rest::Vouch) -> Result<CheckedVouch, ServiceError> {
        let bytes = VouchBytes {
            by: vouch.by,
            signature: bytes_of("vouch", &vouch.signature)?,
        };
        let log = self.context.store.read_key_log(entry.user, 0, u32::MAX).await?;
        let Some(key) = voucher_key(&log, vouch.by) else {
            return Err(self.refused(KeyLogError::NoVoucher));
        };
        let signed = vouch_bytes(entry.user, entry.holder, entry.device, &entry.key, vouch.by);
        let is_good = VerifyingKey::from_bytes(&key).is_ok_and(|key| {
            let signature = Signature::from_bytes(&bytes.signature);
            key.verify_strict(&signed, &signature).is_ok()
        });
        if is_good {
            Ok(CheckedVouch { bytes, key })
        } else {
            self.stats.vouches_refused.add_one();
            Err(ServiceError::field("vouch", "the signature is not right"))
        }
    }

    fn refused(&self, error: KeyLogError) -> ServiceError {
        let code = match error {
            KeyLogError::NoDevice => ErrorCode::SignedOut,
            KeyLogError::OtherKey => ErrorCode::IdConflict,
            KeyLogError::NoVoucher | KeyLogError::Circular => {
                self.stats.vouches_refused.add_one();
                ErrorCode::Forbidden
            }
            KeyLogError::Full => ErrorCode::LimitReached,
        };
        ServiceError::refused(code, error.to_string())
    }
}

fn bytes_of<const LENGTH: usize>(field: &'static str, text: &str) -> Result<[u8; LENGTH], ServiceError> {
    let bytes = decode(field, text, LENGTH)?;
    <[u8; LENGTH]>::try_from(bytes).map_err(|_| ServiceError::field(field, format_args!("{LENGTH} bytes")))
}

fn shown(mut records: Vec<KeyLogRecord>) -> rest::KeyLogs {
    let more = records.len() > PAGE_ENTRIES as usize;
    records.truncate(PAGE_ENTRIES as usize);
    let items = records
        .iter()
        .map(|KeyLogRecord { entry, hash }| rest::KeyLogItem {
            user: entry.user,
            number: entry.number,
            step: entry.step,
            holder: entry.holder,
            device: entry.device,
            signature_key: STANDARD.encode(entry.key),
            at: entry.at,
            vouch: entry.vouch.map(|vouch| rest::Vouch {
                by: vouch.by,
                signature: STANDARD.encode(vouch.signature),
            }),
            hash: STANDARD.encode(hash),
        });
    rest::KeyLogs {
        items: items.collect(),
        more,
    }
}
