//! Finding messages: FTS5 over words that are split and folded already.
//!
//! FTS5 lists what matches by rowid, in either direction, without collecting it first. The rowid is made of the time, so that the
//! newest come first and a page costs what is on it, however many match. Filters (conversation, sender, attributes) are tags among the words,
//! so that rare ones skip over what does not match.

use std::collections::HashMap;

use pipit_model::search::document::{conversation_tag, has_tag, sender_tag};
use pipit_model::search::{Term, current_content};
use pipit_store::search::{FoundMessage, FoundMessages, FoundPosition, NamedConversation, SearchMessages};
use pipit_wire::{ConversationId, Seq, Timestamp, UserId};
use rusqlite::{Connection, Result, params};

use crate::log;
use crate::row::{self, seq_number};

pub(crate) mod index;

pub(crate) use index::{apply, forget, list_unindexed, read_batch, sweep};

/// How many of an id's bits tell messages of one millisecond apart.
const TIE_BITS: u32 = 16;
const TIE_MASK: i64 = (1 << TIE_BITS) - 1;
/// For members of more conversations than this their tags are many to ask for: the index is asked without them, and what others have found is passed over.
const CONVERSATION_TAGS_MAX: usize = 400;

/// What matches `?1` with an id of `?2` to `?3`, newest first.
pub(crate) const MATCHING: &str = "
    SELECT found.id, found.conversation, found.seq, found.source
    FROM search_text CROSS JOIN search_entry AS found ON found.id = search_text.rowid
    WHERE search_text MATCH ?1 AND search_text.rowid BETWEEN ?2 AND ?3 ORDER BY search_text.rowid DESC";

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
    let found = find_places(db, search, &readable, limit)?;
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

/// What matches, in order, with the entry that has the text: `limit` and whatever has the time of the last of them.
fn find_places(
    db: &Connection,
    search: &SearchMessages,
    readable: &Readable,
    limit: usize,
) -> Result<Vec<(FoundPosition, Seq)>> {
    let first = search.since.map_or(i64::MIN, first_id);
    let last = search
        .until
        .map_or(i64::MAX, |until| first_id(until).saturating_sub(1))
        .min(
            search
                .after
                .map_or(i64::MAX, |after| first_id(after.at) | TIE_MASK),
        );
    let mut matching = db.prepare_cached(MATCHING)?;
    let mut rows = matching.query(params![expression(search, readable), first, last])?;
    let mut found: Vec<(FoundPosition, Seq)> = Vec::new();
    while let Some(row) = rows.next()? {
        let position = FoundPosition {
            at: time_of(row.get(0)?),
            conversation: row::id_at(row, 1)?,
            seq: row::seq_at(row, 2)?,
        };
        if found.len() >= limit && found.last().is_some_and(|(last, _)| last.at != position.at) {
            break;
        }
        let may_read = readable
            .get(&position.conversation)
            .is_some_and(|first_seq| position.seq >= *first_seq);
        if may_read && search.after.is_none_or(|after| position < after) {
            found.push((position, row::seq_at(row, 3)?));
        }
    }
    found.sort_unstable_by_key(|(position, _)| std::cmp::Reverse(*position));
    Ok(found)
}

/// What is looked for as an FTS5 expression. Words and tags are letters, digits and colons, so that none is an operator in its quotes.
fn expression(search: &SearchMessages, readable: &Readable) -> String {
    let mut all: Vec<String> = search.terms.iter().map(phrase).collect();
    all.extend(search.has.iter().map(|has| quoted(has_tag(*has))));
    if let Some(from) = &search.from {
        all.push(any(from.iter().map(|user| sender_tag(*user))));
    }
    if readable.len() <= CONVERSATION_TAGS_MAX || all.is_empty() {
        all.push(any(readable.keys().map(|id| conversation_tag(*id))));
    }
    all.join(" AND ")
}

fn phrase(term: &Term) -> String {
    let beginning = if term.prefix { " *" } else { "" };
    format!("{}{beginning}", quoted(&term.tokens.join(" ")))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', ""))
}

fn any(tags: impl Iterator<Item = String>) -> String {
    let tags: Vec<String> = tags.map(|tag| quoted(&tag)).collect();
    format!("({})", tags.join(" OR "))
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
