//! What happens to messages after they are in the log: what a batch's changes need to know, what they write, and reading what has become of
//! messages.
//!
//! A batch with changes takes one flight more than one without, however many they are.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::BoxFuture;
use pipit_store::change::{self, Pins, ReactionRecord};
use pipit_store::log::Append;
use pipit_store::poll::erased_vote;
use pipit_wire::event::{EventBody, LastEdit, MessageChange, MessageState, Reaction};
use pipit_wire::limits::{PINNED_MAX, REACTION_USERS_MAX};
use pipit_wire::{Content, ConversationId, Event, EventId, Seq, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::book::{Count, Place, State};
use crate::error::{Error, corrupt};
use crate::ledger::Ledger;
use crate::row::{self, at, event_columns, seq_number};
use crate::session::{BEGIN_READ, Session, params};
use crate::{poll, search};

type Result<T> = std::result::Result<T, Error>;

/// The messages that changes speak of, with their states.
pub(crate) const FIND_TARGETS: &str = concat!(
    "SELECT state.edit_seq, state.edit_count, state.deleted_seq, state.pinned_seq, state.vote_seq, state.closed_seq, ",
    event_columns!(),
    " FROM unnest($1::uuid[], $2::uuid[]) AS given (conversation, id) CROSS JOIN LATERAL (
        SELECT * FROM event WHERE conversation = given.conversation AND id = given.id LIMIT 1
    ) AS event
    LEFT JOIN message_state AS state
        ON state.conversation = event.conversation AND state.message_seq = event.seq"
);
/// The reactions that changes speak of, as far as they stand.
pub(crate) const FIND_REACTIONS: &str = "
    SELECT reaction.conversation, reaction.message_seq, reaction.emoji, reaction.user_id, reaction.seq
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS given (conversation, message, emoji, user_id)
    CROSS JOIN LATERAL (
        SELECT seq FROM event WHERE conversation = given.conversation AND id = given.message LIMIT 1
    ) AS event
    JOIN reaction ON reaction.conversation = given.conversation AND reaction.message_seq = event.seq
        AND reaction.emoji = given.emoji AND reaction.user_id = given.user_id";
/// All emoji under the messages that somebody reacts to.
pub(crate) const FIND_COUNTS: &str = "
    SELECT total.conversation, total.message_seq, total.emoji, total.first_seq, total.count
    FROM unnest($1::uuid[], $2::uuid[]) AS given (conversation, message) CROSS JOIN LATERAL (
        SELECT seq FROM event WHERE conversation = given.conversation AND id = given.message LIMIT 1
    ) AS event
    JOIN reaction_count AS total ON total.conversation = given.conversation AND total.message_seq = event.seq";
const COUNT_PINNED: &str = "
    SELECT conversation, count(*) FROM message_state WHERE conversation = ANY($1) AND pinned_seq > 0
    GROUP BY conversation";

/// Reads, under the locks, what the changes of a batch speak of.
pub(crate) async fn read(session: &Session, batch: &[Append], ledger: &mut Ledger) -> Result<()> {
    let mut messages = BTreeSet::new();
    let mut reacted = BTreeSet::new();
    let mut own = BTreeSet::new();
    let mut pinned = BTreeSet::new();
    let mut ballots = BTreeSet::new();
    for entry in batch {
        if let EventBody::MessageChanged { message, change } = &entry.body {
            let key = (entry.conversation.as_uuid(), message.as_uuid());
            messages.insert(key);
            match change {
                MessageChange::React { emoji, .. } => {
                    reacted.insert(key);
                    own.insert((key, emoji.clone(), entry.sender.as_uuid()));
                }
                MessageChange::Pin { on: true } => _ = pinned.insert(key.0),
                MessageChange::Vote { .. } => _ = ballots.insert((key.0, key.1, entry.sender.as_uuid())),
                MessageChange::Pin { on: false }
                | MessageChange::Edit { .. }
                | MessageChange::Delete {}
                | MessageChange::ClosePoll {} => {}
            }
        }
    }
    if messages.is_empty() {
        return Ok(());
    }
    let find_targets = session.prepare(FIND_TARGETS).await?;
    let find_reactions = session.prepare(FIND_REACTIONS).await?;
    let find_counts = session.prepare(FIND_COUNTS).await?;
    let count_pinned = session.prepare(COUNT_PINNED).await?;
    let find_votes = session.prepare(poll::FIND_VOTES).await?;
    let messages: (Vec<Uuid>, Vec<Uuid>) = messages.into_iter().unzip();
    let reacted: (Vec<Uuid>, Vec<Uuid>) = reacted.into_iter().unzip();
    let (mut places, mut targets, mut emoji, mut users) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((place, target), which, user) in own {
        places.push(place);
        targets.push(target);
        emoji.push(which);
        users.push(user);
    }
    let pinned: Vec<Uuid> = pinned.into_iter().collect();
    let mut votes = (Vec::new(), Vec::new(), Vec::new());
    for (place, target, user) in ballots {
        votes.0.push(place);
        votes.1.push(target);
        votes.2.push(user);
    }
    let messages = params![messages.0, messages.1];
    let own = params![places, targets, emoji, users];
    let reacted = params![reacted.0, reacted.1];
    let pinned = params![pinned];
    let votes = params![votes.0, votes.1, votes.2];
    let (targets, own, counts, pinned, votes) = tokio::join!(
        biased;
        session.query(&find_targets, messages),
        session.query(&find_reactions, own),
        session.query(&find_counts, reacted),
        session.query(&count_pinned, pinned),
        session.query(&find_votes, votes),
    );
    learn(ledger, &targets?, &own?, &counts?)?;
    poll::learn(ledger, &votes?)?;
    for row in &pinned? {
        ledger
            .book
            .know_pinned(row::id_at(row, 0)?, row::count_at(row, 1)? as usize);
    }
    Ok(())
}

