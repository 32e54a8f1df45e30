//! Whether somebody tells that they are there, and is told it of others: one goes with the other, decided in `model`.
//!
//! It is known of everybody who is watched or connected here, so that nothing that is told costs a look into the storage. A change comes over
//! the bus; where that loses it, it is read again with the next refreshment.

use std::collections::HashMap;

use bytes::Bytes;
use pipit_model::privacy::{Sign, Signs, is_shown};
use pipit_wire::frame::PresenceState;
use pipit_wire::frame::server::Presence as PresenceFrame;
use pipit_wire::privacy::Privacy;
use pipit_wire::{ServerFrame, UserId, codec};

use super::{Person, Presence, State};
use crate::error::ServiceError;
use crate::fanout::announcement::Control;
use crate::fanout::hub::Connection;
use crate::fanout::lock;
use crate::fanout::outbox::Outgoing;

/// Of so many people it is read at once.
const CHUNK: usize = 1_000;

impl Person {
    /// Whether a connection is told how they are. One's own are told of oneself.
    pub(super) fn is_shown_to(&self, user: UserId, watcher: &Connection) -> bool {
        watcher.user == user || is_shown(Sign::Presence, self.signs.get(), watcher.signs.get())
    }

    /// How they are, as it is said to who may know it or not.
    pub(super) fn shown(&self, hidden: bool) -> PresenceState {
        if hidden {
            PresenceState::Offline
        } else {
            self.now()
        }
    }

    /// What a watcher gets when it changes whether it is told.
    fn frame(&self, user: UserId, hidden: bool) -> Bytes {
        let state = if hidden {
            PresenceState::Offline
        } else {
            self.told_watchers
        };
        let is_away = state == PresenceState::Offline && !hidden;
        let frame = PresenceFrame {
            user,
            state,
            last_seen: self.last_seen.filter(|_| is_away),
        };
        Bytes::from(codec::encode_server(&ServerFrame::Presence(frame)))
    }
}

impl Presence {
    /// An account lets others see something else, on every node.
    pub fn privacy_changed(&self, user: UserId, privacy: &Privacy) {
        self.learn_privacy(user, privacy);
        let control = Control::Privacy { privacy: *privacy };
        self.hub.publish_control(user, &control);
    }

    /// The same, here: who is told something else from now on is told it at once.
    pub fn learn_privacy(&self, user: UserId, privacy: &Privacy) {
        let connections = self.hub.learn_privacy(user, privacy);
        let now = Signs::of(privacy);
        let changes = |before: Signs| before.presence != now.presence;
        let all = lock(&self.state);
        if let Some(person) = all.people.get(&user)
            && person.signs.learn(privacy).is_some_and(changes)
        {
            for watcher in &person.watchers {
                // Who does not tell of themselves is told nothing before and after.
                if watcher.user != user && watcher.signs.get().presence {
                    let frame = person.frame(user, !now.presence);
                    self.hub.push(watcher, Outgoing::Frame(frame));
                }
            }
        }
        for (connection, before) in connections {
            if changes(before) {
                self.tell_watched(&all, &connection, now);
            }
        }
    }

    /// A connection's account is told how others are from now on, or no longer.
    fn tell_watched(&self, all: &State, connection: &Connection, now: Signs) {
        let watched = all.watching.get(&connection.number());
        for other in watched.into_iter().flatten() {
            let Some(person) = all.people.get(other) else {
                continue;
            };
            if *other != connection.user && person.signs.get().presence {
                let frame = person.frame(*other, !now.presence);
                self.hub.push(connection, Outgoing::Frame(frame));
            }
        }
    }

    /// What these let others see, those with a block left out.
    pub(super) async fn privacy_of(
        &self,
        visible: &[(UserId, bool)],
    ) -> Result<HashMap<UserId, Privacy>, ServiceError> {
        let shown = visible.iter().filter(|(_, blocked)| !blocked);
        let users: Vec<_> = shown.map(|(user, _)| *user).collect();
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.context.store.find_privacy(&users).await?;
        Ok(found.into_iter().collect())
    }

    /// Reads again what these let others see: the bus may have lost a change.
    pub(super) async fn relearn(&self, users: &[UserId]) {
        for chunk in users.chunks(CHUNK) {
            match self.context.store.find_privacy(chunk).await {
                Ok(found) => {
                    for (user, privacy) in found {
                        self.learn_privacy(user, &privacy);
                    }
                }
                Err(error) => tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "what people let others see was not read again"
                ),
            }
        }
    }
}
