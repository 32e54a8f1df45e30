//! What happens to messages after they are in the log: deciding on a change, applying it, and reading what has become of messages.
//!
//! Everything is found by the message's place in the log, so that the messages of a page are one stretch of each table.

use pipit_store::change::{self, Pins, ReactionRecord, Standing, Verdict};
use pipit_store::log::{Append, AppendError};
use pipit_store::poll::Vote;
use pipit_wire::event::{EventBody, LastEdit, MessageChange, MessageState, Reaction};
use pipit_wire::limits::{PINNED_MAX, REACTION_USERS_MAX};
use pipit_wire::{ConversationId, Event, EventId, MessageId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::error::corrupt;
use crate::row::{self, event_columns, seq_number};
use crate::{blob, log, poll, search};

/// What is to be done with a change, and to which message.
pub(crate) struct Decided {
    pub(crate) target: Event,
    pub(crate) verdict: Verdict,
    /// What the sender had chosen in the poll, where the change is a vote.
    pub(crate) chosen: u16,
}

/// Finds the message of a change, and decides.
pub(crate) fn decide(
    db: &Connection,
    entry: &Append,
    message: MessageId,
    change: &MessageChange,
) -> Result<std::result::Result<Decided, AppendError>> {
    let found = log::find_event(db, entry.conversation, message.into())?;
    let Some(target) = found.filter(|event| matches!(event.body, EventBody::Message { .. })) else {
        return Ok(Err(AppendError::NoMessage));
    };
    let standing = find_standing(db, &target, entry.sender, change)?;
    let standing = change::standing_of(&target, standing);
    Ok(change::decide(change, &standing).map(|verdict| Decided {
        target,
        verdict,
        chosen: standing.vote.places,
    }))
}

const STATE: &str = "
    SELECT edit_count, deleted_seq, pinned_seq FROM message_state WHERE conversation = ?1 AND message_seq = ?2";

fn find_standing(
    db: &Connection,
    target: &Event,
    sender: UserId,
    change: &MessageChange,
) -> Result<Standing> {
    let key = (target.conversation.as_bytes(), seq_number(target.seq));
    let mut standing = db
        .prepare_cached(STATE)?
        .query_row(params![key.0, key.1], |row| {
            Ok(Standing {
                edits: count_at(row, 0)?,
                deleted_seq: row::seq_at(row, 1)?,
                pinned_seq: row::seq_at(row, 2)?,
                ..untouched(target.seq)
            })
        })
        .optional()?
        .unwrap_or(untouched(target.seq));
    match change {
        MessageChange::React { emoji, .. } => {
            let mut own = db.prepare_cached(
                "SELECT seq FROM reaction WHERE conversation = ?1 AND message_seq = ?2 AND emoji = ?3 AND user = ?4",
            )?;
            let own = own.query_row(params![key.0, key.1, emoji, sender.as_bytes()], |row| {
                row::seq_at(row, 0)
            });
            standing.reaction_seq = own.optional()?.unwrap_or(Seq::ZERO);
            (standing.emoji, standing.has_emoji) = db
                .prepare_cached(
                    "SELECT count(*), coalesce(max(emoji = ?3), 0) FROM reaction_count
                    WHERE conversation = ?1 AND message_seq = ?2",
                )?
                .query_row(params![key.0, key.1, emoji], |row| {
                    Ok((count_at(row, 0)?, row.get(1)?))
                })?;
        }
        MessageChange::Pin { on: true } => {
            standing.pinned = db
                .prepare_cached(
                    "SELECT count(*) FROM message_state WHERE conversation = ?1 AND pinned_seq > 0",
                )?
                .query_row([key.0], |row| count_at(row, 0))?;
        }
        MessageChange::Vote { .. } | MessageChange::ClosePoll {} => {
            poll::stand(db, target, sender, &mut standing)?;
        }
        MessageChange::Pin { on: false } | MessageChange::Edit { .. } | MessageChange::Delete {} => {}
    }
    Ok(standing)
}

fn count_at(row: &rusqlite::Row<'_>, column: usize) -> Result<usize> {
    Ok(row.get::<_, u32>(column)? as usize)
}

const fn untouched(seq: Seq) -> Standing {
    Standing {
        seq,
        edits: 0,
        deleted_seq: Seq::ZERO,
        pinned_seq: Seq::ZERO,
        reaction_seq: Seq::ZERO,
        has_emoji: false,
        emoji: 0,
        pinned: 0,
        vote: Vote::NONE,
        closed_seq: Seq::ZERO,
    }
}

/// Does what an entry says that is in the log now.
pub(crate) fn apply(db: &Connection, target: &Event, event: &Event, change: &MessageChange) -> Result<()> {
    let (place, at, seq) = (
        target.conversation.as_bytes(),
        seq_number(target.seq),
        seq_number(event.seq),
    );
    db.prepare_cached(
        "INSERT INTO message_state (conversation, message_seq, message, edit_seq, edit_count, deleted_seq, pinned_seq)
        VALUES (?1, ?2, ?3, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
    )?
    .execute(params![place, at, target.id.as_bytes()])?;
    match change {
        MessageChange::Edit { .. } => {
            db.prepare_cached(
                "INSERT INTO message_edit (conversation, message_seq, seq) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![place, at, seq])?;
            db.prepare_cached(
                "UPDATE message_state SET edit_seq = ?3, edit_count = edit_count + 1
                WHERE conversation = ?1 AND message_seq = ?2",
            )?
            .execute(params![place, at, seq])?;
        }
        MessageChange::Delete {} => erase(db, target, event.seq)?,
        MessageChange::React { emoji, on } => react(db, target, event, emoji, *on)?,
        MessageChange::Pin { on } => {
            db.prepare_cached(
                "UPDATE message_state SET pinned_seq = ?3 WHERE conversation = ?1 AND message_seq = ?2",
            )?
            .execute(params![place, at, if *on { seq } else { 0 }])?;
        }
        MessageChange::Vote { options, .. } => poll::vote(db, target, event, options)?,
        MessageChange::ClosePoll {} => poll::close(db, target, event.seq)?,
    }
    Ok(())
}

fn react(db: &Connection, target: &Event, event: &Event, emoji: &str, on: bool) -> Result<()> {
    let (place, at, seq) = (
        target.conversation.as_bytes(),
        seq_number(target.seq),
        seq_number(event.seq),
    );
    if on {
        db.prepare_cached(
            "INSERT INTO reaction (conversation, message_seq, emoji, user, seq) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![place, at, emoji, event.sender.as_bytes(), seq])?;
        db.prepare_cached(
            "INSERT INTO reaction_count (conversation, message_seq, emoji, first_seq, count) VALUES (?1, ?2, ?3, ?4, 1)
            ON CONFLICT DO UPDATE SET count = count + 1",
        )?
        .execute(params![place, at, emoji, seq])?;
        return Ok(());
    }
    db.prepare_cached(
        "DELETE FROM reaction WHERE conversation = ?1 AND message_seq = ?2 AND emoji = ?3 AND user = ?4",
    )?
    .execute(params![place, at, emoji, event.sender.as_bytes()])?;
    let last = db
        .prepare_cached(
            "DELETE FROM reaction_count WHERE conversation = ?1 AND message_seq = ?2 AND emoji = ?3 AND count = 1",
        )?
        .execute(params![place, at, emoji])?;
    if last == 0 {
        db.prepare_cached(
            "UPDATE reaction_count SET count = count - 1 WHERE conversation = ?1 AND message_seq = ?2 AND emoji = ?3",
        )?
        .execute(params![place, at, emoji])?;
    }
    Ok(())
}

/// Takes away what a message said, and all that hung on it.
pub(crate) fn erase(db: &Connection, target: &Event, deleted_seq: Seq) -> Result<()> {
    let (place, at) = (target.conversation.as_bytes(), seq_number(target.seq));
    let body = change::erased(&target.body);
    db.prepare_cached("UPDATE event SET body = ?3, kind = ?4 WHERE conversation = ?1 AND seq = ?2")?
        .execute(params![place, at, row::body_text(&body)?, row::event_kind(&body)])?;
    // Under a message that is gone its edits need no time of their own.
    let edit = EventBody::MessageChanged {
        message: target.id.into(),
        change: MessageChange::edit(pipit_wire::Content::Erased {}),
    };
    db.prepare_cached(
        "UPDATE event SET body = ?3 WHERE conversation = ?1 AND seq IN (
            SELECT seq FROM message_edit WHERE conversation = ?1 AND message_seq = ?2)",
    )?
    .execute(params![place, at, row::body_text(&edit)?])?;
    for sql in [
        "DELETE FROM message_edit WHERE conversation = ?1 AND message_seq = ?2",
        "DELETE FROM reaction WHERE conversation = ?1 AND message_seq = ?2",
        "DELETE FROM reaction_count WHERE conversation = ?1 AND message_seq = ?2",
    ] {
        db.prepare_cached(sql)?.execute(params![place, at])?;
    }
    db.prepare_cached(
        "UPDATE message_state SET edit_seq = 0, edit_count = 0, pinned_seq = 0, deleted_seq = ?3
        WHERE conversation = ?1 AND message_seq = ?2",
    )?
    .execute(params![place, at, seq_number(deleted_seq)])?;
    poll::erase(db, target)?;
    search::forget(db, target.conversation, target.seq)?;
    blob::release(db, target.conversation, target.id)
}

/// What has become of the messages from `?2` to `?3` of `?1`, with the edit that counts.
pub(crate) const STATES: &str = "
    SELECT state.message_seq, state.message, state.pinned_seq, state.edit_seq, edit.at, edit.body
    FROM message_state AS state
    LEFT JOIN event AS edit ON edit.conversation = state.conversation AND edit.seq = state.edit_seq
    WHERE state.conversation = ?1 AND state.message_seq BETWEEN ?2 AND ?3 AND state.deleted_seq = 0
    ORDER BY state.message_seq";
/// The reactions to the same messages: a row for each of the first people (`?4` of them) with each emoji, and whether `?5` is among all of
/// them.
pub(crate) const REACTIONS: &str = "
    SELECT total.message_seq, total.emoji, total.count, person.user, EXISTS (
        SELECT 1 FROM reaction AS own WHERE own.conversation = ?1 AND own.message_seq = total.message_seq
            AND own.emoji = total.emoji AND own.user = ?5)
    FROM reaction_count AS total CROSS JOIN reaction AS person
        ON person.conversation = ?1 AND person.message_seq = total.message_seq AND person.emoji = total.emoji
    WHERE total.conversation = ?1 AND total.message_seq BETWEEN ?2 AND ?3 AND person.seq IN (
        SELECT first.seq FROM reaction AS first WHERE first.conversation = ?1
            AND first.message_seq = total.message_seq AND first.emoji = total.emoji ORDER BY first.seq LIMIT ?4)
    ORDER BY total.message_seq, total.first_seq, person.seq";

/// What has become of the messages from one place to another, with both ends.
pub(crate) fn states(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    (from_seq, until_seq): (Seq, Seq),
) -> Result<Vec<MessageState>> {
    let (place, from, until) = (
        conversation.as_bytes(),
        seq_number(from_seq),
        seq_number(until_seq),
    );
    let mut states: Vec<(Seq, MessageState)> = db
        .prepare_cached(STATES)?
        .query_map(params![place, from, until], |row| {
            Ok((row::seq_at(row, 0)?, state(conversation, row)?))
        })?
        .collect::<Result<_>>()?;
    if states.is_empty() {
        return Ok(Vec::new());
    }
    poll::add_polls(db, conversation, user, (from_seq, until_seq), &mut states)?;
    let first = i64::try_from(REACTION_USERS_MAX).unwrap_or(i64::MAX);
    let mut people = db.prepare_cached(REACTIONS)?;
    let mut people = people.query(params![place, from, until, first, user.as_bytes()])?;
    while let Some(row) = people.next()? {
        let seq = row::seq_at(row, 0)?;
        let found = states.binary_search_by_key(&seq, |(seq, _)| *seq).ok();
        let Some((_, state)) = found.and_then(|found| states.get_mut(found)) else {
            return Err(corrupt(format!(
                "{conversation} has reactions to {seq}, which has no state"
            )));
        };
        let emoji: String = row.get(1)?;
        let person = row::id_at(row, 3)?;
        match state.reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(person),
            _ => state.reactions.push(Reaction {
                emoji,
                count: row.get(2)?,
                mine: row.get(4)?,
                users: vec![person],
            }),
        }
    }
    let is_changed = |state: &MessageState| {
        state.edit.is_some()
            || state.pinned_seq > Seq::ZERO
            || !state.reactions.is_empty()
            || state.poll.is_some()
    };
    Ok(states
        .into_iter()
        .map(|(_, state)| state)
        .filter(is_changed)
        .collect())
}

/// A state without its reactions.
fn state(conversation: ConversationId, row: &rusqlite::Row<'_>) -> Result<MessageState> {
    let seq = row::seq_at(row, 3)?;
    let edit = if seq > Seq::ZERO {
        let body = row::body(conversation, row, 5)?;
        let content = change::edit_content(&body)
            .ok_or_else(|| corrupt(format!("entry {seq} of {conversation} is not an edit")))?;
        Some(LastEdit {
            seq,
            at: row::time_at(row, 4)?,
            content: content.clone(),
        })
    } else {
        None
    };
    Ok(MessageState {
        message: row::id_at(row, 1)?,
        edit,
        reactions: Vec::new(),
        pinned_seq: row::seq_at(row, 2)?,
        poll: None,
    })
}

const LAST_EDIT: &str = "SELECT edit_seq FROM message_state WHERE conversation = ?1 AND message_seq = ?2";

/// A message as it is now: with what its last edit says.
pub(crate) fn as_it_is(db: &Connection, event: Event) -> Result<Event> {
    let edit_seq = db
        .prepare_cached(LAST_EDIT)?
        .query_row(
            params![event.conversation.as_bytes(), seq_number(event.seq)],
            |row| row::seq_at(row, 0),
        )
        .optional()?
        .unwrap_or(Seq::ZERO);
    if edit_seq == Seq::ZERO {
        return Ok(event);
    }
    let Some(edit) = log::find_at(db, event.conversation, edit_seq)? else {
        return Err(corrupt(format!(
            "{} has no edit at {edit_seq}",
            event.conversation
        )));
    };
    Ok(Event {
        body: change::edited(event.body, &edit.body),
        ..event
    })
}

/// A message, where somebody may read it.
pub(crate) fn find_readable(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    message: EventId,
) -> Result<Option<Event>> {
    let Some((first_seq, _)) = log::find_bounds(db, conversation, user)? else {
        return Ok(None);
    };
    let found = log::find_event(db, conversation, message)?;
    Ok(found.filter(|event| event.seq >= first_seq && matches!(event.body, EventBody::Message { .. })))
}

pub(crate) fn list_reactions(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    message: EventId,
    limit: u32,
) -> Result<Option<Vec<ReactionRecord>>> {
    let Some(target) = find_readable(db, conversation, user, message)? else {
        return Ok(None);
    };
    let people = db
        .prepare_cached(
            "SELECT user.id, user.handle, user.name, reaction.seq, reaction.emoji
            FROM reaction JOIN user ON user.id = reaction.user
            WHERE reaction.conversation = ?1 AND reaction.message_seq = ?2 ORDER BY reaction.seq LIMIT ?3",
        )?
        .query_map(
            params![conversation.as_bytes(), seq_number(target.seq), limit],
            |row| {
                Ok(ReactionRecord {
                    seq: row::seq_at(row, 3)?,
                    emoji: row.get(4)?,
                    profile: row::profile(row)?,
                })
            },
        )?
        .collect::<Result<_>>()?;
    Ok(Some(people))
}

/// The pinned messages of `?1` from `?2` on, the one pinned last first.
pub(crate) const PINS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM message_state AS state CROSS JOIN event
        ON event.conversation = state.conversation AND event.seq = state.message_seq
    WHERE state.conversation = ?1 AND state.pinned_seq > 0 AND state.message_seq >= ?2
    ORDER BY state.pinned_seq DESC LIMIT ?3"
);

pub(crate) fn list_pins(db: &Connection, conversation: ConversationId, user: UserId) -> Result<Option<Pins>> {
    let Some((first_seq, _)) = log::find_bounds(db, conversation, user)? else {
        return Ok(None);
    };
    let most = i64::try_from(PINNED_MAX).unwrap_or(i64::MAX);
    let events: Vec<Event> = db
        .prepare_cached(PINS)?
        .query_map(
            params![conversation.as_bytes(), seq_number(first_seq), most],
            |row| row::event(conversation, row),
        )?
        .collect::<Result<_>>()?;
    let mut places: Vec<Seq> = events.iter().map(|event| event.seq).collect();
    places.sort_unstable();
    let mut pinned = Vec::with_capacity(places.len());
    // They may be anywhere in the log: at most PINNED_MAX look-ups, here in the same process.
    for place in places {
        pinned.extend(states(db, conversation, user, (place, place))?);
    }
    Ok(Some(Pins {
        events,
        states: pinned,
    }))
}
