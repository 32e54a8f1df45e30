//! Message requests: what a stranger has begun stands apart, and the stranger learns nothing, until it is answered.
//!
//! What is deleted or refused is deleted for oneself ([`crate::hiding`]), as far as this device has it. An answer is a change of what one keeps of the conversation: it is durable, travels when it can, and is the same on all of one's devices.
//! Until then markers move on this device alone, and are said when the server has the answer.

use std::collections::BTreeSet;

use pipit_wire::event::EventBody;
use pipit_wire::frame::{PersonalChange, RequestState};
use pipit_wire::{ConversationId, Seq};

use crate::command::RequestAnswer;
use crate::engine::{Engine, Stored};
use crate::storage::{ConversationRecord, Storage};

/// The most requests that are counted for the list.
const COUNTED_MAX: u32 = 99;
/// The last entries among which messages are deleted with a request.
const ERASED_MAX: u64 = 200;

impl<S: Storage> Engine<S> {
    /// Whether somebody waits for an answer here, or was refused: they are to learn nothing.
    pub(crate) fn is_unanswered(&self, conversation: ConversationId) -> Stored<bool> {
        Ok(self.shown_personal(conversation)?.request != RequestState::Accepted)
    }

    pub(crate) fn answer_request(&mut self, conversation: ConversationId, answer: RequestAnswer) -> Stored {
        let accepted = self.shown_personal(conversation)?.request == RequestState::Accepted;
        if accepted != (answer == RequestAnswer::Block) {
            return Ok(());
        }
        let change = match answer {
            RequestAnswer::Block => {
                let Some(record) = self.storage.conversation(conversation)? else {
                    return Ok(());
                };
                if record.peer.is_none_or(|peer| Some(peer) == self.me()) {
                    return Ok(());
                }
                PersonalChange {
                    request: Some(RequestState::Refused),
                    archived_seq: Some(record.last_seq),
                    ..PersonalChange::default()
                }
            }
            RequestAnswer::Accept => PersonalChange {
                request: Some(RequestState::Accepted),
                archived_seq: Some(Seq::ZERO),
                ..PersonalChange::default()
            },
            RequestAnswer::Delete | RequestAnswer::Refuse => {
                let Some(record) = self.storage.conversation(conversation)? else {
                    return Ok(());
                };
                PersonalChange {
                    request: (answer == RequestAnswer::Refuse).then_some(RequestState::Refused),
                    archived_seq: Some(record.last_seq),
                    hide: self.messages_here(&record)?,
                    ..PersonalChange::default()
                }
            }
        };
        let hidden: Vec<Seq> = change.hide.iter().copied().collect();
        self.change_personal(conversation, change)?;
        self.erase_hidden(conversation, &hidden)
    }

    /// Whoever writes or reacts has accepted by that. What was refused is accepted in words only.
    pub(crate) fn accept_by_acting(&mut self, conversation: ConversationId) -> Stored {
        if self.shown_personal(conversation)?.request == RequestState::Waiting {
            self.answer_request(conversation, RequestAnswer::Accept)?;
        }
        Ok(())
    }

    /// The name of whom a request is of; none where it is none.
    pub(crate) fn asked_by(&mut self, conversation: ConversationId) -> Stored<Option<String>> {
        let personal = self.shown_personal(conversation)?;
        match personal.asked_by {
            Some(stranger) if personal.request != RequestState::Accepted => {
                self.name_in(conversation, stranger).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The last messages that this device has.
    fn messages_here(&self, record: &ConversationRecord) -> Stored<BTreeSet<Seq>> {
        let after = record.last_seq.get().saturating_sub(ERASED_MAX);
        let after = Seq::new(after).unwrap_or(Seq::ZERO);
        let entries = self.storage.entries(record.id, after, record.last_seq)?;
        let messages = entries
            .into_iter()
            .filter(|event| matches!(event.body, EventBody::Message { .. }));
        Ok(messages.map(|event| event.seq).collect())
    }

    /// How many requests wait, and were not put away.
    pub(crate) fn count_requests(&mut self) -> Stored<u32> {
        let mut count = 0;
        for conversation in self.storage.requests(COUNTED_MAX)? {
            let Some(record) = self.storage.conversation(conversation)? else {
                continue;
            };
            let personal = self.personal_view(&record)?;
            count += u32::from(personal.request == RequestState::Waiting && !personal.archived);
        }
        Ok(count)
    }
}
