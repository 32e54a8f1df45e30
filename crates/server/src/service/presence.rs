//! Who is there, for those who have them on the screen.
//!
//! Nothing of it is stored but when a device was last connected. Changes are gathered for a second, so that a phone that
//! changes its network is not seen to leave, and go only to the connections that watch: the cost grows with people looking.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use pipit_wire::frame::PresenceState;
use pipit_wire::frame::server::Presence as PresenceFrame;
use pipit_wire::{DeviceId, ServerFrame, Timestamp, UserId, codec};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::announcement::Control;
use crate::fanout::hub::{Connection, Hub};
use crate::fanout::lock;
use crate::fanout::outbox::Outgoing;

/// How long changes are gathered.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// See the module.
pub struct Presence {
    context: Context,
    hub: Arc<Hub>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    people: HashMap<UserId, Person>,
    /// Whom each connection watches, by its number.
    watching: HashMap<u64, Vec<UserId>>,
    changed: BTreeSet<UserId>,
    /// Devices that were connected, to be written down.
    seen: BTreeMap<DeviceId, Timestamp>,
}

/// Somebody who is connected or watched here.
struct Person {
    here: Vec<(u64, PresenceState)>,
    elsewhere: PresenceState,
    watchers: Vec<Arc<Connection>>,
    told_watchers: PresenceState,
    told_nodes: PresenceState,
    last_seen: Option<Timestamp>,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            here: Vec::new(),
            elsewhere: PresenceState::Offline,
            watchers: Vec::new(),
            told_watchers: PresenceState::Offline,
            told_nodes: PresenceState::Offline,
            last_seen: None,
        }
    }
}

impl Person {
    fn here(&self) -> PresenceState {
        self.here
            .iter()
            .map(|(_, state)| *state)
            .fold(PresenceState::Offline, more_present)
    }

    fn now(&self) -> PresenceState {
        more_present(self.here(), self.elsewhere)
    }

    fn is_forgettable(&self) -> bool {
        self.here.is_empty() && self.watchers.is_empty() && self.told_nodes == PresenceState::Offline
    }
}

fn more_present(one: PresenceState, other: PresenceState) -> PresenceState {
    match (one, other) {
        (PresenceState::Online, _) | (_, PresenceState::Online) => PresenceState::Online,
        (PresenceState::Away, _) | (_, PresenceState::Away) => PresenceState::Away,
        (PresenceState::Offline, PresenceState::Offline) => PresenceState::Offline,
    }
}

