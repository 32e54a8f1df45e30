//! People's names: kept on disk from everything that mentions them, asked for where an entry names somebody unknown.

use std::collections::{BTreeSet, HashMap};

use pipit_wire::frame::{Profile, RequestState};
use pipit_wire::person::Face;
use pipit_wire::rest::Members;
use pipit_wire::{ConversationId, Timestamp, UserId};

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
    /// When the first status that was shown ends.
    status_ends: Option<Timestamp>,
}

impl Names {
    pub(crate) fn forget_line(&mut self) {
        self.missing.clear();
        self.asked.clear();
    }

    pub(crate) fn forget_account(&mut self) {
        *self = Self::default();
    }

    pub(crate) const fn deadline(&self) -> Option<Timestamp> {
        self.status_ends
    }

    /// A status that is shown ends then, by the steady clock.
    pub(crate) fn note_end(&mut self, ends: Timestamp) {
        let first = self.status_ends.get_or_insert(ends);
        *first = ends.min(*first);
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
            let known = self.profile(profile.user)?;
            let mut told = profile.clone();
            // Who tells names alone says nothing of the rest.
            told.face = told.face.or_else(|| known.as_ref()?.face.clone());
            if known.as_ref() != Some(&told) {
                self.storage.save_profile(&told)?;
                self.names.cached.insert(profile.user, Some(told));
                self.dirty.all = true;
            }
        }
        Ok(())
    }

    /// What somebody shows, as far as it is known and as it is now.
    pub(crate) fn face(&mut self, user: UserId) -> Stored<Face> {
        let known = if self.is_me(user) {
            self.shown_me()?.and_then(|me| me.profile.face)
        } else {
            self.profile(user)?.and_then(|profile| profile.face)
        };
        Ok(self.face_now(known.unwrap_or_default()))
    }

    /// The same in a conversation: of strangers whom one has not answered nothing is shown.
    pub(crate) fn face_in(&mut self, conversation: ConversationId, user: UserId) -> Stored<Face> {
        if self.shown_personal(conversation)?.request == RequestState::Accepted {
            self.face(user)
        } else {
            Ok(Face::default())
        }
    }

    /// A profile that the server has told, with what is known beyond it.
    pub(crate) fn with_face(&mut self, profile: Profile) -> Stored<Profile> {
        let face = Some(self.face(profile.user)?);
        Ok(Profile { face, ..profile })
    }

    pub(crate) fn with_faces(&mut self, profiles: Vec<Profile>) -> Stored<Vec<Profile>> {
        let profiles = profiles.into_iter().map(|profile| self.with_face(profile));
        profiles.collect()
    }

    /// The server says what somebody shows now.
    pub(crate) fn profile_came(&mut self, profile: &Profile) -> Stored {
        self.save_names([profile])?;
        if self.is_me(profile.user) {
            self.update_session(|session| session.me.profile = profile.clone())?;
            self.dirty.all = true;
        }
        Ok(())
    }

    pub(crate) fn names_due(&mut self) {
        if self.names.status_ends.is_some_and(|ends| self.clock.is_due(ends)) {
            self.names.status_ends = None;
            self.dirty.all = true;
        }
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
