//! Finding messages on the device.

use pipit_client::storage::{SearchHit, StorageSearch};
use pipit_model::search::document::{content_words, has_all};
use pipit_model::search::excerpt;
use pipit_wire::{Attachment, Content, ConversationId, Event, EventBody, MessageId, UserId};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::value::{self, from_seq};

/// Teaches the connection `search_words(text, raw)`, which the index's triggers call: the tokens of an entry that says this now, separated
/// by spaces.
pub(crate) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("search_words", 2, flags, |context| {
        let (text, raw) = (context.get_raw(0).as_str()?, context.get_raw(1).as_str()?);
        Ok(content_words(text, &attachments(raw)))
    })
}

/// The files of an entry. Most have none, and are not read for it.
fn attachments(raw: &str) -> Vec<Attachment> {
    if !raw.contains("\"attachments\"") {
        return Vec::new();
    }
    match serde_json::from_str(raw).map(|event: Event| event.body) {
        Ok(EventBody::Message {
            content: Content::Plain { attachments, .. },
            ..
        }) => attachments,
        _ => Vec::new(),
    }
}

pub(crate) fn find(connection: &Connection, search: &StorageSearch) -> rusqlite::Result<Vec<SearchHit>> {
    let nothing = |list: &Option<Vec<_>>| list.as_ref().is_some_and(Vec::is_empty);
    if nothing(&search.from) || search.within.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let (sql, values) = statement(search);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let limit = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let mut hits = Vec::new();
    while hits.len() < limit
        && let Some(row) = rows.next()?
    {
        let text: String = row.get(5)?;
        let raw: String = row.get(6)?;
        let content = Content::Plain {
            text,
            attachments: attachments(&raw),
            preview: None,
        };
        if !has_all(&content, &search.has) {
            continue;
        }
        hits.push(SearchHit {
            conversation: value::id(row, 0, ConversationId::from_bytes)?,
            seq: value::seq(row, 1)?,
            message: value::id(row, 2, MessageId::from_bytes)?,
            sender: value::id(row, 3, UserId::from_bytes)?,
            at: value::timestamp(row, 4)?,
            excerpt: excerpt(&content, &search.terms),
        });
    }
    Ok(hits)
}

/// What matches, newest first, and its parameters.
fn statement(search: &StorageSearch) -> (String, Vec<Value>) {
    let mut sql = "SELECT entry.conversation, entry.seq, entry.event, entry.sender, entry.at, entry.text, entry.raw FROM entry"
        .to_owned();
    let mut values = Vec::new();
    if search.terms.is_empty() {
        sql.push_str(" WHERE entry.text IS NOT NULL");
    } else {
        sql.push_str(" JOIN entry_words ON entry_words.rowid = entry.id WHERE entry_words MATCH ?");
        values.push(Value::Text(expression(search)));
    }
    let mut any_of = |column: &str, ids: Vec<Value>| {
        let places = vec!["?"; ids.len()].join(", ");
        sql.extend([" AND entry.", column, " IN (", &places, ")"]);
        values.extend(ids);
    };
    if let Some(from) = &search.from {
        any_of(
            "sender",
            from.iter()
                .map(|id| Value::Blob(id.as_bytes().to_vec()))
                .collect(),
        );
    }
    if let Some(within) = &search.within {
        any_of(
            "conversation",
            within
                .iter()
                .map(|id| Value::Blob(id.as_bytes().to_vec()))
                .collect(),
        );
    }
    if let Some(since) = search.since {
        sql.push_str(" AND entry.at >= ?");
        values.push(Value::Integer(since.as_ms()));
    }
    if let Some(until) = search.until {
        sql.push_str(" AND entry.at < ?");
        values.push(Value::Integer(until.as_ms()));
    }
    if let Some((at, conversation, seq)) = search.after {
        sql.push_str(" AND (entry.at, entry.conversation, entry.seq) < (?, ?, ?)");
        values.push(Value::Integer(at.as_ms()));
        values.push(Value::Blob(conversation.as_bytes().to_vec()));
        values.push(Value::Integer(from_seq(seq)));
    }
    // Requests that were not accepted are not searched.
    sql.push_str(" AND NOT EXISTS (SELECT 1 FROM personal WHERE personal.conversation = entry.conversation AND request > 0)");
    sql.push_str(" ORDER BY entry.at DESC, entry.conversation DESC, entry.seq DESC");
    (sql, values)
}

/// An FTS5 expression. Tokens are letters and digits, so that none is an operator in its quotes.
fn expression(search: &StorageSearch) -> String {
    let phrases = search.terms.iter().map(|term| {
        let beginning = if term.prefix { " *" } else { "" };
        format!("\"{}\"{beginning}", term.tokens.join(" ").replace('"', ""))
    });
    phrases.collect::<Vec<_>>().join(" AND ")
}
