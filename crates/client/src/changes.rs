//! What people do to messages: edit, delete, react, pin, forward.
//!
//! Each is shown at once and waits in the outbox like a message. What the rules refuse is refused here already, as far as the
//! facts are known; the server has the last word. What a change would not change is not sent, and neither is one that takes
//! back another that has not left yet. A message that has not left yet is changed in the outbox itself.

use pipit_model::Action;
use pipit_wire::event::{EventBody, LastEdit, MessageChange};
use pipit_wire::frame::Member;
use pipit_wire::limits::REACTION_BYTES_MAX;
use pipit_wire::poll::Poll;
use pipit_wire::{
    Attachment, Content, ConversationId, ErrorCode, Event, EventId, MessageId, Seq, Timestamp, UserId,
};

use crate::actions::Acting;
use crate::command::{CommandError, EditView, ForwardTarget, MessageReach, Reply};
use crate::engine::{Engine, Stored};
use crate::fold::{self, Folded};
use crate::http::{local_error, refusal};
use crate::items::files_in;
use crate::outbox::{WrittenFiles, check_text, concerns};
use crate::storage::{OutboxBody, OutboxRecord, OutboxState, Storage};

/// Messages that one command forwards at most, and conversations that it forwards them to.
const FORWARDED_MAX: usize = 100;
const FORWARDED_TO_MAX: usize = 20;

/// A message that is to change, as it stands with what waits.
pub(crate) struct Target {
    pub(crate) acting: Acting,
    pub(crate) sender: UserId,
    at: Timestamp,
    /// What it says.
    text: String,
    pub(crate) folded: Folded,
    /// It waits itself: whether it has ever left.
    waiting: Option<Waiting>,
    pub(crate) changes: Vec<OutboxRecord>,
}

struct Waiting {
    record: OutboxRecord,
    failed: bool,
}

/// What is written anew where a message is forwarded: its text, its files, its poll.
type Forwarded = (String, Vec<Attachment>, Option<Box<Poll>>);

/// A command that is refused or done gives its reply early.
pub(crate) type Decided<T> = Result<T, Reply>;

impl<S: Storage> Engine<S> {
    pub(crate) fn edit_message(
        &mut self,
        change: EventId,
        conversation: ConversationId,
        message: MessageId,
        text: String,
    ) -> Stored<Reply> {
        let target = match self.target(change, conversation, message)? {
            Ok(target) => target,
            Err(reply) => return Ok(reply),
        };
        let bytes_max = self
            .session
            .as_ref()
            .map_or(0, |session| session.limits.message_text_bytes_max);
        if let Err(error) = check_text(&text, bytes_max) {
            return Ok(failed(error));
        }
        if let Err(code) = target.acting.edit(target.sender, target.at) {
            return Ok(refused(code));
        }
        // What people have voted on stays what they have voted on.
        if self.poll_of(conversation, message)?.is_some() {
            return Ok(refused(ErrorCode::Forbidden));
        }
        if target.text == text {
            return Ok(Reply::Done);
        }
        if let Some(Waiting { mut record, failed }) = target.waiting {
            if failed {
                return Ok(refused(ErrorCode::OutOfOrder));
            }
            if !record.sent
                && let OutboxBody::Message { text: waiting, .. } = &mut record.body
            {
                *waiting = text;
                return self.rewrite(&record);
            }
        }
        let content = Content::text(text);
        let mut changes = target.changes.into_iter();
        let edit = |record: &OutboxRecord| matches!(record.unsent_change(), Some(MessageChange::Edit { .. }));
        if let Some(mut waiting) = changes.find(edit) {
            let change = MessageChange::edit(content);
            waiting.body = OutboxBody::Change { message, change };
            return self.rewrite(&waiting);
        }
        self.queue_change(change, conversation, message, MessageChange::edit(content))
    }

