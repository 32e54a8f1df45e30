//! The outbox: what was written on this device and is not yet in the log.
//!
//! A message is on disk before a view shows it as queued, and stays there until its entry is in this device's copy of the log
//! or a person drops it. Of each conversation one message is under way at a time: the server may put off one message (too many
//! requests, a failing disk) and take the next, so a window of several could not keep their order. Conversations do not wait
//! for each other.

use std::collections::{BTreeMap, BTreeSet};

use pipit_wire::event::{EventBody, Message};
use pipit_wire::frame::client::SendMessage;
use pipit_wire::frame::server::Ack;
use pipit_wire::{
    ClientFrame, Content, ConversationId, ErrorCode, Event, MessageId, RequestId, Seq, Timestamp,
};

use crate::command::Reply;
use crate::engine::{Engine, Stored};
use crate::http::{local_error, refusal};
use crate::range::LogRange;
use crate::request::Request;
use crate::storage::{ConversationRecord, LogEntry, OutboxRecord, OutboxState, Storage};

/// What is under way on this connection.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    in_flight: BTreeMap<ConversationId, (RequestId, MessageId)>,
    /// Not before this time: the server has put the conversation's next message off.
    put_off: BTreeMap<ConversationId, Timestamp>,
    /// Conversations whose outbox is looked into at the end of this input.
    nudged: BTreeSet<ConversationId>,
}

