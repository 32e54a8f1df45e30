//! What this device believes of keys and changes.
//!
//! A commit that the log has is followed, whatever it does: who did not follow it would be alone from there on, and the group with every other device's next
//! commit lost to it. What it should not have done is undone, by whoever is about to seal something ([`super::keeping`]): nothing is sealed
//! while the group has a device that the server does not list, with the key that it was pinned with, as a member's. What is refused is another
//! key of a device that is known.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipit_e2ee::{Authority, Identity, SignatureKey};
use pipit_wire::UserId;

use super::state::Pins;
use crate::engine::{Engine, Stored};
use crate::storage::{ConversationRecord, Storage};

/// See the module.
pub(super) struct Directory {
    keys: Arc<Pins>,
    /// Who is in the conversation; everybody counts where a commit is followed.
    members: Option<BTreeSet<UserId>>,
}

impl Directory {
    /// Knows nobody, for entries that change nothing.
    pub(super) fn empty() -> Self {
        Self {
            keys: Arc::default(),
            members: None,
        }
    }
}

impl Authority for Directory {
    fn vouches(&self, device: Identity, key: &SignatureKey) -> bool {
        self.keys.get(&device).is_none_or(|known| known == key)
    }

    fn may_add(&self, _: UserId, newcomer: UserId) -> bool {
        self.members
            .as_ref()
            .is_none_or(|members| members.contains(&newcomer))
    }

    /// A wish of somebody that is not yet a commit: only who has left is taken out by it.
    fn may_remove(&self, _: UserId, member: UserId) -> bool {
        self.members
            .as_ref()
            .is_none_or(|members| !members.contains(&member))
    }

    fn may_join(&self, newcomer: UserId) -> bool {
        self.may_add(newcomer, newcomer)
    }
}

impl<S: Storage> Engine<S> {
    /// For commits, welcomes, and what this device does by itself.
    pub(super) fn follower(&mut self) -> Stored<Directory> {
        Ok(Directory {
            keys: Arc::clone(self.pins()?),
            members: None,
        })
    }

    /// For wishes of others.
    pub(super) fn doubter(&mut self, record: &ConversationRecord) -> Stored<Directory> {
        let members = self.storage.members(record.id)?;
        Ok(Directory {
            keys: Arc::clone(self.pins()?),
            members: Some(members.into_iter().map(|member| member.user).collect()),
        })
    }
}