    pub(crate) fn delete_message(
        &mut self,
        change: EventId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Reply> {
        let target = match self.target(change, conversation, message)? {
            Ok(target) => target,
            Err(reply) => return Ok(reply),
        };
        if let Err(code) = target.acting.delete(target.sender, target.at) {
            return Ok(refused(code));
        }
        if let Some(Waiting { record, failed }) = &target.waiting
            && (*failed || !record.sent)
        {
            return self.discard_message(message);
        }
        // What was still to happen to it need not any more.
        for waiting in &target.changes {
            if !waiting.sent {
                self.storage.remove_outbox(waiting.id)?;
            }
        }
        self.queue_change(change, conversation, message, MessageChange::Delete {})
    }

    pub(crate) fn react(
        &mut self,
        change: EventId,
        conversation: ConversationId,
        message: MessageId,
        emoji: String,
        on: bool,
    ) -> Stored<Reply> {
        if emoji.is_empty() || emoji.len() > REACTION_BYTES_MAX {
            return Ok(failed(refusal(ErrorCode::InvalidField, Some("emoji"))));
        }
        let target = match self.target(change, conversation, message)? {
            Ok(target) => target,
            Err(reply) => return Ok(reply),
        };
        if let Err(code) = target.acting.authorize(Action::React) {
            return Ok(refused(code));
        }
        if target.folded.is_mine(&emoji) == on {
            return Ok(Reply::Done);
        }
        if on && !target.folded.has_room_for(&emoji) {
            return Ok(refused(ErrorCode::LimitReached));
        }
        let opposite = MessageChange::React {
            emoji: emoji.clone(),
            on: !on,
        };
        if self.take_back(&target.changes, &opposite)? {
            return Ok(Reply::Done);
        }
        self.queue_change(change, conversation, message, MessageChange::React { emoji, on })
    }

    pub(crate) fn pin_message(
        &mut self,
        change: EventId,
        conversation: ConversationId,
        message: MessageId,
        on: bool,
    ) -> Stored<Reply> {
        let target = match self.target(change, conversation, message)? {
            Ok(target) => target,
            Err(reply) => return Ok(reply),
        };
        if let Err(code) = target.acting.authorize(Action::Pin) {
            return Ok(refused(code));
        }
        if (target.folded.pinned_seq > Seq::ZERO) == on {
            return Ok(Reply::Done);
        }
        if self.take_back(&target.changes, &MessageChange::Pin { on: !on })? {
            return Ok(Reply::Done);
        }
        self.queue_change(change, conversation, message, MessageChange::Pin { on })
    }

    /// Writes messages anew elsewhere: all of them, or none where one is not to be had.
    pub(crate) fn forward_messages(
        &mut self,
        conversation: ConversationId,
        messages: &[MessageId],
        to: &[ForwardTarget],
    ) -> Stored<Reply> {
        let fits = |target: &ForwardTarget| target.ids.len() == messages.len();
        let few = messages.len() <= FORWARDED_MAX && to.len() <= FORWARDED_TO_MAX;
        if !few || !to.iter().all(fits) {
            return Ok(failed(refusal(ErrorCode::InvalidField, Some("to"))));
        }
        let mut contents = Vec::with_capacity(messages.len());
        for message in messages {
            match self.forwardable(conversation, *message)? {
                Ok(content) => contents.push(content),
                Err(error) => return Ok(failed(error)),
            }
        }
        let from_encrypted = self.is_encrypted(conversation)?;
        let has_files = contents.iter().any(|(_, files, _)| !files.is_empty());
        let is_anonymous = contents
            .iter()
            .any(|(_, _, poll)| poll.as_ref().is_some_and(|poll| poll.anonymous));
        for target in to {
            let Some(record) = self.storage.conversation(target.conversation)? else {
                return Ok(refused(ErrorCode::NotMember));
            };
            // What was sealed does not leave in the clear; and what was not cannot be named in what is.
            let is_misplaced = match (from_encrypted, record.encrypted) {
                (true, false) => true,
                (false, true) => has_files || is_anonymous,
                _ => false,
            };
            if is_misplaced {
                return Ok(failed(refusal(ErrorCode::SealedOnly, Some("to"))));
            }
        }
        for target in to {
            for (id, (text, files, poll)) in target.ids.iter().zip(&contents) {
                let files = WrittenFiles {
                    known: files.clone(),
                    poll: poll.clone(),
                    ..WrittenFiles::default()
                };
                let reply = self.queue_message(*id, target.conversation, text.clone(), None, files)?;
                if let Reply::Failed { .. } = reply {
                    return Ok(reply);
                }
            }
        }
        Ok(Reply::Done)
    }

    /// What a message said, oldest first, as far as that is on this device; what it says now is always there.
    pub(crate) fn list_edits(&self, conversation: ConversationId, message: MessageId) -> Stored<Reply> {
        let Some(event) = self.storage.find_message(conversation, message)? else {
            return Ok(refused(ErrorCode::NotFound));
        };
        let EventBody::Message {
            content: Content::Plain { text, .. },
            ..
        } = &event.body
        else {
            return Ok(refused(ErrorCode::NotFound));
        };
        let mut items = vec![EditView {
            at: event.at,
            text: text.clone(),
        }];
        let changes = self.storage.changes_of(conversation, message, Seq::ZERO)?;
        for change in &changes {
            if let EventBody::MessageChanged {
                change:
                    MessageChange::Edit {
                        content: Content::Plain { text, .. },
                        ..
                    },
                ..
            } = &change.body
            {
                let (at, text) = (change.at, text.clone());
                items.push(EditView { at, text });
            }
        }
        let last = self.storage.fold(conversation, event.seq)?.folded.edit;
        let last = last.filter(|last| changes.iter().all(|change| change.seq != last.seq));
        if let Some(LastEdit {
            at,
            content: Content::Plain { text, .. },
            ..
        }) = last
        {
            items.push(EditView { at, text });
        }
        Ok(Reply::Edits { items })
    }

    /// How far the message at this place has come, by the members' markers.
    pub(crate) fn message_info(&self, seq: Seq, total: u32, members: Vec<Member>) -> Reply {
        let me = self.me();
        let others = members
            .into_iter()
            .filter(|member| Some(member.profile.user) != me);
        let items = others.map(|member| MessageReach {
            delivered: member.delivered_seq.max(member.read_seq) >= seq,
            read: member.read_seq >= seq,
            profile: member.profile,
        });
        let items = items.collect();
        Reply::MessageInfo { items, total }
    }

    /// What a message says and has that is to be forwarded. Its files are named again: the server lets whoever can read them do that. A poll is
    /// asked anew: without the votes, and without the time at which it was to end.
    fn forwardable(
        &self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Result<Forwarded, CommandError>> {
        let missing = || refusal(ErrorCode::NotFound, Some("messages"));
        let Some(event) = self.storage.find_message(conversation, message)? else {
            return Ok(Err(missing()));
        };
        let (text, folded) = self.said(&event)?;
        Ok(match text {
            Some(text) if !folded.deleted => {
                let poll = self.poll_of(conversation, message)?.map(|poll| {
                    Box::new(Poll {
                        closes_at: None,
                        ..poll
                    })
                });
                Ok((text, files_in(&event.body).to_vec(), poll))
            }
            _ => Err(missing()),
        })
    }

    /// What a message of the log says, as the outbox leaves it; no text where it cannot be read.
    fn said(&self, event: &Event) -> Stored<(Option<String>, Folded)> {
        let waiting = self.storage.outbox(event.conversation)?;
        let known = self.storage.fold(event.conversation, event.seq)?.folded;
        let mut folded = self.pending_changes(&waiting).over(event.id.into(), Some(&known));
        folded.deleted |= fold::is_erased(event);
        let text = match &event.body {
            EventBody::Message {
                content: Content::Plain { text, .. },
                ..
            } => Some(folded.text().unwrap_or(text).to_owned()),
            _ => None,
        };
        Ok((text, folded))
    }

    /// The message that a change is to change. Repeated with the same id, a change changes nothing.
    pub(crate) fn target(
        &self,
        change: EventId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Decided<Target>> {
        let Some(me) = self.me() else {
            return Ok(Err(failed(local_error("signed_out", None))));
        };
        let Some(record) = self.storage.conversation(conversation)? else {
            return Ok(Err(refused(ErrorCode::NotMember)));
        };
        if self.storage.find_outbox(change)?.is_some()
            || self.storage.find_entry(conversation, change)?.is_some()
        {
            return Ok(Err(Reply::Done));
        }
        let Some(acting) = self.acting(me, &record)? else {
            return Ok(Err(failed(local_error("signed_out", None))));
        };
        let mut changes = self.storage.outbox(conversation)?;
        changes.retain(|waiting| concerns(waiting, message));
        let found = self.storage.find_message(conversation, message)?;
        let (sender, at, text, folded, waiting) = if let Some(event) = found {
            let (text, folded) = self.said(&event)?;
            (event.sender, event.at, text.unwrap_or_default(), folded, None)
        } else {
            let Some((record, text)) = self.waiting_message(message)? else {
                return Ok(Err(refused(ErrorCode::NotFound)));
            };
            let folded = self.pending_changes(&changes).over(message, None);
            let text = folded.text().map_or(text, str::to_owned);
            let failed = matches!(record.state, OutboxState::Failed { .. });
            (me, acting.now, text, folded, Some(Waiting { record, failed }))
        };
        if folded.deleted {
            return Ok(Err(refused(ErrorCode::NotFound)));
        }
        Ok(Ok(Target {
            acting,
            sender,
            at,
            text,
            folded,
            waiting,
            changes,
        }))
    }

    /// A message of the outbox, and what it says there.
    fn waiting_message(&self, message: MessageId) -> Stored<Option<(OutboxRecord, String)>> {
        let record = self.storage.find_outbox(message.into())?;
        Ok(record.and_then(|record| match &record.body {
            OutboxBody::Message { text, .. } => {
                let text = text.clone();
                Some((record, text))
            }
            OutboxBody::Change { .. } | OutboxBody::Profile { .. } => None,
        }))
    }

    pub(crate) fn queue_change(
        &mut self,
        id: EventId,
        conversation: ConversationId,
        message: MessageId,
        change: MessageChange,
    ) -> Stored<Reply> {
        self.accept_by_acting(conversation)?;
        self.storage.save_outbox(&OutboxRecord {
            id,
            conversation,
            written_at: self.clock.now(),
            body: OutboxBody::Change { message, change },
            sent: false,
            state: OutboxState::Queued,
            sealed: None,
        })?;
        self.sending.nudge(conversation);
        self.dirty.conversation(conversation);
        Ok(Reply::Done)
    }

    /// Replaces what has not left yet.
    pub(crate) fn rewrite(&mut self, record: &OutboxRecord) -> Stored<Reply> {
        self.storage.save_outbox(record)?;
        self.dirty.conversation(record.conversation);
        self.sending.nudge(record.conversation);
        Ok(Reply::Done)
    }

    /// Drops a change that has not left yet, instead of sending another that undoes it.
    fn take_back(&mut self, waiting: &[OutboxRecord], opposite: &MessageChange) -> Stored<bool> {
        let is_opposite = |record: &&OutboxRecord| {
            let same = matches!(&record.body, OutboxBody::Change { change, .. } if change == opposite);
            same && !record.sent
        };
        let Some(found) = waiting.iter().rev().find(is_opposite) else {
            return Ok(false);
        };
        self.storage.remove_outbox(found.id)?;
        self.dirty.conversation(found.conversation);
        Ok(true)
    }
}

fn failed(error: CommandError) -> Reply {
    Reply::Failed { error }
}

fn refused(code: ErrorCode) -> Reply {
    failed(refusal(code, None))
}
