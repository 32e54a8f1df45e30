//! Reading logs. A page, and what has become of its messages, are of one moment: two flights in one transaction.

use pipit_store::log::{CatchUpRow, LogPage, LogRange};
use pipit_wire::frame::Cursor;
use pipit_wire::{ConversationId, Event, EventId, Seq, UserId};
use uuid::Uuid;

use crate::change;
use crate::error::Error;
use crate::row::{self, at, event_columns, seq_number};
use crate::session::{BEGIN_READ, Session, params};

type Result<T> = std::result::Result<T, Error>;

/// A page of `$1` for `$2`, oldest first: from `$3` on, at most `$4` entries, with where the member's part of the log begins and
/// where it ends. One row without an entry where there is none, no row where they are not a member.
pub(crate) const FORWARDS: &str = concat!(
    "SELECT member.first_seq, conversation.last_seq, ",
    event_columns!(),
    " FROM member JOIN conversation ON conversation.id = member.conversation
    LEFT JOIN LATERAL (
        SELECT * FROM event WHERE conversation = $1 AND seq >= greatest($3, member.first_seq)
        ORDER BY seq LIMIT $4
    ) AS event ON true
    WHERE member.conversation = $1 AND member.user_id = $2 ORDER BY event.seq"
);
/// A page of `$1` for `$2`, oldest first: the last `$4` entries before `$3`, with the same around it.
pub(crate) const BACKWARDS: &str = concat!(
    "SELECT member.first_seq, conversation.last_seq, ",
    event_columns!(),
    " FROM member JOIN conversation ON conversation.id = member.conversation
    LEFT JOIN LATERAL (
        SELECT * FROM event WHERE conversation = $1 AND seq >= member.first_seq AND seq < $3
        ORDER BY seq DESC LIMIT $4
    ) AS event ON true
    WHERE member.conversation = $1 AND member.user_id = $2 ORDER BY event.seq"
);
/// The entry with an id.
pub(crate) const BY_ID: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM event WHERE conversation = $1 AND id = $2"
);
/// The entry at a place.
pub(crate) const BY_SEQ: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM event WHERE conversation = $1 AND seq = $2"
);
/// What each of the cursors (`$2`, `$3`) of `$1` misses, where that is at most `$4` entries: the cursor's number, the
/// conversation, whether there are more, the end of the log, and the entries, one a row (one row without one where there is
/// none). The stretch of a log that has more is never looked at: its bounds are outside the limit before it begins.
pub(crate) const CATCH_UP: &str = concat!(
    "SELECT missing.number, missing.conversation, missing.next_seq + $4 <= missing.last_seq, missing.last_seq, ",
    event_columns!(),
    " FROM (
        SELECT cursor.number, cursor.conversation, conversation.last_seq,
            greatest(cursor.seq + 1, member.first_seq) AS next_seq
        FROM unnest($2::uuid[], $3::bigint[]) WITH ORDINALITY AS cursor (conversation, seq, number)
            JOIN member ON member.conversation = cursor.conversation AND member.user_id = $1
            JOIN conversation ON conversation.id = cursor.conversation
    ) AS missing
    LEFT JOIN LATERAL (
        SELECT * FROM event WHERE conversation = missing.conversation AND seq >= missing.next_seq
            AND missing.next_seq + $4 > missing.last_seq
        ORDER BY seq LIMIT $4
    ) AS event ON true
    ORDER BY missing.number, event.seq"
);

pub(crate) async fn find_event(
    session: &Session,
    conversation: ConversationId,
    event: EventId,
) -> Result<Option<Event>> {
    let key = params![conversation.as_uuid(), event.as_uuid()];
    let row = session.first(BY_ID, key).await?;
    row.map(|row| row::event(&row, 0)).transpose()
}

pub(crate) async fn find_at(
    session: &Session,
    conversation: ConversationId,
    seq: Seq,
) -> Result<Option<Event>> {
    let key = params![conversation.as_uuid(), seq_number(seq)];
    let row = session.first(BY_SEQ, key).await?;
    row.map(|row| row::event(&row, 0)).transpose()
}

