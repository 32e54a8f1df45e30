//! One's own markers: said once they have settled, said again until the server is known to have them.
//!
//! Both markers are part of the conversation's record, beside what the server is known to have. A receipt has no answer; the
//! server is known to have it when a summary or another device's receipt says so. Until then it is said again on each new
//! connection, which costs nothing: markers that do not move are ignored.

use std::collections::{BTreeMap, BTreeSet};

use pipit_wire::frame::RequestState;
use pipit_wire::frame::client::SendReceipt;
use pipit_wire::{ClientFrame, ConversationId, Seq, Timestamp};

use crate::engine::{Engine, Stored};
use crate::storage::Storage;

/// Markers that move within this time of each other travel together.
const SETTLE_MS: i64 = 250;
/// So many travel at once; the next ones after as long again, so that a long absence does not use up what the server allows.
const AT_ONCE: usize = 20;
/// The most receipts said again on a new connection.
const RESEND_MAX: u32 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Receipts {
    changed: BTreeSet<ConversationId>,
    /// What was said on this connection.
    said: BTreeMap<ConversationId, (Seq, Seq)>,
    due_at: Option<Timestamp>,
}

impl Receipts {
    pub(crate) fn forget_line(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn forget_account(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn forget(&mut self, conversation: ConversationId) {
        self.changed.remove(&conversation);
        self.said.remove(&conversation);
    }

    pub(crate) const fn deadline(&self) -> Option<Timestamp> {
        self.due_at
    }
}

impl<S: Storage> Engine<S> {
    /// A marker of one's own has moved in the record.
    pub(crate) fn receipts_changed(&mut self, conversation: ConversationId) {
        if self.connection.is_up() {
            self.receipts.changed.insert(conversation);
            let due = self.clock.steady().plus_ms(SETTLE_MS);
            self.receipts.due_at.get_or_insert(due);
        }
    }

    /// The line stands again: what the server may not have.
    pub(crate) fn resend_receipts(&mut self) -> Stored {
        for conversation in self.storage.unconfirmed(RESEND_MAX)? {
            self.receipts_changed(conversation);
        }
        Ok(())
    }

    pub(crate) fn receipts_due(&mut self) -> Stored {
        if !self.receipts.due_at.is_some_and(|due| self.clock.is_due(due)) {
            return Ok(());
        }
        self.receipts.due_at = None;
        for _ in 0..AT_ONCE {
            let Some(conversation) = self.receipts.changed.pop_first() else {
                break;
            };
            let Some(record) = self.storage.conversation(conversation)? else {
                continue;
            };
            // The server does not take them before it has the answer to the request, and then they are said.
            if self.storage.personal(conversation)?.state.request != RequestState::Accepted {
                continue;
            }
            let markers = (record.delivered_seq.max(record.read_seq), record.read_seq);
            let said = self.receipts.said.get(&conversation).copied().unwrap_or_default();
            let news = |had: (Seq, Seq)| markers.0 > had.0 || markers.1 > had.1;
            if !news(said) || !news((record.delivered_confirmed, record.read_confirmed)) {
                continue;
            }
            self.receipts.said.insert(conversation, markers);
            self.syncing.count_again(conversation);
            self.dirty.conversation(conversation);
            self.send(&ClientFrame::Receipt(SendReceipt {
                conversation,
                delivered_seq: markers.0,
                read_seq: markers.1,
            }));
        }
        if !self.receipts.changed.is_empty() {
            self.receipts.due_at = Some(self.clock.steady().plus_ms(SETTLE_MS));
        }
        Ok(())
    }

    /// Something without an answer was refused for now. It may have been a receipt: what the server is not known to have is
    /// said again.
    pub(crate) fn receipts_put_off(&mut self, retry_after_ms: i64) -> Stored {
        self.receipts.said.clear();
        self.resend_receipts()?;
        if self.receipts.due_at.is_some() {
            self.receipts.due_at = Some(self.clock.steady().plus_ms(retry_after_ms.max(SETTLE_MS)));
        }
        Ok(())
    }

    /// Everything up to here was on a screen. Only forward, and only up to what exists.
    pub(crate) fn mark_read(&mut self, conversation: ConversationId, seq: Seq) -> Stored {
        let Some(mut record) = self.storage.conversation(conversation)? else {
            return Ok(());
        };
        let seq = seq.min(record.last_seq);
        if seq <= record.read_seq {
            return Ok(());
        }
        record.read_seq = seq;
        let ranges = self.storage.ranges(conversation)?;
        self.advance_delivered(&mut record, &ranges);
        self.receipts_changed(conversation);
        self.save_record(&mut record)
    }
}
