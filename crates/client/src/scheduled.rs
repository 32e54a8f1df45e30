//! Messages that are sent later. Who holds them until then is not the views' concern.
//!
//! One that was scheduled here is held in the outbox, with its files, which are sent at once. In an open conversation it is handed over to the
//! server when its files are there, as a part of what oneself keeps of the conversation ([`crate::personal`]), which is how it comes to one's
//! other devices; it leaves the outbox when the server has it. In an encrypted one it stays here, and the server is asked to keep its sealed
//! files for longer than others that no message has.
//!
//! When the time of one has come that is still held here, it is a message of the outbox like any other: it goes when its files are there,
//! and is shown with how far they are.

use pipit_wire::frame::PersonalChange;
use pipit_wire::scheduled::Scheduled;
use pipit_wire::{Attachment, ConversationId, ErrorCode, MessageId, Timestamp};

use crate::command::{NewAttachment, Reply};
use crate::encryption;
use crate::engine::{Engine, Stored};
use crate::http::{code_name, local_error, refusal};
use crate::items::arrived;
use crate::outbox::{WrittenFiles, check_text};
use crate::storage::{ConversationRecord, OutboxBody, OutboxRecord, OutboxState, Storage, UploadStage};
use crate::uploads::Files;
use crate::view::ScheduledView;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// So long after its time the server keeps the files of a message that a device holds: the device may come to it late.
const KEPT_AFTER_MS: i64 = 30 * DAY_MS;

/// What is to be sent later, and when.
#[derive(Debug)]
pub(crate) struct Later {
    pub(crate) text: String,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) send_at: Timestamp,
    /// The files of a new one.
    pub(crate) attachments: Vec<NewAttachment>,
}

impl<S: Storage> Engine<S> {
    /// Schedules a message, or changes one that is scheduled. Repeated, it changes nothing.
    pub(crate) fn schedule(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        later: Later,
    ) -> Stored<Reply> {
        let Some(session) = &self.session else {
            let error = local_error("signed_out", None);
            return Ok(Reply::Failed { error });
        };
        let limits = session.limits.clone();
        let held = self.held(message)?;
        let known = self.shown_personal(conversation)?.scheduled.remove(&message);
        let has_files = !later.attachments.is_empty()
            || known.as_ref().is_some_and(|entry| !entry.attachments.is_empty())
            || !self.storage.uploads_of(message)?.is_empty();
        // Files need no words.
        let wordless = has_files && later.text.trim().is_empty();
        if let Err(error) = check_text(&later.text, limits.message_text_bytes_max)
            && !wordless
        {
            return Ok(Reply::Failed { error });
        }
        if later.send_at.since_ms(self.server_now()) > limits.scheduled_ahead_ms_max {
            let error = refusal(ErrorCode::InvalidField, Some("send_at"));
            return Ok(Reply::Failed { error });
        }
        if self.storage.conversation(conversation)?.is_none() {
            return Ok(refused(ErrorCode::NotMember));
        }
        if self.storage.find_message(conversation, message)?.is_some() {
            return Ok(Reply::Done);
        }
        match (held, known) {
            (Some(held), _) => self.change_held(held, later),
            (None, Some(entry)) => {
                let entry = Scheduled {
                    text: later.text,
                    reply_to: later.reply_to,
                    send_at: later.send_at,
                    failed: None,
                    ..entry
                };
                self.change_scheduled(conversation, message, Some(entry))
            }
            (None, None) => {
                let held = self.count_held(conversation)?;
                if held >= usize::try_from(limits.scheduled_max).unwrap_or(usize::MAX) {
                    return Ok(refused(ErrorCode::LimitReached));
                }
                let files = WrittenFiles {
                    send_at: Some(later.send_at),
                    ..WrittenFiles::of(later.attachments)
                };
                self.queue_message(message, conversation, later.text, later.reply_to, files)
            }
        }
    }

