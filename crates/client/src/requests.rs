//! Message requests: what a stranger has begun stands apart, and the stranger learns nothing, until it is answered.
//!
//! An answer is a change of what one keeps of the conversation: it is durable, travels when it can, and is the same on all of one's devices.
//! Until then markers move on this device alone, and are said when the server has the answer.

use pipit_wire::frame::{PersonalChange, RequestState};
use pipit_wire::{ConversationId, Seq};

use crate::command::RequestAnswer;
use crate::engine::{Engine, Stored};
use crate::storage::Storage;

/// The most requests that are counted for the list.
const COUNTED_MAX: u32 = 99;

impl<S: Storage> Engine<S> {
    /// Whether somebody waits for an answer here, or was refused: they are to learn nothing.
    pub(crate) fn is_unanswered(&self, conversation: ConversationId) -> Stored<bool> {
        Ok(self.shown_personal(conversation)?.request != RequestState::Accepted)
    }

    pub(crate) fn answer_request(&mut self, conversation: ConversationId, answer: RequestAnswer) -> Stored {
        if self.shown_personal(conversation)?.request == RequestState::Accepted {
            return Ok(());
        }
        let change = match answer {
            RequestAnswer::Accept => PersonalChange {
                request: Some(RequestState::Accepted),
                archived_seq: Some(Seq::ZERO),
                ..PersonalChange::default()
            },
            RequestAnswer::Delete => return self.set_archived(conversation, true),
            RequestAnswer::Refuse => PersonalChange {
                request: Some(RequestState::Refused),
                ..PersonalChange::default()
            },
        };
        self.change_personal(conversation, change)
    }

    /// Whoever writes or reacts has accepted by that.
    pub(crate) fn accept_by_acting(&mut self, conversation: ConversationId) -> Stored {
        self.answer_request(conversation, RequestAnswer::Accept)
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
