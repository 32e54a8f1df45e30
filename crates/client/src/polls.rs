//! Polls: asking, voting and ending. A vote is a change like any other ([`crate::changes`]): shown at once, kept in the outbox until it is
//! acknowledged. One that has not left yet is said anew instead of being followed by another.

use pipit_model::poll::{VoteError, check, check_vote};
use pipit_model::{Action, poll::PollError};
use pipit_wire::event::{EventBody, MessageChange, Role};
use pipit_wire::poll::{Poll, PollState};
use pipit_wire::{ConversationId, ErrorCode, EventId, MessageId, Timestamp, UserId};

use crate::actions::Acting;
use crate::command::Reply;
use crate::engine::{Engine, Stored};
use crate::fold::Folded;
use crate::http::refusal;
use crate::outbox::WrittenFiles;
use crate::storage::{OutboxBody, OutboxRecord, Storage};
use crate::view::{PollOptionView, PollView};

impl<S: Storage> Engine<S> {
    pub(crate) fn send_poll(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        question: String,
        poll: Poll,
    ) -> Stored<Reply> {
        if let Err(error) = check(&question, &poll) {
            let field = match error {
                PollError::Question(_) => "question",
                PollError::Option(_) | PollError::Count | PollError::Repeated => "options",
            };
            let error = refusal(ErrorCode::InvalidField, Some(field));
            return Ok(Reply::Failed { error });
        }
        // Whoever opens votes sees whose they are.
        if poll.anonymous && self.is_encrypted(conversation)? {
            let error = refusal(ErrorCode::InvalidField, Some("anonymous"));
            return Ok(Reply::Failed { error });
        }
        let written = WrittenFiles::of_poll(Box::new(poll));
        self.queue_message(message, conversation, question, None, written)
    }

    pub(crate) fn vote(
        &mut self,
        change: EventId,
        conversation: ConversationId,
        message: MessageId,
        options: Vec<u8>,
    ) -> Stored<Reply> {
        let target = match self.target(change, conversation, message)? {
            Ok(target) => target,
            Err(reply) => return Ok(reply),
        };
        let Some(poll) = self.poll_of(conversation, message)? else {
            return Ok(refused(ErrorCode::NotFound));
        };
        if let Err(code) = target.acting.authorize(Action::Vote) {
            return Ok(refused(code));
        }
        let standing = target.folded.poll.unwrap_or_default();
        if standing.closed {
            return Ok(refused(ErrorCode::PollClosed));
        }
        match check_vote(&poll, &options, target.acting.now) {
            Ok(()) => {}
            Err(VoteError::Closed) => return Ok(refused(ErrorCode::PollClosed)),
            Err(_) => {
                let error = refusal(ErrorCode::InvalidField, Some("options"));
                return Ok(Reply::Failed { error });
            }
        }
        if standing.mine == options {
            return Ok(Reply::Done);
        }
        let vote = MessageChange::vote(options);
        let mut changes = target.changes.into_iter();
        let earlier =
            |record: &OutboxRecord| matches!(record.unsent_change(), Some(MessageChange::Vote { .. }));
        if let Some(mut waiting) = changes.find(earlier) {
            waiting.body = OutboxBody::Change {
                message,
                change: vote,
            };
            return self.rewrite(&waiting);
        }
        self.queue_change(change, conversation, message, vote)
    }

    pub(crate) fn close_poll(
        &mut self,
        change: EventId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Reply> {
        let target = match self.target(change, conversation, message)? {
            Ok(target) => target,
            Err(reply) => return Ok(reply),
        };
        if self.poll_of(conversation, message)?.is_none() {
            return Ok(refused(ErrorCode::NotFound));
        }
        if let Err(code) = target.acting.close_poll(target.sender) {
            return Ok(refused(code));
        }
        if target.folded.poll.is_some_and(|poll| poll.closed) {
            return Ok(Reply::Done);
        }
        self.queue_change(change, conversation, message, MessageChange::ClosePoll {})
    }

    /// The poll that a message is, of the log or of the outbox.
    pub(crate) fn poll_of(&self, conversation: ConversationId, message: MessageId) -> Stored<Option<Poll>> {
        if let Some(event) = self.storage.find_message(conversation, message)? {
            return Ok(match &event.body {
                EventBody::Message { content, .. } => content.poll().cloned(),
                _ => None,
            });
        }
        let waiting = self.storage.find_outbox(message.into())?;
        Ok(waiting.and_then(|record| match record.body {
            OutboxBody::Message { poll, .. } => poll.map(|poll| *poll),
            OutboxBody::Change { .. } | OutboxBody::Profile { .. } => None,
        }))
    }
}

impl Acting {
    /// Whether one may end a poll.
    fn close_poll(&self, author: UserId) -> Result<(), ErrorCode> {
        if author == self.me {
            return self.authorize(Action::CloseOwnPoll);
        }
        let known = self.members.iter().find(|member| member.user == author);
        let target = known.map_or(Role::Member, |author| author.role);
        self.authorize(Action::CloseOthersPoll { target })
    }

    /// A poll as it is shown.
    pub(crate) fn poll_view(&self, poll: &Poll, folded: &Folded, author: UserId) -> PollView {
        let standing = folded.poll.clone().unwrap_or_default();
        let PollState { tally, mine, closed } = standing;
        let options = (0_u8..).zip(&poll.options).map(|(place, text)| PollOptionView {
            text: text.clone(),
            count: tally.counts.get(usize::from(place)).copied().unwrap_or_default(),
            mine: mine.contains(&place),
        });
        let closed = closed || is_over(poll, self.now);
        PollView {
            options: options.collect(),
            multiple: poll.multiple,
            anonymous: poll.anonymous,
            closes_at: poll.closes_at,
            closed,
            voters: tally.voters,
            can_vote: !closed && self.authorize(Action::Vote).is_ok(),
            can_close: !closed && self.close_poll(author).is_ok(),
        }
    }
}

fn is_over(poll: &Poll, now: Timestamp) -> bool {
    poll.closes_at.is_some_and(|end| end <= now)
}

fn refused(code: ErrorCode) -> Reply {
    Reply::Failed {
        error: refusal(code, None),
    }
}
