//! What a person keeps of a conversation for themselves: archived, pinned, muted, marked as unread, the draft, and what they have deleted
//! for themselves ([`crate::hiding`]).
//!
//! A change is shown and kept on this device at once, and waits beside what the server said last until the server has it: what is
//! shown is both together. Drafts travel now and then while somebody types, everything else at once. Of two devices that change
//! the same, the one whose change reaches the server later wins.

use std::collections::BTreeMap;

use pipit_wire::frame::client::SetPersonal;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::frame::{Personal, PersonalChange, RequestState};
use pipit_wire::push::NotifyRule;
use pipit_wire::{ClientFrame, ConversationId, Seq, Timestamp};

use crate::engine::{Engine, Stored};
use crate::request::Request;
use crate::storage::{ConversationRecord, PersonalRecord, Storage};
use crate::view::PersonalView;

/// While somebody types, their draft travels once in this time.
const DRAFT_MS: i64 = 2_000;
/// The wait after the server would not take a change now.
const RETRY_MS: i64 = 2_000;
/// The most changes said again on a new connection.
const RESEND_MAX: u32 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Personals {
    /// What was sent on this connection and has not been answered.
    sent: BTreeMap<ConversationId, PersonalChange>,
    due: BTreeMap<ConversationId, Timestamp>,
    /// When the first of the shown conversations is not muted any more.
    pub(crate) mute_ends: Option<Timestamp>,
}

impl Personals {
    pub(crate) fn forget_line(&mut self) {
        self.sent.clear();
        self.due.clear();
    }

    pub(crate) fn forget(&mut self, conversation: ConversationId) {
        self.sent.remove(&conversation);
        self.due.remove(&conversation);
    }

    fn has_sent_draft(&self, conversation: ConversationId) -> bool {
        let sent = self.sent.get(&conversation);
        sent.is_some_and(|sent| sent.draft.is_some())
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let unsent = self.due.iter().filter(|(id, _)| !self.sent.contains_key(id));
        unsent.map(|(_, due)| *due).chain(self.mute_ends).min()
    }
}

impl<S: Storage> Engine<S> {
    /// The time by the server's clock.
    pub(crate) fn server_now(&self) -> Timestamp {
        let offset_ms = self.session.as_ref().map_or(0, |session| session.clock_offset_ms);
        self.clock.now().plus_ms(offset_ms)
    }

    pub(crate) fn shown_personal(&self, conversation: ConversationId) -> Stored<Personal> {
        let record = self.storage.personal(conversation)?;
        Ok(record.state.with(&record.pending))
    }

    pub(crate) fn personal_view(&self, record: &ConversationRecord) -> Stored<PersonalView> {
        let personal = self.shown_personal(record.id)?;
        let muted = personal.muted_until > self.server_now();
        let last_message = record.last_message.as_ref().map_or(Seq::ZERO, |last| last.seq);
        let archived = personal.archived_seq != Seq::ZERO && (muted || last_message <= personal.archived_seq);
        Ok(PersonalView {
            archived,
            pinned: personal.pin > 0,
            muted_until: muted.then_some(personal.muted_until),
            marked_unread: personal.marked_unread,
            request: personal.request,
            notify: personal.notify,
        })
    }

    /// When something that was shown as muted is not any more, by the steady clock.
    pub(crate) fn note_mute(&mut self, view: &PersonalView) {
        let Some(until) = view.muted_until else { return };
        let wait_ms = until.since_ms(self.server_now());
        let ends = self.clock.steady().plus_ms(wait_ms);
        let first = self.personals.mute_ends.get_or_insert(ends);
        *first = ends.min(*first);
    }

    /// Shows and keeps a change, and has it sent.
    pub(crate) fn change_personal(&mut self, conversation: ConversationId, change: PersonalChange) -> Stored {
        if self.storage.conversation(conversation)?.is_none() {
            return Ok(());
        }
        let record = self.storage.personal(conversation)?;
        let shown = record.state.clone().with(&record.pending);
        if shown.clone().with(&change) == shown {
            return Ok(());
        }
        let only_draft = PersonalChange {
            draft: None,
            ..change.clone()
        };
        let wait_ms = if only_draft.is_empty() { DRAFT_MS } else { 0 };
        let record = PersonalRecord {
            pending: record.pending.then(change),
            ..record
        };
        self.storage.save_personal(conversation, &record)?;
        self.dirty.conversation(conversation);
        self.dirty.list = true;
        self.send_personal_in(conversation, wait_ms);
        Ok(())
    }

    fn send_personal_in(&mut self, conversation: ConversationId, wait_ms: i64) {
        let at = self.clock.steady().plus_ms(wait_ms);
        let due = self.personals.due.entry(conversation).or_insert(at);
        *due = at.min(*due);
    }

