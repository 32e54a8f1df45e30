//! When scheduled messages are due, what files they have, and which ones are over: see [`pipit_store::schedule`].

use pipit_store::schedule::{DueMessage, Schedule};
use pipit_wire::frame::PersonalChange;
use pipit_wire::{ConversationId, MessageId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::blob;
use crate::error::{Error, corrupt};
use crate::row::{self, at};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

/// From a column that is read as text.
pub(crate) fn schedule(row: &Row, column: usize) -> Result<Schedule> {
    let text: &str = at(row, column)?;
    serde_json::from_str(text).map_err(|error| corrupt(format!("what is scheduled cannot be read: {error}")))
}

const FIND_OVER: &str = "
    SELECT message FROM scheduled
    WHERE conversation = $1 AND user_id = $2 AND message = ANY($3) AND over_at IS NOT NULL";
/// Of messages that a change names, the files that are kept for them no longer.
const LET_GO: &str = "
    DELETE FROM scheduled_file
    WHERE conversation = $1 AND user_id = $2 AND message = ANY($3)
        AND NOT EXISTS (
            SELECT 1 FROM unnest($4::uuid[], $5::uuid[]) AS given (message, blob)
            WHERE given.message = scheduled_file.message AND given.blob = scheduled_file.blob)";
/// What is not there, or is not finished, cannot be kept: its message is refused for it when its time comes.
const KEEP_FILES: &str = "
    INSERT INTO scheduled_file (conversation, user_id, message, blob)
    SELECT $1, $2, given.message, given.blob FROM unnest($3::uuid[], $4::uuid[]) AS given (message, blob)
    WHERE given.blob = ANY($5) ON CONFLICT DO NOTHING";
const NOTE: &str = "
    INSERT INTO scheduled (conversation, user_id, message, due_at, over_at)
    SELECT $1, $2, given.message, given.due_at, given.over_at
    FROM unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS given (message, due_at, over_at)
    ON CONFLICT (conversation, user_id, message) DO UPDATE SET due_at = excluded.due_at, over_at = excluded.over_at";

/// Leaves out of a change what speaks of messages that are over.
pub(crate) async fn leave_out_over(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    change: &mut PersonalChange,
) -> Result<()> {
    let messages: Vec<Uuid> = change.schedule.keys().map(MessageId::as_uuid).collect();
    let rows = session
        .rows(
            FIND_OVER,
            params![conversation.as_uuid(), user.as_uuid(), messages],
        )
        .await?;
    for row in &rows {
        let over: MessageId = row::id_at(row, 0)?;
        change.schedule.remove(&over);
    }
    Ok(())
}

/// Notes what a change that is kept now means for what is due.
pub(crate) async fn note(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    change: &PersonalChange,
    now: Timestamp,
) -> Result<()> {
    let (mut messages, mut due, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for (message, entry) in &change.schedule {
        let due_at = entry.as_ref().and_then(pipit_wire::scheduled::Scheduled::due_at);
        messages.push(message.as_uuid());
        due.push(due_at.map(Timestamp::as_ms));
        over.push(entry.is_none().then_some(now.as_ms()));
    }
    let noted = params![conversation.as_uuid(), user.as_uuid(), messages, due, over];
    session.rows(NOTE, noted).await?;
    note_files(session, conversation, user, change).await
}

async fn note_files(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    change: &PersonalChange,
) -> Result<()> {
    let (mut messages, mut owners, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
    for (message, entry) in &change.schedule {
        messages.push(message.as_uuid());
        for file in entry.iter().flat_map(|entry| &entry.attachments) {
            owners.push(message.as_uuid());
            blobs.push(file.blob.as_uuid());
        }
    }
    let whose = (conversation.as_uuid(), user.as_uuid());
    let let_go = params![whose.0, whose.1, messages, owners, blobs];
    session.rows(LET_GO, let_go).await?;
    if blobs.is_empty() {
        return Ok(());
    }
    // Whoever takes abandoned files away is waited for here, or waits.
    let locked = session.rows(blob::LOCK_FINISHED, params![blobs]).await?;
    let finished: Vec<Uuid> = locked.iter().map(|row| at(row, 0)).collect::<Result<_>>()?;
    let kept = params![whose.0, whose.1, owners, blobs, finished];
    session.rows(KEEP_FILES, kept).await?;
    Ok(())
}

const COUNT: &str = "SELECT count(*) FROM scheduled WHERE user_id = $1 AND over_at IS NULL";

pub(crate) async fn count(session: &Session, user: UserId) -> Result<u32> {
    let row = session.first(COUNT, params![user.as_uuid()]).await?;
    row.map_or(Ok(0), |row| row::count_at(&row, 0))
}

const NEXT: &str = "SELECT due_at FROM scheduled WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";

pub(crate) async fn next(session: &Session) -> Result<Option<Timestamp>> {
    let row = session.first(NEXT, params![]).await?;
    row.map(|row| row::time_at(&row, 0)).transpose()
}

const DUE: &str = "
    SELECT due.conversation, due.user_id, due.message, personal.scheduled::text FROM scheduled AS due
    JOIN personal ON personal.conversation = due.conversation AND personal.user_id = due.user_id
    WHERE due.due_at IS NOT NULL AND due.due_at <= $1 ORDER BY due.due_at, due.message LIMIT $2";

pub(crate) async fn due(session: &Session, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>> {
    let rows = session.rows(DUE, params![now.as_ms(), i64::from(limit)]).await?;
    let whole = rows.iter().map(|row| {
        let message: MessageId = row::id_at(row, 2)?;
        let scheduled = schedule(row, 3)?.remove(&message);
        let scheduled = scheduled.ok_or_else(|| corrupt(format!("{message} is due and not kept")))?;
        Ok(DueMessage {
            conversation: row::id_at(row, 0)?,
            user: row::id_at(row, 1)?,
            message,
            scheduled,
        })
    });
    whole.collect()
}

const PRUNE: &str = "
    DELETE FROM scheduled USING (
        SELECT conversation, user_id, message FROM scheduled
        WHERE over_at IS NOT NULL AND over_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
    ) AS old
    WHERE scheduled.conversation = old.conversation AND scheduled.user_id = old.user_id
        AND scheduled.message = old.message
    RETURNING 1";

/// Forgets those that were over before this time.
pub(crate) async fn prune(session: &Session, before: Timestamp, limit: u32) -> Result<u64> {
    let pruned = session
        .rows(PRUNE, params![before.as_ms(), i64::from(limit)])
        .await?;
    Ok(pruned.len() as u64)
}
