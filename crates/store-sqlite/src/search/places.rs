//! Which messages match, newest first, in up to three looks of which each goes on where the one before it has stopped.
//!
//! FTS5 lists what matches by rowid, in either direction, without collecting it first. Two things cost more: the beginning of a word is a list that it
//! merges whole from those of all words that begin so, and the tags of a hundred conversations are a hundred lists that it steps through together.
//! So what is common is found without either, and what is left for them is rare, and cheap.

use pipit_model::search::Term;
use pipit_model::search::document::{conversation_tag, document_has, has_tag, sender_tag};
use pipit_store::search::{FoundPosition, SearchMessages};
use pipit_wire::{Seq, Timestamp};
use rusqlite::{Connection, Result, Row, params};

use super::{Readable, TIE_MASK, first_id, time_of};
use crate::row;

/// How many messages are looked at for the beginning of a word, before the index is asked for it.
const LOOKED_AT_MAX: usize = 2_000;
/// How many of others' messages are passed over, before the tags of one's own conversations are asked for.
const PASSED_OVER_MAX: usize = 2_000;
/// Of so few conversations the newest messages are listed by their tags.
const FEW_CONVERSATIONS: usize = 8;
/// For members of more conversations than this their tags are many to ask for: what others have said is passed over.
const CONVERSATION_TAGS_MAX: usize = 400;

/// Messages with an id of `?1` to `?2`, newest first.
const RECENT: &str = "
    SELECT id, conversation, seq, source, words FROM search_entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC";
/// What matches `?3` with an id of `?1` to `?2`, newest first.
const MATCHING: &str = "
    SELECT found.id, found.conversation, found.seq, found.source, found.words
    FROM search_text CROSS JOIN search_entry AS found ON found.id = search_text.rowid
    WHERE search_text MATCH ?3 AND search_text.rowid BETWEEN ?1 AND ?2 ORDER BY search_text.rowid DESC";

/// A place, and the entry that has the text.
type Place = (FoundPosition, Seq);

/// What has been found so far.
struct Page<'a> {
    search: &'a SearchMessages,
    readable: &'a Readable,
    limit: usize,
    found: Vec<Place>,
    /// What is still to be looked at begins here, going back.
    last: i64,
}

/// What matches, in order, with the entry that has the text: `limit` and whatever has the time of the last of them.
pub(super) fn find(
    db: &Connection,
    search: &SearchMessages,
    readable: &Readable,
    limit: usize,
) -> Result<Vec<Place>> {
    let until = search
        .until
        .map_or(i64::MAX, |until| first_id(until).saturating_sub(1));
    let after = search
        .after
        .map_or(i64::MAX, |after| first_id(after.at) | TIE_MASK);
    let mut page = Page {
        search,
        readable,
        limit,
        found: Vec::new(),
        last: until.min(after),
    };
    let done = page.look_through_some(db)? || page.ask_index(db, false)? || page.ask_index(db, true)?;
    debug_assert!(done, "the last look goes to the end");
    page.found
        .sort_unstable_by_key(|(position, _)| std::cmp::Reverse(*position));
    Ok(page.found)
}

