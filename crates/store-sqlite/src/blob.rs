//! Files.

use pipit_store::blob::{
    AdvanceError, AdvanceUpload, BlobDetails, BlobRecord, CreateUploadError, FinishUpload, NewUpload,
    UploadList,
};
use pipit_wire::{BlobId, ConversationId, EventId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::error::corrupt;
use crate::row::{self, seq_number};

type Outcome<T, E> = std::result::Result<T, E>;

/// The columns of [`record`], in its order.
macro_rules! columns {
    () => {
        "id, owner, size, received, finished, touched_at, attachments, details"
    };
}

fn record(row: &Row<'_>) -> Result<BlobRecord> {
    let details = row
        .get_ref(7)?
        .as_str()
        .map_err(|error| corrupt(error.to_string()))?;
    Ok(BlobRecord {
        id: row::id_at(row, 0)?,
        owner: row::id_at(row, 1)?,
        size: bytes_at(row, 2)?,
        received: bytes_at(row, 3)?,
        finished: row.get(4)?,
        touched_at: row::time_at(row, 5)?,
        attachments: row.get(6)?,
        details: serde_json::from_str(details)
            .map_err(|error| corrupt(format!("what a file is cannot be read: {error}")))?,
    })
}

fn bytes_at(row: &Row<'_>, column: usize) -> Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

fn details_text(details: &BlobDetails) -> Result<String> {
    serde_json::to_string(details).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(crate) fn create(db: &Connection, new: &NewUpload) -> Result<Outcome<BlobRecord, CreateUploadError>> {
    if let Some(found) = find(db, new.id)? {
        let same = found.owner == new.owner && !found.finished && found.size == new.size;
        return Ok(if same {
            Ok(found)
        } else {
            Err(CreateUploadError::IdConflict)
        });
    }
    if used_bytes(db, new.owner)?.saturating_add(new.size) > new.account_bytes_max {
        return Ok(Err(CreateUploadError::Quota));
    }
    let unfinished: u32 = db
        .prepare_cached("SELECT count(*) FROM blob WHERE owner = ?1 AND finished = 0")?
        .query_row([new.owner.as_bytes()], |row| row.get(0))?;
    if unfinished >= new.uploads_max {
        return Ok(Err(CreateUploadError::TooMany));
    }
    let made = BlobRecord {
        id: new.id,
        owner: new.owner,
        size: new.size,
        received: 0,
        finished: false,
        touched_at: new.now,
        attachments: 0,
        details: new.details(),
    };
    db.prepare_cached(
        "INSERT INTO blob (id, owner, size, received, finished, touched_at, attachments, details)
        VALUES (?1, ?2, ?3, 0, 0, ?4, 0, ?5)",
    )?
    .execute(params![
        made.id.as_bytes(),
        made.owner.as_bytes(),
        made.size.cast_signed(),
        made.touched_at.as_ms(),
        details_text(&made.details)?
    ])?;
    Ok(Ok(made))
}

/// How much room an account's files and archives take.
pub(crate) fn used_bytes(db: &Connection, owner: UserId) -> Result<u64> {
    let used: i64 = db
        .prepare_cached(
            "SELECT (SELECT coalesce(sum(size), 0) FROM blob WHERE owner = ?1)
                + (SELECT coalesce(sum(size), 0) FROM archive_part WHERE owner = ?1)",
        )?
        .query_row([owner.as_bytes()], |row| row.get(0))?;
    Ok(used.cast_unsigned())
}

pub(crate) fn find(db: &Connection, blob: BlobId) -> Result<Option<BlobRecord>> {
    db.prepare_cached(concat!("SELECT ", columns!(), " FROM blob WHERE id = ?1"))?
        .query_row([blob.as_bytes()], record)
        .optional()
}

pub(crate) fn advance(db: &Connection, advance: &AdvanceUpload) -> Result<Outcome<u64, AdvanceError>> {
    let Some(mut found) = find(db, advance.id)? else {
        return Ok(Err(AdvanceError::NotFound));
    };
    if let Err(error) = found.advance(advance) {
        return Ok(Err(error));
    }
    db.prepare_cached("UPDATE blob SET received = ?2, touched_at = ?3, details = ?4 WHERE id = ?1")?
        .execute(params![
            found.id.as_bytes(),
            found.received.cast_signed(),
            found.touched_at.as_ms(),
            details_text(&found.details)?
        ])?;
    Ok(Ok(found.received))
}

pub(crate) fn finish(db: &Connection, finish: &FinishUpload) -> Result<bool> {
    if !finish.details.keeps_silent() {
        return Ok(false);
    }
    let changed = db
        .prepare_cached(
            "UPDATE blob SET size = ?3, received = ?3, finished = 1, touched_at = ?4, details = ?5
            WHERE id = ?1 AND owner = ?2 AND finished = 0 AND coalesce(json_extract(details, '$.sealed'), 0) = ?6",
        )?
        .execute(params![
            finish.id.as_bytes(),
            finish.owner.as_bytes(),
            finish.size.cast_signed(),
            finish.now.as_ms(),
            details_text(&finish.details)?,
            finish.details.sealed
        ])?;
    Ok(changed > 0)
}

pub(crate) fn keep(db: &Connection, owner: UserId, blob: BlobId, until: Timestamp) -> Result<()> {
    db.prepare_cached(
        "UPDATE blob SET touched_at = ?3 WHERE id = ?1 AND owner = ?2 AND finished = 1 AND touched_at < ?3",
    )?
    .execute(params![blob.as_bytes(), owner.as_bytes(), until.as_ms()])?;
    Ok(())
}

pub(crate) fn remove(db: &Connection, owner: UserId, blob: BlobId) -> Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM blob WHERE id = ?1 AND owner = ?2 AND attachments = 0")?
        .execute(params![blob.as_bytes(), owner.as_bytes()])?;
    Ok(removed > 0)
}

pub(crate) fn list(db: &Connection, owner: UserId, limit: u32) -> Result<UploadList> {
    let items = db
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM blob WHERE owner = ?1 AND finished = 0 ORDER BY id LIMIT ?2"
        ))?
        .query_map(params![owner.as_bytes(), limit], record)?
        .collect::<Result<_>>()?;
    Ok(UploadList {
        items,
        used_bytes: used_bytes(db, owner)?,
    })
}

