//! Messages that are sent later. Who holds them until then is not the views' concern: in an open conversation it is the server, as a part of what
//! oneself keeps of the conversation ([`crate::personal`]), which is how they wait here until it has them and come to one's other devices.

use pipit_wire::frame::PersonalChange;
use pipit_wire::scheduled::Scheduled;
use pipit_wire::{ConversationId, ErrorCode, MessageId, Timestamp};

use crate::command::Reply;
use crate::engine::{Engine, Stored};
use crate::http::{local_error, refusal};
use crate::outbox::check_text;
use crate::storage::{ConversationRecord, Storage};
use crate::view::ScheduledView;

impl<S: Storage> Engine<S> {
    /// Schedules a message, or changes one that is scheduled. Repeated, it changes nothing.
    pub(crate) fn schedule(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        text: String,
        reply_to: Option<MessageId>,
        send_at: Timestamp,
    ) -> Stored<Reply> {
        let Some(session) = &self.session else {
            let error = local_error("signed_out", None);
            return Ok(Reply::Failed { error });
        };
        let limits = &session.limits;
        if let Err(error) = check_text(&text, limits.message_text_bytes_max) {
            return Ok(Reply::Failed { error });
        }
        if send_at.since_ms(self.server_now()) > limits.scheduled_ahead_ms_max {
            let error = refusal(ErrorCode::InvalidField, Some("send_at"));
            return Ok(Reply::Failed { error });
        }
        if self.storage.conversation(conversation)?.is_none() {
            return Ok(refused(ErrorCode::NotMember));
        }
        if self.is_encrypted(conversation)? {
            return Ok(refused(ErrorCode::SealedOnly));
        }
        if self.storage.find_message(conversation, message)?.is_some() {
            return Ok(Reply::Done);
        }
        let entry = Scheduled {
            text,
            reply_to,
            send_at,
            failed: None,
        };
        self.change_scheduled(conversation, message, Some(entry))
    }

    pub(crate) fn cancel_scheduled(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Reply> {
        self.change_scheduled(conversation, message, None)
    }

    /// Sends one at once that is scheduled for later, or that was refused.
    pub(crate) fn send_scheduled(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Reply> {
        let found = self.shown_personal(conversation)?.scheduled.remove(&message);
        let Some(entry) = found else {
            return Ok(refused(ErrorCode::NotFound));
        };
        let entry = Scheduled {
            send_at: self.server_now(),
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

    /// What is scheduled in a conversation, the earliest first. What has arrived in the log meanwhile is there.
    pub(crate) fn scheduled_views(&self, record: &ConversationRecord) -> Stored<Vec<ScheduledView>> {
        let pending = self.storage.personal(record.id)?.pending.schedule;
        let mut views = Vec::new();
        for (message, entry) in self.shown_personal(record.id)?.scheduled {
            if self.storage.find_message(record.id, message)?.is_some() {
                continue;
            }
            views.push(ScheduledView {
                message,
                text: entry.text,
                reply_to: entry.reply_to,
                send_at: entry.send_at,
                failed: entry.failed.map(crate::http::code_name),
                waiting: pending.contains_key(&message),
            });
        }
        views.sort_by_key(|view| (view.send_at, view.message));
        Ok(views)
    }
}

fn refused(code: ErrorCode) -> Reply {
    Reply::Failed {
        error: refusal(code, None),
    }
}