fn learn(ledger: &mut Ledger, targets: &[Row], own: &[Row], counts: &[Row]) -> Result<()> {
    for row in targets {
        let event = row::event(row, 6)?;
        if at::<Option<i64>>(row, 0)?.is_some() {
            let state = State {
                message: event.id,
                edit_seq: row::seq_at(row, 0)?,
                edit_count: at(row, 1)?,
                deleted_seq: row::seq_at(row, 2)?,
                pinned_seq: row::seq_at(row, 3)?,
                vote_seq: row::seq_at(row, 4)?,
                closed_seq: row::seq_at(row, 5)?,
            };
            ledger.book.know_state((event.conversation, event.seq), state);
        }
        ledger.know_event(event);
    }
    for row in own {
        let (emoji, user, seq) = (at(row, 2)?, row::id_at(row, 3)?, row::seq_at(row, 4)?);
        ledger.book.know_reaction(place_at(row)?, emoji, user, seq);
    }
    for row in counts {
        let count = Count {
            first_seq: row::seq_at(row, 3)?,
            count: at(row, 4)?,
        };
        ledger.book.know_count(place_at(row)?, at(row, 2)?, count);
    }
    Ok(())
}

fn place_at(row: &Row) -> Result<Place> {
    Ok((row::id_at(row, 0)?, row::seq_at(row, 1)?))
}

const FIND_STANDING: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM unnest($1::uuid[], $2::bigint[]) AS given (conversation, seq) CROSS JOIN LATERAL (
        SELECT * FROM event WHERE conversation = given.conversation AND seq = given.seq LIMIT 1
    ) AS event"
);

/// Reads the entries that stand in place of changes.
pub(crate) async fn find_standing(session: &Session, places: &[Place]) -> Result<HashMap<Place, Event>> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let (ids, seqs): (Vec<Uuid>, Vec<i64>) = places
        .iter()
        .map(|(conversation, seq)| (conversation.as_uuid(), seq_number(*seq)))
        .unzip();
    let rows = session.rows(FIND_STANDING, params![ids, seqs]).await?;
    rows.iter()
        .map(|row| {
            let event = row::event(row, 0)?;
            Ok(((event.conversation, event.seq), event))
        })
        .collect()
}

const SET_STATES: &str = "
    INSERT INTO message_state AS state
        (conversation, message_seq, message, edit_seq, edit_count, deleted_seq, pinned_seq, vote_seq, closed_seq)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::bigint[])
    ON CONFLICT (conversation, message_seq) DO UPDATE SET edit_seq = excluded.edit_seq,
        edit_count = excluded.edit_count, deleted_seq = excluded.deleted_seq, pinned_seq = excluded.pinned_seq,
        vote_seq = excluded.vote_seq, closed_seq = excluded.closed_seq";
const INSERT_VOTES: &str = "
    INSERT INTO poll_vote (conversation, message_seq, user_id, seq, places)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[])";
const INSERT_EDITS: &str = "
    INSERT INTO message_edit (conversation, message_seq, seq)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[])";
