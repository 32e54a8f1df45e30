//! Files.

use pipit_store::blob::{
    AdvanceError, AdvanceUpload, BlobDetails, BlobRecord, CreateUploadError, FinishUpload, NewUpload,
    UploadList,
};
use pipit_wire::{BlobId, ConversationId, EventId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::{Error, corrupt};
use crate::row::{self, at};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;
type Outcome<T, E> = std::result::Result<T, E>;

/// The columns of [`record`], in its order.
macro_rules! columns {
    () => {
        "blob.id, owner, size, received, finished, touched_at, attachments, details"
    };
}

const FIND: &str = concat!("SELECT ", columns!(), " FROM blob WHERE id = $1");
const LOCK: &str = concat!("SELECT ", columns!(), " FROM blob WHERE id = $1 FOR UPDATE");
/// What an account's files and archives take.
const USED: &str = "
    SELECT ((SELECT coalesce(sum(size), 0) FROM blob WHERE owner = $1)
        + (SELECT coalesce(sum(size), 0) FROM archive_part WHERE owner = $1))::bigint";
/// Two uploads of one account, made at once, must not both get the last room.
pub(crate) const LOCK_OWNER: &str = "SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE";

/// Those of these files that are finished. What locks them here waits for, or is waited for by, whoever takes them away.
pub(crate) const LOCK_FINISHED: &str = "
    SELECT id, coalesce((details::jsonb ->> 'sealed')::boolean, false) FROM blob
    WHERE id = ANY($1) AND finished ORDER BY id FOR NO KEY UPDATE";
pub(crate) const INSERT_ATTACHMENTS: &str = "
    INSERT INTO attachment (blob, conversation, message, seq)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[])";
pub(crate) const COUNT_ATTACHMENTS: &str = "
    UPDATE blob SET attachments = attachments + added.number,
        touched_at = CASE WHEN attachments + added.number = 0 THEN 0 ELSE touched_at END
    FROM unnest($1::uuid[], $2::bigint[]) AS added (blob, number) WHERE blob.id = added.blob";

fn record(row: &Row) -> Result<BlobRecord> {
    let details: &str = at(row, 7)?;
    Ok(BlobRecord {
        id: row::id_at(row, 0)?,
        owner: row::id_at(row, 1)?,
        size: bytes_at(row, 2)?,
        received: bytes_at(row, 3)?,
        finished: at(row, 4)?,
        touched_at: row::time_at(row, 5)?,
        attachments: row::count_at(row, 6)?,
        details: serde_json::from_str(details)
            .map_err(|error| corrupt(format!("what a file is cannot be read: {error}")))?,
    })
}

fn bytes_at(row: &Row, column: usize) -> Result<u64> {
    Ok(at::<i64>(row, column)?.cast_unsigned())
}

/// PostgreSQL cannot hold U+0000; names have been cleaned of it.
fn details_text(details: &BlobDetails) -> Result<String> {
    Ok(serde_json::to_string(details)?)
}

fn uuids(blobs: &[BlobId]) -> Vec<Uuid> {
    blobs.iter().map(BlobId::as_uuid).collect()
}

pub(crate) async fn create(
    session: &Session,
    new: &NewUpload,
) -> Result<Outcome<BlobRecord, CreateUploadError>> {
    session.begin().await?;
    session.rows(LOCK_OWNER, params![new.owner.as_uuid()]).await?;
    let outcome = make_room(session, new).await?;
    if outcome.is_ok() {
        session.commit().await?;
    } else {
        session.rollback().await?;
    }
    Ok(outcome)
}

