//! What was written here and has not arrived: the outbox and the drafts.

use pipit_client::storage::{OutboxBody, OutboxRecord, OutboxState, ProfileSaid};
use pipit_wire::{ConversationId, EventId, MessageId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::value::{self, from_seq};

const QUEUED: i64 = 0;
const FAILED: i64 = 1;
const ACKNOWLEDGED: i64 = 2;
const HELD: i64 = 3;

const COLUMNS: &str = "id, conversation, written_at, text, reply_to, state, failed_code, seq, at, sent, target, change, files, poll, \
    preview, sealed";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxRecord> {
    let state = match row.get(5)? {
        QUEUED => OutboxState::Queued,
        FAILED => OutboxState::Failed { code: row.get(6)? },
        ACKNOWLEDGED => OutboxState::Acknowledged {
            seq: value::seq(row, 7)?,
            at: value::timestamp(row, 8)?,
        },
        HELD => OutboxState::Held {
            until: value::timestamp(row, 8)?,
            failed: row.get(6)?,
        },
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(5, other)),
    };
    // What is said of a group is a change of no message.
    let said: Option<ProfileSaid> = match row.get_ref(10)? {
        ValueRef::Null => value::optional_json(row, 11)?,
        _ => None,
    };
    let body = match (value::optional_id(row, 10, MessageId::from_bytes)?, said) {
        (Some(message), _) => OutboxBody::Change {
            message,
            change: value::json(row, 11)?,
        },
        (None, Some(said)) => OutboxBody::Profile { said },
        (None, None) => OutboxBody::Message {
            text: row.get(3)?,
            reply_to: value::optional_id(row, 4, MessageId::from_bytes)?,
            files: value::optional_json(row, 12)?.unwrap_or_default(),
            poll: value::optional_json(row, 13)?,
            preview: value::optional_json(row, 14)?,
        },
    };
    Ok(OutboxRecord {
        id: value::id(row, 0, EventId::from_bytes)?,
        conversation: value::id(row, 1, ConversationId::from_bytes)?,
        written_at: value::timestamp(row, 2)?,
        body,
        sent: row.get(9)?,
        state,
        sealed: value::optional_json(row, 15)?,
    })
}

pub(crate) fn list(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<Vec<OutboxRecord>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM outbox WHERE conversation = ?1 ORDER BY place"
        ))?
        .query_map([conversation.as_bytes()], read)?
        .collect()
}

pub(crate) fn conversations(connection: &Connection) -> rusqlite::Result<Vec<ConversationId>> {
    connection
        .prepare_cached("SELECT DISTINCT conversation FROM outbox ORDER BY conversation")?
        .query_map([], |row| value::id(row, 0, ConversationId::from_bytes))?
        .collect()
}

pub(crate) fn find(connection: &Connection, id: EventId) -> rusqlite::Result<Option<OutboxRecord>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?
        .query_row([id.as_bytes()], read)
        .optional()
}

pub(crate) fn save(connection: &Connection, record: &OutboxRecord) -> rusqlite::Result<()> {
    let (state, code, seq, at) = match &record.state {
        OutboxState::Queued => (QUEUED, None, None, None),
        OutboxState::Failed { code } => (FAILED, Some(code), None, None),
        OutboxState::Held { until, failed } => (HELD, failed.as_ref(), None, Some(until.as_ms())),
        OutboxState::Acknowledged { seq, at } => (ACKNOWLEDGED, None, Some(from_seq(*seq)), Some(at.as_ms())),
    };
    let files = match &record.body {
        OutboxBody::Message { files, .. } if !files.is_empty() => Some(value::to_json(files)?),
        _ => None,
    };
    let (poll, preview) = match &record.body {
        OutboxBody::Message { poll, preview, .. } => (
            poll.as_ref().map(value::to_json).transpose()?,
            preview.as_ref().map(value::to_json).transpose()?,
        ),
        OutboxBody::Change { .. } | OutboxBody::Profile { .. } => (None, None),
    };
    let (text, reply_to, target, change) = match &record.body {
        OutboxBody::Message { text, reply_to, .. } => (text.as_str(), reply_to.as_ref(), None, None),
        OutboxBody::Change { message, change } => ("", None, Some(message), Some(value::to_json(change)?)),
        OutboxBody::Profile { said } => ("", None, None, Some(value::to_json(said)?)),
    };
    connection
        .prepare_cached(&format!(
            "INSERT INTO outbox ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (id) DO UPDATE SET
                written_at = excluded.written_at, text = excluded.text, reply_to = excluded.reply_to, state = excluded.state, failed_code = excluded.failed_code,
                seq = excluded.seq, at = excluded.at, sent = excluded.sent, change = excluded.change, files = excluded.files,
                preview = excluded.preview, sealed = excluded.sealed"
        ))?
        .execute(params![
            record.id.as_bytes(),
            record.conversation.as_bytes(),
            record.written_at.as_ms(),
            text,
            reply_to.map(MessageId::as_bytes),
            state,
            code,
            seq,
            at,
            record.sent,
            target.map(MessageId::as_bytes),
            change,
            files,
            poll,
            preview,
            record.sealed.as_ref().map(value::to_json).transpose()?,
        ])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, id: EventId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
        .execute([id.as_bytes()])?;
    Ok(())
}

pub(crate) fn draft(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT text FROM draft WHERE conversation = ?1")?
        .query_row([conversation.as_bytes()], |row| row.get(0))
        .optional()
}

pub(crate) fn save_draft(
    connection: &Connection,
    conversation: ConversationId,
    text: &str,
) -> rusqlite::Result<()> {
    if text.is_empty() {
        connection
            .prepare_cached("DELETE FROM draft WHERE conversation = ?1")?
            .execute([conversation.as_bytes()])?;
    } else {
        connection
            .prepare_cached(
                "INSERT INTO draft (conversation, text) SELECT ?1, ?2
                 WHERE EXISTS (SELECT 1 FROM conversation WHERE id = ?1)
                 ON CONFLICT (conversation) DO UPDATE SET text = excluded.text",
            )?
            .execute(params![conversation.as_bytes(), text])?;
    }
    Ok(())
}
