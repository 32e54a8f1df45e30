//! The outbox: what was made on this device and is not yet in the log: messages, and changes of messages.
//!
//! What is in it is on disk before a view shows it, and stays there until its entry is in this device's copy of the log or a
//! person drops it. Of each conversation one thing is under way at a time: the server may put off one message (too many
//! requests, a failing disk) and take the next, so a window of several could not keep their order. Conversations do not wait
//! for each other.
//!
//! A message that the server refuses stays, marked as failed, for its author to decide. A change that it refuses is dropped:
//! what it was to do has not happened, and a message says what it said before.

use std::collections::{BTreeMap, BTreeSet};

use pipit_wire::event::{Change, EventBody, Message};
use pipit_wire::frame::client::{SendChange, SendMessage};
use pipit_wire::frame::server::Ack;
use pipit_wire::media::Attachment;
use pipit_wire::poll::Poll;
use pipit_wire::preview::LinkPreview;
use pipit_wire::{
    ClientFrame, Content, ConversationId, ErrorCode, Event, EventId, MessageId, RequestId, Seq, Timestamp,
};

use crate::command::{CommandError, NewAttachment, Reply};
use crate::encryption::{self, Sealing};
use crate::engine::{Engine, Stored};
use crate::http::{code_name, local_error, refusal};
use crate::profile::ProfileSaid;
use crate::range::LogRange;
use crate::request::Request;
use crate::storage::{ConversationRecord, LogEntry, OutboxBody, OutboxRecord, OutboxState, Storage};
use crate::uploads::Files;

/// What a message that is written here has beside its text.
#[derive(Debug, Default)]
pub(crate) struct WrittenFiles {
    /// Still to be sent.
    pub(crate) new: Vec<NewAttachment>,
    /// On the server already.
    pub(crate) known: Vec<Attachment>,
    /// What people choose from.
    pub(crate) poll: Option<Box<Poll>>,
    /// What a page says that the text links to.
    pub(crate) preview: Option<Box<LinkPreview>>,
    /// When it is sent, by the server's clock, where that is not at once.
    pub(crate) send_at: Option<Timestamp>,
}

impl WrittenFiles {
    pub(crate) fn of_poll(poll: Box<Poll>) -> Self {
        Self {
            poll: Some(poll),
            ..Self::default()
        }
    }

    pub(crate) fn of(new: Vec<NewAttachment>) -> Self {
        Self {
            new,
            ..Self::default()
        }
    }

    const fn are_none(&self) -> bool {
        self.new.is_empty() && self.known.is_empty()
    }
}

/// What is under way on this connection.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    in_flight: BTreeMap<ConversationId, (RequestId, EventId)>,
    /// Not before this time: the server has put the next thing of the conversation off.
    put_off: BTreeMap<ConversationId, Timestamp>,
    /// Conversations whose outbox is looked into at the end of this input.
    nudged: BTreeSet<ConversationId>,
    /// When the first of what is held in a conversation is due.
    held: BTreeMap<ConversationId, Timestamp>,
}

