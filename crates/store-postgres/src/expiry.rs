//! Messages that erase themselves.

use futures_util::future::join_all;
use pipit_store::change::{expires_at, is_erased};
use pipit_wire::event::EventBody;
use pipit_wire::{ConversationId, Event, MessageId, Timestamp};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::book::Place;
use crate::change;
use crate::error::Error;
use crate::row::{self, seq_number};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

pub(crate) const INSERT: &str = "
    INSERT INTO expiring (expires_at, conversation, seq)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[])";
/// What another node is at is left to it.
const TAKE: &str = "
    DELETE FROM expiring USING (
        SELECT expires_at, conversation, seq FROM expiring WHERE expires_at <= $1
        ORDER BY expires_at, conversation, seq LIMIT $2 FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE expiring.expires_at = due.expires_at AND expiring.conversation = due.conversation AND expiring.seq = due.seq
    RETURNING expiring.conversation, expiring.seq";
/// What changes messages takes the same locks, in the same order.
const LOCK: &str = "SELECT id FROM conversation WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";

/// Rows of `expiring`, a column an array.
#[derive(Default)]
pub(crate) struct Columns {
    end: Vec<i64>,
    conversation: Vec<Uuid>,
    seq: Vec<i64>,
}

impl Columns {
    /// Of the entries that are to be erased later.
    pub(crate) fn of(added: &[Event]) -> Self {
        let mut columns = Self::default();
        for event in added {
            let end = expires_at(&event.body).filter(|_| matches!(event.body, EventBody::Message { .. }));
            if let Some(end) = end {
                columns.end.push(end.as_ms());
                columns.conversation.push(event.conversation.as_uuid());
                columns.seq.push(seq_number(event.seq));
            }
        }
        columns
    }

    pub(crate) fn len(&self) -> usize {
        self.end.len()
    }

    /// For [`INSERT`].
    pub(crate) fn params(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.end, &self.conversation, &self.seq]
    }
}

/// Erases what is due, and says what that was.
pub(crate) async fn erase(
    session: &Session,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(ConversationId, MessageId)>> {
    session.begin().await?;
    let taken = session.rows(TAKE, params![now.as_ms(), i64::from(limit)]).await?;
    let mut places: Vec<Place> = Vec::with_capacity(taken.len());
    for row in &taken {
        places.push((row::id_at(row, 0)?, row::seq_at(row, 1)?));
    }
    if places.is_empty() {
        session.rollback().await?;
        return Ok(Vec::new());
    }
    let conversations: Vec<Uuid> = places
        .iter()
        .map(|(conversation, _)| conversation.as_uuid())
        .collect();
    session.rows(LOCK, params![conversations]).await?;
    let messages = change::find_standing(session, &places).await?;
    // Somebody may have deleted it before.
    let due: Vec<Event> = messages
        .into_values()
        .filter(|message| !is_erased(&message.body))
        .collect();
    let writes = change::Writes::erasing(&due)?;
    for outcome in join_all(writes.expiry_flight(session).await?).await {
        outcome?;
    }
    session.commit().await?;
    let erased = due
        .iter()
        .map(|message| (message.conversation, message.id.into()));
    Ok(erased.collect())
}