    /// Says differently, or for another time, what is held here.
    fn change_held(&mut self, mut held: OutboxRecord, later: Later) -> Stored<Reply> {
        let message = MessageId::from(held.id);
        let OutboxBody::Message { text, reply_to, .. } = &mut held.body else {
            return Ok(refused(ErrorCode::NotFound));
        };
        (*text, *reply_to) = (later.text, later.reply_to);
        let state = OutboxState::Held {
            until: later.send_at,
            failed: None,
        };
        if self.is_encrypted(held.conversation)? {
            let files = self.files_known_of(&held)?;
            if !encryption::fits(&held.body, &files) {
                let error = refusal(ErrorCode::TooLarge, Some("text"));
                return Ok(Reply::Failed { error });
            }
        }
        let before = std::mem::replace(&mut held.state, state);
        self.storage.save_outbox(&held)?;
        if let OutboxState::Held { until, failed } = before {
            self.retry_uploads(message, failed.as_deref().unwrap_or_default())?;
            if kept_until(later.send_at) > kept_until(until) && self.is_encrypted(held.conversation)? {
                self.keep_longer(message)?;
            }
        }
        self.held_changed(held.conversation);
        Ok(Reply::Done)
    }

    pub(crate) fn cancel_scheduled(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Reply> {
        if let Some(held) = self.held(message)? {
            self.give_up_uploads(message)?;
            self.storage.remove_outbox(held.id)?;
            self.held_changed(conversation);
        }
        self.change_scheduled(conversation, message, None)
    }

    /// Sends one at once that is scheduled for later, or that was refused.
    pub(crate) fn send_scheduled(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Reply> {
        let now = self.server_now();
        if let Some(held) = self.held(message)?
            && let OutboxBody::Message { text, reply_to, .. } = &held.body
        {
            let later = Later {
                text: text.clone(),
                reply_to: *reply_to,
                send_at: now,
                attachments: Vec::new(),
            };
            return self.change_held(held, later);
        }
        let found = self.shown_personal(conversation)?.scheduled.remove(&message);
        let Some(entry) = found else {
            return Ok(refused(ErrorCode::NotFound));
        };
        let entry = Scheduled {
            send_at: now,
            failed: None,
            ..entry
        };
        self.change_scheduled(conversation, message, Some(entry))
    }

    fn change_scheduled(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        entry: Option<Scheduled>,
    ) -> Stored<Reply> {
        let change = PersonalChange {
            schedule: [(message, entry)].into(),
            ..PersonalChange::default()
        };
        self.change_personal(conversation, change)?;
        Ok(Reply::Done)
    }

    fn held(&self, message: MessageId) -> Stored<Option<OutboxRecord>> {
        let found = self.storage.find_outbox(message.into())?;
        Ok(found.filter(|record| held_until(record).is_some()))
    }

    fn count_held(&self, conversation: ConversationId) -> Stored<usize> {
        let waiting = self.storage.outbox(conversation)?;
        Ok(waiting.iter().filter_map(held_until).count())
    }

    fn held_changed(&mut self, conversation: ConversationId) {
        self.sending.nudge(conversation);
        self.dirty.conversation(conversation);
    }

    /// Until when the server is to keep the files of a message without having the message.
    pub(crate) fn kept_until(&self, message: MessageId) -> Stored<Option<Timestamp>> {
        let held = self.storage.find_outbox(message.into())?;
        Ok(held.as_ref().and_then(held_until).map(kept_until))
    }

    /// Looks after what is held in conversations in which something has changed.
    pub(crate) fn pump_scheduled(&mut self) -> Stored {
        if self.session.is_none() {
            return Ok(());
        }
        for conversation in self.sending.nudged_conversations() {
            self.look_after_held(conversation)?;
        }
        Ok(())
    }

    /// What is due goes its way; what the server is to hold is handed over once its files are there; the rest waits.
    fn look_after_held(&mut self, conversation: ConversationId) -> Stored {
        let now = self.server_now();
        let encrypted = self.is_encrypted(conversation)?;
        let mut next: Option<Timestamp> = None;
        for record in self.storage.outbox(conversation)? {
            let OutboxState::Held { until, failed } = &record.state else {
                continue;
            };
            let (until, message) = (*until, MessageId::from(record.id));
            let told = self.storage.personal(conversation)?.pending.schedule;
            let told = told.get(&message).cloned().flatten();
            if told.is_none() && until <= now {
                self.release(record)?;
                continue;
            }
            if !encrypted
                && failed.is_none()
                && let Files::Ready(files) = self.files_of(&record)?
            {
                let entry = entry_of(&record, files, until);
                if told != entry {
                    self.change_scheduled(conversation, message, entry)?;
                }
            } else if told.is_none() {
                next = Some(next.map_or(until, |next| next.min(until)));
            }
        }
        let due = next.map(|until| self.clock.steady().plus_ms(until.since_ms(now)));
        self.sending.hold_until(conversation, due);
        Ok(())
    }

    /// The time of one has come that is held here: from now on it is a message like any other.
    fn release(&mut self, mut record: OutboxRecord) -> Stored {
        let OutboxState::Held { failed, .. } = record.state else {
            return Ok(());
        };
        let uploads = self.storage.uploads_of(record.id.into())?;
        let lost = uploads.into_iter().find_map(|upload| match upload.stage {
            UploadStage::Failed { code } => Some(code),
            _ => None,
        });
        record.state = match failed.or(lost) {
            Some(code) => OutboxState::Failed { code },
            None => OutboxState::Queued,
        };
        record.written_at = self.clock.now();
        self.storage.save_outbox(&record)?;
        self.held_changed(record.conversation);
        self.refresh_record(record.conversation)
    }

    /// The server has answered what it was told of scheduled messages, and by a refusal where there is a code. What it has taken, or what is over there, is
    /// held here no longer.
    pub(crate) fn schedule_answered(
        &mut self,
        conversation: ConversationId,
        told: &PersonalChange,
        refused: Option<&str>,
    ) -> Stored {
        let pending = self.storage.personal(conversation)?.pending.schedule;
        for message in told.schedule.keys() {
            let Some(mut record) = self.held(*message)? else {
                continue;
            };
            if pending.contains_key(message) {
                continue;
            }
            match (refused, &mut record.state) {
                (Some(code), OutboxState::Held { failed, .. }) => {
                    *failed = Some(code.to_owned());
                    self.storage.save_outbox(&record)?;
                }
                _ => self.take_out(record.id)?,
            }
            self.held_changed(conversation);
        }
        Ok(())
    }

    /// What is scheduled in a conversation, the earliest first. What has arrived in the log meanwhile is there.
    pub(crate) fn scheduled_views(&self, record: &ConversationRecord) -> Stored<Vec<ScheduledView>> {
        let pending = self.storage.personal(record.id)?.pending.schedule;
        let mut entries = self.shown_personal(record.id)?.scheduled;
        let mut views = Vec::new();
        for waiting in self.storage.outbox(record.id)? {
            let (OutboxState::Held { until, failed }, OutboxBody::Message { text, reply_to, .. }) =
                (&waiting.state, &waiting.body)
            else {
                continue;
            };
            let message = MessageId::from(waiting.id);
            entries.remove(&message);
            views.push(ScheduledView {
                message,
                text: text.clone(),
                reply_to: *reply_to,
                attachments: self.waiting_files(&waiting)?,
                send_at: *until,
                failed: failed.clone(),
                waiting: !record.encrypted,
            });
        }
        for (message, entry) in entries {
            if self.storage.find_message(record.id, message)?.is_some() {
                continue;
            }
            views.push(ScheduledView {
                message,
                text: entry.text,
                reply_to: entry.reply_to,
                attachments: entry.attachments.iter().map(arrived).collect(),
                send_at: entry.send_at,
                failed: entry.failed.map(code_name),
                waiting: pending.contains_key(&message),
            });
        }
        views.sort_by_key(|view| (view.send_at, view.message));
        Ok(views)
    }
}

const fn held_until(record: &OutboxRecord) -> Option<Timestamp> {
    match record.state {
        OutboxState::Held { until, .. } => Some(until),
        _ => None,
    }
}

/// A whole day, so that the server does not learn the moment of a message that it is not to know of.
fn kept_until(send_at: Timestamp) -> Timestamp {
    let until_ms = send_at.plus_ms(KEPT_AFTER_MS).as_ms();
    Timestamp(until_ms.saturating_add(DAY_MS - 1) / DAY_MS * DAY_MS)
}

/// What the server is told of one that it is to hold.
fn entry_of(record: &OutboxRecord, files: Vec<Attachment>, until: Timestamp) -> Option<Scheduled> {
    let OutboxBody::Message { text, reply_to, .. } = &record.body else {
        return None;
    };
    Some(Scheduled {
        text: text.clone(),
        reply_to: *reply_to,
        attachments: files,
        send_at: until,
        failed: None,
    })
}

fn refused(code: ErrorCode) -> Reply {
    Reply::Failed {
        error: refusal(code, None),
    }
}
