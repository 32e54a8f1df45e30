//! What people let others see of them and do to them: see [`pipit_store::privacy`].

use async_trait::async_trait;
use pipit_store::error::StoreError;
use pipit_store::privacy::{BlockedPosition, DirectRecord, PrivacyStore};
use pipit_wire::privacy::{BlockedPerson, Circle, Privacy, PrivacyChange};
use pipit_wire::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::error::corrupt;
use crate::{SqliteStore, personal, row};

/// How far a member has read, as this account may know it: everything of its own, and nothing where one of the two tells nobody
/// (`pipit_model::privacy`).
macro_rules! read_seq_for {
    ($viewer:literal) => {
        concat!(
            "CASE WHEN member.user = ",
            $viewer,
            " OR NOT EXISTS (SELECT 1 FROM privacy WHERE privacy.user IN (member.user, ",
            $viewer,
            ") AND NOT receipts) THEN member.read_seq ELSE 0 END"
        )
    };
}
pub(crate) use read_seq_for;

const fn circle_number(circle: Circle) -> i64 {
    match circle {
        Circle::Everyone => 0,
        Circle::Known => 1,
        Circle::Nobody => 2,
    }
}

fn circle(number: i64) -> Result<Circle> {
    match number {
        0 => Ok(Circle::Everyone),
        1 => Ok(Circle::Known),
        2 => Ok(Circle::Nobody),
        other => Err(corrupt(format!("a circle of people is {other}"))),
    }
}

fn privacy(row: &Row<'_>) -> Result<Privacy> {
    Ok(Privacy {
        receipts: row.get(0)?,
        typing: row.get(1)?,
        presence: row.get(2)?,
        found_by: circle(row.get(3)?)?,
        written_by: circle(row.get(4)?)?,
        added_by: circle(row.get(5)?)?,
        changed_at: row::time_at(row, 6)?,
    })
}

pub(crate) fn find(db: &Connection, user: UserId) -> Result<Option<Privacy>> {
    db.prepare_cached(
        "SELECT receipts, typing, presence, found_by, written_by, added_by, changed_at FROM privacy WHERE user = ?1",
    )?
    .query_row([user.as_bytes()], privacy)
    .optional()
}

fn find_all(db: &Connection, users: &[UserId]) -> Result<Vec<(UserId, Privacy)>> {
    let mut found = Vec::new();
    for user in users {
        found.extend(find(db, *user)?.map(|privacy| (*user, privacy)));
    }
    Ok(found)
}

fn set(db: &Connection, user: UserId, change: PrivacyChange, now: Timestamp) -> Result<Privacy> {
    let new = find(db, user)?.unwrap_or_default().with(change, now);
    db.prepare_cached(
        "INSERT INTO privacy (user, receipts, typing, presence, found_by, written_by, added_by, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (user) DO UPDATE SET receipts = excluded.receipts, typing = excluded.typing,
            presence = excluded.presence, found_by = excluded.found_by, written_by = excluded.written_by,
            added_by = excluded.added_by, changed_at = excluded.changed_at",
    )?
    .execute(params![
        user.as_bytes(),
        new.receipts,
        new.typing,
        new.presence,
        circle_number(new.found_by),
        circle_number(new.written_by),
        circle_number(new.added_by),
        new.changed_at.as_ms()
    ])?;
    Ok(new)
}

fn list_directs(db: &Connection, user: UserId, other: UserId) -> Result<Vec<DirectRecord>> {
    db.prepare_cached("SELECT id, encrypted FROM conversation WHERE low = ?1 AND high = ?2")?
        .query_map([user.min(other).as_bytes(), user.max(other).as_bytes()], |row| {
            Ok((row::id_at(row, 0)?, row.get(1)?))
        })?
        .map(|found| {
            let (conversation, encrypted) = found?;
            Ok(DirectRecord {
                conversation,
                encrypted,
                request: personal::find_request(db, conversation, other)?,
            })
        })
        .collect()
}

fn list_blocked(
    db: &Connection,
    user: UserId,
    after: Option<BlockedPosition>,
    limit: u32,
) -> Result<Vec<BlockedPerson>> {
    let (at, other) = match after {
        Some((at, other)) => (at.as_ms(), other.as_bytes().to_vec()),
        // After all times.
        None => (i64::MAX, Vec::new()),
    };
    db.prepare_cached(
        "SELECT user.id, user.handle, user.name, block.at FROM block JOIN user ON user.id = block.other
        WHERE block.user = ?1 AND (block.at, block.other) < (?2, ?3)
        ORDER BY block.at DESC, block.other DESC LIMIT ?4",
    )?
    .query_map(params![user.as_bytes(), at, other, limit], |row| {
        Ok(BlockedPerson {
            profile: row::profile(row)?,
            at: row::time_at(row, 3)?,
        })
    })?
    .collect()
}

#[async_trait]
impl PrivacyStore for SqliteStore {
    async fn find_privacy(
        &self,
        users: &[UserId],
    ) -> std::result::Result<Vec<(UserId, Privacy)>, StoreError> {
        let users = users.to_vec();
        self.engine.read(move |db| find_all(db, &users)).await
    }

    async fn set_privacy(
        &self,
        user: UserId,
        change: PrivacyChange,
        now: Timestamp,
    ) -> std::result::Result<Privacy, StoreError> {
        self.engine.write(move |db| set(db, user, change, now)).await
    }

    async fn list_directs(
        &self,
        user: UserId,
        other: UserId,
    ) -> std::result::Result<Vec<DirectRecord>, StoreError> {
        self.engine.read(move |db| list_directs(db, user, other)).await
    }

    async fn list_blocked_people(
        &self,
        user: UserId,
        after: Option<BlockedPosition>,
        limit: u32,
    ) -> std::result::Result<Vec<BlockedPerson>, StoreError> {
        self.engine
            .read(move |db| list_blocked(db, user, after, limit))
            .await
    }
}