impl Presence {
    /// The service. Somebody has to run [`Presence::run`], or to call [`Presence::flush`] now and then.
    pub fn new(context: Context, hub: Arc<Hub>) -> Self {
        Self {
            context,
            hub,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Tells the watchers what has changed, a second after it did, until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.changed.notified() => {}
                () = stop.cancelled() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(DEBOUNCE) => {}
                () = stop.cancelled() => break,
            }
            self.flush().await;
        }
        self.flush().await;
    }

    /// A connection is there, or its device went idle or is in use again.
    pub fn set(&self, connection: &Connection, state: PresenceState) {
        let now = self.context.now();
        {
            let mut all = lock(&self.state);
            let person = all.people.entry(connection.user).or_default();
            match person
                .here
                .iter_mut()
                .find(|(number, _)| *number == connection.number())
            {
                Some((_, kept)) => *kept = state,
                None => person.here.push((connection.number(), state)),
            }
            all.changed.insert(connection.user);
            all.seen.insert(connection.device, now);
        }
        self.changed.notify_one();
    }

    /// A connection is gone.
    pub fn disconnected(&self, connection: &Connection) {
        let now = self.context.now();
        {
            let mut all = lock(&self.state);
            self.stop_watching(&mut all, connection);
            if let Some(person) = all.people.get_mut(&connection.user) {
                person.here.retain(|(number, _)| *number != connection.number());
                person.last_seen = Some(now);
            }
            all.changed.insert(connection.user);
            all.seen.insert(connection.device, now);
        }
        self.changed.notify_one();
    }

    /// Replaces whom a connection watches, and says how each of them is. Those who share no conversation with its account are
    /// left out; those with a block between them and it are said to be offline, and stay so.
    pub async fn watch(
        &self,
        connection: &Arc<Connection>,
        users: Vec<UserId>,
    ) -> Result<Vec<PresenceFrame>, ServiceError> {
        let visible = self.visible_to(connection.user, users).await?;
        let states: Vec<_> = {
            let mut all = lock(&self.state);
            self.stop_watching(&mut all, connection);
            let mut states = Vec::with_capacity(visible.len());
            for (user, blocked) in visible {
                if blocked {
                    states.push((user, PresenceState::Offline, blocked));
                    continue;
                }
                let person = all.people.entry(user).or_default();
                if person.watchers.is_empty() {
                    self.hub.set_watched(user, true);
                }
                person.watchers.push(Arc::clone(connection));
                states.push((user, person.now(), blocked));
                all.watching.entry(connection.number()).or_default().push(user);
            }
            states
        };
        let offline: Vec<_> = states
            .iter()
            .filter(|(_, state, blocked)| *state == PresenceState::Offline && !blocked)
            .map(|(user, ..)| *user)
            .collect();
        let last_seen: HashMap<_, _> = if offline.is_empty() {
            HashMap::new()
        } else {
            self.context
                .store
                .last_seen(&offline)
                .await?
                .into_iter()
                .collect()
        };
        let frame = |(user, state, _)| PresenceFrame {
            user,
            state,
            last_seen: last_seen.get(&user).copied(),
        };
        Ok(states.into_iter().map(frame).collect())
    }

    /// A block between two accounts was made or lifted: from now on neither sees the other, until they watch again.
    pub fn block_changed(&self, user: UserId, other: UserId) {
        self.hide(user, other);
        self.hub.publish_control(user, &Control::BlockChanged { other });
        self.hub
            .publish_control(other, &Control::BlockChanged { other: user });
    }

    /// Another node says something about an account.
    pub fn control(&self, user: UserId, control: &Control) {
        match control {
            Control::Presence { presence } => {
                {
                    let mut all = lock(&self.state);
                    let Some(person) = all.people.get_mut(&user) else {
                        return;
                    };
                    person.elsewhere = presence.state;
                    person.last_seen = presence.last_seen.max(person.last_seen);
                    all.changed.insert(user);
                }
                self.changed.notify_one();
            }
            Control::BlockChanged { other } => self.hide(user, *other),
            Control::Joined { .. }
            | Control::Connected { .. }
            | Control::SignedOut { .. }
            | Control::Suspended => {}
        }
    }

    /// Tells the watchers, and the other nodes, what has changed, and writes down when devices were connected.
    pub async fn flush(&self) {
        let seen: Vec<_> = {
            let mut all = lock(&self.state);
            let changed = std::mem::take(&mut all.changed);
            for user in changed {
                self.tell(&mut all, user);
            }
            std::mem::take(&mut all.seen).into_iter().collect()
        };
        if seen.is_empty() {
            return;
        }
        if let Err(error) = self.context.store.touch_devices(&seen).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "when devices were seen was not written"
            );
        }
    }

    fn tell(&self, all: &mut State, user: UserId) {
        let Some(person) = all.people.get_mut(&user) else {
            return;
        };
        let frame_of = |state, last_seen: Option<Timestamp>| PresenceFrame {
            user,
            state,
            last_seen: last_seen.filter(|_| state == PresenceState::Offline),
        };
        let (now, here) = (person.now(), person.here());
        if now != person.told_watchers {
            person.told_watchers = now;
            let frame = ServerFrame::Presence(frame_of(now, person.last_seen));
            let text = Bytes::from(codec::encode_server(&frame));
            for watcher in &person.watchers {
                self.hub.push(watcher, Outgoing::Frame(text.clone()));
            }
        }
        if here != person.told_nodes {
            person.told_nodes = here;
            let presence = frame_of(here, person.last_seen);
            self.hub.publish_control(user, &Control::Presence { presence });
        }
        if person.is_forgettable() {
            all.people.remove(&user);
        }
    }

    fn stop_watching(&self, all: &mut State, connection: &Connection) {
        for user in all.watching.remove(&connection.number()).unwrap_or_default() {
            let Some(person) = all.people.get_mut(&user) else {
                continue;
            };
            person
                .watchers
                .retain(|watcher| watcher.number() != connection.number());
            if person.watchers.is_empty() {
                self.hub.set_watched(user, false);
                if person.is_forgettable() {
                    all.people.remove(&user);
                }
            }
        }
    }

    fn hide(&self, user: UserId, other: UserId) {
        let mut all = lock(&self.state);
        for (watched, by) in [(user, other), (other, user)] {
            let Some(person) = all.people.get_mut(&watched) else {
                continue;
            };
            let frame = PresenceFrame {
                user: watched,
                state: PresenceState::Offline,
                last_seen: None,
            };
            let text = Bytes::from(codec::encode_server(&ServerFrame::Presence(frame)));
            person.watchers.retain(|watcher| {
                if watcher.user == by {
                    self.hub.push(watcher, Outgoing::Frame(text.clone()));
                }
                watcher.user != by
            });
        }
    }

    /// Those of `users` whom `user` may know of, each with whether a block hides how they are.
    async fn visible_to(
        &self,
        user: UserId,
        mut users: Vec<UserId>,
    ) -> Result<Vec<(UserId, bool)>, ServiceError> {
        users.sort_unstable();
        users.dedup();
        let store = &self.context.store;
        let acquainted = store.filter_acquainted(user, &users).await?;
        let blocked_by_user = store.list_blocked(user).await?;
        let mut visible = Vec::with_capacity(acquainted.len() + 1);
        for other in users {
            if other == user {
                visible.push((other, false));
            } else if acquainted.contains(&other) {
                let blocked =
                    blocked_by_user.contains(&other) || store.list_blocked(other).await?.contains(&user);
                visible.push((other, blocked));
            }
        }
        Ok(visible)
    }
}
