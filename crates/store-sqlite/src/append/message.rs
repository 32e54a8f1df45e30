//! The way of most entries: a message without files that stays, whose id is new and whose facts hold.
//!
//! It costs one statement, the insertion. That an id is new is what its index says when the row is inserted, without a question of
//! its own before; facts are asked once a batch for each sender; statements are looked up once a batch. Whatever is not as
//! expected is left to the general way, which finds out what to say.

use pipit_store::blob::attached;
use pipit_store::encryption;
use pipit_store::log::{Append, Appended, Facts};
use pipit_wire::event::EventBody;
use pipit_wire::{ConversationId, Event};
use rusqlite::{CachedStatement, Connection, Result, params};

use super::{State, do_facts_hold};
use crate::row::{self, seq_number};

/// An entry that is there already is left alone, and no row changes.
const INSERT: &str = "INSERT INTO event (conversation, seq, id, kind, sender, device, at, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id, conversation) DO NOTHING";

/// How many senders' facts are remembered for a conversation: looking through more costs what asking does.
const SEEN_MAX: usize = 16;

/// What a batch needs for its messages.
pub(super) struct Messages<'db> {
    db: &'db Connection,
    insert: CachedStatement<'db>,
}

/// Facts of one conversation that were seen to hold in this batch. Only what is appended changes them, and not by messages.
#[derive(Default)]
pub(super) struct Seen(Vec<Facts>);

impl Seen {
    /// What was seen may no longer hold.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl<'db> Messages<'db> {
    pub(super) fn new(db: &'db Connection) -> Result<Self> {
        Ok(Self {
            db,
            insert: db.prepare_cached(INSERT)?,
        })
    }

    /// Appends a message; gives back an entry that is none, or that something is in the way of. Then nothing has changed.
    pub(super) fn append(
        &mut self,
        state: &mut State,
        entry: Append,
    ) -> Result<std::result::Result<Appended, Append>> {
        let is_plain = matches!(entry.body, EventBody::Message { .. })
            && !state.encrypted
            && encryption::seal_of(&entry.body).is_none()
            && state.settings.expire_after_ms == 0
            && attached(&entry.body).is_empty();
        if !is_plain || !self.do_facts_hold(state, entry.conversation, &entry.facts)? {
            return Ok(Err(entry));
        }
        let seq = state.last_seq.next();
        let inserted = self.insert.execute(params![
            entry.conversation.as_bytes(),
            seq_number(seq),
            entry.id.as_bytes(),
            row::event_kind(&entry.body),
            entry.sender.as_bytes(),
            entry.device.as_ref().map(pipit_wire::DeviceId::as_bytes),
            entry.at.as_ms(),
            row::body_text(&entry.body)?
        ])?;
        if inserted == 0 {
            return Ok(Err(entry));
        }
        state.last_seq = seq;
        state.last_message_seq = seq;
        state.last_at = entry.at;
        state.changed = true;
        Ok(Ok(Appended {
            event: Event {
                id: entry.id,
                conversation: entry.conversation,
                seq,
                at: entry.at,
                sender: entry.sender,
                device: entry.device,
                body: entry.body,
            },
            repeated: false,
        }))
    }

    fn do_facts_hold(&self, state: &mut State, conversation: ConversationId, facts: &Facts) -> Result<bool> {
        if state.seen.0.contains(facts) {
            return Ok(true);
        }
        let hold = do_facts_hold(self.db, state, conversation, facts)?;
        if hold && state.seen.0.len() < SEEN_MAX {
            state.seen.0.push(facts.clone());
        }
        Ok(hold)
    }
}