const DELETE_REACTIONS: &str = "
    DELETE FROM reaction USING unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[])
        AS gone (conversation, message_seq, emoji, user_id)
    WHERE reaction.conversation = gone.conversation AND reaction.message_seq = gone.message_seq
        AND reaction.emoji = gone.emoji AND reaction.user_id = gone.user_id";
const SET_REACTIONS: &str = "
    INSERT INTO reaction (conversation, message_seq, emoji, user_id, seq)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::bigint[])
    ON CONFLICT (conversation, message_seq, emoji, user_id) DO UPDATE SET seq = excluded.seq";
const DELETE_COUNTS: &str = "
    DELETE FROM reaction_count AS total USING unnest($1::uuid[], $2::bigint[], $3::text[])
        AS gone (conversation, message_seq, emoji)
    WHERE total.conversation = gone.conversation AND total.message_seq = gone.message_seq AND total.emoji = gone.emoji";
const SET_COUNTS: &str = "
    INSERT INTO reaction_count (conversation, message_seq, emoji, first_seq, count)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
    ON CONFLICT (conversation, message_seq, emoji) DO UPDATE SET first_seq = excluded.first_seq, count = excluded.count";

/// What takes away all that a deleted message said and had.
const ERASE_MESSAGES: &str = "
    UPDATE event SET body = gone.body, kind = $4
    FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS gone (conversation, seq, body)
    WHERE event.conversation = gone.conversation AND event.seq = gone.seq";
const ERASE_EDITS: &str = "
    UPDATE event SET body = gone.body
    FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS gone (conversation, seq, body)
        JOIN message_edit AS edit ON edit.conversation = gone.conversation AND edit.message_seq = gone.seq
    WHERE event.conversation = edit.conversation AND event.seq = edit.seq";
const ERASE_VOTES: &str = "
    UPDATE event SET body = gone.body
    FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS gone (conversation, seq, body)
        JOIN poll_vote AS vote ON vote.conversation = gone.conversation AND vote.message_seq = gone.seq
    WHERE event.conversation = vote.conversation AND event.seq = vote.seq";
macro_rules! drop_rows {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " AS line USING unnest($1::uuid[], $2::bigint[]) AS gone (conversation, seq)
            WHERE line.conversation = gone.conversation AND line.message_seq = gone.seq"
        )
    };
}
const RELEASE: &str = "
    WITH released AS (
        DELETE FROM attachment USING unnest($1::uuid[], $2::uuid[]) AS gone (conversation, id)
        WHERE attachment.conversation = gone.conversation AND attachment.message = gone.id
        RETURNING attachment.blob
    ), number AS (
        SELECT blob, count(*) AS released FROM released GROUP BY blob
    )
    UPDATE blob SET touched_at = CASE attachments WHEN number.released THEN 0 ELSE touched_at END,
        attachments = attachments - number.released
    FROM number WHERE blob.id = number.blob";

/// Rows of the tables of this module, a column an array.
#[derive(Default)]
struct Columns {
    conversation: Vec<Uuid>,
    seq: Vec<i64>,
    id: Vec<Uuid>,
    emoji: Vec<String>,
    number: [Vec<i64>; 6],
}

impl Columns {
    fn push(&mut self, (conversation, seq): Place) {
        self.conversation.push(conversation.as_uuid());
        self.seq.push(seq_number(seq));
    }

    fn push_numbers<const N: usize>(&mut self, numbers: [i64; N]) {
        for (column, number) in self.number.iter_mut().zip(numbers) {
            column.push(number);
        }
    }

    /// For a statement that takes the columns which are used, in the order of the fields.
    fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&self.conversation, &self.seq];
        if !self.emoji.is_empty() {
            params.push(&self.emoji);
        }
        if !self.id.is_empty() {
            params.push(&self.id);
        }
        for number in self.number.iter().filter(|number| !number.is_empty()) {
            params.push(number);
        }
        params
    }

    fn len(&self) -> usize {
        self.conversation.len()
    }
}

/// What the changes of a batch write.
#[derive(Default)]
pub(crate) struct Writes {
    states: Columns,
    edits: Columns,
    gone_reactions: Columns,
    reactions: Columns,
    gone_counts: Columns,
    counts: Columns,
    votes: Columns,
    erased: Columns,
    /// What is left of the erased messages, of their edits, and of the votes in them.
    bodies: Vec<String>,
    edit_bodies: Vec<String>,
    vote_bodies: Vec<String>,
}

