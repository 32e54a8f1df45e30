//! What is a person's own: whom they block, and their settings.

use pipit_wire::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::row;

pub(crate) fn set_blocked(
    db: &Connection,
    user: UserId,
    other: UserId,
    blocked: bool,
    now: Timestamp,
) -> Result<()> {
    if blocked {
        db.prepare_cached("INSERT INTO block (user, other, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![user.as_bytes(), other.as_bytes(), now.as_ms()])?;
    } else {
        db.prepare_cached("DELETE FROM block WHERE user = ?1 AND other = ?2")?
            .execute(params![user.as_bytes(), other.as_bytes()])?;
    }
    Ok(())
}

pub(crate) fn list_blocked(db: &Connection, user: UserId) -> Result<Vec<UserId>> {
    db.prepare_cached("SELECT other FROM block WHERE user = ?1")?
        .query_map([user.as_bytes()], |row| row::id_at(row, 0))?
        .collect()
}

/// Whether either of two people has blocked the other.
pub(crate) fn is_blocked(db: &Connection, one: UserId, other: UserId) -> Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM block WHERE user = ?1 AND other = ?2)
        OR EXISTS (SELECT 1 FROM block WHERE user = ?2 AND other = ?1)",
    )?
    .query_row([one.as_bytes(), other.as_bytes()], |row| row.get(0))
}

pub(crate) fn filter_blocked(db: &Connection, user: UserId, others: &[UserId]) -> Result<Vec<UserId>> {
    let mut blocked = Vec::new();
    for other in others {
        if is_blocked(db, user, *other)? {
            blocked.push(*other);
        }
    }
    Ok(blocked)
}

pub(crate) fn find_setting(db: &Connection, user: UserId, key: &str) -> Result<Option<String>> {
    db.prepare_cached("SELECT value FROM setting WHERE user = ?1 AND key = ?2")?
        .query_row(params![user.as_bytes(), key], |row| row.get(0))
        .optional()
}

pub(crate) fn set_setting(db: &Connection, user: UserId, key: &str, value: Option<&str>) -> Result<()> {
    if let Some(value) = value {
        db.prepare_cached(
            "INSERT INTO setting (user, key, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (user, key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![user.as_bytes(), key, value])?;
    } else {
        db.prepare_cached("DELETE FROM setting WHERE user = ?1 AND key = ?2")?
            .execute(params![user.as_bytes(), key])?;
    }
    Ok(())
}