    /// The line stands again: what the server does not have.
    pub(crate) fn resend_personals(&mut self) -> Stored {
        for conversation in self.storage.pending_personals(RESEND_MAX)? {
            self.send_personal_in(conversation, 0);
        }
        Ok(())
    }

    pub(crate) fn personals_due(&mut self) -> Stored {
        if self
            .personals
            .mute_ends
            .is_some_and(|ends| self.clock.is_due(ends))
        {
            self.personals.mute_ends = None;
            self.dirty.all = true;
        }
        if !self.connection.is_up() {
            // Everything that waits is sent when it is again.
            self.personals.due.clear();
            return Ok(());
        }
        let due: Vec<ConversationId> = self
            .personals
            .due
            .iter()
            .filter(|(id, at)| self.clock.is_due(**at) && !self.personals.sent.contains_key(id))
            .map(|(id, _)| *id)
            .collect();
        for conversation in due {
            self.personals.due.remove(&conversation);
            let change = self.storage.personal(conversation)?.pending;
            if change.is_empty() {
                continue;
            }
            let id = self.new_request();
            self.requests.open(id, Request::Personal { conversation });
            self.personals.sent.insert(conversation, change.clone());
            self.send(&ClientFrame::Personal(SetPersonal {
                id,
                conversation,
                change,
            }));
        }
        Ok(())
    }

    /// The server has a new state: of this device's change, or of another's.
    pub(crate) fn personal_came(&mut self, changed: &PersonalChanged) -> Stored {
        let conversation = changed.conversation;
        let answered = changed.id.and_then(|id| self.requests.close(id)).is_some();
        if answered && let Some(sent) = self.personals.sent.remove(&conversation) {
            let record = self.storage.personal(conversation)?;
            let pending = without(record.pending, &sent);
            if !pending.is_empty() {
                self.send_personal_in(conversation, DRAFT_MS);
            }
            let state = record.state;
            self.storage
                .save_personal(conversation, &PersonalRecord { state, pending })?;
            self.schedule_answered(conversation, &sent, None)?;
        }
        self.merge_personal(conversation, &changed.personal)
    }

    /// What the server has, from whichever frame: the later one counts.
    pub(crate) fn merge_personal(&mut self, conversation: ConversationId, personal: &Personal) -> Stored {
        let record = self.storage.personal(conversation)?;
        if personal.changed_at <= record.state.changed_at {
            return Ok(());
        }
        let has_draft = personal.draft != record.state.draft;
        let is_encrypted = self.is_encrypted(conversation)?;
        if has_draft && !is_encrypted && record.pending.draft.is_none() {
            self.show_draft(conversation, &personal.draft)?;
        }
        let news: Vec<Seq> = personal
            .hidden
            .difference(&record.state.hidden)
            .copied()
            .collect();
        let accepted =
            record.state.request != RequestState::Accepted && personal.request == RequestState::Accepted;
        let (before, mut pending) = (record.state.draft, record.pending);
        if is_encrypted
            && pending.draft.as_ref().is_some_and(String::is_empty)
            && !self.personals.has_sent_draft(conversation)
            && !personal.draft.is_empty()
            && !self.opens_draft(conversation, &personal.draft)?
        {
            // What another device has begun meanwhile, that does not share this one's key, is not this one's to take back.
            pending.draft = None;
        }
        let record = PersonalRecord {
            state: personal.clone(),
            pending,
        };
        self.storage.save_personal(conversation, &record)?;
        if has_draft && is_encrypted {
            self.draft_came(conversation, &before)?;
        }
        if accepted {
            self.receipts_changed(conversation);
            self.encryption.nudge(conversation);
            if let Some(peer) = self
                .storage
                .conversation(conversation)?
                .and_then(|found| found.peer)
            {
                self.presences.watch_anew(peer);
            }
        }
        self.dirty.conversation(conversation);
        self.dirty.list = true;
        self.erase_hidden(conversation, &news)
    }

    /// The server would not take it: tried again where that can help, else what the server has is shown again.
    pub(crate) fn personal_refused(
        &mut self,
        conversation: ConversationId,
        code: &str,
        retry_after_ms: Option<i64>,
    ) -> Stored {
        let sent = self.personals.sent.remove(&conversation).unwrap_or_default();
        if let Some(wait_ms) = retry_after_ms {
            self.send_personal_in(conversation, wait_ms.max(RETRY_MS));
            return Ok(());
        }
        let record = self.storage.personal(conversation)?;
        let pending = without(record.pending, &sent);
        let state = record.state;
        self.storage
            .save_personal(conversation, &PersonalRecord { state, pending })?;
        self.dirty.conversation(conversation);
        self.dirty.list = true;
        self.schedule_answered(conversation, &sent, Some(code))
    }

