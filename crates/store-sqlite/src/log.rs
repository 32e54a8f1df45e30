//! Reading logs.

use pipit_store::log::{CatchUpRow, LogPage, LogRange};
use pipit_wire::frame::Cursor;
use pipit_wire::{ConversationId, Event, EventId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::change;
use crate::row::{self, event_columns, seq_number};

/// A stretch of a log, oldest first: of `?1`, from `?2` on, at most `?3` entries.
pub(crate) const FORWARDS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM event WHERE conversation = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3"
);
/// A stretch of a log, newest first: of `?1`, from `?2` on but before `?3`, at most `?4` entries.
pub(crate) const BACKWARDS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM event WHERE conversation = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4"
);
/// The entry with an id.
pub(crate) const BY_ID: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM event WHERE conversation = ?1 AND id = ?2"
);
/// The entry at a place.
pub(crate) const BY_SEQ: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM event WHERE conversation = ?1 AND seq = ?2"
);
/// Where a member's part of a log begins and ends.
pub(crate) const BOUNDS: &str = "
    SELECT member.first_seq, conversation.last_seq FROM member
    JOIN conversation ON conversation.id = member.conversation
    WHERE member.conversation = ?1 AND member.user = ?2";

pub(crate) fn find_event(
    db: &Connection,
    conversation: ConversationId,
    event: EventId,
) -> Result<Option<Event>> {
    db.prepare_cached(BY_ID)?
        .query_row([conversation.as_bytes(), event.as_bytes()], |row| {
            row::event(conversation, row)
        })
        .optional()
}

pub(crate) fn find_at(db: &Connection, conversation: ConversationId, seq: Seq) -> Result<Option<Event>> {
    db.prepare_cached(BY_SEQ)?
        .query_row(params![conversation.as_bytes(), seq_number(seq)], |row| {
            row::event(conversation, row)
        })
        .optional()
}

pub(crate) fn last_seq(db: &Connection, conversation: ConversationId) -> Result<Option<Seq>> {
    db.prepare_cached("SELECT last_seq FROM conversation WHERE id = ?1")?
        .query_row([conversation.as_bytes()], |row| row::seq_at(row, 0))
        .optional()
}

pub(crate) fn last_seqs(
    db: &Connection,
    conversations: &[ConversationId],
) -> Result<Vec<(ConversationId, Seq)>> {
    let mut found = Vec::with_capacity(conversations.len());
    for conversation in conversations {
        found.extend(last_seq(db, *conversation)?.map(|seq| (*conversation, seq)));
    }
    Ok(found)
}

pub(crate) fn find_bounds(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> Result<Option<(Seq, Seq)>> {
    db.prepare_cached(BOUNDS)?
        .query_row([conversation.as_bytes(), user.as_bytes()], |row| {
            Ok((row::seq_at(row, 0)?, row::seq_at(row, 1)?))
        })
        .optional()
}

pub(crate) fn forwards(
    db: &Connection,
    conversation: ConversationId,
    from: Seq,
    limit: u32,
) -> Result<Vec<Event>> {
    db.prepare_cached(FORWARDS)?
        .query_map(params![conversation.as_bytes(), seq_number(from), limit], |row| {
            row::event(conversation, row)
        })?
        .collect()
}

pub(crate) fn read(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    range: LogRange,
) -> Result<Option<LogPage>> {
    let Some((first_seq, last_seq)) = find_bounds(db, conversation, user)? else {
        return Ok(None);
    };
    let backwards = |before: Seq, limit: u32| -> Result<Vec<Event>> {
        let mut events: Vec<Event> = db
            .prepare_cached(BACKWARDS)?
            .query_map(
                params![
                    conversation.as_bytes(),
                    seq_number(first_seq),
                    seq_number(before),
                    limit
                ],
                |row| row::event(conversation, row),
            )?
            .collect::<Result<_>>()?;
        events.reverse();
        Ok(events)
    };
    let events = match range {
        LogRange::Newest { limit } => backwards(last_seq.next(), limit)?,
        LogRange::Before { seq, limit } => backwards(seq, limit)?,
        LogRange::After { seq, limit } => forwards(db, conversation, seq.next().max(first_seq), limit)?,
    };
    let states = match (events.first(), events.last()) {
        (Some(first), Some(last)) => change::states(db, conversation, user, (first.seq, last.seq))?,
        _ => Vec::new(),
    };
    Ok(Some(LogPage {
        events,
        states,
        first_seq,
        last_seq,
    }))
}

pub(crate) fn catch_up(
    db: &Connection,
    user: UserId,
    cursors: &[Cursor],
    limit: u32,
) -> Result<Vec<CatchUpRow>> {
    let mut rows = Vec::with_capacity(cursors.len());
    for Cursor { conversation, seq } in cursors {
        let Some((first_seq, last_seq)) = find_bounds(db, *conversation, user)? else {
            continue;
        };
        let from = seq.next().max(first_seq);
        let missing = last_seq.next().get().saturating_sub(from.get());
        let gap = missing > u64::from(limit);
        let events = if gap || missing == 0 {
            Vec::new()
        } else {
            forwards(db, *conversation, from, limit)?
        };
        rows.push(CatchUpRow {
            conversation: *conversation,
            events,
            last_seq,
            gap,
        });
    }
    Ok(rows)
}
