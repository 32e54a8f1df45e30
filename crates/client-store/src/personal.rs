//! What oneself keeps of conversations.

use pipit_client::storage::PersonalRecord;
use pipit_wire::ConversationId;
use pipit_wire::frame::RequestState;
use rusqlite::{Connection, OptionalExtension, params};

use crate::value;

pub(crate) fn find(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<PersonalRecord> {
    let found = connection
        .prepare_cached("SELECT state, pending FROM personal WHERE conversation = ?1")?
        .query_row([conversation.as_bytes()], |row| {
            Ok(PersonalRecord {
                state: value::json(row, 0)?,
                pending: value::optional_json(row, 1)?.unwrap_or_default(),
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub(crate) fn save(
    connection: &Connection,
    conversation: ConversationId,
    record: &PersonalRecord,
) -> rusqlite::Result<()> {
    let pending = (!record.pending.is_empty()).then_some(&record.pending);
    let pin = record.pending.pin.unwrap_or(record.state.pin);
    let request = match record.pending.request.unwrap_or(record.state.request) {
        RequestState::Accepted => 0,
        RequestState::Waiting => 1,
        RequestState::Refused => 2,
    };
    connection
        .prepare_cached(
            "INSERT INTO personal (conversation, pin, state, pending, request) SELECT ?1, ?2, ?3, ?4, ?5
             WHERE EXISTS (SELECT 1 FROM conversation WHERE id = ?1)
             ON CONFLICT (conversation) DO UPDATE SET
                pin = excluded.pin, state = excluded.state, pending = excluded.pending,
                request = excluded.request",
        )?
        .execute(params![
            conversation.as_bytes(),
            pin,
            value::to_json(&record.state)?,
            pending.map(value::to_json).transpose()?,
            request,
        ])?;
    Ok(())
}

pub(crate) fn pinned(connection: &Connection) -> rusqlite::Result<Vec<ConversationId>> {
    connection
        .prepare_cached("SELECT conversation FROM personal WHERE pin > 0 ORDER BY pin, conversation")?
        .query_map([], |row| value::id(row, 0, ConversationId::from_bytes))?
        .collect()
}

pub(crate) fn pending(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<ConversationId>> {
    connection
        .prepare_cached("SELECT conversation FROM personal WHERE pending IS NOT NULL LIMIT ?1")?
        .query_map([limit], |row| value::id(row, 0, ConversationId::from_bytes))?
        .collect()
}

pub(crate) fn requests(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<ConversationId>> {
    connection
        .prepare_cached("SELECT conversation FROM personal WHERE request = 1 LIMIT ?1")?
        .query_map([limit], |row| value::id(row, 0, ConversationId::from_bytes))?
        .collect()
}
