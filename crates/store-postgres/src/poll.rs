//! Votes in polls: see [`pipit_store::poll`]. What a batch's votes decide and do is in the [`crate::book`].

use pipit_store::poll::{self, Vote, VoteRecord};
use pipit_wire::event::EventBody;
use pipit_wire::poll::{PollState, Tally};
use pipit_wire::{ConversationId, EventId, Seq, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::{Error, corrupt};
use crate::ledger::Ledger;
use crate::row::{self, at};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

/// How the polls stand that votes speak of, and what the voters have chosen.
pub(crate) const FIND_VOTES: &str = "
    SELECT given.conversation, event.seq, given.user_id, own.seq, own.places, state.vote_seq, last.body
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS given (conversation, message, user_id)
    CROSS JOIN LATERAL (
        SELECT seq FROM event WHERE conversation = given.conversation AND id = given.message LIMIT 1
    ) AS event
    JOIN message_state AS state ON state.conversation = given.conversation AND state.message_seq = event.seq
    JOIN LATERAL (
        SELECT body FROM event WHERE conversation = given.conversation AND seq = state.vote_seq AND state.vote_seq > 0 LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT vote.seq, vote.places FROM poll_vote AS vote WHERE vote.conversation = given.conversation
            AND vote.message_seq = event.seq AND vote.user_id = given.user_id ORDER BY vote.seq DESC LIMIT 1
    ) AS own ON true";

/// Takes in rows of [`FIND_VOTES`].
pub(crate) fn learn(ledger: &mut Ledger, rows: &[Row]) -> Result<()> {
    for row in rows {
        let conversation = row::id_at(row, 0)?;
        let place = (conversation, row::seq_at(row, 1)?);
        let body = row::body(conversation, row, 6)?;
        ledger
            .book
            .know_tally(place, tally_of(conversation, row::seq_at(row, 5)?, &body)?);
        if at::<Option<i64>>(row, 3)?.is_some() {
            let vote = Vote {
                seq: row::seq_at(row, 3)?,
                places: places_at(row, 4)?,
            };
            ledger.book.know_vote(place, row::id_at(row, 2)?, vote);
        }
    }
    Ok(())
}

fn tally_of(conversation: ConversationId, seq: Seq, body: &EventBody) -> Result<Tally> {
    let tally = poll::tally(body).cloned();
    tally.ok_or_else(|| corrupt(format!("entry {seq} of {conversation} is no vote")))
}

fn places_at(row: &Row, column: usize) -> Result<u16> {
    let places: i64 = at(row, column)?;
    u16::try_from(places).map_err(|_| corrupt(format!("{places} are no options of a poll")))
}

/// How a poll stands, from a row that ends with the places of its end and its last vote, what that says, and what whoever asks has chosen.
pub(crate) fn state(conversation: ConversationId, row: &Row, first: usize) -> Result<Option<PollState>> {
    let (closed, last) = (row::seq_at(row, first)?, row::seq_at(row, first + 1)?);
    if closed == Seq::ZERO && last == Seq::ZERO {
        return Ok(None);
    }
    let tally = if last > Seq::ZERO {
        tally_of(conversation, last, &row::body(conversation, row, first + 2)?)?
    } else {
        Tally::default()
    };
    let mine = match at::<Option<i64>>(row, first + 3)? {
        Some(_) => poll::options(places_at(row, first + 3)?),
        None => Vec::new(),
    };
    Ok(Some(PollState {
        tally,
        mine,
        closed: closed > Seq::ZERO,
    }))
}

/// Those who voted in the poll `$2` of `$1`, at most `$3`, where `$4` may read it; one row without a person where nobody did, none where there is
/// nothing to read.
const WHO_VOTED: &str = "
    SELECT account.id, account.handle, account.name, vote.seq, vote.places
    FROM member CROSS JOIN LATERAL (
        SELECT seq FROM event WHERE conversation = $1 AND id = $2 AND seq >= member.first_seq AND kind IN (1, 7) LIMIT 1
    ) AS message
    LEFT JOIN (poll_vote AS vote JOIN account ON account.id = vote.user_id)
        ON vote.conversation = $1 AND vote.message_seq = message.seq AND vote.places > 0 AND NOT EXISTS (
            SELECT 1 FROM poll_vote AS later WHERE later.conversation = $1 AND later.message_seq = message.seq
                AND later.user_id = vote.user_id AND later.seq > vote.seq)
    WHERE member.conversation = $1 AND member.user_id = $4 ORDER BY vote.seq LIMIT $3";

pub(crate) async fn list_votes(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    message: EventId,
    limit: u32,
) -> Result<Option<Vec<VoteRecord>>> {
    let key = params![
        conversation.as_uuid(),
        message.as_uuid(),
        i64::from(limit),
        user.as_uuid()
    ];
    let rows = session.rows(WHO_VOTED, key).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut people = Vec::with_capacity(rows.len());
    for row in &rows {
        if at::<Option<Uuid>>(row, 0)?.is_some() {
            people.push(VoteRecord {
                seq: row::seq_at(row, 3)?,
                places: places_at(row, 4)?,
                profile: row::profile(row, 0)?,
            });
        }
    }
    Ok(Some(people))
}