impl Sending {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.put_off.values().min().copied()
    }

    pub(crate) fn nudge(&mut self, conversation: ConversationId) {
        self.nudged.insert(conversation);
    }

    pub(crate) fn forget(&mut self, conversation: ConversationId) {
        self.in_flight.remove(&conversation);
        self.put_off.remove(&conversation);
    }

    pub(crate) fn forget_account(&mut self) {
        *self = Self::default();
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn forget_in_flight(&mut self) {
        self.sending = Sending::default();
    }

    pub(crate) fn sending_due(&mut self) {
        let clock = self.clock;
        let nudged = &mut self.sending.nudged;
        self.sending.put_off.retain(|conversation, until| {
            let due = clock.is_due(*until);
            if due {
                nudged.insert(*conversation);
            }
            !due
        });
    }

    /// The line stands again: everything that has no acknowledgement is sent again, in order.
    pub(crate) fn resend_outbox(&mut self) -> Stored {
        let conversations = self.storage.outbox_conversations()?;
        self.sending.nudged.extend(conversations);
        Ok(())
    }

    pub(crate) fn pump_outbox(&mut self) -> Stored {
        let nudged = std::mem::take(&mut self.sending.nudged);
        if !self.connection.is_up() {
            return Ok(());
        }
        for conversation in nudged {
            self.send_next(conversation)?;
        }
        Ok(())
    }

    fn send_next(&mut self, conversation: ConversationId) -> Stored {
        if self.sending.in_flight.contains_key(&conversation)
            || self.sending.put_off.contains_key(&conversation)
        {
            return Ok(());
        }
        let waiting = self.storage.outbox(conversation)?;
        let Some(next) = waiting
            .into_iter()
            .find(|message| message.state == OutboxState::Queued)
        else {
            return Ok(());
        };
        let id = self.new_request();
        let request = Request::Message {
            conversation,
            message: next.message,
        };
        self.requests.open(id, request);
        self.sending.in_flight.insert(conversation, (id, next.message));
        self.typing_ended_by_message(conversation);
        self.send(&ClientFrame::Message(SendMessage {
            id,
            message: Message {
                id: next.message,
                conversation,
                written_at: next.written_at,
                content: Content::text(next.text),
                reply_to: next.reply_to,
            },
        }));
        Ok(())
    }

    /// A person has pressed send. Repeated with the same id it changes nothing.
    pub(crate) fn queue_message(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        text: String,
        reply_to: Option<MessageId>,
    ) -> Stored<Reply> {
        let Some(session) = &self.session else {
            return Ok(failed(local_error("signed_out", None)));
        };
        let bytes_max = usize::try_from(session.limits.message_text_bytes_max).unwrap_or(usize::MAX);
        if let Err(error) = pipit_model::text::message(&text, bytes_max) {
            let code = match error {
                pipit_model::text::TextError::TooLong { .. } => ErrorCode::TooLarge,
                _ => ErrorCode::InvalidField,
            };
            return Ok(failed(refusal(code, Some("text"))));
        }
        let Some(mut record) = self.storage.conversation(conversation)? else {
            return Ok(failed(refusal(ErrorCode::NotMember, None)));
        };
        let repeated = self.storage.outbox_message(message)?.is_some()
            || self.storage.find_message(conversation, message)?.is_some();
        if repeated {
            return Ok(Reply::Done);
        }
        self.storage.save_outbox(&OutboxRecord {
            message,
            conversation,
            written_at: self.clock.now(),
            text,
            reply_to,
            state: OutboxState::Queued,
        })?;
        self.sending.nudge(conversation);
        self.save_record(&mut record)?;
        Ok(Reply::Done)
    }

    pub(crate) fn retry_message(&mut self, message: MessageId) -> Stored<Reply> {
        if let Some(mut waiting) = self.storage.outbox_message(message)?
            && matches!(waiting.state, OutboxState::Failed { .. })
        {
            waiting.state = OutboxState::Queued;
            self.storage.save_outbox(&waiting)?;
            self.sending.nudge(waiting.conversation);
            self.dirty.conversation(waiting.conversation);
        }
        Ok(Reply::Done)
    }

    /// Takes a message back that has not arrived as far as this device knows. One that is under way may arrive all the same;
    /// then the log shows it again.
    pub(crate) fn discard_message(&mut self, message: MessageId) -> Stored<Reply> {
        let Some(waiting) = self.storage.outbox_message(message)? else {
            return Ok(Reply::Done);
        };
        if let OutboxState::Acknowledged { .. } = waiting.state {
            return Ok(failed(refusal(ErrorCode::OutOfOrder, None)));
        }
        self.storage.remove_outbox(message)?;
        self.sending.nudge(waiting.conversation);
        self.refresh_record(waiting.conversation)?;
        Ok(Reply::Done)
    }

    fn refresh_record(&mut self, conversation: ConversationId) -> Stored {
        if let Some(mut record) = self.storage.conversation(conversation)? {
            self.save_record(&mut record)?;
        }
        Ok(())
    }

    pub(crate) fn acknowledged(&mut self, ack: &Ack) -> Stored {
        self.requests.close(ack.id);
        self.landed(ack.conversation, ack.message);
        let Some(record) = self.storage.conversation(ack.conversation)? else {
            return Ok(());
        };
        let cursor = self.tail(record.id)?.map_or(record.last_seq, |tail| tail.through);
        let waiting = self.storage.outbox_message(ack.message)?;
        match waiting {
            Some(waiting) if ack.seq == cursor.next() => {
                let covers = LogRange {
                    after: cursor,
                    through: ack.seq,
                };
                let Some(entry) = self.own_entry(waiting, ack.seq, ack.at) else {
                    return Ok(());
                };
                self.store_entries(record, &[entry], covers)
            }
            Some(mut waiting) if ack.seq > cursor => {
                waiting.state = OutboxState::Acknowledged {
                    seq: ack.seq,
                    at: ack.at,
                };
                self.storage.save_outbox(&waiting)?;
                self.heard_of(record.id, ack.seq);
                self.refresh_record(record.id)
            }
            Some(_) => {
                self.storage.remove_outbox(ack.message)?;
                self.refresh_record(record.id)
            }
            None => {
                if ack.seq > cursor {
                    self.heard_of(record.id, ack.seq);
                }
                Ok(())
            }
        }
    }

    /// The entry that one's own message has become.
    fn own_entry(&self, waiting: OutboxRecord, seq: Seq, at: Timestamp) -> Option<LogEntry> {
        let event = Event {
            id: waiting.message.into(),
            conversation: waiting.conversation,
            seq,
            at,
            sender: self.me()?,
            device: self.own_device(),
            body: EventBody::Message {
                written_at: waiting.written_at,
                content: Content::text(waiting.text),
                reply_to: waiting.reply_to,
            },
        };
        let raw = serde_json::to_string(&event).ok()?;
        Some(LogEntry { event, raw })
    }

    /// The entry of one's own message is here, by whatever way: it waits no longer.
    pub(crate) fn leave_outbox(&mut self, event: &Event) -> Stored {
        let message = event.id.into();
        self.landed(event.conversation, message);
        self.storage.remove_outbox(message)
    }

    fn landed(&mut self, conversation: ConversationId, message: MessageId) {
        if let Some((_, in_flight)) = self.sending.in_flight.get(&conversation)
            && *in_flight == message
        {
            self.sending.in_flight.remove(&conversation);
            self.sending.nudge(conversation);
        }
    }

    /// Messages that are in the log before the cursor, but in a part that is not held, are shown when that part is.
    pub(crate) fn forget_acknowledged(&mut self, conversation: ConversationId, cursor: Seq) -> Stored {
        for waiting in self.storage.outbox(conversation)? {
            if let OutboxState::Acknowledged { seq, .. } = waiting.state
                && seq <= cursor
            {
                self.storage.remove_outbox(waiting.message)?;
            }
        }
        Ok(())
    }

    pub(crate) fn message_refused(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        code: &str,
        retry_after_ms: Option<i64>,
    ) -> Stored {
        self.landed(conversation, message);
        if let Some(retry_after_ms) = retry_after_ms {
            let until = self.clock.steady().plus_ms(retry_after_ms);
            self.sending.put_off.insert(conversation, until);
            return Ok(());
        }
        if let Some(mut waiting) = self.storage.outbox_message(message)? {
            waiting.state = OutboxState::Failed {
                code: code.to_owned(),
            };
            self.storage.save_outbox(&waiting)?;
            self.dirty.conversation(conversation);
        }
        Ok(())
    }

    /// The place of a conversation in the list: when the last thing happened in it, be it only on this device.
    pub(crate) fn activity_at(&self, record: &ConversationRecord) -> Stored<Timestamp> {
        let offset = self.session.as_ref().map_or(0, |session| session.clock_offset_ms);
        let waiting = self.storage.outbox(record.id)?;
        let latest = waiting.iter().map(|message| match message.state {
            OutboxState::Acknowledged { at, .. } => at,
            OutboxState::Queued | OutboxState::Failed { .. } => message.written_at.plus_ms(offset),
        });
        Ok(latest
            .max()
            .map_or(record.last_at, |latest| latest.max(record.last_at)))
    }
}

fn failed(error: crate::command::CommandError) -> Reply {
    Reply::Failed { error }
}
