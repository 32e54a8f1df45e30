//! Keeping the index.
//!
//! Whoever indexes logs holds their rows of `search_position` from before it reads to its commit, and so does whoever erases messages: nodes do
//! not do the same twice, and nobody writes what was read before it was erased.

use std::collections::HashMap;

use pipit_model::search::{Step, edited_words, step};
use pipit_store::search::Swept;
use pipit_wire::{ConversationId, Event, MessageId, Seq, UserId};
use uuid::Uuid;

use super::quoted;
use crate::append::FIND_REPEATED;
use crate::error::Error;
use crate::row::{self, at, event_columns, seq_number};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

const BEGIN_POSITIONS: &str = "
    INSERT INTO search_position (conversation, seq)
    SELECT id, 0 FROM unnest($1::uuid[]) AS wanted (id) ORDER BY id ON CONFLICT DO NOTHING";
const LOCK_POSITIONS: &str = "
    SELECT conversation, seq FROM search_position WHERE conversation = ANY($1) ORDER BY conversation FOR UPDATE";
/// What comes after these positions, at most `$3` entries of all of them.
pub(crate) const NEXT: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS reached (conversation, seq, number)
    CROSS JOIN LATERAL (
        SELECT * FROM event WHERE conversation = reached.conversation AND seq > reached.seq
        ORDER BY seq LIMIT $3
    ) AS event ORDER BY reached.number, event.seq LIMIT $3"
);
const ADD: &str = "
    INSERT INTO search_entry (conversation, seq, at, source, words)
    SELECT conversation, seq, at, seq, words::tsvector
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[]) AS added (conversation, seq, at, words)
    ON CONFLICT DO NOTHING";
const REPLACE: &str = "
    UPDATE search_entry SET source = changed.source, words = changed.words::tsvector
    FROM (
        SELECT DISTINCT ON (conversation, seq) *
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[])
            AS given (conversation, seq, source, words)
        ORDER BY conversation, seq, source DESC
    ) AS changed
    WHERE search_entry.conversation = changed.conversation AND search_entry.seq = changed.seq";
/// Whoever erases waits for whoever indexes these logs, so that [`FORGET`] sees what has been written; who indexes them next reads
/// what has been erased.
pub(crate) const HOLD: &str = "
    INSERT INTO search_position (conversation, seq)
    SELECT DISTINCT id, 0 FROM unnest($1::uuid[]) AS wanted (id) ORDER BY id
    ON CONFLICT (conversation) DO UPDATE SET seq = search_position.seq";
/// Messages, by conversation and place, are found no longer.
pub(crate) const FORGET: &str = "
    DELETE FROM search_entry USING unnest($1::uuid[], $2::bigint[]) AS gone (conversation, seq)
    WHERE search_entry.conversation = gone.conversation AND search_entry.seq = gone.seq";
/// The same by the message's id.
const FORGET_MESSAGES: &str = "
    DELETE FROM search_entry USING unnest($1::uuid[], $2::uuid[]) AS gone (conversation, id)
        CROSS JOIN LATERAL (
            SELECT seq FROM event WHERE conversation = gone.conversation AND id = gone.id LIMIT 1
        ) AS message
    WHERE search_entry.conversation = gone.conversation AND search_entry.seq = message.seq";
const SAVE_POSITIONS: &str = "
    UPDATE search_position SET seq = reached.seq FROM unnest($1::uuid[], $2::bigint[]) AS reached (conversation, seq)
    WHERE search_position.conversation = reached.conversation";

/// What is to be written.
#[derive(Default)]
struct Batch {
    added: (Vec<Uuid>, Vec<i64>, Vec<i64>, Vec<String>),
    replaced: (Vec<Uuid>, Vec<i64>, Vec<i64>, Vec<String>),
    removed: (Vec<Uuid>, Vec<Uuid>),
    reached: HashMap<ConversationId, Seq>,
}

pub(crate) async fn index_entries(
    session: &Session,
    conversations: &[ConversationId],
    limit: u32,
) -> Result<u32> {
    let mut ids: Vec<Uuid> = conversations.iter().map(ConversationId::as_uuid).collect();
    ids.sort_unstable();
    ids.dedup();
    session.begin().await?;
    session.run(BEGIN_POSITIONS, params![ids]).await?;
    let rows = session.rows(LOCK_POSITIONS, params![ids]).await?;
    let (mut known, mut reached) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        known.push(at::<Uuid>(row, 0)?);
        reached.push(at::<i64>(row, 1)?);
    }
    let rows = session
        .rows(NEXT, params![known, reached, i64::from(limit)])
        .await?;
    let events: Vec<Event> = rows.iter().map(|row| row::event(row, 0)).collect::<Result<_>>()?;
    if events.is_empty() {
        session.rollback().await?;
        return Ok(0);
    }
    let batch = prepare(session, &events).await?;
    write(session, &batch).await?;
    session.commit().await?;
    Ok(u32::try_from(events.len()).unwrap_or(u32::MAX))
}

