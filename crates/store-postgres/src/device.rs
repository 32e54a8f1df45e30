//! Devices and their refresh tokens.

use pipit_store::account::{
    Barred, DeviceRecord, NewDevice, Opening, RotateRefresh, RotateRefreshError, TokenHash,
};
use pipit_wire::{ConversationId, DeviceId, Timestamp, UserId};
use uuid::Uuid;

use crate::error::Error;
use crate::row::{self, at};
use crate::session::{Session, only_if, params};
use crate::{archive, key_log, privacy};

type Result<T> = std::result::Result<T, Error>;

/// States of a refresh token.
const CURRENT: i16 = 0;
const PREDECESSOR: i16 = 1;

pub(crate) const INSERT: &str = "
    INSERT INTO device (id, user_id, name, client_name, client_version, signed_in_at, last_seen_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6)";
pub(crate) const INSERT_TOKEN: &str = "INSERT INTO refresh_token (hash, device, state) VALUES ($1, $2, 0)";

pub(crate) async fn create(session: &Session, device: &NewDevice) -> Result<()> {
    if session.is_in_doubt() && find(session, device.id).await?.is_some() {
        return Ok(());
    }
    let insert = session.prepare(INSERT).await?;
    let insert_token = session.prepare(INSERT_TOKEN).await?;
    let row = params![
        device.id.as_uuid(),
        device.user.as_uuid(),
        device.name,
        device.client.name,
        device.client.version,
        device.now.as_ms()
    ];
    let token = params![device.refresh.0.as_slice(), device.id.as_uuid()];
    let (begun, made, wrote_token, committed) = tokio::join!(
        biased;
        session.begin(),
        session.execute(&insert, row),
        session.execute(&insert_token, token),
        session.commit(),
    );
    begun?;
    made?;
    wrote_token?;
    committed
}

pub(crate) async fn find(session: &Session, device: DeviceId) -> Result<Option<DeviceRecord>> {
    let row = session
        .first(
            "SELECT id, user_id, name, client_name, client_version, signed_in_at, last_seen_at FROM device
            WHERE id = $1 AND revoked_at IS NULL",
            params![device.as_uuid()],
        )
        .await?;
    row.map(|row| row::device(&row, 0)).transpose()
}

pub(crate) async fn find_opening(session: &Session, device: DeviceId) -> Result<Option<Opening>> {
    let row = session
        .first(
            "SELECT account.id, handle, account.name, admin, suspended_at, created_at, face,
                ARRAY(SELECT conversation FROM member WHERE user_id = account.id),
                privacy.receipts, privacy.typing, privacy.presence, privacy.found_by, privacy.written_by,
                privacy.added_by, privacy.changed_at
            FROM device JOIN account ON account.id = device.user_id
                LEFT JOIN privacy ON privacy.user_id = account.id
            WHERE device.id = $1 AND revoked_at IS NULL",
            params![device.as_uuid()],
        )
        .await?;
    row.map(|row| {
        let conversations: Vec<Uuid> = at(&row, 7)?;
        Ok(Opening {
            user: row::user(&row)?,
            conversations: conversations.into_iter().map(ConversationId::from).collect(),
            privacy: privacy::known_or_default(&row, 8)?,
        })
    })
    .transpose()
}

pub(crate) async fn find_barred(session: &Session, devices: &[DeviceId]) -> Result<Vec<(DeviceId, Barred)>> {
    let ids: Vec<Uuid> = devices.iter().map(DeviceId::as_uuid).collect();
    let rows = session
        .rows(
            "SELECT asked.id, account.suspended_at IS NOT NULL FROM unnest($1::uuid[]) AS asked (id)
            LEFT JOIN device ON device.id = asked.id AND device.revoked_at IS NULL
            LEFT JOIN account ON account.id = device.user_id
            WHERE device.id IS NULL OR account.suspended_at IS NOT NULL",
            params![ids],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let why = if at(row, 1)? {
                Barred::Suspended
            } else {
                Barred::SignedOut
            };
            Ok((row::id_at(row, 0)?, why))
        })
        .collect()
}

