//! Polls: what a vote needs to be one, and who may know of it. Votes take the way of changes ([`super::changes`]).

use pipit_model::poll::{VoteError, check_vote};
use pipit_model::{Action, poll};
use pipit_store::poll::VoteRecord;
use pipit_wire::event::{EventBody, MessageChange, Role};
use pipit_wire::poll::Poll;
use pipit_wire::{ConversationId, ErrorCode, Event, MessageId, Timestamp, UserId};

use super::access::require_access;
use super::changes::{REACTIONS_LISTED_MAX, no_message};
use super::messaging::Messaging;
use crate::error::ServiceError;

/// Whether this may be asked.
pub(super) fn check_poll(question: &str, asked: &Poll, has_files: bool) -> Result<(), ServiceError> {
    if has_files {
        return Err(ServiceError::field("attachments", "a poll has no files"));
    }
    poll::check(question, asked).map_err(|error| ServiceError::field("poll", error))
}

/// The poll that a message is.
fn poll_of(target: &Event) -> Option<&Poll> {
    match &target.body {
        EventBody::Message { content, .. } => content.poll(),
        _ => None,
    }
}

/// What somebody needs to be allowed who votes or ends a poll. `author` is what its author is; none where they are the sender.
pub(super) fn needed(change: &MessageChange, author: Option<Role>) -> Action {
    match (change, author) {
        (MessageChange::ClosePoll {}, None) => Action::CloseOwnPoll,
        (MessageChange::ClosePoll {}, Some(target)) => Action::CloseOthersPoll { target },
        _ => Action::Vote,
    }
}

/// Whether the message is a poll, and the vote one in it. That somebody has closed it the storage knows.
pub(super) fn check_change(
    change: &MessageChange,
    target: &Event,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let Some(asked) = poll_of(target) else {
        return Err(ServiceError::field("message", "it is no poll"));
    };
    let MessageChange::Vote { options, .. } = change else {
        return Ok(());
    };
    check_vote(asked, options, now).map_err(|error| match error {
        VoteError::Closed => closed(),
        error => ServiceError::field("options", error),
    })
}

/// Nobody can vote any more.
pub(super) fn closed() -> ServiceError {
    ServiceError::refused(ErrorCode::PollClosed, "the poll is closed")
}

impl Messaging {
    /// Who voted in a poll, in the order in which they did: at most [`REACTIONS_LISTED_MAX`].
    pub async fn votes(
        &self,
        user: UserId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Vec<VoteRecord>, ServiceError> {
        let store = &self.context.store;
        let found = store
            .list_votes(conversation, user, message.into(), REACTIONS_LISTED_MAX)
            .await?;
        let Some(votes) = found else {
            require_access(&self.context, conversation, user, None).await?;
            return Err(no_message());
        };
        // Whether it is told is a matter of the poll, which never changes.
        let target = store.find_event(conversation, message.into()).await?;
        match target.as_ref().map(poll_of) {
            Some(Some(asked)) if asked.anonymous => {
                let message = "nobody is told who voted in an anonymous poll";
                Err(ServiceError::refused(ErrorCode::Forbidden, message))
            }
            Some(Some(_)) => Ok(votes),
            Some(None) | None => Err(no_message()),
        }
    }
}
