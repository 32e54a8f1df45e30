//! Devices and their refresh tokens.

use pipit_store::account::{
    Barred, DeviceRecord, NewDevice, Opening, RotateRefresh, RotateRefreshError, TokenHash,
};
use pipit_wire::{DeviceId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::error::corrupt;
use crate::{archive, conversation, key_log, privacy, push, row};

/// States of a refresh token.
const CURRENT: i64 = 0;
const PREDECESSOR: i64 = 1;

pub(crate) fn create(db: &Connection, device: &NewDevice) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO device (id, user, name, client_name, client_version, signed_in_at, last_seen_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    )?
    .execute(params![
        device.id.as_bytes(),
        device.user.as_bytes(),
        device.name,
        device.client.name,
        device.client.version,
        device.now.as_ms()
    ])?;
    insert_token(db, device.id, &device.refresh)
}

fn insert_token(db: &Connection, device: DeviceId, token: &TokenHash) -> Result<()> {
    db.prepare_cached("INSERT INTO refresh_token (hash, device, state) VALUES (?1, ?2, 0)")?
        .execute(params![token.0, device.as_bytes()])?;
    Ok(())
}

pub(crate) fn find(db: &Connection, device: DeviceId) -> Result<Option<DeviceRecord>> {
    db.prepare_cached(
        "SELECT id, user, name, client_name, client_version, signed_in_at, last_seen_at FROM device
        WHERE id = ?1 AND revoked_at IS NULL",
    )?
    .query_row([device.as_bytes()], row::device)
    .optional()
}

pub(crate) fn find_opening(db: &Connection, device: DeviceId) -> Result<Option<Opening>> {
    let user = db
        .prepare_cached(
            "SELECT user.id, handle, user.name, admin, suspended_at, created_at, face
            FROM device JOIN user ON user.id = device.user WHERE device.id = ?1 AND revoked_at IS NULL",
        )?
        .query_row([device.as_bytes()], row::user)
        .optional()?;
    user.map(|user| {
        let conversations = conversation::list_ids(db, user.profile.user)?;
        let privacy = privacy::find(db, user.profile.user)?.unwrap_or_default();
        Ok(Opening {
            user,
            conversations,
            privacy,
        })
    })
    .transpose()
}

pub(crate) fn find_barred(db: &Connection, devices: &[DeviceId]) -> Result<Vec<(DeviceId, Barred)>> {
    let mut standing = db.prepare_cached(
        "SELECT user.suspended_at IS NOT NULL FROM device JOIN user ON user.id = device.user
        WHERE device.id = ?1 AND device.revoked_at IS NULL",
    )?;
    let mut barred = Vec::new();
    for device in devices {
        let suspended: Option<bool> = standing
            .query_row([device.as_bytes()], |row| row.get(0))
            .optional()?;
        match suspended {
            None => barred.push((*device, Barred::SignedOut)),
            Some(true) => barred.push((*device, Barred::Suspended)),
            Some(false) => {}
        }
    }
    Ok(barred)
}

pub(crate) fn list(db: &Connection, user: UserId) -> Result<Vec<DeviceRecord>> {
    db.prepare_cached(
        "SELECT id, user, name, client_name, client_version, signed_in_at, last_seen_at FROM device
        WHERE user = ?1 AND revoked_at IS NULL ORDER BY signed_in_at DESC, id DESC",
    )?
    .query_map([user.as_bytes()], row::device)?
    .collect()
}

pub(crate) fn rotate(
    db: &Connection,
    rotation: &RotateRefresh,
) -> Result<Result<DeviceRecord, RotateRefreshError>> {
    let presented: Option<(DeviceId, i64)> = db
        .prepare_cached(
            "SELECT token.device, token.state FROM refresh_token AS token
            JOIN device ON device.id = token.device JOIN user ON user.id = device.user
            WHERE token.hash = ?1 AND device.revoked_at IS NULL AND user.suspended_at IS NULL",
        )?
        .query_row([rotation.presented.0], |row| {
            Ok((row::id_at(row, 0)?, row.get(1)?))
        })
        .optional()?;
    let Some((id, state)) = presented else {
        return Ok(Err(RotateRefreshError::Unknown));
    };
    let device = find(db, id)?.ok_or_else(|| corrupt("a device went away inside a transaction"))?;
    match state {
        CURRENT => {
            // The presented one becomes the predecessor, and what was that is spent.
            spend(db, id, PREDECESSOR, rotation.now)?;
            db.prepare_cached("UPDATE refresh_token SET state = 1 WHERE device = ?1 AND state = 0")?
                .execute([id.as_bytes()])?;
        }
        // The current one was never used: it is spent without having been, and the predecessor stays one.
        PREDECESSOR => spend(db, id, CURRENT, rotation.now)?,
        _ => {
            revoke(db, device.user, id, rotation.now)?;
            return Ok(Err(RotateRefreshError::Reused {
                user: device.user,
                device: id,
            }));
        }
    }
    insert_token(db, id, &rotation.successor)?;
    Ok(Ok(device))
}

fn spend(db: &Connection, device: DeviceId, state: i64, now: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE refresh_token SET state = 2, spent_at = ?3 WHERE device = ?1 AND state = ?2")?
        .execute(params![device.as_bytes(), state, now.as_ms()])?;
    Ok(())
}

pub(crate) fn prune_tokens(db: &Connection, before: Timestamp, limit: u32) -> Result<usize> {
    db.prepare_cached(
        "DELETE FROM refresh_token WHERE hash IN (
            SELECT hash FROM refresh_token WHERE state = 2 AND spent_at < ?1 ORDER BY spent_at LIMIT ?2)",
    )?
    .execute(params![before.as_ms(), limit])
}

pub(crate) fn revoke(db: &Connection, user: UserId, device: DeviceId, now: Timestamp) -> Result<bool> {
    let revoked = db
        .prepare_cached(
            "UPDATE device SET revoked_at = ?3 WHERE id = ?1 AND user = ?2 AND revoked_at IS NULL",
        )?
        .execute(params![device.as_bytes(), user.as_bytes(), now.as_ms()])?;
    if revoked == 0 {
        return Ok(false);
    }
    key_log::remove(db, user, device, now)?;
    for forget in [
        "DELETE FROM refresh_token WHERE device = ?1",
        // Its key packages, and the welcomes that wait for it, go with it.
        "DELETE FROM device_key WHERE device = ?1",
    ] {
        db.prepare_cached(forget)?.execute([device.as_bytes()])?;
    }
    push::remove(db, device, None)?;
    archive::forget_device(db, device)?;
    Ok(true)
}

pub(crate) fn touch(db: &Connection, seen: &[(DeviceId, Timestamp)]) -> Result<()> {
    let mut touch =
        db.prepare_cached("UPDATE device SET last_seen_at = ?2 WHERE id = ?1 AND last_seen_at < ?2")?;
    for (device, at) in seen {
        touch.execute(params![device.as_bytes(), at.as_ms()])?;
    }
    Ok(())
}

/// Devices that have been revoked count: this is about the person.
pub(crate) fn last_seen(db: &Connection, users: &[UserId]) -> Result<Vec<(UserId, Timestamp)>> {
    let mut find = db.prepare_cached("SELECT max(last_seen_at) FROM device WHERE user = ?1")?;
    let mut seen = Vec::with_capacity(users.len());
    for user in users {
        let at: Option<i64> = find.query_row([user.as_bytes()], |row| row.get(0))?;
        seen.extend(at.map(|at| (*user, Timestamp(at))));
    }
    Ok(seen)
}
