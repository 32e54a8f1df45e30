//! The key logs of accounts: see [`pipit_store::key_log`].

use async_trait::async_trait;
use pipit_store::KeyLogStore;
use pipit_store::error::StoreError;
use pipit_store::key_log::{
    KeyLogError, KeyLogRecord, NewKeyEntry, end_of, next, next_recovery, recovery_key,
};
use pipit_wire::key_log::{KeyEntry, KeyHolder, KeyStep, VouchBytes};
use pipit_wire::{ConversationId, DeviceId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::encryption::{number, number_at};
use crate::error::corrupt;
use crate::{SqliteStore, row};

type Entered = std::result::Result<(), KeyLogError>;

#[async_trait]
impl KeyLogStore for SqliteStore {
    async fn publish_key(&self, new: NewKeyEntry) -> std::result::Result<Entered, StoreError> {
        self.engine.write(move |db| publish_key(db, &new)).await
    }

    async fn vouch(&self, new: NewKeyEntry) -> std::result::Result<Entered, StoreError> {
        self.engine.write(move |db| enter(db, &new)).await
    }

    async fn set_recovery_key(&self, new: NewKeyEntry) -> std::result::Result<Entered, StoreError> {
        self.engine.write(move |db| set_recovery_key(db, &new)).await
    }

    async fn remove_recovery_key(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> std::result::Result<bool, StoreError> {
        self.engine
            .write(move |db| match recovery_key(&whole(db, user)?) {
                None => Ok(false),
                Some(key) => remove(db, user, key, now).map(|()| true),
            })
            .await
    }

    async fn read_key_log(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> std::result::Result<Vec<KeyLogRecord>, StoreError> {
        self.engine.read(move |db| read(db, user, after, limit)).await
    }

    async fn read_key_logs(
        &self,
        conversation: ConversationId,
        of: &[(UserId, u64)],
        limit: u32,
    ) -> std::result::Result<Vec<KeyLogRecord>, StoreError> {
        let of = of.to_vec();
        self.engine
            .read(move |db| read_of_members(db, conversation, &of, limit))
            .await
    }
}

/// The logs of keys that were there before there were logs.
pub(crate) fn begin(db: &Connection) -> Result<()> {
    let keys: Vec<(UserId, DeviceId, [u8; 32], i64)> = db
        .prepare(
            "SELECT device_key.user, device_key.device, signature_key, signed_in_at
            FROM device_key JOIN device ON device.id = device_key.device
            ORDER BY device_key.user, signed_in_at, device_key.device",
        )?
        .query_map([], |row| {
            Ok((row::id_at(row, 0)?, row::id_at(row, 1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_>>()?;
    for (user, device, key, at) in keys {
        let new = NewKeyEntry {
            user,
            step: KeyStep::Added,
            holder: KeyHolder::Device,
            device,
            key,
            vouch: None,
            now: Timestamp(at),
        };
        enter(db, &new)?.map_err(|error| corrupt(error.to_string()))?;
    }
    Ok(())
}

fn publish_key(db: &Connection, new: &NewKeyEntry) -> Result<Entered> {
    let stands = db
        .prepare_cached("SELECT 1 FROM device WHERE id = ?1 AND user = ?2 AND revoked_at IS NULL")?
        .exists([new.device.as_bytes(), new.user.as_bytes()])?;
    if !stands {
        return Ok(Err(KeyLogError::NoDevice));
    }
    let kept: Option<[u8; 32]> = db
        .prepare_cached("SELECT signature_key FROM device_key WHERE device = ?1")?
        .query_row([new.device.as_bytes()], |row| row.get(0))
        .optional()?;
    if kept.is_some_and(|kept| kept != new.key) {
        return Ok(Err(KeyLogError::OtherKey));
    }
    if let Err(error) = enter(db, new)? {
        return Ok(Err(error));
    }
    db.prepare_cached(
        "INSERT INTO device_key (device, user, signature_key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?
    .execute(params![new.device.as_bytes(), new.user.as_bytes(), new.key])?;
    Ok(Ok(()))
}

fn set_recovery_key(db: &Connection, new: &NewKeyEntry) -> Result<Entered> {
    match next_recovery(&whole(db, new.user)?, new) {
        Ok(records) => {
            for record in &records {
                insert(db, record)?;
            }
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// The key of a device or a recovery key goes; nothing where it has none.
pub(crate) fn remove(db: &Connection, user: UserId, device: DeviceId, now: Timestamp) -> Result<()> {
    let log = whole(db, user)?;
    match next(&log, &end_of(&log, user, device, now)) {
        Ok(record) => record.iter().try_for_each(|record| insert(db, record)),
        Err(error) => Err(corrupt(error.to_string())),
    }
}

/// Under the writer: nothing comes in between.
fn enter(db: &Connection, new: &NewKeyEntry) -> Result<Entered> {
    match next(&whole(db, new.user)?, new) {
        Ok(Some(record)) => insert(db, &record).map(Ok),
        Ok(None) => Ok(Ok(())),
        Err(error) => Ok(Err(error)),
    }
}

fn insert(db: &Connection, record: &KeyLogRecord) -> Result<()> {
    let entry = &record.entry;
    db.prepare_cached(
        "INSERT INTO key_log (user, number, step, holder, device, signature_key, at, voucher, signature, hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        entry.user.as_bytes(),
        number(entry.number),
        entry.step.number(),
        entry.holder.number(),
        entry.device.as_bytes(),
        entry.key,
        entry.at.as_ms(),
        entry.vouch.as_ref().map(|vouch| vouch.by.as_bytes().as_slice()),
        entry.vouch.as_ref().map(|vouch| vouch.signature.as_slice()),
        record.hash
    ])?;
    Ok(())
}

fn whole(db: &Connection, user: UserId) -> Result<Vec<KeyLogRecord>> {
    read(db, user, 0, u32::MAX)
}

pub(crate) fn read(db: &Connection, user: UserId, after: u64, limit: u32) -> Result<Vec<KeyLogRecord>> {
    db.prepare_cached(
        "SELECT user, number, step, holder, device, signature_key, at, voucher, signature, hash FROM key_log
        WHERE user = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?
    .query_map(params![user.as_bytes(), number(after), limit], record)?
    .collect()
}

fn record(row: &Row<'_>) -> Result<KeyLogRecord> {
    let (step, holder): (u8, u8) = (row.get(2)?, row.get(3)?);
    let by: Option<[u8; 16]> = row.get(7)?;
    let signature: Option<[u8; 64]> = row.get(8)?;
    Ok(KeyLogRecord {
        entry: KeyEntry {
            user: row::id_at(row, 0)?,
            number: number_at(row, 1)?,
            step: KeyStep::of_number(step).ok_or_else(|| corrupt(format!("a key log has step {step}")))?,
            holder: KeyHolder::of_number(holder)
                .ok_or_else(|| corrupt(format!("a key log has holder {holder}")))?,
            device: row::id_at(row, 4)?,
            key: row.get(5)?,
            at: Timestamp(row.get(6)?),
            vouch: by.zip(signature).map(|(by, signature)| VouchBytes {
                by: DeviceId::from_bytes(by),
                signature,
            }),
        },
        hash: row.get(9)?,
    })
}

fn read_of_members(
    db: &Connection,
    conversation: ConversationId,
    of: &[(UserId, u64)],
    limit: u32,
) -> Result<Vec<KeyLogRecord>> {
    let mut is_member = db.prepare_cached("SELECT 1 FROM member WHERE conversation = ?1 AND user = ?2")?;
    let mut all = Vec::new();
    for (user, after) in of {
        let room = limit.saturating_sub(u32::try_from(all.len()).unwrap_or(u32::MAX));
        if room == 0 {
            break;
        }
        if is_member.exists([conversation.as_bytes(), user.as_bytes()])? {
            all.extend(read(db, *user, *after, room)?);
        }
    }
    Ok(all)
}
