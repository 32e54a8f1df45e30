//! What has become of messages.

use pipit_client::fold::{self, FoldRecord, Folded};
use pipit_wire::{ConversationId, Event, MessageId, Seq};
use rusqlite::{Connection, OptionalExtension, params};

use crate::value::{self, from_seq};

pub(crate) fn changes_of(
    connection: &Connection,
    conversation: ConversationId,
    message: MessageId,
    after: Seq,
) -> rusqlite::Result<Vec<Event>> {
    connection
        .prepare_cached(
            "SELECT raw FROM entry WHERE conversation = ?1 AND target = ?2 AND seq > ?3 ORDER BY seq",
        )?
        .query_map(
            params![conversation.as_bytes(), message.as_bytes(), from_seq(after)],
            |row| value::json(row, 0),
        )?
        .collect()
}

pub(crate) fn find(
    connection: &Connection,
    conversation: ConversationId,
    seq: Seq,
) -> rusqlite::Result<FoldRecord> {
    let found = connection
        .prepare_cached(
            "SELECT base, as_of, folded, folded_seq FROM entry WHERE conversation = ?1 AND seq = ?2",
        )?
        .query_row(params![conversation.as_bytes(), from_seq(seq)], |row| {
            Ok(FoldRecord {
                base: value::optional_json(row, 0)?,
                as_of: value::seq(row, 1)?,
                folded: value::optional_json(row, 2)?.unwrap_or_default(),
                folded_seq: value::seq(row, 3)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub(crate) fn save(
    connection: &Connection,
    conversation: ConversationId,
    seq: Seq,
    record: &FoldRecord,
) -> rusqlite::Result<()> {
    let folded = (!record.folded.is_nothing())
        .then(|| value::to_json(&record.folded))
        .transpose()?;
    connection
        .prepare_cached(
            "UPDATE entry SET base = ?3, as_of = ?4, folded = ?5, folded_seq = ?6, pinned_seq = ?7,
                    text = CASE WHEN ?8 IS NOT NULL THEN ?8
                                WHEN folded IS NOT NULL AND text IS NOT NULL
                                THEN json_extract(raw, '$.body.content.text') ELSE text END
             WHERE conversation = ?1 AND seq = ?2",
        )?
        .execute(params![
            conversation.as_bytes(),
            from_seq(seq),
            record.base.as_ref().map(value::to_json).transpose()?,
            from_seq(record.as_of),
            folded,
            from_seq(record.folded_seq),
            from_seq(record.folded.pinned_seq),
            record.folded.text(),
        ])?;
    Ok(())
}

pub(crate) fn list(
    connection: &Connection,
    conversation: ConversationId,
    after: Seq,
    through: Seq,
) -> rusqlite::Result<Vec<(Seq, Folded)>> {
    connection
        .prepare_cached(
            "SELECT seq, folded FROM entry
             WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND folded IS NOT NULL ORDER BY seq",
        )?
        .query_map(
            params![conversation.as_bytes(), from_seq(after), from_seq(through)],
            |row| Ok((value::seq(row, 0)?, value::json(row, 1)?)),
        )?
        .collect()
}

pub(crate) fn pinned(
    connection: &Connection,
    conversation: ConversationId,
    limit: u32,
) -> rusqlite::Result<Vec<Event>> {
    connection
        .prepare_cached(
            "SELECT raw FROM entry WHERE conversation = ?1 AND pinned_seq > 0 ORDER BY pinned_seq DESC LIMIT ?2",
        )?
        .query_map(params![conversation.as_bytes(), limit], |row| value::json(row, 0))?
        .collect()
}

/// True where there was something to erase.
pub(crate) fn erase(
    connection: &Connection,
    conversation: ConversationId,
    message: MessageId,
) -> rusqlite::Result<bool> {
    let found: Vec<(i64, Event)> = connection
        .prepare_cached(
            "SELECT id, raw FROM entry WHERE conversation = ?1 AND event = ?2
             UNION ALL SELECT id, raw FROM entry WHERE conversation = ?1 AND target = ?2",
        )?
        .query_map(params![conversation.as_bytes(), message.as_bytes()], |row| {
            Ok((row.get(0)?, value::json(row, 1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut erased = false;
    for (id, event) in found {
        let mut empty = event.clone();
        fold::erase(&mut empty);
        if empty != event {
            connection
                .prepare_cached(
                    "UPDATE entry SET raw = ?2, text = NULL, base = NULL, folded = NULL WHERE id = ?1",
                )?
                .execute(params![id, value::to_json(&empty)?])?;
            erased = true;
        }
    }
    Ok(erased)
}
