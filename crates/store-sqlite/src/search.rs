//! Finding messages: FTS5 over words that are split and folded already.
//!
//! The rowid is made of the time, so that the newest come first. Filters (conversation, sender, attributes) are tags among the words. How the
//! places are found without looking at everything that matches is in [`places`].

use std::collections::HashMap;

use pipit_model::search::current_content;
use pipit_store::search::{FoundMessage, FoundMessages, FoundPosition, NamedConversation, SearchMessages};
use pipit_wire::{ConversationId, Seq, Timestamp, UserId};
use rusqlite::{Connection, Result, params};

use crate::log;
use crate::row::{self, seq_number};

pub(crate) mod index;
mod places;

pub(crate) use index::{apply, forget, list_unindexed, read_batch, sweep};

/// How many of an id's bits tell messages of one millisecond apart.
const TIE_BITS: u32 = 16;
const TIE_MASK: i64 = (1 << TIE_BITS) - 1;
macro_rules! answered {
    () => {
        " AND NOT EXISTS (
            SELECT 1 FROM personal WHERE personal.conversation = member.conversation
                AND personal.user = member.user AND request > 0
        )"
    };
}

/// The first id of a time.
const fn first_id(at: Timestamp) -> i64 {
    at.as_ms().saturating_mul(1 << TIE_BITS)
}

const fn time_of(id: i64) -> Timestamp {
    Timestamp(id >> TIE_BITS)
}

/// Where a member may read from, by conversation.
type Readable = HashMap<ConversationId, Seq>;

pub(crate) fn find(db: &Connection, search: &SearchMessages) -> Result<FoundMessages> {
    let readable = find_readable(db, search)?;
    if readable.is_empty() || search.limit == 0 || search.from.as_ref().is_some_and(Vec::is_empty) {
        return Ok(FoundMessages::default());
    }
    let limit = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let found = places::find(db, search, &readable, limit)?;
    let next = found.get(limit.saturating_sub(1)).map(|(position, _)| *position);
    let mut items = Vec::with_capacity(found.len().min(limit));
    for (position, source) in found.into_iter().take(limit) {
        items.extend(load(db, position, source)?);
    }
    Ok(FoundMessages { items, next })
}

/// What somebody reads in, and from where; requests that they have not accepted are not searched.
const READABLE: &str = concat!(
    "SELECT conversation, first_seq FROM member WHERE user = ?1",
    answered!()
);
const READABLE_ONE: &str = concat!(
    "SELECT first_seq FROM member WHERE conversation = ?1 AND user = ?2",
    answered!()
);

fn find_readable(db: &Connection, search: &SearchMessages) -> Result<Readable> {
    if let Some(within) = &search.within {
        let mut readable = Readable::new();
        let mut one = db.prepare_cached(READABLE_ONE)?;
        for conversation in within {
            let key = [conversation.as_bytes(), search.asker.as_bytes()];
            for first_seq in one.query_map(key, |row| row::seq_at(row, 0))? {
                readable.insert(*conversation, first_seq?);
            }
        }
        return Ok(readable);
    }
    db.prepare_cached(READABLE)?
        .query_map([search.asker.as_bytes()], |row| {
            Ok((row::id_at(row, 0)?, row::seq_at(row, 1)?))
        })?
        .collect()
}

/// The message at a place; none where it has been erased since it was indexed.
fn load(db: &Connection, position: FoundPosition, source: Seq) -> Result<Option<FoundMessage>> {
    let Some(event) = log::find_at(db, position.conversation, position.seq)? else {
        return Ok(None);
    };
    let edit = if source == position.seq {
        None
    } else {
        log::find_at(db, position.conversation, source)?
    };
    Ok(current_content(&event, edit.as_ref()).map(|content| FoundMessage { event, content }))
}

pub(crate) fn list_names(db: &Connection, user: UserId, limit: u32) -> Result<Vec<NamedConversation>> {
    db.prepare_cached(concat!(
        "SELECT conversation.id, conversation.title, peer.handle, peer.name FROM member
        JOIN conversation ON conversation.id = member.conversation
        LEFT JOIN user AS peer ON peer.id = CASE WHEN low = ?1 THEN high ELSE low END
        WHERE member.user = ?1",
        answered!(),
        " ORDER BY conversation.last_at DESC, conversation.id DESC LIMIT ?2"
    ))?
    .query_map(params![user.as_bytes(), limit], |row| {
        let handle: Option<String> = row.get(2)?;
        let name: Option<String> = row.get(3)?;
        Ok(NamedConversation {
            conversation: row::id_at(row, 0)?,
            title: row.get(1)?,
            peer: handle.zip(name),
        })
    })?
    .collect()
}

/// The id for a message of this time: after those that are there.
fn next_id(db: &Connection, at: Timestamp) -> Result<i64> {
    let first = first_id(at);
    let last: Option<i64> = db
        .prepare_cached("SELECT max(id) FROM search_entry WHERE id BETWEEN ?1 AND ?2")?
        .query_row([first, first | TIE_MASK], |row| row.get(0))?;
    // Beyond 65,536 messages a millisecond the next one's first places are taken, should they be free: the order is off by a millisecond.
    Ok(last.map_or(first, |last| last.saturating_add(1)))
}

/// The place of a message in the index.
fn find_entry(db: &Connection, conversation: ConversationId, seq: Seq) -> Result<Option<(i64, String)>> {
    let mut entry =
        db.prepare_cached("SELECT id, words FROM search_entry WHERE conversation = ?1 AND seq = ?2")?;
    let mut rows = entry.query(params![conversation.as_bytes(), seq_number(seq)])?;
    rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}
