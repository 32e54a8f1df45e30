//! The log's entries, and which parts of it are held.

use pipit_client::fold;
use pipit_client::range::LogRange;
use pipit_client::storage::LogEntry;
use pipit_wire::event::EventBody;
use pipit_wire::{Content, ConversationId, Event, EventId, MessageId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::value::{self, from_seq};

pub(crate) fn ranges(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<Vec<LogRange>> {
    connection
        .prepare_cached(
            "SELECT after_seq, through_seq FROM log_range WHERE conversation = ?1 ORDER BY after_seq",
        )?
        .query_map([conversation.as_bytes()], |row| {
            Ok(LogRange {
                after: value::seq(row, 0)?,
                through: value::seq(row, 1)?,
            })
        })?
        .collect()
}

pub(crate) fn save_ranges(
    connection: &Connection,
    conversation: ConversationId,
    ranges: &[LogRange],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM log_range WHERE conversation = ?1")?
        .execute([conversation.as_bytes()])?;
    let mut insert = connection
        .prepare_cached("INSERT INTO log_range (conversation, after_seq, through_seq) VALUES (?1, ?2, ?3)")?;
    for range in ranges {
        insert.execute(params![
            conversation.as_bytes(),
            from_seq(range.after),
            from_seq(range.through)
        ])?;
    }
    Ok(())
}

/// True where what an entry said that was there already has been erased.
pub(crate) fn save(connection: &Connection, entries: &[LogEntry]) -> rusqlite::Result<bool> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO entry (conversation, seq, event, at, sender, is_message, text, raw, target, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (conversation, seq) DO NOTHING",
    )?;
    let mut erased = false;
    for LogEntry { event, raw } in entries {
        let (is_message, text) = said(event);
        if fold::is_erased(event) {
            erased |= replace_erased(connection, event, raw)?;
        }
        insert.execute(params![
            event.conversation.as_bytes(),
            from_seq(event.seq),
            event.id.as_bytes(),
            event.at.as_ms(),
            event.sender.as_bytes(),
            is_message,
            text,
            raw,
            fold::target(event).as_ref().map(MessageId::as_bytes),
            fold::expires_at(event).map(Timestamp::as_ms),
        ])?;
    }
    Ok(erased)
}

/// Whether it is a message, and its text where that can be read.
fn said(event: &Event) -> (bool, Option<&String>) {
    match &event.body {
        EventBody::Message {
            content: Content::Plain { text, .. },
            ..
        } => (true, Some(text)),
        EventBody::Message { content, .. } => (!content.is_sealed_change(), None),
        _ => (false, None),
    }
}

pub(crate) fn replace(connection: &Connection, LogEntry { event, raw }: &LogEntry) -> rusqlite::Result<()> {
    let (is_message, text) = said(event);
    connection
        .prepare_cached(
            "UPDATE entry SET raw = ?3, text = ?4, is_message = ?5, target = ?6, expires_at = ?7
             WHERE conversation = ?1 AND seq = ?2",
        )?
        .execute(params![
            event.conversation.as_bytes(),
            from_seq(event.seq),
            raw,
            text,
            is_message,
            fold::target(event).as_ref().map(MessageId::as_bytes),
            fold::expires_at(event).map(Timestamp::as_ms),
        ])?;
    Ok(())
}

fn replace_erased(connection: &Connection, event: &Event, raw: &str) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE entry SET raw = ?3, text = NULL WHERE conversation = ?1 AND seq = ?2 AND raw <> ?3",
        )?
        .execute(params![event.conversation.as_bytes(), from_seq(event.seq), raw])?;
    Ok(changed > 0)
}

pub(crate) fn truncate(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM entry WHERE conversation = ?1 AND seq > ?2")?
        .execute(params![conversation.as_bytes(), from_seq(after)])?;
    Ok(())
}

pub(crate) fn list(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
    through: Seq,
) -> rusqlite::Result<Vec<Event>> {
    connection
        .prepare_cached(
            "SELECT raw FROM entry WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq",
        )?
        .query_map(
            params![conversation.as_bytes(), from_seq(after), from_seq(through)],
            |row| value::json(row, 0),
        )?
        .collect()
}

/// The entries after this place with the text that they came as, ascending.
pub(crate) fn list_raw(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
    limit: u32,
) -> rusqlite::Result<Vec<LogEntry>> {
    connection
        .prepare_cached("SELECT raw FROM entry WHERE conversation = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3")?
        .query_map(params![conversation.as_bytes(), from_seq(after), limit], |row| {
            Ok(LogEntry {
                event: value::json(row, 0)?,
                raw: row.get(0)?,
            })
        })?
        .collect()
}

pub(crate) fn count(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
) -> rusqlite::Result<u32> {
    connection
        .prepare_cached("SELECT count(*) FROM entry WHERE conversation = ?1 AND seq > ?2")?
        .query_row(params![conversation.as_bytes(), from_seq(after)], |row| {
            row.get(0)
        })
}

pub(crate) fn find_message(
    connection: &Connection,
    conversation: ConversationId,
    message: MessageId,
) -> rusqlite::Result<Option<Event>> {
    connection
        .prepare_cached("SELECT raw FROM entry WHERE conversation = ?1 AND event = ?2 AND is_message = 1")?
        .query_row(params![conversation.as_bytes(), message.as_bytes()], |row| {
            value::json(row, 0)
        })
        .optional()
}

pub(crate) fn find(
    connection: &Connection,
    conversation: ConversationId,
    id: EventId,
) -> rusqlite::Result<Option<Event>> {
    connection
        .prepare_cached("SELECT raw FROM entry WHERE conversation = ?1 AND event = ?2")?
        .query_row(params![conversation.as_bytes(), id.as_bytes()], |row| {
            value::json(row, 0)
        })
        .optional()
}

pub(crate) fn count_of_others(
    connection: &Connection,
    conversation: ConversationId,
    me: UserId,
    (after, through): (Seq, Seq),
    most: u32,
) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM (
                 SELECT 1 FROM entry
                 WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND is_message = 1 AND gone = 0 AND sender <> ?4
                 LIMIT ?5)",
        )?
        .query_row(
            params![
                conversation.as_bytes(),
                from_seq(after),
                from_seq(through),
                me.as_bytes(),
                most
            ],
            |row| row.get(0),
        )
}

pub(crate) fn first_of_others(
    connection: &Connection,
    conversation: ConversationId,
    me: UserId,
    after: Seq,
) -> rusqlite::Result<Option<Seq>> {
    connection
        .prepare_cached(
            "SELECT seq FROM entry
             WHERE conversation = ?1 AND seq > ?2 AND is_message = 1 AND gone = 0 AND sender <> ?3 ORDER BY seq LIMIT 1",
        )?
        .query_row(
            params![conversation.as_bytes(), from_seq(after), me.as_bytes()],
            |row| value::seq(row, 0),
        )
        .optional()
}
