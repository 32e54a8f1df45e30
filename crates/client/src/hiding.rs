//! Messages that one deletes for oneself: on all of one's devices, and nowhere else.
//!
//! Which ones they are is a part of what one keeps of a conversation ([`crate::personal`]): a change of it is shown and kept at once, waits
//! for a line, and comes to every other device, also to one that signs in later. What they say is erased from this device's store, like
//! that of a message that was deleted for everyone, whenever they or the word that they are hidden come, in whichever order.

use std::collections::BTreeSet;

use pipit_wire::event::EventBody;
use pipit_wire::frame::PersonalChange;
use pipit_wire::limits::{HIDDEN_MAX, PAGE_EVENTS_MAX};
use pipit_wire::{ConversationId, ErrorCode, Event, MessageId, Seq};

use crate::command::Reply;
use crate::engine::{Engine, Stored};
use crate::fold;
use crate::http::refusal;
use crate::storage::{ConversationRecord, Storage};

/// Messages that one command hides at most.
const HIDDEN_AT_ONCE_MAX: usize = 100;

impl<S: Storage> Engine<S> {
    /// What one has deleted for oneself in a conversation.
    pub(crate) fn hidden(&self, conversation: ConversationId) -> Stored<BTreeSet<Seq>> {
        Ok(self.shown_personal(conversation)?.hidden)
    }

    pub(crate) fn delete_for_me(
        &mut self,
        conversation: ConversationId,
        messages: &[MessageId],
    ) -> Stored<Reply> {
        let refused = |code, field| {
            let error = refusal(code, field);
            Ok(Reply::Failed { error })
        };
        if messages.len() > HIDDEN_AT_ONCE_MAX {
            return refused(ErrorCode::InvalidField, Some("messages"));
        }
        let mut hide = BTreeSet::new();
        for message in messages {
            let Some(event) = self.storage.find_message(conversation, *message)? else {
                return refused(ErrorCode::NotFound, Some("messages"));
            };
            hide.insert(event.seq);
        }
        if self.hidden(conversation)?.union(&hide).count() > HIDDEN_MAX {
            return refused(ErrorCode::LimitReached, Some("hidden"));
        }
        let places: Vec<Seq> = hide.iter().copied().collect();
        let change = PersonalChange {
            hide,
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)?;
        self.erase_hidden(conversation, &places)?;
        Ok(Reply::Done)
    }

    /// Erases what these say from this device, as far as it has them.
    pub(crate) fn erase_hidden(&mut self, conversation: ConversationId, places: &[Seq]) -> Stored {
        if places.is_empty() {
            return Ok(());
        }
        let Some(mut record) = self.storage.conversation(conversation)? else {
            return Ok(());
        };
        for seq in places {
            erase_last(&mut record, *seq);
            for event in self.storage.entries(conversation, seq.previous(), *seq)? {
                if matches!(event.body, EventBody::Message { .. }) {
                    let known = self.storage.fold(conversation, *seq)?;
                    self.message_deleted(&mut record, event.id.into(), Some((*seq, known)), &[])?;
                }
            }
        }
        self.save_record(&mut record)
    }

    /// The last message that is to be shown, among the last that this device has.
    pub(crate) fn last_shown(&self, record: &ConversationRecord) -> Stored<Option<Event>> {
        let Some(last) = &record.last_message else {
            return Ok(None);
        };
        let (hidden, now) = (self.hidden(record.id)?, self.server_now());
        let is_gone = |event: &Event| hidden.contains(&event.seq) || fold::is_expired(event, now);
        if !is_gone(last) {
            return Ok(Some(last.clone()));
        }
        let before = last.seq.previous();
        let after = before.get().saturating_sub(u64::from(PAGE_EVENTS_MAX));
        let after = Seq::new(after).unwrap_or(Seq::ZERO);
        let entries = self.storage.entries(record.id, after, before)?;
        let is_shown = |event: &Event| matches!(event.body, EventBody::Message { .. }) && !is_gone(event);
        Ok(entries.into_iter().rev().find(is_shown))
    }
}

/// The list has a copy of the last message.
pub(crate) fn erase_last(record: &mut ConversationRecord, hidden: Seq) {
    if let Some(last) = &mut record.last_message
        && last.seq == hidden
    {
        fold::erase(last);
    }
}
