//! What is a person's own: whom they block, and their settings.

use pipit_wire::{Timestamp, UserId};

use crate::error::Error;
use crate::row::{self, at};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

/// Takes the lock that an append to the two people's conversation takes: once a block is acknowledged, nothing that was decided
/// without it gets into the log.
const LOCK_PAIR: &str =
    "SELECT 1 FROM conversation WHERE low = $1 AND high = $2 ORDER BY id FOR NO KEY UPDATE";
const BLOCK: &str = "INSERT INTO block (user_id, other, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(crate) async fn set_blocked(
    session: &Session,
    user: UserId,
    other: UserId,
    blocked: bool,
    now: Timestamp,
) -> Result<()> {
    if !blocked {
        session
            .run(
                "DELETE FROM block WHERE user_id = $1 AND other = $2",
                params![user.as_uuid(), other.as_uuid()],
            )
            .await?;
        return Ok(());
    }
    let lock = session.prepare(LOCK_PAIR).await?;
    let block = session.prepare(BLOCK).await?;
    let pair = params![user.min(other).as_uuid(), user.max(other).as_uuid()];
    let row = params![user.as_uuid(), other.as_uuid(), now.as_ms()];
    let (begun, locked, wrote, committed) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, pair),
        session.execute(&block, row),
        session.commit(),
    );
    begun?;
    locked?;
    wrote?;
    committed
}

pub(crate) async fn list_blocked(session: &Session, user: UserId) -> Result<Vec<UserId>> {
    let rows = session
        .rows(
            "SELECT other FROM block WHERE user_id = $1",
            params![user.as_uuid()],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

pub(crate) async fn filter_blocked(
    session: &Session,
    user: UserId,
    others: &[UserId],
) -> Result<Vec<UserId>> {
    let rows = session
        .rows(
            "SELECT other FROM unnest($2::uuid[]) AS other
            WHERE EXISTS (SELECT 1 FROM block WHERE block.user_id = $1 AND block.other = other.other)
                OR EXISTS (SELECT 1 FROM block WHERE block.user_id = other.other AND block.other = $1)",
            params![user.as_uuid(), row::user_ids(others)],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

pub(crate) async fn find_setting(session: &Session, user: UserId, key: &str) -> Result<Option<String>> {
    if !row::is_text(key) {
        return Ok(None);
    }
    let row = session
        .first(
            "SELECT value FROM setting WHERE user_id = $1 AND key = $2",
            params![user.as_uuid(), key],
        )
        .await?;
    row.map(|row| at(&row, 0)).transpose()
}

pub(crate) async fn set_setting(
    session: &Session,
    user: UserId,
    key: &str,
    value: Option<&str>,
) -> Result<()> {
    let user = user.as_uuid();
    match value {
        Some(value) => {
            session
                .run(
                    "INSERT INTO setting (user_id, key, value) VALUES ($1, $2, $3)
                    ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value",
                    params![user, key, value],
                )
                .await?;
        }
        None if row::is_text(key) => {
            session
                .run(
                    "DELETE FROM setting WHERE user_id = $1 AND key = $2",
                    params![user, key],
                )
                .await?;
        }
        None => {}
    }
    Ok(())
}