impl Writes {
    pub(crate) fn of(ledger: &Ledger) -> Result<Self> {
        let book = &ledger.book;
        let mut writes = Self::default();
        for (place, state) in book.states() {
            writes.states.push(place);
            writes.states.id.push(state.message.as_uuid());
            writes.states.push_numbers([
                seq_number(state.edit_seq),
                state.edit_count,
                seq_number(state.deleted_seq),
                seq_number(state.pinned_seq),
                seq_number(state.vote_seq),
                seq_number(state.closed_seq),
            ]);
        }
        for (place, seq) in book.edits() {
            writes.edits.push(place);
            writes.edits.push_numbers([seq_number(seq)]);
        }
        for (place, user, vote) in book.votes() {
            writes.votes.push(*place);
            writes.votes.id.push(user.as_uuid());
            let numbers = [seq_number(vote.seq), i64::from(vote.places)];
            writes.votes.push_numbers(numbers);
        }
        let reactions = book.reactions();
        for (place, emoji, user) in reactions.gone {
            writes.gone_reactions.push(place);
            writes.gone_reactions.emoji.push(emoji);
            writes.gone_reactions.id.push(user.as_uuid());
        }
        for ((place, emoji, user), seq) in reactions.set {
            writes.reactions.push(place);
            writes.reactions.emoji.push(emoji);
            writes.reactions.id.push(user.as_uuid());
            writes.reactions.push_numbers([seq_number(seq)]);
        }
        let counts = book.counts();
        for (place, emoji) in counts.gone {
            writes.gone_counts.push(place);
            writes.gone_counts.emoji.push(emoji);
        }
        for ((place, emoji), count) in counts.set {
            writes.counts.push(place);
            writes.counts.emoji.push(emoji);
            writes
                .counts
                .push_numbers([seq_number(count.first_seq), count.count]);
        }
        writes.erase(&book.erased)?;
        Ok(writes)
    }

    /// What takes away messages whose time has passed.
    pub(crate) fn erasing(messages: &[Event]) -> Result<Self> {
        let mut writes = Self::default();
        writes.erase(messages)?;
        Ok(writes)
    }

    fn erase(&mut self, messages: &[Event]) -> Result<()> {
        let writes = self;
        for event in messages {
            writes.erased.push((event.conversation, event.seq));
            writes.erased.id.push(event.id.as_uuid());
            let edit = EventBody::MessageChanged {
                message: event.id.into(),
                change: MessageChange::edit(Content::Erased {}),
            };
            writes
                .bodies
                .push(serde_json::to_string(&change::erased(&event.body))?);
            writes.edit_bodies.push(serde_json::to_string(&edit)?);
            let anonymous = match &event.body {
                EventBody::Message { content, .. } => content.poll().is_some_and(|poll| poll.anonymous),
                _ => false,
            };
            let vote = erased_vote(event.id.into(), anonymous);
            writes.vote_bodies.push(serde_json::to_string(&vote)?);
        }
        Ok(())
    }

