//! Keeping the index.
//!
//! Entries are read and split on a reader, and written by the writer where nobody else has done so meanwhile. Messages of several
//! conversations go in together, in the order of time: FTS5 sorts in memory as long as ids grow, and writes out what it has where one
//! does not.

use std::collections::HashMap;

use pipit_model::search::{Step, edited_words, step};
use pipit_store::search::Swept;
use pipit_wire::{ConversationId, EventId, MessageId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{find_entry, next_id};
use crate::log;
use crate::row::{self, KIND_MESSAGE, seq_number};

/// What is to be done for the next entries of some logs.
pub(crate) struct Batch {
    /// From where to where in each.
    moves: Vec<(ConversationId, Seq, Seq)>,
    added: Vec<Added>,
    changed: Vec<Changed>,
    entries: u32,
}

struct Added {
    at: Timestamp,
    conversation: ConversationId,
    seq: Seq,
    words: String,
}

enum Changed {
    Replaced {
        conversation: ConversationId,
        seq: Seq,
        source: Seq,
        words: String,
    },
    Removed {
        conversation: ConversationId,
        message: MessageId,
    },
}

impl Batch {
    /// How many entries it goes over.
    pub(crate) const fn entries(&self) -> u32 {
        self.entries
    }
}

fn position(db: &Connection, conversation: ConversationId) -> Result<Seq> {
    let found = db
        .prepare_cached("SELECT seq FROM search_position WHERE conversation = ?1")?
        .query_row([conversation.as_bytes()], |row| row::seq_at(row, 0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Reads what comes next in these logs, at most `limit` entries.
pub(crate) fn read_batch(db: &Connection, conversations: &[ConversationId], limit: u32) -> Result<Batch> {
    let mut batch = Batch {
        moves: Vec::new(),
        added: Vec::new(),
        changed: Vec::new(),
        entries: 0,
    };
    for conversation in conversations {
        let room = limit.saturating_sub(batch.entries);
        if room == 0 {
            break;
        }
        let from = position(db, *conversation)?;
        let events = log::forwards(db, *conversation, from.next(), room)?;
        let Some(through) = events.last().map(|event| event.seq) else {
            continue;
        };
        batch.moves.push((*conversation, from, through));
        batch.entries = batch
            .entries
            .saturating_add(u32::try_from(events.len()).unwrap_or(u32::MAX));
        for event in events {
            match step(&event) {
                Step::Nothing => {}
                Step::Add { words } => batch.added.push(Added {
                    at: event.at,
                    conversation: *conversation,
                    seq: event.seq,
                    words,
                }),
                Step::Edit { message } => {
                    let id = EventId::from(message.as_uuid());
                    let edited = log::find_event(db, *conversation, id)?;
                    if let Some(edited) = edited
                        && let Some(words) = edited_words(&edited, &event)
                    {
                        batch.changed.push(Changed::Replaced {
                            conversation: *conversation,
                            seq: edited.seq,
                            source: event.seq,
                            words,
                        });
                    }
                }
                Step::Remove { message } => batch.changed.push(Changed::Removed {
                    conversation: *conversation,
                    message,
                }),
            }
        }
    }
    batch.added.sort_by_key(|added| added.at);
    Ok(batch)
}

/// Writes it, but for logs in which somebody else has come further since it was read.
pub(crate) fn apply(db: &Connection, batch: &Batch) -> Result<()> {
    let mut current = HashMap::new();
    for (conversation, from, through) in &batch.moves {
        if position(db, *conversation)? == *from {
            current.insert(*conversation, *through);
        }
    }
    for added in &batch.added {
        if current.contains_key(&added.conversation) {
            add(db, added)?;
        }
    }
    for changed in &batch.changed {
        match changed {
            Changed::Replaced {
                conversation,
                seq,
                source,
                words,
            } if current.contains_key(conversation) => replace(db, *conversation, *seq, *source, words)?,
            Changed::Removed {
                conversation,
                message,
            } if current.contains_key(conversation) => {
                if let Some(event) = log::find_event(db, *conversation, EventId::from(message.as_uuid()))? {
                    forget(db, *conversation, event.seq)?;
                }
            }
            Changed::Replaced { .. } | Changed::Removed { .. } => {}
        }
    }
    let mut save = db.prepare_cached(
        "INSERT INTO search_position (conversation, seq) VALUES (?1, ?2)
        ON CONFLICT (conversation) DO UPDATE SET seq = excluded.seq",
    )?;
    for (conversation, through) in current {
        save.execute(params![conversation.as_bytes(), seq_number(through)])?;
    }
    Ok(())
}

/// Adds a message, but where it has been erased since it was read: whatever erases it need not leave an entry behind that says so.
fn add(db: &Connection, added: &Added) -> Result<()> {
    let id = next_id(db, added.at)?;
    let inserted = db
        .prepare_cached(
            "INSERT OR IGNORE INTO search_entry (id, conversation, seq, source, words) SELECT ?1, ?2, ?3, ?3, ?4
            WHERE EXISTS (SELECT 1 FROM event WHERE conversation = ?2 AND seq = ?3 AND kind = ?5)",
        )?
        .execute(params![
            id,
            added.conversation.as_bytes(),
            seq_number(added.seq),
            added.words,
            KIND_MESSAGE
        ])?;
    if inserted > 0 {
        insert_words(db, id, &added.words)?;
    }
    Ok(())
}

fn insert_words(db: &Connection, id: i64, words: &str) -> Result<()> {
    db.prepare_cached("INSERT INTO search_text (rowid, words) VALUES (?1, ?2)")?
        .execute(params![id, words])?;
    Ok(())
}

fn delete_words(db: &Connection, id: i64, words: &str) -> Result<()> {
    db.prepare_cached("INSERT INTO search_text (search_text, rowid, words) VALUES ('delete', ?1, ?2)")?
        .execute(params![id, words])?;
    Ok(())
}

/// A message is found by other words from now on.
fn replace(db: &Connection, conversation: ConversationId, seq: Seq, source: Seq, words: &str) -> Result<()> {
    let Some((id, before)) = find_entry(db, conversation, seq)? else {
        return Ok(());
    };
    delete_words(db, id, &before)?;
    db.prepare_cached("UPDATE search_entry SET source = ?2, words = ?3 WHERE id = ?1")?
        .execute(params![id, seq_number(source), words])?;
    insert_words(db, id, words)
}

/// A message is found no longer, and its words are gone from the index's pages. Erasing a message is what calls it.
pub(crate) fn forget(db: &Connection, conversation: ConversationId, seq: Seq) -> Result<()> {
    let Some((id, words)) = find_entry(db, conversation, seq)? else {
        return Ok(());
    };
    delete_words(db, id, &words)?;
    db.prepare_cached("DELETE FROM search_entry WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

pub(crate) fn list_unindexed(db: &Connection, user: UserId, limit: u32) -> Result<Vec<ConversationId>> {
    db.prepare_cached(
        "SELECT conversation.id FROM member JOIN conversation ON conversation.id = member.conversation
        LEFT JOIN search_position ON search_position.conversation = member.conversation
        WHERE member.user = ?1 AND conversation.last_seq > coalesce(search_position.seq, 0) LIMIT ?2",
    )?
    .query_map(params![user.as_bytes(), limit], |row| row::id_at(row, 0))?
    .collect()
}

pub(crate) fn sweep(db: &Connection, after: Option<ConversationId>, limit: u32) -> Result<Swept> {
    let after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    let looked_at: Vec<(ConversationId, bool)> = db
        .prepare_cached(
            "SELECT id, last_seq > coalesce(search_position.seq, 0) FROM conversation
            LEFT JOIN search_position ON search_position.conversation = conversation.id
            WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?
        .query_map(params![after, limit], |row| {
            Ok((row::id_at(row, 0)?, row.get(1)?))
        })?
        .collect::<Result<_>>()?;
    let full = looked_at.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next = looked_at.last().filter(|_| full).map(|(id, _)| *id);
    let behind = looked_at
        .into_iter()
        .filter(|(_, behind)| *behind)
        .map(|(id, _)| id);
    Ok(Swept {
        behind: behind.collect(),
        next,
    })
}
