//! Who is there: oneself as others are told, and the people on the screen.

use std::collections::{BTreeSet, HashMap};

use pipit_wire::frame::PresenceState;
use pipit_wire::frame::client::{SetPresence, Watch};
use pipit_wire::frame::server::Presence;
use pipit_wire::{ClientFrame, Timestamp, UserId};

use crate::engine::Engine;
use crate::storage::Storage;
use crate::views::Dirty;

/// Changes of the set of watched people wait so long for further ones: somebody who scrolls through the list changes it often.
const WATCH_AFTER_MS: i64 = 300;

/// Whether somebody is offline who shows that they are not is asked once in this time.
const DOUBT_MS: i64 = 30_000;

#[derive(Debug, Default)]
pub(crate) struct Presences {
    known: HashMap<UserId, Presence>,
    /// What the server was told of oneself on this connection.
    announced: Option<PresenceState>,
    watched: BTreeSet<UserId>,
    watch_at: Option<Timestamp>,
    /// When it was asked last how those are who were said to be offline.
    doubted: HashMap<UserId, Timestamp>,
}

impl Presences {
    pub(crate) const fn announced(&mut self, state: PresenceState) {
        self.announced = Some(state);
    }

    pub(crate) fn state(&self, user: UserId) -> Option<PresenceState> {
        self.known.get(&user).map(|presence| presence.state)
    }

    pub(crate) fn last_seen(&self, user: UserId) -> Option<Timestamp> {
        self.known.get(&user).and_then(|presence| presence.last_seen)
    }

    pub(crate) fn clear(&mut self, dirty: &mut Dirty) {
        if !self.known.is_empty() {
            dirty.all = true;
        }
        *self = Self::default();
    }

    /// Somebody shows that they are there. Of whom the server has said nothing may just have accepted one's request, and who is said to be offline may have lifted a block: asked
    /// again, it says how they are. Those of the latter who do not tell how they are cost a question now and then.
    pub(crate) fn shown_themselves(&mut self, user: UserId, now: Timestamp) {
        match self.state(user) {
            None => self.watch_anew(user),
            Some(PresenceState::Offline)
                if self
                    .doubted
                    .get(&user)
                    .is_none_or(|at| now.since_ms(*at) >= DOUBT_MS) =>
            {
                self.doubted.insert(user, now);
                self.watch_anew(user);
            }
            Some(_) => {}
        }
    }

    /// How somebody is may be another answer now.
    pub(crate) fn watch_anew(&mut self, user: UserId) {
        self.watched.remove(&user);
    }

    pub(crate) const fn deadline(&self) -> Option<Timestamp> {
        self.watch_at
    }
}

impl<S: Storage> Engine<S> {
    /// Tells the server where a view has come to the front, or the last one has gone.
    pub(crate) fn announce_presence(&mut self) {
        let state = self.own_presence();
        if self.connection.is_up() && self.presences.announced != Some(state) {
            self.presences.announced(state);
            self.send(&ClientFrame::Presence(SetPresence { state }));
        }
    }

    /// Watches those whom views show: the people of open timelines, then those of the list's direct conversations.
    pub(crate) fn watch_people(&mut self) {
        let Some(session) = self.session.as_ref().filter(|_| self.connection.is_up()) else {
            return;
        };
        let most = usize::try_from(session.limits.watched_users_max).unwrap_or(usize::MAX);
        let wanted = self.views.people_on_screen(session.me.profile.user, most);
        if wanted == self.presences.watched {
            self.presences.watch_at = None;
            return;
        }
        let soon = self.clock.steady().plus_ms(WATCH_AFTER_MS);
        let due = *self.presences.watch_at.get_or_insert(soon);
        if self.clock.is_due(due) {
            self.presences.watch_at = None;
            self.presences.known.retain(|user, _| wanted.contains(user));
            self.presences.doubted.retain(|user, _| wanted.contains(user));
            self.presences.watched.clone_from(&wanted);
            self.send(&ClientFrame::Watch(Watch {
                users: wanted.into_iter().collect(),
            }));
        }
    }

    pub(crate) fn presence_changed(&mut self, presence: Presence) {
        if self.presences.watched.contains(&presence.user) {
            self.presences.known.insert(presence.user, presence);
            self.dirty.all = true;
        }
    }
}
