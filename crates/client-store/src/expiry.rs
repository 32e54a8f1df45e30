//! Messages that erase themselves.

use pipit_wire::{ConversationId, MessageId, Timestamp};
use rusqlite::{Connection, params};

use crate::value;

pub(crate) fn next(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let first: Option<i64> = connection
        .prepare_cached("SELECT min(expires_at) FROM entry WHERE expires_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(first.map(Timestamp))
}

pub(crate) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<(ConversationId, MessageId)>> {
    connection
        .prepare_cached(
            "SELECT conversation, coalesce(target, event) FROM entry
             WHERE expires_at IS NOT NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
        )?
        .query_map(params![now.as_ms(), limit], |row| {
            Ok((
                value::id(row, 0, ConversationId::from_bytes)?,
                value::id(row, 1, MessageId::from_bytes)?,
            ))
        })?
        .collect()
}

/// Nothing is to be erased of a message and its edits any more, and nobody has to read it.
pub(crate) fn settle(
    connection: &Connection,
    conversation: ConversationId,
    message: MessageId,
) -> rusqlite::Result<()> {
    for sql in [
        "UPDATE entry SET expires_at = NULL, gone = 1 WHERE conversation = ?1 AND event = ?2",
        "UPDATE entry SET expires_at = NULL WHERE conversation = ?1 AND target = ?2 AND expires_at IS NOT NULL",
    ] {
        connection
            .prepare_cached(sql)?
            .execute(params![conversation.as_bytes(), message.as_bytes()])?;
    }
    Ok(())
}
