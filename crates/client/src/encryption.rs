//! Conversations that are encrypted end to end.

use pipit_wire::ConversationId;

use crate::engine::{Engine, Stored};
use crate::storage::Storage;

impl<S: Storage> Engine<S> {
    /// Whether a conversation is encrypted end to end: then no words leave this device in the clear.
    pub(crate) fn is_encrypted(&self, conversation: ConversationId) -> Stored<bool> {
        let record = self.storage.conversation(conversation)?;
        Ok(record.is_some_and(|record| record.encrypted))
    }
}