    pub(crate) fn set_archived(&mut self, conversation: ConversationId, archived: bool) -> Stored {
        let Some(record) = self.storage.conversation(conversation)? else {
            return Ok(());
        };
        let change = PersonalChange {
            archived_seq: Some(if archived { record.last_seq } else { Seq::ZERO }),
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)
    }

    /// Pins to this place among the pinned ones (0 first; beyond the end: last), or unpins. The others move.
    pub(crate) fn set_pinned(&mut self, conversation: ConversationId, place: Option<u32>) -> Stored {
        let mut pinned = self.storage.pinned_conversations()?;
        pinned.retain(|other| *other != conversation);
        match place {
            Some(place) => {
                let place = usize::try_from(place).unwrap_or(usize::MAX).min(pinned.len());
                pinned.insert(place, conversation);
            }
            None => self.change_pin(conversation, 0)?,
        }
        for (pin, id) in (1..).zip(pinned) {
            self.change_pin(id, pin)?;
        }
        Ok(())
    }

    fn change_pin(&mut self, conversation: ConversationId, pin: u32) -> Stored {
        let change = PersonalChange {
            pin: Some(pin),
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)
    }

    pub(crate) fn mute(&mut self, conversation: ConversationId, until: Option<Timestamp>) -> Stored {
        let change = PersonalChange {
            muted_until: Some(until.unwrap_or_default()),
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)
    }

    pub(crate) fn set_notify(&mut self, conversation: ConversationId, notify: NotifyRule) -> Stored {
        let change = PersonalChange {
            notify: Some(notify),
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)
    }

    pub(crate) fn mark_unread(&mut self, conversation: ConversationId, unread: bool) -> Stored {
        let change = PersonalChange {
            marked_unread: Some(unread),
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)
    }

    /// Something is being written here, or on another device of the account, or is not any more.
    pub(crate) fn show_draft(&mut self, conversation: ConversationId, text: &str) -> Stored {
        self.storage.save_draft(conversation, text)?;
        for timeline in self.timelines_of(conversation) {
            text.clone_into(&mut timeline.draft);
        }
        self.dirty.conversation(conversation);
        self.dirty.list = true;
        Ok(())
    }

    /// Whether the draft that the server keeps, or is about to, is one of those who share this device's key. What was to be sent is not sent where it is not.
    fn takes_back_draft(&mut self, conversation: ConversationId) -> Stored<bool> {
        let mut record = self.storage.personal(conversation)?;
        if record.state.draft.is_empty() || self.opens_draft(conversation, &record.state.draft)? {
            return Ok(true);
        }
        // One that was sent has taken its place.
        if self.personals.has_sent_draft(conversation) {
            return Ok(true);
        }
        if record.pending.draft.take().is_some() {
            self.storage.save_personal(conversation, &record)?;
        }
        Ok(false)
    }

    pub(crate) fn keep_draft(&mut self, conversation: ConversationId, text: String) -> Stored {
        let before = self.storage.draft(conversation)?.unwrap_or_default();
        self.show_draft(conversation, &text)?;
        let draft = if !self.is_encrypted(conversation)? {
            text
        } else if before == text || (text.is_empty() && !self.takes_back_draft(conversation)?) {
            // It would be sealed another way each time; and what another device has begun, that does not share its key, is not this one's to take back.
            return Ok(());
        } else {
            self.seal_draft(conversation, &text)?
        };
        let change = PersonalChange {
            draft: Some(draft),
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)
    }
}

/// What is still to be said once `sent` is settled: what was changed again meanwhile.
fn without(pending: PersonalChange, sent: &PersonalChange) -> PersonalChange {
    fn left<T: PartialEq>(pending: Option<T>, sent: Option<&T>) -> Option<T> {
        pending.filter(|pending| Some(pending) != sent)
    }
    PersonalChange {
        archived_seq: left(pending.archived_seq, sent.archived_seq.as_ref()),
        pin: left(pending.pin, sent.pin.as_ref()),
        muted_until: left(pending.muted_until, sent.muted_until.as_ref()),
        marked_unread: left(pending.marked_unread, sent.marked_unread.as_ref()),
        draft: left(pending.draft, sent.draft.as_ref()),
        hide: pending.hide.difference(&sent.hide).copied().collect(),
        request: left(pending.request, sent.request.as_ref()),
        notify: left(pending.notify, sent.notify.as_ref()),
        schedule: pending
            .schedule
            .into_iter()
            .filter(|(message, entry)| sent.schedule.get(message) != Some(entry))
            .collect(),
    }
}
