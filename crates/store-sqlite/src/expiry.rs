//! Messages that erase themselves.

use pipit_store::change::{expires_at, is_erased};
use pipit_wire::event::EventBody;
use pipit_wire::{ConversationId, Event, MessageId, Seq, Timestamp};
use rusqlite::{Connection, Result, params};

use crate::row::{self, seq_number};
use crate::{change, log};

/// An entry that goes into the log is to be erased later, where it is such a message.
pub(crate) fn note(db: &Connection, event: &Event) -> Result<()> {
    let end = expires_at(&event.body).filter(|_| matches!(event.body, EventBody::Message { .. }));
    let Some(end) = end else { return Ok(()) };
    db.prepare_cached("INSERT INTO expiring (expires_at, conversation, seq) VALUES (?1, ?2, ?3)")?
        .execute(params![
            end.as_ms(),
            event.conversation.as_bytes(),
            seq_number(event.seq)
        ])?;
    Ok(())
}

/// Erases what is due, and says what that was.
pub(crate) fn erase(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<(ConversationId, MessageId)>> {
    let due: Vec<(i64, ConversationId, Seq)> = db
        .prepare_cached(
            "SELECT expires_at, conversation, seq FROM expiring WHERE expires_at <= ?1
            ORDER BY expires_at, conversation, seq LIMIT ?2",
        )?
        .query_map(params![now.as_ms(), limit], |row| {
            Ok((row.get(0)?, row::id_at(row, 1)?, row::seq_at(row, 2)?))
        })?
        .collect::<Result<_>>()?;
    let mut erased = Vec::new();
    for (end, conversation, seq) in due {
        db.prepare_cached("DELETE FROM expiring WHERE expires_at = ?1 AND conversation = ?2 AND seq = ?3")?
            .execute(params![end, conversation.as_bytes(), seq_number(seq)])?;
        let message = log::find_at(db, conversation, seq)?;
        // Somebody may have deleted it before.
        let Some(message) = message.filter(|message| !is_erased(&message.body)) else {
            continue;
        };
        change::erase(db, &message, Seq::ZERO)?;
        db.prepare_cached("DELETE FROM message_state WHERE conversation = ?1 AND message_seq = ?2")?
            .execute(params![conversation.as_bytes(), seq_number(seq)])?;
        erased.push((conversation, message.id.into()));
    }
    Ok(erased)
}