async fn prepare(session: &Session, events: &[Event]) -> Result<Batch> {
    let mut batch = Batch::default();
    let mut edits: Vec<(&Event, MessageId)> = Vec::new();
    for event in events {
        batch.reached.insert(event.conversation, event.seq);
        match step(event) {
            Step::Nothing => {}
            Step::Add { words } => {
                let added = &mut batch.added;
                added.0.push(event.conversation.as_uuid());
                added.1.push(seq_number(event.seq));
                added.2.push(event.at.as_ms());
                added.3.push(vector(&words));
            }
            Step::Edit { message } => edits.push((event, message)),
            Step::Remove { message } => {
                batch.removed.0.push(event.conversation.as_uuid());
                batch.removed.1.push(message.as_uuid());
            }
        }
    }
    if edits.is_empty() {
        return Ok(batch);
    }
    let (conversations, ids): (Vec<Uuid>, Vec<Uuid>) = edits
        .iter()
        .map(|(edit, message)| (edit.conversation.as_uuid(), message.as_uuid()))
        .unzip();
    let rows = session.rows(FIND_REPEATED, params![conversations, ids]).await?;
    let messages: Vec<Event> = rows.iter().map(|row| row::event(row, 0)).collect::<Result<_>>()?;
    for (edit, id) in edits {
        let message = messages.iter().find(|message| {
            message.conversation == edit.conversation && message.id.as_uuid() == id.as_uuid()
        });
        if let Some(message) = message
            && let Some(words) = edited_words(message, edit)
        {
            let replaced = &mut batch.replaced;
            replaced.0.push(message.conversation.as_uuid());
            replaced.1.push(seq_number(message.seq));
            replaced.2.push(seq_number(edit.seq));
            replaced.3.push(vector(&words));
        }
    }
    Ok(batch)
}

async fn write(session: &Session, batch: &Batch) -> Result<()> {
    let added = &batch.added;
    if !added.0.is_empty() {
        let rows = params![added.0, added.1, added.2, added.3];
        session.run(ADD, rows).await?;
    }
    let replaced = &batch.replaced;
    if !replaced.0.is_empty() {
        let rows = params![replaced.0, replaced.1, replaced.2, replaced.3];
        session.run(REPLACE, rows).await?;
    }
    let removed = &batch.removed;
    if !removed.0.is_empty() {
        session.run(FORGET_MESSAGES, params![removed.0, removed.1]).await?;
    }
    let (conversations, seqs): (Vec<Uuid>, Vec<i64>) = batch
        .reached
        .iter()
        .map(|(conversation, seq)| (conversation.as_uuid(), seq_number(*seq)))
        .unzip();
    session.run(SAVE_POSITIONS, params![conversations, seqs]).await?;
    Ok(())
}

/// A document as a `tsvector`: each word with its place. What keeps a place free has none.
fn vector(words: &str) -> String {
    let mut vector = String::with_capacity(words.len() * 2);
    for (word, place) in words.split(' ').zip(1_u32..) {
        if word.len() > 1 || !word.starts_with(':') {
            vector.push_str(&quoted(word));
            vector.push(':');
            vector.push_str(&place.to_string());
            vector.push(' ');
        }
    }
    vector
}

pub(crate) async fn list_unindexed(
    session: &Session,
    user: UserId,
    limit: u32,
) -> Result<Vec<ConversationId>> {
    let rows = session
        .rows(
            "SELECT conversation.id FROM member JOIN conversation ON conversation.id = member.conversation
            LEFT JOIN search_position ON search_position.conversation = member.conversation
            WHERE member.user_id = $1 AND conversation.last_seq > coalesce(search_position.seq, 0) LIMIT $2",
            params![user.as_uuid(), i64::from(limit)],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

pub(crate) async fn sweep(session: &Session, after: Option<ConversationId>, limit: u32) -> Result<Swept> {
    let rows = session
        .rows(
            "SELECT id, last_seq > coalesce(search_position.seq, 0) FROM conversation
            LEFT JOIN search_position ON search_position.conversation = conversation.id
            WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
            params![after.map(|after| after.as_uuid()), i64::from(limit)],
        )
        .await?;
    let mut swept = Swept {
        behind: Vec::new(),
        next: None,
    };
    for row in &rows {
        let conversation = row::id_at(row, 0)?;
        if at(row, 1)? {
            swept.behind.push(conversation);
        }
        swept.next = Some(conversation);
    }
    if (rows.len() as u64) < u64::from(limit) {
        swept.next = None;
    }
    Ok(swept)
}
