//! Votes in polls: see [`pipit_store::poll`].

use pipit_store::change::Standing;
use pipit_store::poll::{self, Vote, VoteRecord};
use pipit_wire::event::{EventBody, MessageState};
use pipit_wire::poll::{PollState, Tally};
use pipit_wire::{ConversationId, Event, EventId, MessageId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::error::corrupt;
use crate::row::{self, seq_number};
use crate::{change, log};

const OWN: &str = "
    SELECT seq, places FROM poll_vote WHERE conversation = ?1 AND message_seq = ?2 AND user = ?3
    ORDER BY seq DESC LIMIT 1";

/// Adds what a vote, or the end of a poll, needs to know.
pub(crate) fn stand(db: &Connection, target: &Event, sender: UserId, standing: &mut Standing) -> Result<()> {
    let key = (target.conversation.as_bytes(), seq_number(target.seq));
    let own = db
        .prepare_cached(OWN)?
        .query_row(params![key.0, key.1, sender.as_bytes()], |row| {
            Ok(Vote {
                seq: row::seq_at(row, 0)?,
                places: row.get(1)?,
            })
        })
        .optional()?;
    standing.vote = own.unwrap_or(Vote::NONE);
    let closed = db
        .prepare_cached("SELECT closed_seq FROM message_state WHERE conversation = ?1 AND message_seq = ?2")?
        .query_row(params![key.0, key.1], |row| row::seq_at(row, 0))
        .optional()?;
    standing.closed_seq = closed.unwrap_or(Seq::ZERO);
    Ok(())
}

/// How a poll stands.
pub(crate) fn find_tally(db: &Connection, target: &Event) -> Result<Option<Tally>> {
    let last = db
        .prepare_cached("SELECT vote_seq FROM message_state WHERE conversation = ?1 AND message_seq = ?2")?
        .query_row(
            params![target.conversation.as_bytes(), seq_number(target.seq)],
            |row| row::seq_at(row, 0),
        )
        .optional()?;
    let Some(last) = last.filter(|seq| *seq > Seq::ZERO) else {
        return Ok(None);
    };
    let event = log::find_at(db, target.conversation, last)?;
    tally_of(target.conversation, last, event.as_ref().map(|event| &event.body)).map(Some)
}

fn tally_of(conversation: ConversationId, seq: Seq, body: Option<&EventBody>) -> Result<Tally> {
    body.and_then(poll::tally)
        .cloned()
        .ok_or_else(|| corrupt(format!("entry {seq} of {conversation} is no vote")))
}

/// Keeps a vote that is in the log now.
pub(crate) fn vote(db: &Connection, target: &Event, event: &Event, options: &[u8]) -> Result<()> {
    let (place, at, seq) = (
        target.conversation.as_bytes(),
        seq_number(target.seq),
        seq_number(event.seq),
    );
    db.prepare_cached(
        "INSERT INTO poll_vote (conversation, message_seq, user, seq, places) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        place,
        at,
        event.sender.as_bytes(),
        seq,
        poll::places(options)
    ])?;
    db.prepare_cached("UPDATE message_state SET vote_seq = ?3 WHERE conversation = ?1 AND message_seq = ?2")?
        .execute(params![place, at, seq])?;
    Ok(())
}

/// Ends a poll.
pub(crate) fn close(db: &Connection, target: &Event, seq: Seq) -> Result<()> {
    db.prepare_cached(
        "UPDATE message_state SET closed_seq = ?3 WHERE conversation = ?1 AND message_seq = ?2",
    )?
    .execute(params![
        target.conversation.as_bytes(),
        seq_number(target.seq),
        seq_number(seq)
    ])?;
    Ok(())
}

