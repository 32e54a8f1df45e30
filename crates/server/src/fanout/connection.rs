//! One connection, and what it is subscribed to.

use std::collections::HashSet;
use std::sync::Mutex;

use pipit_wire::{ConversationId, DeviceId, UserId};

use super::lock;
use super::outbox::Outbox;
use super::signs::KnownSigns;

/// One connection that has said who it is.
pub struct Connection {
    pub(super) number: u64,
    /// Whose.
    pub user: UserId,
    /// Which device.
    pub device: DeviceId,
    /// What its account shows of itself.
    pub signs: KnownSigns,
    /// What waits to be written to it.
    pub outbox: Outbox,
    pub(super) subscriptions: Mutex<Subscriptions>,
}

impl Connection {
    /// Unique in this node since its start.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The conversations that it is subscribed to.
    pub fn conversations(&self) -> Vec<ConversationId> {
        lock(&self.subscriptions).joined.iter().copied().collect()
    }

    /// Whether it is subscribed to this one.
    pub fn is_in(&self, conversation: ConversationId) -> bool {
        lock(&self.subscriptions).joined.contains(&conversation)
    }

    /// How many those are.
    pub fn conversation_count(&self) -> usize {
        lock(&self.subscriptions).joined.len()
    }

    /// Whether its account's memberships are just being read.
    pub fn notes_changes(&self) -> bool {
        lock(&self.subscriptions).recent.is_some()
    }
}

/// What a connection is subscribed to.
#[derive(Default)]
pub(super) struct Subscriptions {
    pub(super) joined: HashSet<ConversationId>,
    /// What has changed since its account's memberships began to be read: that reading may be older.
    pub(super) recent: Option<Box<Recent>>,
    pub(super) closed: bool,
}

/// What has changed in an account's memberships of late.
#[derive(Default)]
pub(super) struct Recent {
    joined: Vec<ConversationId>,
    left: Vec<ConversationId>,
}

impl Subscriptions {
    /// Notes that the account has left. Whether that is news to the connection.
    pub(super) fn leave(&mut self, conversation: ConversationId) -> bool {
        let was_joined = self.joined.remove(&conversation);
        if let Some(recent) = &mut self.recent {
            recent.joined.retain(|joined| *joined != conversation);
            recent.left.push(conversation);
            return true;
        }
        was_joined
    }

    /// Notes that the account has joined. False where it had before, or where a list of memberships says so that is out of date.
    pub(super) fn join(&mut self, conversation: ConversationId, from_list: bool) -> bool {
        if self.closed || self.joined.contains(&conversation) {
            return false;
        }
        if let Some(recent) = &mut self.recent {
            if from_list && recent.left.contains(&conversation) {
                return false;
            }
            recent.left.retain(|left| *left != conversation);
            recent.joined.push(conversation);
        }
        self.joined.insert(conversation)
    }

    /// What it is subscribed to that is not among these memberships, and the other way round.
    pub(super) fn differences(
        &self,
        memberships: &HashSet<ConversationId>,
    ) -> (Vec<ConversationId>, Vec<ConversationId>) {
        let is_new = |id: &ConversationId| {
            let recent = self.recent.as_ref();
            recent.is_some_and(|recent| recent.joined.contains(id))
        };
        let gone = self.joined.difference(memberships);
        let mut gone: Vec<_> = gone.filter(|id| !is_new(id)).copied().collect();
        let mut missed: Vec<_> = memberships.difference(&self.joined).copied().collect();
        // The order of a set is drawn anew in every process.
        gone.sort_unstable();
        missed.sort_unstable();
        (gone, missed)
    }
}
