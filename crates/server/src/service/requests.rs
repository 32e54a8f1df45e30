//! Message requests: what a stranger begins waits until it is answered.

use pipit_model::request::{Acquaintance, authorize_answer, begins_as};
use pipit_store::conversation::ConversationAccess;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::frame::{PersonalChange, RequestState};
use pipit_wire::{ConversationId, ServerFrame, UserId};

use super::access::{not_member, require_access};
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;

/// How a conversation that `from` begins stands with `to`.
pub(super) async fn begins(
    context: &Context,
    from: UserId,
    to: UserId,
) -> Result<RequestState, ServiceError> {
    if !context.message_requests {
        return Ok(RequestState::Accepted);
    }
    let acquaintance = Acquaintance {
        together: !context.store.filter_acquainted(from, &[to]).await?.is_empty(),
        invited: context.store.has_invited(from, to).await?,
    };
    let state = begins_as(acquaintance);
    if state == RequestState::Waiting {
        tracing::debug!(%from, %to, "a message request");
    }
    Ok(state)
}

/// Whether somebody may answer so.
pub(super) async fn check_answer(
    context: &Context,
    user: UserId,
    conversation: ConversationId,
    answer: RequestState,
) -> Result<(), ServiceError> {
    let access = require_access(context, conversation, user, None).await?;
    Ok(authorize_answer(access.request, answer)?)
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
    let kept = context.store.set_personal(conversation, user, change, context.now());
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
