//! Entries that change messages, and what pages say of messages: into what has become of each ([`crate::fold`]).
//!
//! Only of messages that are on this device is anything kept. One that comes later finds the entries that concern it in the log,
//! and what came with its page.

use pipit_wire::event::{EventBody, MessageState};
use pipit_wire::frame::server::Page;
use pipit_wire::{ConversationId, Event, MessageId, Seq, UserId};

use crate::engine::{Engine, Stored};
use crate::fold::{self, FoldRecord, Folded};
use crate::storage::{ConversationRecord, LogEntry, OutboxBody, Storage};

/// What a page says of its messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageStates<'a> {
    states: &'a [MessageState],
    as_of: Seq,
    /// Nothing is said of a message to which nothing has happened. Where the page reaches the end of the log, all that has
    /// happened is in it, and need not be said.
    says_all: bool,
}

impl<'a> PageStates<'a> {
    pub(crate) fn of(page: &'a Page) -> Self {
        let last = page.events.last().map(|event| event.seq);
        Self {
            states: &page.states,
            as_of: page.last_seq,
            says_all: last < Some(page.last_seq),
        }
    }

    /// Takes in what it says of a message. True where that is news.
    fn tell(&self, message: MessageId, record: &mut FoldRecord) -> bool {
        let state = self.states.iter().find(|state| state.message == message);
        (state.is_some() || self.says_all) && record.rebase(state.cloned(), self.as_of)
    }
}

impl<S: Storage> Engine<S> {
    /// These entries are in the store now, some perhaps since long.
    pub(crate) fn fold_entries(
        &mut self,
        record: &mut ConversationRecord,
        entries: &[LogEntry],
        page: Option<PageStates<'_>>,
        me: UserId,
    ) -> Stored {
        let hidden = self.hidden(record.id)?;
        for LogEntry { event, .. } in entries {
            match &event.body {
                EventBody::Message { .. } => {
                    let hidden = hidden.contains(&event.seq);
                    self.fold_message(record, event, page, (me, hidden))?;
                }
                EventBody::MessageChanged { message, .. } => self.fold_change(record, event, *message, me)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A message came: what is known of it beside its entry is put together.
    fn fold_message(
        &mut self,
        record: &mut ConversationRecord,
        event: &Event,
        page: Option<PageStates<'_>>,
        (me, hidden): (UserId, bool),
    ) -> Stored {
        let message = event.id.into();
        let before = self.storage.fold(record.id, event.seq)?;
        let mut fold = before.clone();
        let told = page.is_some_and(|page| page.tell(message, &mut fold));
        let changes = self.storage.changes_of(record.id, message, Seq::ZERO)?;
        // An older page may still have it.
        let deleted = hidden || before.folded.deleted || fold::is_erased(event);
        if deleted || changes.iter().any(fold::is_deletion) {
            return self.message_deleted(record, message, Some((event.seq, fold)), &changes);
        }
        if told || !changes.is_empty() {
            let after: Vec<Event> = changes
                .into_iter()
                .filter(|change| change.seq > fold.as_of)
                .collect();
            fold.fold(&after, me);
        }
        self.keep_fold(record.id, (message, event.seq), &before, &fold)
    }

    /// An entry came that changes a message.
    fn fold_change(
        &mut self,
        record: &mut ConversationRecord,
        event: &Event,
        message: MessageId,
        me: UserId,
    ) -> Stored {
        let found = self.storage.find_message(record.id, message)?;
        let seq = found.map(|found| found.seq);
        let before = match seq {
            Some(seq) => self.storage.fold(record.id, seq)?,
            None => FoldRecord::default(),
        };
        if before.folded.deleted && !has_content(event) {
            return Ok(());
        }
        let changes = if seq.is_none() || before.folded.deleted || event.seq <= before.folded_seq {
            self.storage.changes_of(record.id, message, Seq::ZERO)?
        } else {
            Vec::new()
        };
        let deleted = before.folded.deleted || fold::is_deletion(event);
        if deleted || changes.iter().any(fold::is_deletion) {
            let changes = if changes.is_empty() {
                std::slice::from_ref(event)
            } else {
                &changes
            };
            return self.message_deleted(record, message, seq.map(|seq| (seq, before)), changes);
        }
        let Some(seq) = seq else { return Ok(()) };
        let mut fold = before.clone();
        if event.seq > fold.as_of && !fold.append(event, me) {
            let after: Vec<Event> = changes
                .into_iter()
                .filter(|change| change.seq > fold.as_of)
                .collect();
            fold.fold(&after, me);
        }
        self.keep_fold(record.id, (message, seq), &before, &fold)
    }

    /// The log is shorter than it was: what came after its end has not happened. Content that was erased does not come back.
    pub(crate) fn fold_shorter(&mut self, conversation: ConversationId, last_seq: Seq) -> Stored {
        let Some(me) = self.me() else { return Ok(()) };
        for event in self.storage.entries(conversation, Seq::ZERO, last_seq)? {
            let before = self.storage.fold(conversation, event.seq)?;
            let untouched = before.as_of.max(before.folded_seq) <= last_seq;
            if untouched || before.folded.deleted {
                continue;
            }
            let mut fold = before.clone();
            if fold.as_of > last_seq {
                // What was known of it is of later: its entries have to do, until a page says more.
                (fold.base, fold.as_of) = (None, Seq::ZERO);
            }
            let changes = self
                .storage
                .changes_of(conversation, event.id.into(), fold.as_of)?;
            fold.fold(&changes, me);
            self.keep_fold(conversation, (event.id.into(), event.seq), &before, &fold)?;
        }
        Ok(())
    }

    fn keep_fold(
        &mut self,
        conversation: ConversationId,
        (message, seq): (MessageId, Seq),
        before: &FoldRecord,
        after: &FoldRecord,
    ) -> Stored {
        if before != after {
            self.storage.save_fold(conversation, seq, after)?;
        }
        if before.folded != after.folded {
            self.message_changed(conversation, message);
        }
        Ok(())
    }

    fn message_changed(&mut self, conversation: ConversationId, message: MessageId) {
        for timeline in self.timelines_of(conversation) {
            timeline.forget_message(message);
        }
    }

    /// A message is deleted: what it said is erased wherever it is on this device, and what was still to happen to it does not.
    pub(crate) fn message_deleted(
        &mut self,
        record: &mut ConversationRecord,
        message: MessageId,
        held: Option<(Seq, FoldRecord)>,
        changes: &[Event],
    ) -> Stored {
        if record.encrypted {
            self.backup_is_stale()?;
        }
        self.storage.erase_message(record.id, message)?;
        if let Some(last) = &mut record.last_message
            && last.id == message.into()
        {
            fold::erase(last);
        }
        for waiting in self.storage.outbox(record.id)? {
            if matches!(&waiting.body, OutboxBody::Change { message: target, .. } if *target == message) {
                self.storage.remove_outbox(waiting.id)?;
            }
        }
        if let Some((seq, known)) = held {
            let deletion = changes.iter().find(|change| fold::is_deletion(change));
            let known_by = known.folded.deleted_by;
            let fold = FoldRecord {
                base: None,
                folded: Folded {
                    deleted: true,
                    deleted_by: deletion.map(|deletion| deletion.sender).or(known_by),
                    ..Folded::default()
                },
                ..known
            };
            self.storage.save_fold(record.id, seq, &fold)?;
        }
        self.message_changed(record.id, message);
        Ok(())
    }
}

/// Whether an entry has content that a deletion of its message erases.
fn has_content(event: &Event) -> bool {
    let mut erased = event.clone();
    fold::erase(&mut erased);
    erased != *event
}
