//! What people let others see of them and do to them: see [`pipit_store::privacy`].

use async_trait::async_trait;
use pipit_store::error::StoreError;
use pipit_store::privacy::{BlockedPosition, DirectRecord, PrivacyStore};
use pipit_wire::privacy::{BlockedPerson, Circle, Privacy, PrivacyChange};
use pipit_wire::{Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::{Error, corrupt, store_error};
use crate::row::{self, at};
use crate::session::{Session, params, run};
use crate::store::work;

type Result<T> = std::result::Result<T, Error>;

/// How far a member has read, as this account may know it: everything of its own, and nothing where one of the two tells nobody
/// (`pipit_model::privacy`).
macro_rules! read_seq_for {
    ($viewer:literal) => {
        concat!(
            "CASE WHEN member.user_id = ",
            $viewer,
            " OR (coalesce((SELECT receipts FROM privacy WHERE user_id = ",
            $viewer,
            "), true) AND coalesce((SELECT receipts FROM privacy WHERE user_id = member.user_id), true))
            THEN member.read_seq ELSE 0 END"
        )
    };
}
pub(crate) use read_seq_for;

const FIND: &str = "
    SELECT user_id, receipts, typing, presence, found_by, written_by, added_by, changed_at FROM privacy
    WHERE user_id = ANY($1::uuid[])";
/// Makes the row where there is none, and takes its lock: who changes it at the same time waits.
const LOCK: &str = "
    INSERT INTO privacy (user_id, receipts, typing, presence, found_by, written_by, added_by, changed_at)
    VALUES ($1, true, true, true, 0, 0, 0, 0)
    ON CONFLICT (user_id) DO UPDATE SET changed_at = privacy.changed_at
    RETURNING user_id, receipts, typing, presence, found_by, written_by, added_by, changed_at";
const SET: &str = "
    UPDATE privacy SET receipts = $2, typing = $3, presence = $4, found_by = $5, written_by = $6, added_by = $7, changed_at = $8
    WHERE user_id = $1";
const DIRECTS: &str = "
    SELECT conversation.id, encrypted, coalesce(personal.request, 0::smallint) FROM conversation
        LEFT JOIN personal ON personal.conversation = conversation.id AND personal.user_id = $3
    WHERE low = $1 AND high = $2";
const BLOCKED: &str = "
    SELECT account.id, account.handle, account.name, block.at FROM block JOIN account ON account.id = block.other
    WHERE block.user_id = $1 AND ($2::bigint IS NULL OR (block.at, block.other) < ($2, $3))
    ORDER BY block.at DESC, block.other DESC LIMIT $4";

const fn circle_number(circle: Circle) -> i16 {
    match circle {
        Circle::Everyone => 0,
        Circle::Known => 1,
        Circle::Nobody => 2,
    }
}

fn circle(number: i16) -> Result<Circle> {
    match number {
        0 => Ok(Circle::Everyone),
        1 => Ok(Circle::Known),
        2 => Ok(Circle::Nobody),
        other => Err(corrupt(format!("a circle of people is {other}"))),
    }
}

/// From `receipts, typing, presence, found_by, written_by, added_by, changed_at` that begin at this column.
fn privacy(row: &Row, first: usize) -> Result<Privacy> {
    Ok(Privacy {
        receipts: at(row, first)?,
        typing: at(row, first + 1)?,
        presence: at(row, first + 2)?,
        found_by: circle(at(row, first + 3)?)?,
        written_by: circle(at(row, first + 4)?)?,
        added_by: circle(at(row, first + 5)?)?,
        changed_at: row::time_at(row, first + 6)?,
    })
}

/// The same of an account that may never have changed it.
pub(crate) fn known_or_default(row: &Row, first: usize) -> Result<Privacy> {
    match at::<Option<bool>>(row, first)? {
        Some(_) => privacy(row, first),
        None => Ok(Privacy::default()),
    }
}

async fn find(session: &Session, users: &[UserId]) -> Result<Vec<(UserId, Privacy)>> {
    let rows = session.rows(FIND, params![row::user_ids(users)]).await?;
    rows.iter()
        .map(|row| Ok((row::id_at(row, 0)?, privacy(row, 1)?)))
        .collect()
}

async fn set(session: &Session, user: UserId, change: PrivacyChange, now: Timestamp) -> Result<Privacy> {
    session.begin().await?;
    let locked = session.first(LOCK, params![user.as_uuid()]).await?;
    let before = locked.map(|row| privacy(&row, 1)).transpose()?;
    let new = before.unwrap_or_default().with(change, now);
    session
        .run(
            SET,
            params![
                user.as_uuid(),
                new.receipts,
                new.typing,
                new.presence,
                circle_number(new.found_by),
                circle_number(new.written_by),
                circle_number(new.added_by),
                new.changed_at.as_ms()
            ],
        )
        .await?;
    session.commit().await?;
    Ok(new)
}

async fn list_directs(session: &Session, user: UserId, other: UserId) -> Result<Vec<DirectRecord>> {
    let key = params![
        user.min(other).as_uuid(),
        user.max(other).as_uuid(),
        other.as_uuid()
    ];
    let rows = session.rows(DIRECTS, key).await?;
    rows.iter()
        .map(|row| {
            Ok(DirectRecord {
                conversation: row::id_at(row, 0)?,
                encrypted: at(row, 1)?,
                request: row::request(at(row, 2)?)?,
            })
        })
        .collect()
}

async fn list_blocked(
    session: &Session,
    user: UserId,
    after: Option<BlockedPosition>,
    limit: u32,
) -> Result<Vec<BlockedPerson>> {
    let since: Option<i64> = after.map(|(at, _)| at.as_ms());
    let other: Option<Uuid> = after.map(|(_, other)| other.as_uuid());
    let key = params![user.as_uuid(), since, other, i64::from(limit)];
    let rows = session.rows(BLOCKED, key).await?;
    rows.iter()
        .map(|row| {
            Ok(BlockedPerson {
                profile: row::profile(row, 0)?,
                at: row::time_at(row, 3)?,
            })
        })
        .collect()
}

#[async_trait]
impl PrivacyStore for PostgresStore {
    async fn find_privacy(
        &self,
        users: &[UserId],
    ) -> std::result::Result<Vec<(UserId, Privacy)>, StoreError> {
        work!(self, |session| find(session, users))
    }

    async fn set_privacy(
        &self,
        user: UserId,
        change: PrivacyChange,
        now: Timestamp,
    ) -> std::result::Result<Privacy, StoreError> {
        work!(self, |session| set(session, user, change, now))
    }

    async fn list_directs(
        &self,
        user: UserId,
        other: UserId,
    ) -> std::result::Result<Vec<DirectRecord>, StoreError> {
        work!(self, |session| list_directs(session, user, other))
    }

    async fn list_blocked_people(
        &self,
        user: UserId,
        after: Option<BlockedPosition>,
        limit: u32,
    ) -> std::result::Result<Vec<BlockedPerson>, StoreError> {
        work!(self, |session| list_blocked(session, user, after, limit))
    }
}
