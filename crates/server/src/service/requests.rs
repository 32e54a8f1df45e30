//! Message requests: what a stranger begins, or adds somebody to, waits until it is answered.

use std::collections::HashMap;

use pipit_model::request::{Acquaintance, authorize_answer, begins_as};
use pipit_store::conversation::ConversationAccess;
use pipit_wire::event::ConversationKind;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::frame::{Personal, PersonalChange, RequestState};
use pipit_wire::{ConversationId, EventId, ServerFrame, UserId};

use super::access::{Caller, not_member};
use super::personal::Personals;
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;

/// Those of `others` to whom it is a request when `from` begins something with them.
pub(super) async fn asked(
    context: &Context,
    from: UserId,
    others: &[UserId],
) -> Result<Vec<UserId>, ServiceError> {
    if !context.message_requests || others.is_empty() {
        return Ok(Vec::new());
    }
    let known = acquaintances(context, from, others).await?;
    let is_asked = |other: &&UserId| {
        let acquaintance = known.get(other).copied().unwrap_or(STRANGER);
        begins_as(acquaintance) == RequestState::Waiting
    };
    Ok(others.iter().filter(is_asked).copied().collect())
}

/// Somebody with whom one has nothing to do.
pub(super) const STRANGER: Acquaintance = Acquaintance {
    oneself: false,
    together: false,
    invited: false,
};

/// What each of `others` has to do with `from`.
pub(super) async fn acquaintances(
    context: &Context,
    from: UserId,
    others: &[UserId],
) -> Result<HashMap<UserId, Acquaintance>, ServiceError> {
    if others.is_empty() {
        return Ok(HashMap::new());
    }
    let together = context.store.filter_acquainted(from, others).await?;
    let invited = context.store.filter_invited(from, others).await?;
    let each = others.iter().map(|other| {
        let acquaintance = Acquaintance {
            oneself: *other == from,
            together: together.contains(other),
            invited: invited.contains(other),
        };
        (*other, acquaintance)
    });
    Ok(each.collect())
}

impl Personals {
    /// Does what the answer to a request means beside what is kept: whoever is refused is blocked, in every direct conversation, and a group that is refused
    /// is left. Returns what is kept of a group that was left, where nothing can be kept any more.
    pub(super) async fn answer(
        &self,
        caller: Caller,
        conversation: ConversationId,
        answer: RequestState,
    ) -> Result<Option<Personal>, ServiceError> {
        let store = &self.context.store;
        let found = store.find_summary(conversation, caller.user).await?;
        let summary = found.ok_or_else(not_member)?;
        let is_direct = summary.kind == ConversationKind::Direct;
        let mut others = summary.members.iter().map(|member| member.profile.user);
        let peer = others.find(|user| is_direct && *user != caller.user);
        let before = summary.personal;
        authorize_answer(before.request, answer, peer.is_some())?;
        let (now, refused) = (self.context.now(), answer == RequestState::Refused);
        if let Some(other) = before.asked_by.or(peer)
            && (refused || before.request == RequestState::Refused)
        {
            store.set_blocked(caller.user, other, refused, now).await?;
            self.presence.block_changed(caller.user, other);
            tracing::debug!(user = %caller.user, refused, "blocked somebody, or no longer");
            self.answer_elsewhere(caller.user, other, conversation, answer)
                .await?;
        }
        if !refused || is_direct {
            return Ok(None);
        }
        let event = EventId::new(now, self.context.random_bytes());
        self.conversations
            .remove_member(caller, conversation, caller.user, event)
            .await?;
        Ok(Some(Personal {
            changed_at: now.max(before.changed_at.plus_ms(1)),
            request: answer,
            ..before
        }))
    }

    /// Two people may have two direct conversations: both stand the same.
    async fn answer_elsewhere(
        &self,
        user: UserId,
        other: UserId,
        conversation: ConversationId,
        answer: RequestState,
    ) -> Result<(), ServiceError> {
        for direct in self.context.store.list_directs(other, user).await? {
            if direct.conversation != conversation && direct.request != answer {
                let change = PersonalChange {
                    request: Some(answer),
                    ..PersonalChange::default()
                };
                self.keep(user, direct.conversation, change).await?;
            }
        }
        Ok(())
    }
}

/// Whoever writes or reacts in what was a request has accepted it by that: from now on it is none, on all of their devices.
pub(super) async fn accept_by_acting(
    context: &Context,
    hub: &Hub,
    user: UserId,
    conversation: ConversationId,
    access: &mut ConversationAccess,
) -> Result<(), ServiceError> {
    if access.request == RequestState::Accepted {
        return Ok(());
    }
    let change = PersonalChange {
        request: Some(RequestState::Accepted),
        ..PersonalChange::default()
    };
    let kept = context
        .store
        .set_personal(conversation, user, change, context.now());
    let personal = kept.await?.ok_or_else(not_member)?;
    access.request = personal.request;
    let changed = PersonalChanged {
        id: None,
        conversation,
        personal,
    };
    hub.tell(user, &ServerFrame::Personal(changed));
    Ok(())
}
