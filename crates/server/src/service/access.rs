//! What services read before they ask `model` whether something is allowed, and what they keep of it.

use pipit_model::{Action, Actor, Joiner, Place, authorize, authorize_joining};
use pipit_store::Facts;
use pipit_store::conversation::ConversationAccess;
use pipit_wire::encryption::ENCRYPTED_MEMBERS_MAX;
use pipit_wire::event::{ConversationKind, Role};
use pipit_wire::frame::RequestState;
use pipit_wire::{ConversationId, DeviceId, ErrorCode, Timestamp, UserId};

use crate::context::Context;
use crate::error::ServiceError;

/// Who asks a service for something, once they have been authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// The device, where it is one.
    pub device: Option<DeviceId>,
}

/// How often an append is decided anew when its facts have changed in between.
pub const ATTEMPTS_MAX: u32 = 3;
/// How many conversations' access one connection keeps.
const KEPT_MAX: usize = 8;
/// How long it is kept, milliseconds.
const KEPT_MS: i64 = 30_000;

/// The access of one account to the conversations that it has written to last, as it was read at some time.
///
/// Only what travels into the append as [`Facts`] may be decided on what is kept here: where it has changed, the storage says
/// `Stale`, and it is read again. A refusal is never kept.
#[derive(Debug, Default)]
pub struct AccessCache {
    kept: Vec<(ConversationId, ConversationAccess, Timestamp)>,
}

impl AccessCache {
    /// What is kept of this conversation, where it is not too old.
    pub fn get(&self, conversation: ConversationId, now: Timestamp) -> Option<&ConversationAccess> {
        let (_, access, read_at) = self.kept.iter().find(|(kept, ..)| *kept == conversation)?;
        (0..KEPT_MS).contains(&now.since_ms(*read_at)).then_some(access)
    }

    /// Keeps what was just read.
    pub fn keep(&mut self, conversation: ConversationId, access: ConversationAccess, now: Timestamp) {
        self.forget(conversation);
        if self.kept.len() >= KEPT_MAX {
            self.kept.remove(0);
        }
        self.kept.push((conversation, access, now));
    }

    /// Forgets one conversation.
    pub fn forget(&mut self, conversation: ConversationId) {
        self.kept.retain(|(kept, ..)| *kept != conversation);
    }
}

/// The same answer for a conversation that is not there and for one that is others': ids are not to be probed.
pub fn not_member() -> ServiceError {
    ServiceError::refused(ErrorCode::NotMember, "not a member of this conversation")
}

/// What the rules need to know of `caller` (and `target`) in a conversation.
pub async fn require_access(
    context: &Context,
    conversation: ConversationId,
    caller: UserId,
    target: Option<UserId>,
) -> Result<ConversationAccess, ServiceError> {
    let access = context.store.find_access(conversation, caller, target).await?;
    access
        .filter(|access| access.role.is_some() || access.suspended)
        .ok_or_else(not_member)
}

/// Asks `model`.
pub fn allow(access: &ConversationAccess, action: Action, member_count_max: u32) -> Result<(), ServiceError> {
    let actor = Actor {
        role: access.role,
        suspended: access.suspended,
        blocked: access.blocked,
        unanswered: access.request != RequestState::Accepted,
    };
    Ok(authorize(actor, action, place_of(access, member_count_max))?)
}

/// Asks `model` whether the target may become a member.
pub fn allow_joining(
    access: &ConversationAccess,
    suspended: bool,
    member_count_max: u32,
) -> Result<(), ServiceError> {
    let joiner = Joiner {
        banned: access.target_banned,
        suspended,
    };
    Ok(authorize_joining(joiner, place_of(access, member_count_max))?)
}

fn place_of(access: &ConversationAccess, member_count_max: u32) -> Place {
    Place {
        kind: access.kind,
        encrypted: access.encrypted,
        announcements: access.announcements,
        owner_count: access.owner_count,
        member_count: access.member_count,
        member_count_max: members_max(access, member_count_max),
    }
}

/// How many members there may be: fewer where the devices of all of them are leaves of one tree.
pub fn members_max(access: &ConversationAccess, member_count_max: u32) -> u32 {
    if access.encrypted {
        member_count_max.min(ENCRYPTED_MEMBERS_MAX)
    } else {
        member_count_max
    }
}

/// The facts on which an ordinary write by `caller` was decided.
pub fn facts_of(caller: UserId, access: &ConversationAccess) -> Facts {
    let not_blocked = match (access.kind, access.peer) {
        (ConversationKind::Direct, Some(peer)) => Some((caller, peer)),
        (ConversationKind::Direct, None) | (ConversationKind::Group, _) => None,
    };
    // Admins write whether it is so or not.
    let asks_for_mode = access.kind == ConversationKind::Group && access.role < Some(Role::Admin);
    Facts {
        roles: vec![(caller, access.role)],
        not_blocked,
        announcements: asks_for_mode.then_some(access.announcements),
        ..Facts::default()
    }
}

/// The facts of something done to `target`.
pub fn facts_about(caller: UserId, access: &ConversationAccess, target: UserId, role: Option<Role>) -> Facts {
    let mut facts = facts_of(caller, access);
    if target != caller {
        facts.roles.push((target, role));
    }
    facts
}

#[cfg(test)]
mod tests {
    use pipit_wire::Seq;

    use super::*;

    fn access() -> ConversationAccess {
        ConversationAccess {
            kind: ConversationKind::Direct,
            encrypted: false,
            role: Some(Role::Member),
            first_seq: Seq::ZERO,
            last_seq: Seq::ZERO,
            member_count: 2,
            owner_count: 0,
            target_role: None,
            peer: None,
            blocked: false,
            suspended: false,
            announcements: false,
            target_banned: false,
            request: RequestState::Accepted,
        }
    }

    fn conversation(number: u8) -> ConversationId {
        ConversationId::from_bytes([number; 16])
    }

    #[test]
    fn keeps_the_last_few_and_not_for_long() {
        let mut cache = AccessCache::default();
        for number in 0..=8 {
            cache.keep(conversation(number), access(), Timestamp(0));
        }
        assert!(
            cache.get(conversation(0), Timestamp(1)).is_none(),
            "the oldest went"
        );
        assert!(cache.get(conversation(8), Timestamp(1)).is_some());
        assert!(
            cache.get(conversation(8), Timestamp(KEPT_MS)).is_none(),
            "too old"
        );
        assert!(
            cache.get(conversation(8), Timestamp(-1)).is_none(),
            "the clock went back"
        );
        cache.forget(conversation(8));
        assert!(cache.get(conversation(8), Timestamp(1)).is_none());
    }
}