async fn make_room(session: &Session, new: &NewUpload) -> Result<Outcome<BlobRecord, CreateUploadError>> {
    let same = |found: &BlobRecord| found.owner == new.owner && !found.finished && found.size == new.size;
    if let Some(found) = find(session, new.id).await? {
        return Ok(Some(found).filter(same).ok_or(CreateUploadError::IdConflict));
    }
    if used_bytes(session, new.owner).await?.saturating_add(new.size) > new.account_bytes_max {
        return Ok(Err(CreateUploadError::Quota));
    }
    let count = "SELECT count(*) FROM blob WHERE owner = $1 AND NOT finished";
    let row = session.first(count, params![new.owner.as_uuid()]).await?;
    let unfinished = row.map(|row| row::count_at(&row, 0)).transpose()?.unwrap_or(0);
    if unfinished >= new.uploads_max {
        return Ok(Err(CreateUploadError::TooMany));
    }
    let details = new.details();
    let made = session
        .run(
            "INSERT INTO blob (id, owner, size, received, finished, touched_at, attachments, details)
            VALUES ($1, $2, $3, 0, false, $4, 0, $5) ON CONFLICT DO NOTHING",
            params![
                new.id.as_uuid(),
                new.owner.as_uuid(),
                new.size.cast_signed(),
                new.now.as_ms(),
                details_text(&details)?
            ],
        )
        .await?;
    if made == 0 {
        // Another account's, made at this moment.
        return Ok(Err(CreateUploadError::IdConflict));
    }
    let made = find(session, new.id).await?;
    Ok(Ok(made.ok_or_else(|| corrupt("an upload went away"))?))
}

pub(crate) async fn used_bytes(session: &Session, owner: UserId) -> Result<u64> {
    let row = session.first(USED, params![owner.as_uuid()]).await?;
    row.map_or(Ok(0), |row| bytes_at(&row, 0))
}

pub(crate) async fn find(session: &Session, blob: BlobId) -> Result<Option<BlobRecord>> {
    let row = session.first(FIND, params![blob.as_uuid()]).await?;
    row.as_ref().map(record).transpose()
}

pub(crate) async fn advance(
    session: &Session,
    advance: &AdvanceUpload,
) -> Result<Outcome<u64, AdvanceError>> {
    session.begin().await?;
    let row = session.first(LOCK, params![advance.id.as_uuid()]).await?;
    let outcome = match row.as_ref().map(record).transpose()? {
        None => Err(AdvanceError::NotFound),
        Some(mut found) => found.advance(advance).map(|()| found),
    };
    let found = match outcome {
        Ok(found) => found,
        Err(error) => {
            session.rollback().await?;
            return Ok(Err(error));
        }
    };
    session
        .run(
            "UPDATE blob SET received = $2, touched_at = $3, details = $4 WHERE id = $1",
            params![
                found.id.as_uuid(),
                found.received.cast_signed(),
                found.touched_at.as_ms(),
                details_text(&found.details)?
            ],
        )
        .await?;
    session.commit().await?;
    Ok(Ok(found.received))
}

pub(crate) async fn finish(session: &Session, finish: &FinishUpload) -> Result<bool> {
    if !finish.details.keeps_silent() {
        return Ok(false);
    }
    let details = details_text(&finish.details)?;
    let changed = session
        .run(
            "UPDATE blob SET size = $3, received = $3, finished = true, touched_at = $4, details = $5
            WHERE id = $1 AND owner = $2 AND (NOT finished OR details = $5)
                AND coalesce((details::jsonb ->> 'sealed')::boolean, false) = $6",
            params![
                finish.id.as_uuid(),
                finish.owner.as_uuid(),
                finish.size.cast_signed(),
                finish.now.as_ms(),
                details,
                finish.details.sealed
            ],
        )
        .await?;
    Ok(changed > 0)
}

pub(crate) async fn keep(session: &Session, owner: UserId, blob: BlobId, until: Timestamp) -> Result<()> {
    session
        .run(
            "UPDATE blob SET touched_at = $3 WHERE id = $1 AND owner = $2 AND finished AND touched_at < $3",
            params![blob.as_uuid(), owner.as_uuid(), until.as_ms()],
        )
        .await?;
    Ok(())
}

pub(crate) async fn remove(session: &Session, owner: UserId, blob: BlobId) -> Result<bool> {
    let removed = session
        .run(
            "DELETE FROM blob WHERE id = $1 AND owner = $2 AND attachments = 0",
            params![blob.as_uuid(), owner.as_uuid()],
        )
        .await?;
    // Where the answer to an earlier try was lost, this very call may have removed it.
    Ok(removed > 0 || session.is_in_doubt())
}

