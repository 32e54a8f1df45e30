//! What was written to a conversation that one is not in any more.
//!
//! The outbox of a conversation goes with it: there is nobody to send it to. The words in it are somebody's, though, who may not be looking, so
//! they are put aside in the same transaction, and stay until a person has seen them ([`crate::Command::DiscardMessage`]). Files are not: their bytes
//! are the driver's, for as long as a message in the outbox has them.

use pipit_wire::event::MessageChange;
use pipit_wire::{Content, ConversationId, MessageId};

use crate::engine::{Engine, Stored};
use crate::items::Pending;
use crate::storage::{ConversationRecord, OutboxBody, OutboxRecord, OutboxState, Storage};
use crate::view::{Unsent, Update};

impl<S: Storage> Engine<S> {
    /// Tells all views of a conversation that is about to go, and puts aside what waits for it.
    pub(crate) fn tell_gone(&mut self, conversation: ConversationId, removed: bool) -> Stored {
        let Some(record) = self.storage.conversation(conversation)? else {
            return Ok(());
        };
        let (name, _) = self.shown_name(&record)?;
        self.put_aside(&record, &name, removed)?;
        self.show_everywhere(&Update::ConversationGone {
            conversation,
            name,
            removed,
        });
        Ok(())
    }

    fn put_aside(&mut self, record: &ConversationRecord, name: &str, removed: bool) -> Stored {
        let waiting = self.storage.outbox(record.id)?;
        let pending = self.pending_changes(&waiting);
        for waits in &waiting {
            let Some((message, text)) = words(waits, &waiting, &pending) else {
                continue;
            };
            if self.storage.find_entry(record.id, waits.id)?.is_some() {
                // It has come by the log, and was not opened yet.
                continue;
            }
            let files = self.files_known_of(waits)?.len();
            if text.trim().is_empty() && files == 0 {
                continue;
            }
            self.storage.save_unsent(&Unsent {
                message,
                conversation: record.id,
                name: name.to_owned(),
                removed,
                encrypted: record.encrypted,
                text,
                files: u32::try_from(files).unwrap_or(u32::MAX),
            })?;
            self.dirty.unsent = true;
        }
        Ok(())
    }

    /// A person has seen it.
    pub(crate) fn discard_unsent(&mut self, message: MessageId) -> Stored {
        self.storage.remove_unsent(message)?;
        self.dirty.unsent = true;
        Ok(())
    }
}

/// What somebody has written in something that waits, and under which id. Of an edit, where what it changes does not wait itself.
fn words(waits: &OutboxRecord, all: &[OutboxRecord], pending: &Pending) -> Option<(MessageId, String)> {
    if is_there(waits) {
        return None;
    }
    match &waits.body {
        OutboxBody::Message { text, poll, .. } => {
            let now = pending.over(waits.id.into(), None);
            if now.deleted {
                return None;
            }
            let mut text = now.text().unwrap_or(text).to_owned();
            for option in poll.iter().flat_map(|poll| &poll.options) {
                text.push('\n');
                text.push_str(option);
            }
            Some((waits.id.into(), text))
        }
        OutboxBody::Change {
            message,
            change:
                MessageChange::Edit {
                    content: Content::Plain { text, .. },
                    ..
                },
        } => {
            let waits_itself =
                |other: &OutboxRecord| MessageId::from(other.id) == *message && !is_there(other);
            (!all.iter().any(waits_itself)).then(|| (waits.id.into(), text.clone()))
        }
        OutboxBody::Change { .. } | OutboxBody::Profile { .. } => None,
    }
}

/// Whether the server has it.
const fn is_there(waits: &OutboxRecord) -> bool {
    matches!(waits.state, OutboxState::Acknowledged { .. })
}