pub(crate) async fn last_seq(session: &Session, conversation: ConversationId) -> Result<Option<Seq>> {
    let row = session
        .first(
            "SELECT last_seq FROM conversation WHERE id = $1",
            params![conversation.as_uuid()],
        )
        .await?;
    row.map(|row| row::seq_at(&row, 0)).transpose()
}

pub(crate) async fn last_seqs(
    session: &Session,
    conversations: &[ConversationId],
) -> Result<Vec<(ConversationId, Seq)>> {
    let ids: Vec<Uuid> = conversations.iter().map(ConversationId::as_uuid).collect();
    let rows = session
        .rows(
            "SELECT id, last_seq FROM conversation WHERE id = ANY($1::uuid[])",
            params![ids],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row::id_at(row, 0)?, row::seq_at(row, 1)?)))
        .collect()
}

/// The entries of `$1` from `$2` on, oldest first, at most `$3`.
pub(crate) const ENTRIES: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM event WHERE conversation = $1 AND seq >= $2 ORDER BY seq LIMIT $3"
);

pub(crate) async fn read_entries(
    session: &Session,
    conversation: ConversationId,
    after: Seq,
    limit: u32,
) -> Result<Vec<Event>> {
    let key = params![conversation.as_uuid(), seq_number(after.next()), i64::from(limit)];
    let rows = session.rows(ENTRIES, key).await?;
    rows.iter().map(|row| row::event(row, 0)).collect()
}

pub(crate) async fn read(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    range: LogRange,
) -> Result<Option<LogPage>> {
    let (sql, edge, limit) = match range {
        LogRange::Newest { limit } => (BACKWARDS, Seq::MAX, limit),
        LogRange::Before { seq, limit } => (BACKWARDS, seq, limit),
        LogRange::After { seq, limit } => (FORWARDS, seq.next(), limit),
    };
    let find_page = session.prepare(sql).await?;
    let find_states = session.prepare(change::STATES).await?;
    let find_reactions = session.prepare(change::REACTIONS).await?;
    let (place, reader) = (conversation.as_uuid(), user.as_uuid());
    let key = params![place, reader, seq_number(edge), i64::from(limit)];
    let (begun, rows) = tokio::join!(biased; session.control(BEGIN_READ), session.query(&find_page, key));
    begun?;
    let rows = rows?;
    let mut events: Vec<Event> = Vec::with_capacity(rows.len());
    for row in &rows {
        events.extend(row::optional_event(row, 2)?);
    }
    // Where the page is empty the stretch is, too.
    let from = events.first().map_or(1, |event| seq_number(event.seq));
    let until = events.last().map_or(0, |event| seq_number(event.seq));
    let users = change::users_max();
    let which = params![place, from, until, reader];
    let whose = params![place, reader, users, from, until];
    let (states, reactions, committed) = tokio::join!(
        biased;
        session.query(&find_states, which),
        session.query(&find_reactions, whose),
        session.commit(),
    );
    let states = change::states(conversation, &states?, &reactions?)?;
    committed?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(LogPage {
        first_seq: row::seq_at(first, 0)?,
        last_seq: row::seq_at(first, 1)?,
        events,
        states,
    }))
}

pub(crate) async fn catch_up(
    session: &Session,
    user: UserId,
    cursors: &[Cursor],
    limit: u32,
) -> Result<Vec<CatchUpRow>> {
    let conversations: Vec<Uuid> = cursors
        .iter()
        .map(|cursor| cursor.conversation.as_uuid())
        .collect();
    let seqs: Vec<i64> = cursors.iter().map(|cursor| seq_number(cursor.seq)).collect();
    let key = params![user.as_uuid(), conversations, seqs, i64::from(limit)];
    let rows = session.rows(CATCH_UP, key).await?;
    let mut answers: Vec<CatchUpRow> = Vec::with_capacity(cursors.len());
    let mut last = None;
    for row in &rows {
        let number: i64 = at(row, 0)?;
        if last != Some(number) {
            last = Some(number);
            answers.push(CatchUpRow {
                conversation: row::id_at(row, 1)?,
                events: Vec::new(),
                last_seq: row::seq_at(row, 3)?,
                gap: at(row, 2)?,
            });
        }
        if let Some(answer) = answers.last_mut() {
            answer.events.extend(row::optional_event(row, 4)?);
        }
    }
    Ok(answers)
}