impl Sending {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.put_off.values().chain(self.held.values()).min().copied()
    }

    /// The first of what is held in a conversation is due then; none where nothing is.
    pub(crate) fn hold_until(&mut self, conversation: ConversationId, due: Option<Timestamp>) {
        match due {
            Some(due) => _ = self.held.insert(conversation, due),
            None => _ = self.held.remove(&conversation),
        }
    }

    pub(crate) fn nudge(&mut self, conversation: ConversationId) {
        self.nudged.insert(conversation);
    }

    /// Whose outbox is looked into at the end of this input.
    pub(crate) fn nudged_conversations(&self) -> Vec<ConversationId> {
        self.nudged.iter().copied().collect()
    }

    /// Nothing of a conversation is sent before this time.
    pub(crate) fn put_off_until(&mut self, conversation: ConversationId, until: Timestamp) {
        self.put_off.insert(conversation, until);
    }

    pub(crate) fn forget(&mut self, conversation: ConversationId) {
        self.in_flight.remove(&conversation);
        self.put_off.remove(&conversation);
        self.held.remove(&conversation);
    }

    pub(crate) fn forget_account(&mut self) {
        *self = Self::default();
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn forget_in_flight(&mut self) {
        self.sending = Sending {
            held: std::mem::take(&mut self.sending.held),
            ..Sending::default()
        };
    }

    pub(crate) fn sending_due(&mut self) {
        let clock = self.clock;
        let nudged = &mut self.sending.nudged;
        for waits in [&mut self.sending.put_off, &mut self.sending.held] {
            waits.retain(|conversation, until| {
                let due = clock.is_due(*until);
                if due {
                    nudged.insert(*conversation);
                }
                !due
            });
        }
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
        let Some((mut next, files)) = self.next_of(&waiting)? else {
            return Ok(());
        };
        let was_sealed = next.sealed.is_some();
        match self.seal_next(&mut next, &files)? {
            Sealing::Open | Sealing::Sealed => {}
            Sealing::Later => return Ok(()),
            Sealing::Never(code) => {
                let code = code_name(code);
                self.sending_refused(conversation, next.id, &code, None)?;
                return self.send_next(conversation);
            }
        }
        if !next.sent || next.sealed.is_some() != was_sealed {
            next.sent = true;
            self.storage.save_outbox(&next)?;
        }
        let id = self.new_request();
        let request = Request::Outbox {
            conversation,
            id: next.id,
        };
        let (entry, is_message) = (next.id, matches!(next.body, OutboxBody::Message { .. }));
        let Some(frame) = frame(id, next, files) else {
            return Ok(());
        };
        self.requests.open(id, request);
        self.sending.in_flight.insert(conversation, (id, entry));
        if is_message {
            self.typing_ended_by_message(conversation);
        }
        self.send(&frame);
        Ok(())
    }

    /// What goes next, with its files. While files of a message are being sent, all that was made after it waits.
    fn next_of(&self, waiting: &[OutboxRecord]) -> Stored<Option<(OutboxRecord, Vec<Attachment>)>> {
        for record in waiting {
            if record.state != OutboxState::Queued || waits_for_failed(record, waiting) {
                continue;
            }
            match self.files_of(record)? {
                Files::Ready(files) => return Ok(Some((record.clone(), files))),
                Files::Coming => return Ok(None),
                Files::Stopped => {}
            }
        }
        Ok(None)
    }

    /// A person has pressed send. Repeated with the same id it changes nothing.
    pub(crate) fn queue_message(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        text: String,
        reply_to: Option<MessageId>,
        files: WrittenFiles,
    ) -> Stored<Reply> {
        let Some(session) = &self.session else {
            return Ok(failed(local_error("signed_out", None)));
        };
        // Files need no words.
        let wordless = !files.are_none() && text.trim().is_empty();
        let checked = check_text(&text, session.limits.message_text_bytes_max);
        if let Err(error) = checked
            && !wordless
        {
            return Ok(failed(error));
        }
        let Some(mut record) = self.storage.conversation(conversation)? else {
            return Ok(failed(refusal(ErrorCode::NotMember, None)));
        };
        let is_misplaced = files
            .known
            .iter()
            .any(|file| file.seal.is_some() != record.encrypted);
        if is_misplaced {
            return Ok(failed(refusal(ErrorCode::SealedOnly, None)));
        }
        let new = self.new_files(files.new, record.encrypted);
        let all: Vec<Attachment> = files.known.iter().chain(&new).cloned().collect();
        let mut body = OutboxBody::Message {
            text,
            reply_to,
            files: files.known,
            poll: files.poll,
            preview: files.preview,
        };
        if record.encrypted
            && !encryption::fits(&body, &all)
            && let OutboxBody::Message {
                preview: Some(preview),
                ..
            } = &mut body
        {
            // What is said goes before what it looks like.
            preview.picture = None;
        }
        if record.encrypted && !encryption::fits(&body, &all) {
            return Ok(failed(refusal(ErrorCode::TooLarge, Some("text"))));
        }
        let repeated = self.storage.find_outbox(message.into())?.is_some()
            || self.storage.find_message(conversation, message)?.is_some();
        if repeated {
            return Ok(Reply::Done);
        }
        if let Some(unfit) = self.unfit_attachments(&new)? {
            return Ok(failed(unfit));
        }
        self.accept_by_acting(conversation)?;
        let state = files
            .send_at
            .map_or(OutboxState::Queued, |until| OutboxState::Held {
                until,
                failed: None,
            });
        self.storage.save_outbox(&OutboxRecord {
            id: message.into(),
            conversation,
            written_at: self.clock.now(),
            body,
            sent: false,
            state,
            sealed: None,
        })?;
        self.queue_uploads(message, conversation, new)?;
        self.sending.nudge(conversation);
        self.save_record(&mut record)?;
        Ok(Reply::Done)
    }

    pub(crate) fn retry_message(&mut self, message: MessageId) -> Stored<Reply> {
        if let Some(mut waiting) = self.storage.find_outbox(message.into())?
            && let OutboxState::Failed { code } = &waiting.state
        {
            self.retry_uploads(message, code)?;
            waiting.state = OutboxState::Queued;
            self.storage.save_outbox(&waiting)?;
            self.sending.nudge(waiting.conversation);
            self.dirty.conversation(waiting.conversation);
        }
        Ok(Reply::Done)
    }

    /// Whether it has been sent and not been answered.
    pub(crate) fn is_in_flight(&self, record: &OutboxRecord) -> bool {
        let in_flight = self.sending.in_flight.get(&record.conversation);
        in_flight.is_some_and(|(_, id)| *id == record.id)
    }

    /// It is in the log, and so not here any more.
    pub(crate) fn take_out(&mut self, id: EventId) -> Stored {
        self.drop_files(id.into())?;
        self.storage.remove_outbox(id)
    }

    /// Takes a message back that has not arrived as far as this device knows. One that is under way may arrive all the same;
    /// then the log shows it again.
    pub(crate) fn discard_message(&mut self, message: MessageId) -> Stored<Reply> {
        let Some(waiting) = self.storage.find_outbox(message.into())? else {
            self.discard_unsent(message)?;
            return Ok(Reply::Done);
        };
        let is_failed = matches!(waiting.state, OutboxState::Failed { .. });
        // What was sealed and arrives all the same could not be shown by anything else.
        let is_needed = waiting.sealed.is_some() && !is_failed;
        if is_needed || matches!(waiting.state, OutboxState::Acknowledged { .. }) {
            return Ok(failed(refusal(ErrorCode::OutOfOrder, None)));
        }
        self.give_up_uploads(message)?;
        self.storage.remove_outbox(waiting.id)?;
        // What was to happen to it goes with it.
        for other in self.storage.outbox(waiting.conversation)? {
            if concerns(&other, message) && !other.sent {
                self.storage.remove_outbox(other.id)?;
            }
        }
        self.sending.nudge(waiting.conversation);
        self.refresh_record(waiting.conversation)?;
        Ok(Reply::Done)
    }

    pub(crate) fn refresh_record(&mut self, conversation: ConversationId) -> Stored {
        if let Some(mut record) = self.storage.conversation(conversation)? {
            self.save_record(&mut record)?;
        }
        Ok(())
    }

    pub(crate) fn acknowledged(&mut self, ack: &Ack) -> Stored {
        let id = EventId::from(ack.message);
        self.requests.close(ack.id);
        self.landed(ack.conversation, id);
        let Some(record) = self.storage.conversation(ack.conversation)? else {
            return Ok(());
        };
        let cursor = self.tail(record.id)?.map_or(record.last_seq, |tail| tail.through);
        let waiting = self.storage.find_outbox(id)?;
        match waiting {
            Some(mut waiting) if ack.seq > cursor => {
                if ack.seq == cursor.next()
                    && (waiting.sealed.is_none() || !self.has_commit_ahead(record.id)?)
                    && let Some(entry) = self.own_entry(&waiting, ack.seq, ack.at)?
                {
                    let covers = LogRange {
                        after: cursor,
                        through: ack.seq,
                    };
                    return self.store_page(record, &[entry], covers, None);
                }
                waiting.state = OutboxState::Acknowledged {
                    seq: ack.seq,
                    at: ack.at,
                };
                self.storage.save_outbox(&waiting)?;
                if ack.seq == cursor.next() {
                    self.expect(record.id, ack.seq);
                } else {
                    self.heard_of(record.id, ack.seq);
                }
                self.refresh_record(record.id)
            }
            Some(mut waiting) if waiting.sealed.is_some() && self.is_unopened(record.id, id)? => {
                waiting.state = OutboxState::Acknowledged {
                    seq: ack.seq,
                    at: ack.at,
                };
                self.storage.save_outbox(&waiting)?;
                self.encryption.nudge(record.id);
                self.refresh_record(record.id)
            }
            Some(_) => {
                self.take_out(id)?;
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

    /// The entry that one's own message has become. Of a change that is not known: where another device had done the same, the
    /// acknowledgement names that one's entry.
    fn own_entry(&self, waiting: &OutboxRecord, seq: Seq, at: Timestamp) -> Stored<Option<LogEntry>> {
        let (Files::Ready(files), Some(sender)) = (self.files_of(waiting)?, self.me()) else {
            return Ok(None);
        };
        let sealed = encryption::sealed_body(waiting, &files, seq);
        let Some((body, opening)) = sealed.or_else(|| Some((plain_body(waiting, files)?, None))) else {
            return Ok(None);
        };
        let event = Event {
            id: waiting.id,
            conversation: waiting.conversation,
            seq,
            at,
            sender,
            device: self.own_device(),
            body,
        };
        Ok(encryption::kept_entry(event, opening.as_ref()))
    }

    /// The entry of something of one's own is here, by whatever way: it waits no longer.
    pub(crate) fn leave_outbox(&mut self, event: &Event) -> Stored {
        self.landed(event.conversation, event.id);
        self.take_out(event.id)
    }

    pub(crate) fn landed(&mut self, conversation: ConversationId, id: EventId) {
        if let Some((_, in_flight)) = self.sending.in_flight.get(&conversation)
            && *in_flight == id
        {
            self.sending.in_flight.remove(&conversation);
            self.sending.nudge(conversation);
        }
    }

    /// What is in the log before the cursor, but in a part that is not held, is shown when that part is.
    pub(crate) fn forget_acknowledged(&mut self, conversation: ConversationId, cursor: Seq) -> Stored {
        for waiting in self.storage.outbox(conversation)? {
            if let OutboxState::Acknowledged { seq, .. } = waiting.state
                && seq <= cursor
                && !(waiting.sealed.is_some() && self.is_unopened(conversation, waiting.id)?)
            {
                self.take_out(waiting.id)?;
            }
        }
        Ok(())
    }

    pub(crate) fn sending_refused(
        &mut self,
        conversation: ConversationId,
        id: EventId,
        code: &str,
        retry_after_ms: Option<i64>,
    ) -> Stored {
        self.landed(conversation, id);
        if let Some(retry_after_ms) = retry_after_ms {
            let until = self.clock.steady().plus_ms(retry_after_ms);
            self.sending.put_off.insert(conversation, until);
            return Ok(());
        }
        if self.seal_again(conversation, id, code)? {
            return Ok(());
        }
        let Some(mut waiting) = self.storage.find_outbox(id)? else {
            return Ok(());
        };
        match waiting.body {
            // A file of it has failed, which is shown of the file.
            OutboxBody::Message { .. } if matches!(waiting.state, OutboxState::Held { .. }) => {}
            OutboxBody::Message { .. } => {
                waiting.state = OutboxState::Failed {
                    code: code.to_owned(),
                };
                self.storage.save_outbox(&waiting)?;
            }
            OutboxBody::Change { message, .. } => {
                self.storage.remove_outbox(id)?;
                self.show_refused(conversation, message, code);
            }
            OutboxBody::Profile {
                said: ProfileSaid::HistoryShown { archive, .. },
            } => {
                self.storage.remove_outbox(id)?;
                self.history_not_told(archive, code)?;
            }
            OutboxBody::Profile {
                said: ProfileSaid::AskedAgain { .. } | ProfileSaid::ToldAgain { .. },
            } => {
                self.storage.remove_outbox(id)?;
                self.not_asked(conversation, id, code)?;
            }
            OutboxBody::Profile { .. } => {
                self.storage.remove_outbox(id)?;
                self.show_wish_refused(Some(conversation), code);
            }
        }
        self.dirty.conversation(conversation);
        Ok(())
    }

    /// The place of a conversation in the list: when the last thing happened in it, be it only on this device.
    pub(crate) fn activity_at(&self, record: &ConversationRecord) -> Stored<Timestamp> {
        let offset = self.session.as_ref().map_or(0, |session| session.clock_offset_ms);
        let mut waiting = self.storage.outbox(record.id)?;
        waiting.retain(|record| matches!(record.body, OutboxBody::Message { .. }));
        let latest = waiting.iter().filter_map(|message| match message.state {
            OutboxState::Acknowledged { at, .. } => Some(at),
            OutboxState::Queued | OutboxState::Failed { .. } => Some(message.written_at.plus_ms(offset)),
            OutboxState::Held { .. } => None,
        });
        Ok(latest
            .max()
            .map_or(record.last_at, |latest| latest.max(record.last_at)))
    }
}

/// What the entry says that an open message becomes.
fn plain_body(waiting: &OutboxRecord, files: Vec<Attachment>) -> Option<EventBody> {
    let OutboxBody::Message {
        text,
        reply_to,
        poll,
        preview,
        ..
    } = &waiting.body
    else {
        return None;
    };
    Some(EventBody::Message {
        written_at: waiting.written_at,
        content: Content::Plain {
            preview: preview.clone().filter(|preview| text.contains(&preview.url)),
            text: text.clone(),
            attachments: files,
            poll: poll.clone(),
        },
        reply_to: *reply_to,
        expires_at: None,
    })
}

/// What is sent for something in the outbox, with its files; nothing for what is only ever sealed, and was not.
fn frame(id: RequestId, record: OutboxRecord, files: Vec<Attachment>) -> Option<ClientFrame> {
    if let Some(sealed) = &record.sealed {
        let message = encryption::sealed_message(&record, sealed, &files);
        return Some(ClientFrame::Message(SendMessage { id, message }));
    }
    let frame = match record.body {
        OutboxBody::Message {
            text,
            reply_to,
            poll,
            preview,
            ..
        } => ClientFrame::Message(SendMessage {
            id,
            message: Message {
                id: record.id.into(),
                conversation: record.conversation,
                written_at: record.written_at,
                content: Content::Plain {
                    // It may have been rewritten while it waited.
                    preview: preview.filter(|preview| text.contains(&preview.url)),
                    text,
                    attachments: files,
                    poll,
                },
                reply_to,
            },
        }),
        OutboxBody::Change { message, change } => ClientFrame::Change(SendChange {
            id,
            change: Change {
                id: record.id,
                conversation: record.conversation,
                message,
                change,
            },
        }),
        OutboxBody::Profile { .. } => return None,
    };
    Some(frame)
}

/// Whether the server would take this as the text of a message.
pub(crate) fn check_text(text: &str, bytes_max: u32) -> Result<(), CommandError> {
    let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    pipit_model::text::message(text, bytes_max).map_err(|error| {
        let code = match error {
            pipit_model::text::TextError::TooLong { .. } => ErrorCode::TooLarge,
            _ => ErrorCode::InvalidField,
        };
        refusal(code, Some("text"))
    })
}

/// Whether it is a change of this message.
pub(crate) fn concerns(record: &OutboxRecord, target: MessageId) -> bool {
    matches!(&record.body, OutboxBody::Change { message, .. } if *message == target)
}

/// Whether it is a change of a message that has failed, and so is not in the log.
fn waits_for_failed(record: &OutboxRecord, waiting: &[OutboxRecord]) -> bool {
    let OutboxBody::Change { message, .. } = &record.body else {
        return false;
    };
    let target = waiting.iter().find(|other| other.id == (*message).into());
    target.is_some_and(|target| matches!(target.state, OutboxState::Failed { .. }))
}

fn failed(error: CommandError) -> Reply {
    Reply::Failed { error }
}
