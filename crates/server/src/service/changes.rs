//! Changes of messages: edits, deletions for everyone, reactions, pins. They take the way of messages ([`super::messaging`]): checked, decided
//! on facts, handed to the appender without waiting, acknowledged when they are on disk.

use pipit_model::window::Window;
use pipit_model::{Action, emoji};
use pipit_store::change::{Pins, ReactionRecord, is_erased, is_expired, leave_out_expired};
use pipit_store::conversation::ConversationAccess;
use pipit_store::log::Append;
use pipit_wire::event::{Change, EventBody, MessageChange, Role};
use pipit_wire::limits::REACTION_BYTES_MAX;
use pipit_wire::{Content, ConversationId, ErrorCode, Event, MessageId, UserId, WireError};

use super::access::{AccessCache, Caller, allow, facts_about, facts_of, not_member, require_access};
use super::messaging::{Messaging, Submitted};
use super::{polls, requests};
use crate::error::ServiceError;

/// The most people that an answer names who reacted to one message.
pub const REACTIONS_LISTED_MAX: u32 = 1_000;

impl Messaging {
    /// Checks a change and hands it to the appender, without waiting for the commit.
    pub async fn submit_change(
        &self,
        caller: Caller,
        change: Change,
        cache: &mut AccessCache,
    ) -> Result<Submitted, ServiceError> {
        let Change {
            id,
            conversation,
            message,
            change,
        } = change;
        self.check_change(&change)?;
        let entry = Append {
            id,
            conversation,
            sender: caller.user,
            device: caller.device,
            at: self.context.now(),
            body: EventBody::MessageChanged { message, change },
            asks: false,
            facts: pipit_store::Facts::default(),
        };
        self.decide(entry, 1, cache).await
    }

    /// What can be told without looking at the message.
    fn check_change(&self, change: &MessageChange) -> Result<(), ServiceError> {
        match change {
            MessageChange::Edit {
                content:
                    Content::Plain {
                        text,
                        attachments,
                        poll,
                        preview,
                    },
                ..
            } => {
                if poll.is_some() {
                    return Err(ServiceError::field("poll", "a poll is not edited"));
                }
                if preview.is_some() {
                    return Err(ServiceError::field("preview", "it stays that of the message"));
                }
                if !attachments.is_empty() {
                    return Err(ServiceError::field(
                        "attachments",
                        "the files stay those of the message",
                    ));
                }
                // Whether it may be empty depends on the message.
                if text.is_empty() {
                    Ok(())
                } else {
                    self.check_text(text)
                }
            }
            MessageChange::Edit {
                content: Content::Sealed { seal: Some(_), .. },
                ..
            } => Err(ServiceError::field("seal", "an edit has none")),
            MessageChange::Edit { content, .. } => self.check(content),
            MessageChange::React { emoji, .. } => emoji::reaction(emoji, REACTION_BYTES_MAX)
                .map_err(|error| ServiceError::field("emoji", error)),
            MessageChange::Vote { .. }
            | MessageChange::ClosePoll {}
            | MessageChange::Delete {}
            | MessageChange::Pin { .. } => Ok(()),
        }
    }

    /// Decides whether the sender of a change may make it, and notes on which facts.
    pub(super) async fn authorize_change(
        &self,
        entry: &mut Append,
        message: MessageId,
        cache: &mut AccessCache,
    ) -> Result<(), ServiceError> {
        let now = self.context.now();
        if let Some(access) = cache.get(entry.conversation, now).cloned()
            && self.decide_change(entry, message, &access).await.is_ok()
        {
            return Ok(());
        }
        // Nobody is refused on what may have changed: they may have been given a role since, or a block may have been lifted.
        cache.forget(entry.conversation);
        let mut access = require_access(&self.context, entry.conversation, entry.sender, None).await?;
        self.decide_change(entry, message, &access).await?;
        let (who, place) = (entry.sender, entry.conversation);
        requests::accept_by_acting(&self.context, &self.hub, who, place, &mut access).await?;
        if !access.blocked {
            cache.keep(entry.conversation, access, now);
        }
        Ok(())
    }