impl Page<'_> {
    fn first(&self) -> i64 {
        self.search.since.map_or(i64::MIN, first_id)
    }

    /// Whether it is full, and the next one has another time.
    fn is_full_before(&self, at: Timestamp) -> bool {
        self.found.len() >= self.limit && self.found.last().is_some_and(|(last, _)| last.at != at)
    }

    /// Takes what may be read. Whether it could be.
    fn take(&mut self, row: &Row<'_>, position: FoundPosition) -> Result<bool> {
        let may_read = self
            .readable
            .get(&position.conversation)
            .is_some_and(|first_seq| position.seq >= *first_seq);
        if may_read && self.search.after.is_none_or(|after| position < after) {
            self.found.push((position, row::seq_at(row, 3)?));
        }
        Ok(may_read)
    }

    /// Looks at messages one by one, where the beginning of a word is looked for: at those that have everything else, or at the newest of all. Whether
    /// there is nothing more to do.
    fn look_through_some(&mut self, db: &Connection) -> Result<bool> {
        if !self.search.terms.iter().any(|term| term.prefix) {
            return Ok(false);
        }
        let own = self.readable.len() <= FEW_CONVERSATIONS;
        let exact = self.search.terms.iter().filter(|term| !term.prefix);
        let mut some = db.prepare_cached(MATCHING)?;
        let mut recent = db.prepare_cached(RECENT)?;
        let mut rows = match expression(exact, self.search, own.then_some(self.readable)) {
            Some(expression) => some.query(params![self.first(), self.last, expression])?,
            None => recent.query(params![self.first(), self.last])?,
        };
        let filters = filters(self.search);
        for _ in 0..LOOKED_AT_MAX {
            let Some(row) = rows.next()? else {
                return Ok(true);
            };
            let position = position(row)?;
            if self.is_full_before(position.at) {
                return Ok(true);
            }
            if document_has(row.get_ref(4)?.as_str()?, &self.search.terms, &filters) {
                self.take(row, position)?;
            }
            self.last = row.get::<_, i64>(0)?.saturating_sub(1);
        }
        Ok(false)
    }

    /// Lets the index list what matches: in one's own conversations, or in any as long as few of others' are passed over. Whether there is nothing more
    /// to do.
    fn ask_index(&mut self, db: &Connection, own: bool) -> Result<bool> {
        let Some(expression) = expression(&self.search.terms, self.search, own.then_some(self.readable))
        else {
            return Ok(false);
        };
        let mut matching = db.prepare_cached(MATCHING)?;
        let mut rows = matching.query(params![self.first(), self.last, expression])?;
        let mut passed_over = 0_usize;
        while let Some(row) = rows.next()? {
            let position = position(row)?;
            if self.is_full_before(position.at) {
                break;
            }
            if !self.take(row, position)? {
                passed_over = passed_over.saturating_add(1);
            }
            self.last = row.get::<_, i64>(0)?.saturating_sub(1);
            if !own && passed_over >= PASSED_OVER_MAX && self.readable.len() <= CONVERSATION_TAGS_MAX {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn position(row: &Row<'_>) -> Result<FoundPosition> {
    Ok(FoundPosition {
        at: time_of(row.get(0)?),
        conversation: row::id_at(row, 1)?,
        seq: row::seq_at(row, 2)?,
    })
}

/// Tags of which a message has one each: who has sent it, and what it has.
fn filters(search: &SearchMessages) -> Vec<Vec<String>> {
    let senders = search.from.iter();
    let senders = senders.map(|from| from.iter().map(|user| sender_tag(*user)).collect());
    let has = search.has.iter().map(|has| vec![has_tag(*has).to_owned()]);
    senders.chain(has).collect()
}

/// Terms and filters as an FTS5 expression, in some conversations or in any; none where that would be everything. Words and tags are letters,
/// digits and colons, so that none is an operator in its quotes.
fn expression<'a>(
    terms: impl IntoIterator<Item = &'a Term>,
    search: &SearchMessages,
    within: Option<&Readable>,
) -> Option<String> {
    let mut all: Vec<String> = terms.into_iter().map(phrase).collect();
    all.extend(filters(search).iter().map(|filter| any(filter)));
    all.extend(within.map(in_conversations));
    (!all.is_empty()).then(|| all.join(" AND "))
}

fn in_conversations(readable: &Readable) -> String {
    let tags: Vec<String> = readable.keys().map(|id| conversation_tag(*id)).collect();
    any(&tags)
}

fn phrase(term: &Term) -> String {
    let beginning = if term.prefix { " *" } else { "" };
    format!("{}{beginning}", quoted(&term.tokens.join(" ")))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', ""))
}

fn any(tags: &[String]) -> String {
    let tags: Vec<String> = tags.iter().map(|tag| quoted(tag)).collect();
    format!("({})", tags.join(" OR "))
}
