//! What a person keeps of a conversation for themselves.

use std::sync::Arc;

use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::frame::{Personal, PersonalChange};
use pipit_wire::{ConversationId, ErrorCode, ServerFrame, UserId, WireError};

use super::access::not_member;
use super::requests;
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;

/// The most that is pinned to the top of a list; only bounds the number of a place.
const PIN_MAX: u32 = 10_000;

/// See the module.
pub struct Personals {
    context: Context,
    hub: Arc<Hub>,
}

impl Personals {
    /// The service.
    pub const fn new(context: Context, hub: Arc<Hub>) -> Self {
        Self { context, hub }
    }

    /// Changes it, tells every device of the account, and returns the whole of it.
    pub async fn set(
        &self,
        user: UserId,
        conversation: ConversationId,
        change: PersonalChange,
    ) -> Result<Personal, ServiceError> {
        self.check(&change)?;
        if let Some(answer) = change.request {
            requests::check_answer(&self.context, user, conversation, answer).await?;
        }
        let store = &self.context.store;
        let personal = store
            .set_personal(conversation, user, change, self.context.now())
            .await?
            .ok_or_else(not_member)?;
        let changed = PersonalChanged {
            id: None,
            conversation,
            personal: personal.clone(),
        };
        self.hub.tell(user, &ServerFrame::Personal(changed));
        Ok(personal)
    }

    fn check(&self, change: &PersonalChange) -> Result<(), ServiceError> {
        if change.pin.is_some_and(|pin| pin > PIN_MAX) {
            return Err(ServiceError::field("pin", format_args!("at most {PIN_MAX}")));
        }
        let Some(draft) = &change.draft else {
            return Ok(());
        };
        let bytes_max = usize::try_from(self.context.limits.message_text_bytes_max).unwrap_or(usize::MAX);
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