    async fn decide_change(
        &self,
        entry: &mut Append,
        message: MessageId,
        access: &ConversationAccess,
    ) -> Result<(), ServiceError> {
        let may = |action| allow(access, action, self.context.limits.group_members_max);
        may(Action::Read)?;
        let found = self.context.store.find_event(entry.conversation, message.into());
        let is_there =
            |event: &Event| event.seq >= access.first_seq && matches!(event.body, EventBody::Message { .. });
        let mut target = found.await?.filter(is_there).ok_or_else(no_message)?;
        let now = self.context.now();
        leave_out_expired(std::slice::from_mut(&mut target), &mut Vec::new(), now);
        let EventBody::MessageChanged { change, .. } = &entry.body else {
            return Ok(());
        };
        let is_own = target.sender == entry.sender;
        let limits = &self.context.limits;
        entry.facts = facts_of(entry.sender, access);
        match change {
            MessageChange::Edit { content, .. } => {
                may(if is_own {
                    Action::EditOwn
                } else {
                    Action::EditOthers
                })?;
                if is_erased(&target.body) {
                    return Err(no_message());
                }
                within(limits.edit_window_ms, &target, entry, "edited")?;
                fits(content, &target)?;
            }
            MessageChange::Delete {} if is_own => {
                may(Action::DeleteOwn)?;
                if !is_erased(&target.body) {
                    within(limits.delete_window_ms, &target, entry, "deleted")?;
                }
                // What one has said may be taken back after a block as well.
                entry.facts.not_blocked = None;
            }
            MessageChange::Delete {} => {
                let (sender, author) = (entry.sender, target.sender);
                let access = require_access(&self.context, entry.conversation, sender, Some(author)).await?;
                let action = Action::DeleteOthers {
                    target: access.target_role.unwrap_or(Role::Member),
                };
                allow(&access, action, limits.group_members_max)?;
                entry.facts = facts_about(sender, &access, author, access.target_role);
            }
            // The storage has the last word where it is deleted; that its time has passed is known here.
            _ if is_expired(&target.body, now) => return Err(no_message()),
            MessageChange::Vote { .. } | MessageChange::ClosePoll {} if is_erased(&target.body) => {
                return Err(no_message());
            }
            MessageChange::Vote { .. } => {
                may(polls::needed(change, None))?;
                polls::check_change(change, &target, now)?;
            }
            MessageChange::ClosePoll {} => {
                let author = (!is_own).then_some(target.sender);
                let access = require_access(&self.context, entry.conversation, entry.sender, author).await?;
                let role = author.map(|_| access.target_role.unwrap_or(Role::Member));
                allow(&access, polls::needed(change, role), limits.group_members_max)?;
                if let Some(author) = author {
                    entry.facts = facts_about(entry.sender, &access, author, access.target_role);
                }
                polls::check_change(change, &target, now)?;
            }
            MessageChange::React { .. } => may(Action::React)?,
            MessageChange::Pin { .. } => may(Action::Pin)?,
        }
        Ok(())
    }

    /// Who reacted to a message, in the order in which they did: at most [`REACTIONS_LISTED_MAX`].
    pub async fn reactions(
        &self,
        user: UserId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Vec<ReactionRecord>, ServiceError> {
        let store = &self.context.store;
        let found = store
            .list_reactions(conversation, user, message.into(), REACTIONS_LISTED_MAX)
            .await?;
        if let Some(reactions) = found {
            return Ok(reactions);
        }
        require_access(&self.context, conversation, user, None).await?;
        Err(no_message())
    }

    /// The pinned messages of a conversation.
    pub async fn pins(&self, user: UserId, conversation: ConversationId) -> Result<Pins, ServiceError> {
        let pins = self.context.store.list_pins(conversation, user).await?;
        let mut pins = pins.ok_or_else(not_member)?;
        leave_out_expired(&mut pins.events, &mut pins.states, self.context.now());
        pins.events.retain(|event| !is_erased(&event.body));
        Ok(pins)
    }
}

/// One that does not exist, is of another conversation, from before one came, no message, or deleted: which one is not said.
pub(super) fn no_message() -> ServiceError {
    WireError::new(ErrorCode::NotFound, "there is no such message")
        .about("message")
        .into()
}

fn within(window_ms: i64, target: &Event, entry: &Append, what: &str) -> Result<(), ServiceError> {
    if Window::of_ms(window_ms).is_open(target.at, entry.at) {
        return Ok(());
    }
    let message = format!("the time in which it may be {what} has passed");
    Err(ServiceError::refused(ErrorCode::WindowClosed, message))
}

/// An edit is of the same kind as what it edits, and empty only where files speak for themselves.
fn fits(content: &Content, target: &Event) -> Result<(), ServiceError> {
    let EventBody::Message {
        content: original, ..
    } = &target.body
    else {
        return Ok(());
    };
    match (original, content) {
        (Content::Plain { poll: Some(_), .. }, _) => {
            Err(ServiceError::field("content", "a poll is not edited"))
        }
        (Content::Plain { attachments, .. }, Content::Plain { text, .. }) => {
            if text.is_empty() && attachments.is_empty() {
                return Err(ServiceError::field("text", "it is empty"));
            }
            Ok(())
        }
        (Content::Sealed { .. }, Content::Sealed { .. }) => Ok(()),
        _ => Err(ServiceError::field(
            "content",
            "is of another kind than the message",
        )),
    }
}
