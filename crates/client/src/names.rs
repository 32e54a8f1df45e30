//! People's names: kept on disk from everything that mentions them, asked for where an entry names somebody unknown.

use std::collections::{BTreeSet, HashMap};

use pipit_wire::frame::Profile;
use pipit_wire::rest::Members;
use pipit_wire::{ConversationId, UserId};

use crate::engine::{Engine, Stored};
use crate::storage::Storage;

/// Names in memory at most; beyond it the memory is emptied and filled again from disk.
const CACHED_MAX: usize = 4_096;
/// Pages of members that are read to find a name at most.
const PAGES_MAX: u32 = 20;

#[derive(Debug, Default)]
pub(crate) struct Names {
    cached: HashMap<UserId, Option<Profile>>,
    /// Conversations in which somebody unknown was met.
    missing: BTreeSet<ConversationId>,
    /// Those whose members were asked for on this connection, with whom they did not know.
    asked: HashMap<ConversationId, BTreeSet<UserId>>,
    unknown: HashMap<ConversationId, BTreeSet<UserId>>,
}

impl Names {
    pub(crate) fn forget_line(&mut self) {
        self.missing.clear();
        self.asked.clear();
    }

    pub(crate) fn forget_account(&mut self) {
        *self = Self::default();
    }
}

impl<S: Storage> Engine<S> {
    /// Somebody's names, as far as they are known.
    pub(crate) fn profile(&mut self, user: UserId) -> Stored<Option<Profile>> {
        if let Some(known) = self.names.cached.get(&user) {
            return Ok(known.clone());
        }
        let found = self.storage.profile(user)?;
        if self.names.cached.len() >= CACHED_MAX {
            self.names.cached.clear();
        }
        self.names.cached.insert(user, found.clone());
        Ok(found)
    }

    /// The name to show; empty while it is not known, and then it is asked for.
    pub(crate) fn name_in(&mut self, conversation: ConversationId, user: UserId) -> Stored<String> {
        if let Some(profile) = self.profile(user)? {
            return Ok(profile.name);
        }
        self.names.unknown.entry(conversation).or_default().insert(user);
        self.names.missing.insert(conversation);
        Ok(String::new())
    }

    pub(crate) fn save_names<'a>(&mut self, profiles: impl IntoIterator<Item = &'a Profile>) -> Stored {
        for profile in profiles {
            if self.profile(profile.user)?.as_ref() != Some(profile) {
                self.storage.save_profile(profile)?;
                self.names.cached.insert(profile.user, Some(profile.clone()));
                self.dirty.all = true;
            }
        }
        Ok(())
    }

    /// Asks for the members of conversations in which somebody unknown was met, once for each such person and connection:
    /// somebody who has left is in no list any more.
    pub(crate) fn ask_for_names(&mut self) {
        if !self.connection.is_up() {
            return;
        }
        for conversation in std::mem::take(&mut self.names.missing) {
            let unknown = self.names.unknown.remove(&conversation).unwrap_or_default();
            let asked = self.names.asked.entry(conversation).or_default();
            let before = asked.len();
            asked.extend(unknown);
            if asked.len() > before {
                self.call_names(conversation, None, PAGES_MAX);
            }
        }
    }

    pub(crate) fn names_came(
        &mut self,
        conversation: ConversationId,
        members: Members,
        pages_left: u32,
    ) -> Stored {
        self.save_names(members.items.iter().map(|member| &member.profile))?;
        if let Some(next) = members.next
            && pages_left > 1
        {
            self.call_names(conversation, Some(&next), pages_left.saturating_sub(1));
        }
        Ok(())
    }
}