/// Takes away who voted for what.
pub(crate) fn erase(db: &Connection, target: &Event) -> Result<()> {
    let anonymous = match &target.body {
        EventBody::Message { content, .. } => content.poll().is_some_and(|poll| poll.anonymous),
        _ => false,
    };
    let (place, at) = (target.conversation.as_bytes(), seq_number(target.seq));
    let body = poll::erased_vote(MessageId::from(target.id), anonymous);
    db.prepare_cached(
        "UPDATE event SET body = ?3 WHERE conversation = ?1 AND seq IN (
            SELECT seq FROM poll_vote WHERE conversation = ?1 AND message_seq = ?2)",
    )?
    .execute(params![place, at, row::body_text(&body)?])?;
    db.prepare_cached("DELETE FROM poll_vote WHERE conversation = ?1 AND message_seq = ?2")?
        .execute(params![place, at])?;
    db.prepare_cached(
        "UPDATE message_state SET vote_seq = 0, closed_seq = 0 WHERE conversation = ?1 AND message_seq = ?2",
    )?
    .execute(params![place, at])?;
    Ok(())
}

/// How the polls among the messages from `?2` to `?3` of `?1` stand, with what `?4` has chosen.
pub(crate) const POLLS: &str = "
    SELECT state.message_seq, state.closed_seq, state.vote_seq, vote.body, (
        SELECT own.places FROM poll_vote AS own WHERE own.conversation = ?1 AND own.message_seq = state.message_seq
            AND own.user = ?4 ORDER BY own.seq DESC LIMIT 1)
    FROM message_state AS state
    LEFT JOIN event AS vote ON vote.conversation = state.conversation AND vote.seq = state.vote_seq
    WHERE state.conversation = ?1 AND state.message_seq BETWEEN ?2 AND ?3
        AND (state.vote_seq > 0 OR state.closed_seq > 0)
    ORDER BY state.message_seq";

/// Adds to the states of messages how those of them that are polls stand.
pub(crate) fn add_polls(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    (from, until): (Seq, Seq),
    states: &mut [(Seq, MessageState)],
) -> Result<()> {
    let mut polls = db.prepare_cached(POLLS)?;
    let mut polls = polls.query(params![
        conversation.as_bytes(),
        seq_number(from),
        seq_number(until),
        user.as_bytes()
    ])?;
    while let Some(row) = polls.next()? {
        let seq = row::seq_at(row, 0)?;
        let found = states.binary_search_by_key(&seq, |(seq, _)| *seq).ok();
        let Some((_, state)) = found.and_then(|found| states.get_mut(found)) else {
            continue;
        };
        let last = row::seq_at(row, 2)?;
        let tally = if last > Seq::ZERO {
            let body = row::body(conversation, row, 3)?;
            tally_of(conversation, last, Some(&body))?
        } else {
            Tally::default()
        };
        state.poll = Some(PollState {
            tally,
            mine: poll::options(row.get::<_, Option<u16>>(4)?.unwrap_or_default()),
            closed: row::seq_at(row, 1)? > Seq::ZERO,
        });
    }
    Ok(())
}

pub(crate) fn list_votes(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    message: EventId,
    limit: u32,
) -> Result<Option<Vec<VoteRecord>>> {
    let Some(target) = change::find_readable(db, conversation, user, message)? else {
        return Ok(None);
    };
    let votes = db
        .prepare_cached(
            "SELECT user.id, user.handle, user.name, vote.seq, vote.places
            FROM poll_vote AS vote JOIN user ON user.id = vote.user
            WHERE vote.conversation = ?1 AND vote.message_seq = ?2 AND vote.places > 0 AND NOT EXISTS (
                SELECT 1 FROM poll_vote AS later WHERE later.conversation = ?1 AND later.message_seq = ?2
                    AND later.user = vote.user AND later.seq > vote.seq)
            ORDER BY vote.seq LIMIT ?3",
        )?
        .query_map(
            params![conversation.as_bytes(), seq_number(target.seq), limit],
            |row| {
                Ok(VoteRecord {
                    seq: row::seq_at(row, 3)?,
                    places: row.get(4)?,
                    profile: row::profile(row)?,
                })
            },
        )?
        .collect::<Result<_>>()?;
    Ok(Some(votes))
}
