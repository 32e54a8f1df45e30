//! Giving what came in archives its place: the entries of the log.
//!
//! The log says where an entry is, which one, and whose; the archive only what it says. An entry gets what is on the shelf for its place where it is the same entry by the same person, was taken in
//! by this device and is still sealed: nothing that this device has opened, that was deleted or that was never sealed is touched. What a sealed entry may not do in a conversation it does not do here
//! either: it goes through the same checks as what this device opens itself.
//!
//! The entries that are not here are fetched from the log, from the first one on that waits.

use std::collections::BTreeSet;

use pipit_wire::{ConversationId, Seq};

use crate::encryption::Placing;
use crate::engine::{Engine, Stored};
use crate::range;
use crate::storage::Storage;
use crate::window::Wanted;

/// So many get their place in one input.
const AT_ONCE: u32 = 250;

impl<S: Storage> Engine<S> {
    /// Gives what has come its place, as far as it can have it now.
    pub(super) fn pump_shelf(&mut self) -> Stored {
        if self.archives.shelved.is_none() {
            let states = self.storage.shelves()?;
            let shelved: BTreeSet<_> = states.iter().map(|state| state.conversation).collect();
            self.archives.shelf_due.extend(&shelved);
            self.archives.shelved = Some(shelved);
        }
        let due = std::mem::take(&mut self.archives.shelf_due);
        let mut left = AT_ONCE;
        for conversation in due {
            if left == 0 || !self.is_shelved(conversation) {
                self.archives.shelf_due.insert(conversation);
                continue;
            }
            let looked_at = self.place(conversation, left)?;
            left = left.saturating_sub(looked_at);
            self.archives.view_due |= looked_at > 0;
        }
        self.archives.shelf_due.retain(|conversation| {
            let shelved = self.archives.shelved.as_ref();
            shelved.is_some_and(|shelved| shelved.contains(conversation))
        });
        self.archives.busy |= !self.archives.shelf_due.is_empty();
        self.fetch_places()
    }

    fn is_shelved(&self, conversation: ConversationId) -> bool {
        let shelved = self.archives.shelved.as_ref();
        shelved.is_some_and(|shelved| shelved.contains(&conversation))
    }

    /// Gives what waits in one conversation its place, and says how much was looked at.
    fn place(&mut self, conversation: ConversationId, most: u32) -> Stored<u32> {
        let Some(record) = self.storage.conversation(conversation)? else {
            let is_complete = self.session.as_ref().is_some_and(|session| session.list_complete);
            if is_complete {
                // Not one of this account's any more.
                self.empty_shelf(conversation)?;
            }
            return Ok(0);
        };
        let Some(group) = self.group_record(conversation)? else {
            return Ok(0);
        };
        if !record.encrypted {
            self.empty_shelf(conversation)?;
            return Ok(0);
        }
        let ranges = self.storage.ranges(conversation)?;
        let mut after = Seq::ZERO;
        let mut looked_at = 0;
        let mut placed = 0;
        let mut waits = false;
        'all: loop {
            let records = self.storage.shelf(conversation, after, most)?;
            if records.is_empty() {
                break;
            }
            for waiting in records {
                after = waiting.seq;
                let held = range::containing(&ranges, waiting.seq);
                let is_held = held.is_some_and(|range| range.after < waiting.seq);
                let is_beyond = waiting.seq > record.last_seq && self.connection.is_up();
                if waiting.seq < record.first_seq || (is_beyond && !is_held) {
                    self.storage.take_off_shelf(conversation, waiting.seq)?;
                    looked_at += 1;
                    continue;
                }
                if !is_held || waiting.seq > group.cursor() {
                    waits = true;
                    break 'all;
                }
                if looked_at >= most {
                    // The rest comes with the next input.
                    self.archives.shelf_due.insert(conversation);
                    waits = true;
                    break 'all;
                }
                looked_at += 1;
                // What is refused has no place. Nor has what changes a message that is not here, though what comes before it is.
                if self.place_opened(&waiting)? == Placing::Placed {
                    placed += 1;
                }
                self.storage.take_off_shelf(conversation, waiting.seq)?;
            }
        }
        if placed > 0 {
            self.placed_opened(conversation)?;
        }
        if !waits && self.storage.shelf(conversation, Seq::ZERO, 1)?.is_empty() {
            self.shelf_is_empty(conversation);
        }
        Ok(looked_at)
    }

    fn empty_shelf(&mut self, conversation: ConversationId) -> Stored {
        self.storage.empty_shelf(conversation)?;
        self.shelf_is_empty(conversation);
        Ok(())
    }

    fn shelf_is_empty(&mut self, conversation: ConversationId) {
        if let Some(shelved) = &mut self.archives.shelved {
            shelved.remove(&conversation);
        }
        self.archives.shelf_due.remove(&conversation);
        self.archives.sought.retain(|(of, _)| *of != conversation);
        self.archives.view_due = true;
    }

    /// Asks for the entries that the first of what waits belongs to.
    fn fetch_places(&mut self) -> Stored {
        if !self.connection.is_up() {
            return Ok(());
        }
        let shelved = self.archives.shelved.clone().unwrap_or_default();
        for conversation in shelved {
            let Some(record) = self.storage.conversation(conversation)? else {
                self.syncing.want_unknown(conversation);
                continue;
            };
            let Some(first) = self.storage.shelf(conversation, Seq::ZERO, 1)?.pop() else {
                self.shelf_is_empty(conversation);
                continue;
            };
            let ranges = self.storage.ranges(conversation)?;
            let held = range::containing(&ranges, first.seq);
            if held.is_some_and(|range| range.after < first.seq) || first.seq > record.last_seq {
                continue;
            }
            let place = (conversation, first.seq);
            if self.archives.sought.contains(&place) {
                continue;
            }
            if self.ask_for_history(conversation, Wanted::After(first.seq.previous())) {
                self.archives.sought.retain(|(of, _)| *of != conversation);
                self.archives.sought.push(place);
            }
        }
        Ok(())
    }
}