    /// The statements of [`Writes::erasing`]. Nothing is kept of what has become of messages that are gone without an entry that says so.
    pub(crate) async fn expiry_flight<'a>(
        &'a self,
        session: &'a Session,
    ) -> Result<Vec<BoxFuture<'a, Result<()>>>> {
        let mut flight = self.flight(session).await?;
        let statement = session.prepare(drop_rows!("message_state")).await?;
        flight.push(Box::pin(async move {
            let places: [&(dyn ToSql + Sync); 2] = [&self.erased.conversation, &self.erased.seq];
            session.execute(&statement, &places).await?;
            Ok(())
        }));
        Ok(flight)
    }

    /// The statements, in the order in which they have to be run, after the entries are in the log. Those that have nothing to do are left out.
    pub(crate) async fn flight<'a>(&'a self, session: &'a Session) -> Result<Vec<BoxFuture<'a, Result<()>>>> {
        let mut flight: Vec<BoxFuture<'a, Result<()>>> = Vec::new();
        for (sql, rows) in [
            (SET_STATES, &self.states),
            (DELETE_REACTIONS, &self.gone_reactions),
            (DELETE_COUNTS, &self.gone_counts),
            (INSERT_EDITS, &self.edits),
            (SET_REACTIONS, &self.reactions),
            (SET_COUNTS, &self.counts),
            (INSERT_VOTES, &self.votes),
        ] {
            if rows.len() > 0 {
                let statement = session.prepare(sql).await?;
                flight.push(Box::pin(async move {
                    let written = session.execute(&statement, &rows.params()).await?;
                    // Under the locks nothing else can have touched these rows.
                    if written == rows.len() as u64 {
                        Ok(())
                    } else {
                        let expected = rows.len();
                        Err(corrupt(format!(
                            "a change wrote {written} rows and not {expected}"
                        )))
                    }
                }));
            }
        }
        if self.erased.len() == 0 {
            return Ok(flight);
        }
        let Columns {
            conversation,
            seq,
            id,
            ..
        } = &self.erased;
        let erasures: [(&str, Vec<&(dyn ToSql + Sync)>); 10] = [
            (
                ERASE_MESSAGES,
                vec![conversation, seq, &self.bodies, &row::KIND_ERASED],
            ),
            (ERASE_EDITS, vec![conversation, seq, &self.edit_bodies]),
            (ERASE_VOTES, vec![conversation, seq, &self.vote_bodies]),
            (drop_rows!("message_edit"), vec![conversation, seq]),
            (drop_rows!("poll_vote"), vec![conversation, seq]),
            (drop_rows!("reaction"), vec![conversation, seq]),
            (drop_rows!("reaction_count"), vec![conversation, seq]),
            (RELEASE, vec![conversation, id]),
            (search::HOLD, vec![conversation]),
            (search::FORGET, vec![conversation, seq]),
        ];
        for (sql, params) in erasures {
            let statement = session.prepare(sql).await?;
            flight.push(Box::pin(async move {
                session.execute(&statement, &params).await?;
                Ok(())
            }));
        }
        Ok(flight)
    }
}

macro_rules! states {
    ($which:literal, $reader:literal) => {
        concat!(
            "SELECT state.message_seq, state.message, state.pinned_seq, state.edit_seq, edit.at, edit.body,
                state.closed_seq, state.vote_seq, last.body, own.places
            FROM message_state AS state LEFT JOIN LATERAL (
                SELECT at, body FROM event WHERE conversation = $1 AND seq = state.edit_seq AND state.edit_seq > 0 LIMIT 1
            ) AS edit ON true LEFT JOIN LATERAL (
                SELECT body FROM event WHERE conversation = $1 AND seq = state.vote_seq AND state.vote_seq > 0 LIMIT 1
            ) AS last ON true LEFT JOIN LATERAL (
                SELECT vote.places FROM poll_vote AS vote WHERE vote.conversation = $1 AND vote.message_seq = state.message_seq
                    AND vote.user_id = ",
            $reader,
            " AND state.vote_seq > 0 ORDER BY vote.seq DESC LIMIT 1
            ) AS own ON true
            WHERE state.conversation = $1 AND state.deleted_seq = 0 AND ",
            $which,
            " ORDER BY state.message_seq"
        )
    };
}
macro_rules! reactions {
    ($which:literal) => {
        concat!(
            "SELECT state.message_seq, state.emoji, state.count, EXISTS (
                SELECT 1 FROM reaction AS own WHERE own.conversation = $1 AND own.message_seq = state.message_seq
                    AND own.emoji = state.emoji AND own.user_id = $2
            ), ARRAY(
                SELECT first.user_id FROM reaction AS first WHERE first.conversation = $1
                    AND first.message_seq = state.message_seq AND first.emoji = state.emoji
                ORDER BY first.seq LIMIT $3
            )
            FROM reaction_count AS state WHERE state.conversation = $1 AND ",
            $which,
            " ORDER BY state.message_seq, state.first_seq"
        )
    };
}

/// What has become of the messages from `$2` to `$3` of `$1`, with the edit that counts, and for `$4` with how polls stand.
pub(crate) const STATES: &str = states!("state.message_seq BETWEEN $2 AND $3", "$4");
/// The reactions to the messages from `$4` to `$5` of `$1`, with the first `$3` people of each, and whether `$2` is among all of them.
pub(crate) const REACTIONS: &str = reactions!("state.message_seq BETWEEN $4 AND $5");
/// The same of some messages.
const STATES_OF: &str = states!("state.message_seq = ANY($2)", "$3");
const REACTIONS_OF: &str = reactions!("state.message_seq = ANY($4)");

/// How many people a state names, for a parameter.
pub(crate) fn users_max() -> i64 {
    i64::try_from(REACTION_USERS_MAX).unwrap_or(i64::MAX)
}