pub(crate) fn filter_readable(db: &Connection, user: UserId, blobs: &[BlobId]) -> Result<Vec<BlobRecord>> {
    let mut find = db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM blob WHERE id = ?1 AND finished = 1 AND (owner = ?2 OR EXISTS (
            SELECT 1 FROM attachment
                JOIN member ON member.conversation = attachment.conversation AND member.user = ?2
            WHERE attachment.blob = ?1 AND attachment.seq >= member.first_seq)
        OR EXISTS (
            SELECT 1 FROM conversation
                JOIN member ON member.conversation = conversation.id AND member.user = ?2
            WHERE conversation.avatar = ?1 AND NOT EXISTS (
                SELECT 1 FROM personal
                WHERE personal.conversation = member.conversation AND personal.user = ?2 AND request > 0))
        OR EXISTS (
            SELECT 1 FROM user AS shown
                JOIN member AS theirs ON theirs.user = shown.id
                JOIN member AS mine ON mine.conversation = theirs.conversation AND mine.user = ?2
            WHERE shown.avatar = ?1 AND NOT EXISTS (
                SELECT 1 FROM personal
                WHERE personal.conversation = mine.conversation AND personal.user IN (mine.user, theirs.user)
                    AND request > 0)))"
    ))?;
    let mut found = Vec::new();
    for blob in blobs {
        let row = find.query_row(params![blob.as_bytes(), user.as_bytes()], record);
        found.extend(row.optional()?);
    }
    Ok(found)
}

pub(crate) fn filter_known(db: &Connection, blobs: &[BlobId]) -> Result<Vec<BlobId>> {
    let mut exists =
        db.prepare_cached("SELECT 1 FROM blob WHERE id = ?1 UNION ALL SELECT 1 FROM archive WHERE id = ?1")?;
    let mut known = Vec::new();
    for blob in blobs {
        if exists.exists([blob.as_bytes()])? {
            known.push(*blob);
        }
    }
    Ok(known)
}

pub(crate) fn take_abandoned(db: &Connection, before: Timestamp, limit: u32) -> Result<Vec<BlobId>> {
    db.prepare_cached(
        "DELETE FROM blob WHERE id IN (
            SELECT id FROM blob WHERE attachments = 0 AND touched_at < ?1 ORDER BY touched_at LIMIT ?2
        ) RETURNING id",
    )?
    .query_map(params![before.as_ms(), limit], |row| row::id_at(row, 0))?
    .collect()
}

/// Whether all of these are there and finished, and sealed, or none of them is.
pub(crate) fn are_finished(db: &Connection, blobs: &[BlobId], sealed: bool) -> Result<bool> {
    let mut finished = db.prepare_cached(
        "SELECT 1 FROM blob WHERE id = ?1 AND finished = 1 AND coalesce(json_extract(details, '$.sealed'), 0) = ?2",
    )?;
    for blob in blobs {
        if !finished.exists(params![blob.as_bytes(), sealed])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps these files for a message.
pub(crate) fn attach(
    db: &Connection,
    blobs: &[BlobId],
    conversation: ConversationId,
    message: EventId,
    seq: Seq,
) -> Result<()> {
    for blob in blobs {
        db.prepare_cached(
            "INSERT INTO attachment (blob, conversation, message, seq) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            blob.as_bytes(),
            conversation.as_bytes(),
            message.as_bytes(),
            seq_number(seq)
        ])?;
        db.prepare_cached("UPDATE blob SET attachments = attachments + 1 WHERE id = ?1")?
            .execute([blob.as_bytes()])?;
    }
    Ok(())
}

/// A message has its files no longer. One that no other message has is abandoned at once.
pub(crate) fn release(db: &Connection, conversation: ConversationId, message: EventId) -> Result<()> {
    let released: Vec<BlobId> = db
        .prepare_cached("DELETE FROM attachment WHERE conversation = ?1 AND message = ?2 RETURNING blob")?
        .query_map(params![conversation.as_bytes(), message.as_bytes()], |row| {
            row::id_at(row, 0)
        })?
        .collect::<Result<_>>()?;
    for blob in released {
        let_go(db, blob)?;
    }
    Ok(())
}

/// A group or a person has another picture, or none: the new one is kept, the old one given up.
pub(crate) fn replace_picture(db: &Connection, before: Option<BlobId>, now: Option<BlobId>) -> Result<()> {
    if before == now {
        return Ok(());
    }
    if let Some(now) = now {
        db.prepare_cached("UPDATE blob SET attachments = attachments + 1 WHERE id = ?1")?
            .execute([now.as_bytes()])?;
    }
    before.map_or(Ok(()), |before| let_go(db, before))
}

fn let_go(db: &Connection, blob: BlobId) -> Result<()> {
    db.prepare_cached(
        "UPDATE blob SET touched_at = CASE attachments WHEN 1 THEN 0 ELSE touched_at END,
        attachments = attachments - 1 WHERE id = ?1",
    )?
    .execute([blob.as_bytes()])?;
    Ok(())
}
