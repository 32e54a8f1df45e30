//! When scheduled messages are due, what files they have, and which ones are over: see [`pipit_store::schedule`].

use pipit_store::schedule::{DueMessage, Schedule};
use pipit_wire::frame::PersonalChange;
use pipit_wire::{Attachment, BlobId, ConversationId, MessageId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::error::corrupt;
use crate::row;

pub(crate) fn schedule(row: &Row<'_>, column: usize) -> Result<Schedule> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| corrupt(error.to_string()))?;
    serde_json::from_str(text).map_err(|error| corrupt(format!("what is scheduled cannot be read: {error}")))
}

pub(crate) fn schedule_text(schedule: &Schedule) -> Result<String> {
    serde_json::to_string(schedule).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Leaves out of a change what speaks of messages that are over.
pub(crate) fn leave_out_over(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    change: &mut PersonalChange,
) -> Result<()> {
    let messages: Vec<MessageId> = change.schedule.keys().copied().collect();
    for message in messages {
        let over = db
            .prepare_cached(
                "SELECT 1 FROM scheduled WHERE conversation = ?1 AND user = ?2 AND message = ?3 AND over_at IS NOT NULL",
            )?
            .exists(params![
                conversation.as_bytes(),
                user.as_bytes(),
                message.as_bytes()
            ])?;
        if over {
            change.schedule.remove(&message);
        }
    }
    Ok(())
}

/// Notes what a change that is kept now means for what is due. Taking back what was never there leaves a note too: what it takes back may
/// come later.
pub(crate) fn note(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    change: &PersonalChange,
    now: Timestamp,
) -> Result<()> {
    for (message, entry) in &change.schedule {
        let due_at = entry.as_ref().and_then(pipit_wire::scheduled::Scheduled::due_at);
        let over_at = entry.is_none().then_some(now.as_ms());
        db.prepare_cached(
            "INSERT INTO scheduled (conversation, user, message, due_at, over_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (conversation, user, message) DO UPDATE SET due_at = excluded.due_at, over_at = excluded.over_at",
        )?
        .execute(params![
            conversation.as_bytes(),
            user.as_bytes(),
            message.as_bytes(),
            due_at.map(Timestamp::as_ms),
            over_at
        ])?;
        let files = entry.as_ref().map_or(&[][..], |entry| &entry.attachments);
        keep_files(db, conversation, user, *message, files)?;
    }
    Ok(())
}

/// These files are kept for a message, and no others. What is not there, or is not finished, cannot be: the message is refused for it when
/// its time comes.
fn keep_files(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    message: MessageId,
    files: &[Attachment],
) -> Result<()> {
    let whose = (conversation.as_bytes(), user.as_bytes(), message.as_bytes());
    let kept: Vec<BlobId> = db
        .prepare_cached(
            "SELECT blob FROM scheduled_file WHERE conversation = ?1 AND user = ?2 AND message = ?3",
        )?
        .query_map(whose, |row| row::id_at(row, 0))?
        .collect::<Result<_>>()?;
    for file in files.iter().filter(|file| !kept.contains(&file.blob)) {
        db.prepare_cached(
            "INSERT OR IGNORE INTO scheduled_file (conversation, user, message, blob)
            SELECT ?1, ?2, ?3, id FROM blob WHERE id = ?4 AND finished = 1",
        )?
        .execute(params![whose.0, whose.1, whose.2, file.blob.as_bytes()])?;
    }
    for blob in kept {
        if files.iter().all(|file| file.blob != blob) {
            db.prepare_cached(
                "DELETE FROM scheduled_file WHERE conversation = ?1 AND user = ?2 AND message = ?3 AND blob = ?4",
            )?
            .execute(params![whose.0, whose.1, whose.2, blob.as_bytes()])?;
        }
    }
    Ok(())
}

pub(crate) fn count(db: &Connection, user: UserId) -> Result<u32> {
    db.prepare_cached("SELECT count(*) FROM scheduled WHERE user = ?1 AND over_at IS NULL")?
        .query_row([user.as_bytes()], |row| row.get(0))
}

pub(crate) fn next(db: &Connection) -> Result<Option<Timestamp>> {
    db.prepare_cached("SELECT due_at FROM scheduled WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")?
        .query_row([], |row| row::time_at(row, 0))
        .optional()
}

pub(crate) fn due(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>> {
    let found: Vec<(ConversationId, UserId, MessageId, Schedule)> = db
        .prepare_cached(
            "SELECT due.conversation, due.user, due.message, personal.scheduled FROM scheduled AS due
            JOIN personal ON personal.conversation = due.conversation AND personal.user = due.user
            WHERE due.due_at IS NOT NULL AND due.due_at <= ?1 ORDER BY due.due_at, due.message LIMIT ?2",
        )?
        .query_map(params![now.as_ms(), limit], |row| {
            Ok((
                row::id_at(row, 0)?,
                row::id_at(row, 1)?,
                row::id_at(row, 2)?,
                schedule(row, 3)?,
            ))
        })?
        .collect::<Result<_>>()?;
    let whole = found
        .into_iter()
        .map(|(conversation, user, message, mut schedule)| {
            let scheduled = schedule.remove(&message);
            let scheduled = scheduled.ok_or_else(|| corrupt(format!("{message} is due and not kept")))?;
            Ok(DueMessage {
                conversation,
                user,
                message,
                scheduled,
            })
        });
    whole.collect()
}

/// Forgets those that were over before this time.
pub(crate) fn prune(db: &Connection, before: Timestamp, limit: u32) -> Result<u64> {
    let pruned = db
        .prepare_cached(
            "DELETE FROM scheduled WHERE (conversation, user, message) IN (
                SELECT conversation, user, message FROM scheduled
                WHERE over_at IS NOT NULL AND over_at < ?1 LIMIT ?2)",
        )?
        .execute(params![before.as_ms(), limit])?;
    Ok(pruned as u64)
}
