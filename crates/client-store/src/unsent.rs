//! What was written to conversations that one is not in any more.

use pipit_client::storage::Unsent;
use pipit_wire::{ConversationId, MessageId};
use rusqlite::{Connection, params};

use crate::value;

pub(crate) fn list(connection: &Connection) -> rusqlite::Result<Vec<Unsent>> {
    connection
        .prepare_cached(
            "SELECT message, conversation, name, removed, encrypted, text, files FROM unsent ORDER BY place",
        )?
        .query_map([], |row| {
            Ok(Unsent {
                message: value::id(row, 0, MessageId::from_bytes)?,
                conversation: value::id(row, 1, ConversationId::from_bytes)?,
                name: row.get(2)?,
                removed: row.get(3)?,
                encrypted: row.get(4)?,
                text: row.get(5)?,
                files: row.get(6)?,
            })
        })?
        .collect()
}

pub(crate) fn save(connection: &Connection, unsent: &Unsent) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO unsent (message, conversation, name, removed, encrypted, text, files)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            unsent.message.as_bytes(),
            unsent.conversation.as_bytes(),
            unsent.name,
            unsent.removed,
            unsent.encrypted,
            unsent.text,
            unsent.files,
        ])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, message: MessageId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM unsent WHERE message = ?1")?
        .execute([message.as_bytes()])?;
    Ok(())
}
