//! What a person keeps of a conversation for themselves.

use std::sync::Arc;

use pipit_model::Action;
use pipit_model::encrypted::is_sealed_draft;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::frame::{Personal, PersonalChange};
use pipit_wire::limits::HIDDEN_MAX;
use pipit_wire::{ConversationId, ErrorCode, Seq, ServerFrame, UserId, WireError};

use super::access::{Caller, allow, not_member, require_access};
use super::conversations::Conversations;
use super::presence::Presence;
use super::scheduling::{self, Alarm};
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;

/// The most that is pinned to the top of a list; only bounds the number of a place.
const PIN_MAX: u32 = 10_000;
/// So many times as long as a text a sealed one may be, and so many bytes more: it is filled up, and in base64.
const SEALED_TIMES: usize = 2;
const SEALED_MORE: usize = 1_024;

/// See the module.
pub struct Personals {
    pub(super) context: Context,
    hub: Arc<Hub>,
    /// Where a group is left that was a request.
    pub(super) conversations: Arc<Conversations>,
    /// Who is told of blocks.
    pub(super) presence: Arc<Presence>,
    alarm: Alarm,
}

impl Personals {
    /// The service.
    pub const fn new(
        context: Context,
        hub: Arc<Hub>,
        conversations: Arc<Conversations>,
        presence: Arc<Presence>,
        alarm: Alarm,
    ) -> Self {
        Self {
            context,
            hub,
            conversations,
            presence,
            alarm,
        }
    }

    /// Changes it, tells every device of the account, and returns the whole of it.
    pub async fn set(
        &self,
        caller: Caller,
        conversation: ConversationId,
        mut change: PersonalChange,
    ) -> Result<Personal, ServiceError> {
        let user = caller.user;
        self.check(&change)?;
        if is_unsent(&change) {
            let access = require_access(&self.context, conversation, user, None).await?;
            allow(&access, Action::KeepUnsent, self.context.limits.group_members_max)?;
        }
        self.check_hidden(user, conversation, &change).await?;
        if let Some(answer) = change.request
            && let Some(left) = self.answer(caller, conversation, answer).await?
        {
            return Ok(left);
        }
        if !change.schedule.is_empty() {
            let found = self.context.store.find_summary(conversation, user).await?;
            let before = found.ok_or_else(not_member)?.personal;
            scheduling::check(&self.context, user, &before, &mut change).await?;
        }
        let schedules = !change.schedule.is_empty();
        let personal = self.keep(user, conversation, change).await?;
        if schedules {
            self.alarm.ring();
        }
        personal.ok_or_else(not_member)
    }

    /// Keeps a change that needs no check, and tells every device of the account. None where they are not a member.
    pub(super) async fn keep(
        &self,
        user: UserId,
        conversation: ConversationId,
        change: PersonalChange,
    ) -> Result<Option<Personal>, ServiceError> {
        let store = &self.context.store;
        let personal = store
            .set_personal(conversation, user, change, self.context.now())
            .await?;
        let Some(personal) = personal else { return Ok(None) };
        let changed = PersonalChanged {
            id: None,
            conversation,
            personal: personal.clone(),
        };
        self.hub.tell(user, &ServerFrame::Personal(changed));
        Ok(Some(personal))
    }

    /// What is deleted for oneself is in the log, and not too much. Two devices that delete at the same moment may go beyond that by
    /// what one request holds.
    async fn check_hidden(
        &self,
        user: UserId,
        conversation: ConversationId,
        change: &PersonalChange,
    ) -> Result<(), ServiceError> {
        let (Some(first), Some(last)) = (change.hide.first(), change.hide.last()) else {
            return Ok(());
        };
        let found = self.context.store.find_summary(conversation, user).await?;
        let summary = found.ok_or_else(not_member)?;
        if *first == Seq::ZERO || *last > summary.last_seq {
            return Err(ServiceError::field("hide", "the log has no such place"));
        }
        if summary.personal.hidden.union(&change.hide).count() > HIDDEN_MAX {
            let why = format!("at most {HIDDEN_MAX} messages of a conversation can be deleted for oneself");
            return Err(ServiceError::refused(ErrorCode::LimitReached, why));
        }
        Ok(())
    }

    fn check(&self, change: &PersonalChange) -> Result<(), ServiceError> {
        if change.pin.is_some_and(|pin| pin > PIN_MAX) {
            return Err(ServiceError::field("pin", format_args!("at most {PIN_MAX}")));
        }
        let Some(draft) = &change.draft else {
            return Ok(());
        };
        let text_max = usize::try_from(self.context.limits.message_text_bytes_max).unwrap_or(usize::MAX);
        let bytes_max = if is_sealed_draft(draft) {
            text_max.saturating_mul(SEALED_TIMES).saturating_add(SEALED_MORE)
        } else {
            text_max
        };
        if draft.len() > bytes_max {
            let why = format!("`draft`: it is longer than {bytes_max} bytes");
            let refusal = WireError::new(ErrorCode::TooLarge, why);
            return Err(ServiceError::Refused(refusal.about("draft")));
        }
        if draft.contains('\0') {
            return Err(ServiceError::field("draft", "a text has no NUL"));
        }
        Ok(())
    }
}

/// Whether there is something in it that is to be sent later, and that the server could read.
fn is_unsent(change: &PersonalChange) -> bool {
    let is_open = |draft: &String| !draft.is_empty() && !is_sealed_draft(draft);
    let has_draft = change.draft.as_ref().is_some_and(is_open);
    has_draft || change.schedule.values().any(Option::is_some)
}
