//! Messages that erase themselves, by the server's clock, with a line or without one.
//!
//! The server says with each message when that is, and gives it to nobody afterwards. This device erases what it has of it at the same
//! moment, or when it is next opened; until then nothing of it is shown.

use pipit_wire::{ConversationId, MessageId, Timestamp};

use crate::engine::{Engine, Stored};
use crate::storage::Storage;

/// Messages that are erased in one transaction.
const AT_ONCE_MAX: u32 = 500;
/// The longest wait: a clock that was set is noticed after so long.
const WAIT_MS_MAX: i64 = 60_000;

impl<S: Storage> Engine<S> {
    /// Erases what is due, and notes when the next is. Called with every input, before views are shown anything.
    pub(crate) fn expire(&mut self) -> Stored {
        if self.session.is_none() {
            self.expiry_at = None;
            return Ok(());
        }
        let now = self.server_now();
        for (conversation, message) in self.storage.expired(now, AT_ONCE_MAX)? {
            self.expire_message(conversation, message)?;
        }
        self.expiry_at = self.storage.next_expiry()?.map(|end| self.wake_for(end));
        Ok(())
    }

    fn wake_for(&self, end: Timestamp) -> Timestamp {
        let wait_ms = end.since_ms(self.server_now()).clamp(1, WAIT_MS_MAX);
        self.clock.steady().plus_ms(wait_ms)
    }

    fn expire_message(&mut self, conversation: ConversationId, message: MessageId) -> Stored {
        if let Some(mut record) = self.storage.conversation(conversation)? {
            let held = match self.storage.find_message(conversation, message)? {
                Some(event) => Some((event.seq, self.storage.fold(conversation, event.seq)?)),
                None => None,
            };
            self.message_deleted(&mut record, message, held, &[])?;
            self.save_record(&mut record)?;
            self.dirty.list = true;
        }
        self.storage.expire_message(conversation, message)
    }
}