pub(crate) async fn list(session: &Session, owner: UserId, limit: u32) -> Result<UploadList> {
    let rows = session
        .rows(
            concat!(
                "SELECT ",
                columns!(),
                " FROM blob WHERE owner = $1 AND NOT finished ORDER BY id LIMIT $2"
            ),
            params![owner.as_uuid(), i64::from(limit)],
        )
        .await?;
    Ok(UploadList {
        items: rows.iter().map(record).collect::<Result<_>>()?,
        used_bytes: used_bytes(session, owner).await?,
    })
}

pub(crate) async fn filter_readable(
    session: &Session,
    user: UserId,
    blobs: &[BlobId],
) -> Result<Vec<BlobRecord>> {
    let rows = session
        .rows(
            concat!(
                "SELECT ",
                columns!(),
                " FROM blob WHERE id = ANY($1) AND finished AND (owner = $2 OR EXISTS (
                    SELECT 1 FROM attachment
                        JOIN member ON member.conversation = attachment.conversation AND member.user_id = $2
                    WHERE attachment.blob = blob.id AND attachment.seq >= member.first_seq)
                OR EXISTS (
                    SELECT 1 FROM conversation
                        JOIN member ON member.conversation = conversation.id AND member.user_id = $2
                    WHERE conversation.avatar = blob.id AND NOT EXISTS (
                        SELECT 1 FROM personal
                        WHERE personal.conversation = member.conversation AND personal.user_id = $2 AND request > 0))
                OR EXISTS (
                    SELECT 1 FROM account AS shown
                        JOIN member AS theirs ON theirs.user_id = shown.id
                        JOIN member AS mine ON mine.conversation = theirs.conversation AND mine.user_id = $2
                    WHERE shown.avatar = blob.id AND NOT EXISTS (
                        SELECT 1 FROM personal
                        WHERE personal.conversation = mine.conversation
                            AND personal.user_id IN (mine.user_id, theirs.user_id) AND request > 0)))"
            ),
            params![uuids(blobs), user.as_uuid()],
        )
        .await?;
    rows.iter().map(record).collect()
}

pub(crate) async fn filter_known(session: &Session, blobs: &[BlobId]) -> Result<Vec<BlobId>> {
    let rows = session
        .rows(
            "SELECT id FROM blob WHERE id = ANY($1) UNION ALL SELECT id FROM archive WHERE id = ANY($1)",
            params![uuids(blobs)],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

/// Rows that somebody else holds are left for the next time: nobody waits for whoever clears up.
pub(crate) async fn take_abandoned(session: &Session, before: Timestamp, limit: u32) -> Result<Vec<BlobId>> {
    let rows = session
        .rows(
            "DELETE FROM blob WHERE id IN (
                SELECT id FROM blob WHERE attachments = 0 AND touched_at < $1
                ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED
            ) RETURNING id",
            params![before.as_ms(), i64::from(limit)],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

/// A person has another picture, or none: the new one is kept, the old one given up. False, and nothing has changed, where the new one is
/// no finished file, or a sealed one. In a transaction.
pub(crate) async fn replace_picture(
    session: &Session,
    before: Option<BlobId>,
    now: Option<BlobId>,
) -> Result<bool> {
    if let Some(now) = now {
        let locked = session.rows(LOCK_FINISHED, params![uuids(&[now])]).await?;
        let Some(found) = locked.first() else {
            return Ok(false);
        };
        if at::<bool>(found, 1)? {
            return Ok(false);
        }
    }
    let counted: Vec<Uuid> = now.into_iter().chain(before).map(|blob| blob.as_uuid()).collect();
    let counts: Vec<i64> = now.map(|_| 1).into_iter().chain(before.map(|_| -1)).collect();
    session.run(COUNT_ATTACHMENTS, params![counted, counts]).await?;
    Ok(true)
}

/// A message has its files no longer. One that no other message has is abandoned at once. One statement, so that it can stand in a
/// transaction or alone.
pub(crate) async fn release(session: &Session, conversation: ConversationId, message: EventId) -> Result<()> {
    session
        .run(
            "WITH released AS (
                DELETE FROM attachment WHERE conversation = $1 AND message = $2 RETURNING blob
            )
            UPDATE blob SET touched_at = CASE attachments WHEN 1 THEN 0 ELSE touched_at END,
                attachments = attachments - 1
            FROM released WHERE blob.id = released.blob",
            params![conversation.as_uuid(), message.as_uuid()],
        )
        .await?;
    Ok(())
}