pub(crate) async fn list(session: &Session, user: UserId) -> Result<Vec<DeviceRecord>> {
    let rows = session
        .rows(
            "SELECT id, user_id, name, client_name, client_version, signed_in_at, last_seen_at FROM device
            WHERE user_id = $1 AND revoked_at IS NULL ORDER BY signed_in_at DESC, id DESC",
            params![user.as_uuid()],
        )
        .await?;
    rows.iter().map(|row| row::device(row, 0)).collect()
}

/// Locks the device that ever had a token: requests with one token at once are done one after the other.
const LOCK_BY_TOKEN: &str = "
    SELECT 1 FROM device WHERE id = (SELECT device FROM refresh_token WHERE hash = $1) FOR NO KEY UPDATE";
/// A statement of its own after the lock, so that it sees what was committed while the lock was waited for.
const FIND_BY_TOKEN: &str = "
    SELECT token.state, device.id, device.user_id, device.name, device.client_name, device.client_version,
        device.signed_in_at, device.last_seen_at
    FROM refresh_token AS token JOIN device ON device.id = token.device
        JOIN account ON account.id = device.user_id
    WHERE token.hash = $1 AND device.revoked_at IS NULL AND account.suspended_at IS NULL";
/// The current one was presented: it becomes the predecessor, and what was that is spent.
const STEP_FORWARD: &str = "
    UPDATE refresh_token SET state = state + 1, spent_at = CASE state WHEN 1 THEN $2::bigint END
    WHERE device = $1 AND state IN (0, 1)";
/// The predecessor was presented: the current one is spent without having been used.
const REPLACE_CURRENT: &str = "
    UPDATE refresh_token SET state = 2, spent_at = $2 WHERE device = $1 AND state = 0";

pub(crate) async fn rotate(
    session: &Session,
    rotation: &RotateRefresh,
) -> Result<std::result::Result<DeviceRecord, RotateRefreshError>> {
    if session.is_in_doubt()
        && let Some(device) = find_by_current(session, &rotation.successor).await?
    {
        return Ok(Ok(device));
    }
    let lock = session.prepare(LOCK_BY_TOKEN).await?;
    let find = session.prepare(FIND_BY_TOKEN).await?;
    let insert = session.prepare(INSERT_TOKEN).await?;
    let presented = params![rotation.presented.0.as_slice()];
    let (begun, locked, found) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, presented),
        session.query(&find, presented),
    );
    begun?;
    locked?;
    let Some(found) = found?.into_iter().next() else {
        session.rollback().await?;
        return Ok(Err(RotateRefreshError::Unknown));
    };
    let device = row::device(&found, 1)?;
    let step = match at(&found, 0)? {
        CURRENT => STEP_FORWARD,
        PREDECESSOR => REPLACE_CURRENT,
        _ => {
            session.rollback().await?;
            revoke(session, device.user, device.id, rotation.now).await?;
            return Ok(Err(RotateRefreshError::Reused {
                user: device.user,
                device: device.id,
            }));
        }
    };
    let step = session.prepare(step).await?;
    let key = params![device.id.as_uuid(), rotation.now.as_ms()];
    let successor = params![rotation.successor.0.as_slice(), device.id.as_uuid()];
    let (stepped, inserted, committed) = tokio::join!(
        biased;
        session.execute(&step, key),
        session.execute(&insert, successor),
        session.commit(),
    );
    stepped?;
    inserted?;
    committed?;
    Ok(Ok(device))
}