/// States from rows of [`STATES`] and [`REACTIONS`].
pub(crate) fn states(
    conversation: ConversationId,
    rows: &[Row],
    reactions: &[Row],
) -> Result<Vec<MessageState>> {
    let mut states: Vec<(Seq, MessageState)> = Vec::with_capacity(rows.len());
    for row in rows {
        states.push((row::seq_at(row, 0)?, state(conversation, row)?));
    }
    for row in reactions {
        let seq = row::seq_at(row, 0)?;
        let found = states.binary_search_by_key(&seq, |(seq, _)| *seq).ok();
        let Some((_, state)) = found.and_then(|found| states.get_mut(found)) else {
            return Err(corrupt(format!(
                "{conversation} has reactions to {seq}, which has no state"
            )));
        };
        let users: Vec<Uuid> = at(row, 4)?;
        state.reactions.push(Reaction {
            emoji: at(row, 1)?,
            count: row::count_at(row, 2)?,
            mine: at(row, 3)?,
            users: users.into_iter().map(UserId::from).collect(),
        });
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
fn state(conversation: ConversationId, row: &Row) -> Result<MessageState> {
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
        poll: poll::state(conversation, row, 6)?,
    })
}

/// Those who reacted to the message `$2` of `$1`, at most `$3`, where `$4` may read it; one row without a person where nobody did, none where
/// there is nothing to read.
pub(crate) const WHO_REACTED: &str = "
    SELECT account.id, account.handle, account.name, reaction.seq, reaction.emoji
    FROM member CROSS JOIN LATERAL (
        SELECT seq FROM event WHERE conversation = $1 AND id = $2 AND seq >= member.first_seq AND kind IN (1, 7) LIMIT 1
    ) AS message
    LEFT JOIN (reaction JOIN account ON account.id = reaction.user_id)
        ON reaction.conversation = $1 AND reaction.message_seq = message.seq
    WHERE member.conversation = $1 AND member.user_id = $4 ORDER BY reaction.seq LIMIT $3";

pub(crate) async fn list_reactions(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    message: EventId,
    limit: u32,
) -> Result<Option<Vec<ReactionRecord>>> {
    let key = params![
        conversation.as_uuid(),
        message.as_uuid(),
        i64::from(limit),
        user.as_uuid()
    ];
    let rows = session.rows(WHO_REACTED, key).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut people = Vec::with_capacity(rows.len());
    for row in &rows {
        if at::<Option<Uuid>>(row, 0)?.is_some() {
            people.push(ReactionRecord {
                seq: row::seq_at(row, 3)?,
                emoji: at(row, 4)?,
                profile: row::profile(row, 0)?,
            });
        }
    }
    Ok(Some(people))
}

/// The pinned messages of `$1` that `$2` may read, the one pinned last first. One row without an entry where there is none, no row where they
/// are not a member.
pub(crate) const PINS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM member LEFT JOIN LATERAL (
        SELECT event.*, state.pinned_seq FROM message_state AS state CROSS JOIN LATERAL (
            SELECT * FROM event WHERE conversation = $1 AND seq = state.message_seq LIMIT 1
        ) AS event
        WHERE state.conversation = $1 AND state.pinned_seq > 0 AND state.message_seq >= member.first_seq
        ORDER BY state.pinned_seq DESC LIMIT $3
    ) AS event ON true
    WHERE member.conversation = $1 AND member.user_id = $2 ORDER BY event.pinned_seq DESC"
);

pub(crate) async fn list_pins(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
) -> Result<Option<Pins>> {
    let find_pins = session.prepare(PINS).await?;
    let find_states = session.prepare(STATES_OF).await?;
    let find_reactions = session.prepare(REACTIONS_OF).await?;
    let (place, reader) = (conversation.as_uuid(), user.as_uuid());
    let most = i64::try_from(PINNED_MAX).unwrap_or(i64::MAX);
    let key = params![place, reader, most];
    let (begun, rows) = tokio::join!(biased; session.control(BEGIN_READ), session.query(&find_pins, key));
    begun?;
    let rows = rows?;
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        events.extend(row::optional_event(row, 0)?);
    }
    let places: Vec<i64> = events.iter().map(|event| seq_number(event.seq)).collect();
    let users = users_max();
    let which = params![place, places, reader];
    let whose = params![place, reader, users, places];
    let (found, reactions, committed) = tokio::join!(
        biased;
        session.query(&find_states, which),
        session.query(&find_reactions, whose),
        session.commit(),
    );
    let states = states(conversation, &found?, &reactions?)?;
    committed?;
    Ok((!rows.is_empty()).then_some(Pins { events, states }))
}
