//! What came in archives and waits for its place in the log.

use pipit_client::storage::{ShelfRecord, ShelfState};
use pipit_wire::{ConversationId, EventId, MessageId, Seq, UserId};
use rusqlite::{Connection, params};

use crate::value::{self, from_seq};

/// What is there already stays.
pub(crate) fn put(connection: &Connection, records: &[ShelfRecord]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO shelf (conversation, seq, event, sender, target, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?;
    for record in records {
        insert.execute(params![
            record.conversation.as_bytes(),
            from_seq(record.seq),
            record.event.as_bytes(),
            record.sender.as_bytes(),
            record.target.as_ref().map(MessageId::as_bytes),
            record.body,
        ])?;
    }
    Ok(())
}

pub(crate) fn list(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
    limit: u32,
) -> rusqlite::Result<Vec<ShelfRecord>> {
    connection
        .prepare_cached(
            "SELECT seq, event, sender, target, body FROM shelf WHERE conversation = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        )?
        .query_map(params![conversation.as_bytes(), from_seq(after), limit], |row| {
            Ok(ShelfRecord {
                conversation,
                seq: value::seq(row, 0)?,
                event: value::id(row, 1, EventId::from_bytes)?,
                sender: value::id(row, 2, UserId::from_bytes)?,
                target: value::optional_id(row, 3, MessageId::from_bytes)?,
                body: row.get(4)?,
            })
        })?
        .collect()
}

pub(crate) fn take(connection: &Connection, conversation: ConversationId, seq: Seq) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM shelf WHERE conversation = ?1 AND seq = ?2")?
        .execute(params![conversation.as_bytes(), from_seq(seq)])?;
    Ok(())
}

pub(crate) fn take_all(connection: &Connection, conversation: ConversationId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM shelf WHERE conversation = ?1")?
        .execute([conversation.as_bytes()])?;
    Ok(())
}

/// What a message and its edits say. True where there was any.
pub(crate) fn erase(
    connection: &Connection,
    conversation: ConversationId,
    message: MessageId,
) -> rusqlite::Result<bool> {
    let erased = connection
        .prepare_cached("DELETE FROM shelf WHERE conversation = ?1 AND (event = ?2 OR target = ?2)")?
        .execute(params![conversation.as_bytes(), message.as_bytes()])?;
    Ok(erased > 0)
}

pub(crate) fn states(connection: &Connection) -> rusqlite::Result<Vec<ShelfState>> {
    connection
        .prepare_cached("SELECT conversation, count(*) FROM shelf GROUP BY conversation")?
        .query_map([], |row| {
            Ok(ShelfState {
                conversation: value::id(row, 0, ConversationId::from_bytes)?,
                count: row.get(1)?,
            })
        })?
        .collect()
}