/// The device whose current token this is.
async fn find_by_current(session: &Session, token: &TokenHash) -> Result<Option<DeviceRecord>> {
    let rows = session.rows(FIND_BY_TOKEN, params![token.0.as_slice()]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let is_current = at::<i16>(row, 0)? == CURRENT;
    is_current.then(|| row::device(row, 1)).transpose()
}

/// The tokens go in a statement of their own: what a rotation has put there while this waited for the device goes too.
pub(crate) async fn revoke(
    session: &Session,
    user: UserId,
    device: DeviceId,
    now: Timestamp,
) -> Result<bool> {
    let lock = session.prepare(key_log::LOCK).await?;
    let log = session.prepare(key_log::READ).await?;
    let revoke = session
        .prepare("UPDATE device SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL")
        .await?;
    let forget = session
        .prepare(
            "DELETE FROM refresh_token WHERE device = (
                SELECT id FROM device WHERE id = $1 AND user_id = $2 AND revoked_at IS NOT NULL)",
        )
        .await?;
    let unsubscribe = session
        .prepare(
            "DELETE FROM push_subscription WHERE device = (
                SELECT id FROM device WHERE id = $1 AND user_id = $2 AND revoked_at IS NOT NULL)",
        )
        .await?;
    // Its key packages, and the welcomes that wait for it, go with it.
    let forget_key = session
        .prepare(
            "DELETE FROM device_key WHERE device = (
                SELECT id FROM device WHERE id = $1 AND user_id = $2 AND revoked_at IS NOT NULL)",
        )
        .await?;
    let end_archives = session.prepare(archive::FORGET_DEVICE).await?;
    let key_at = params![device.as_uuid(), user.as_uuid(), now.as_ms()];
    let key = params![device.as_uuid(), user.as_uuid()];
    let whose = params![user.as_uuid()];
    let all = params![user.as_uuid(), 0_i64, i64::MAX];
    let (begun, locked, revoked, logged) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, whose),
        session.execute(&revoke, key_at),
        session.query(&log, all),
    );
    begun?;
    locked?;
    let revoked = revoked?;
    let removal = key_log::removal(&key_log::records(&logged?)?, user, device, now)?;
    let insert = session.prepare(key_log::INSERT).await?;
    let removed = key_log::Columns::of(removal.as_slice());
    let removed = removed.params();
    let (emptied, unsubscribed, keyless, entered, ended, committed) = tokio::join!(
        biased;
        session.execute(&forget, key),
        session.execute(&unsubscribe, key),
        session.execute(&forget_key, key),
        only_if(revoked > 0, session.execute(&insert, &removed)),
        session.execute(&end_archives, key),
        session.commit(),
    );
    emptied?;
    unsubscribed?;
    keyless?;
    entered?;
    ended?;
    committed?;
    if revoked == 0 && session.is_in_doubt() {
        let own = "SELECT 1 FROM device WHERE id = $1 AND user_id = $2 AND revoked_at = $3";
        return Ok(session.first(own, key_at).await?.is_some());
    }
    Ok(revoked > 0)
}

/// Nodes that do this at once do not wait for each other.
pub(crate) async fn prune_tokens(session: &Session, before: Timestamp, limit: u32) -> Result<u64> {
    session
        .run(
            "DELETE FROM refresh_token WHERE hash = ANY(ARRAY(
                SELECT hash FROM refresh_token WHERE state = 2 AND spent_at < $1 ORDER BY spent_at LIMIT $2
                FOR UPDATE SKIP LOCKED))",
            params![before.as_ms(), i64::from(limit)],
        )
        .await
}

pub(crate) async fn touch(session: &Session, seen: &[(DeviceId, Timestamp)]) -> Result<()> {
    let devices: Vec<Uuid> = seen.iter().map(|(device, _)| device.as_uuid()).collect();
    let times: Vec<i64> = seen.iter().map(|(_, at)| at.as_ms()).collect();
    session
        .run(
            "UPDATE device SET last_seen_at = seen.at
            FROM (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::bigint[]) AS seen (id, at) GROUP BY id) AS seen
            WHERE device.id = seen.id AND device.last_seen_at < seen.at",
            params![devices, times],
        )
        .await?;
    Ok(())
}

/// Devices that have been revoked count: this is about the person.
pub(crate) async fn last_seen(session: &Session, users: &[UserId]) -> Result<Vec<(UserId, Timestamp)>> {
    let rows = session
        .rows(
            "SELECT user_id, max(last_seen_at) FROM device WHERE user_id = ANY($1) GROUP BY user_id",
            params![row::user_ids(users)],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row::id_at(row, 0)?, row::time_at(row, 1)?)))
        .collect()
}
