//! Who is there, for those who have them on the screen, where both tell that of themselves ([`sharing`]).
//!
//! Nothing of it is stored but when a device was last connected. Changes are gathered for a second, so that a phone that
//! changes its network is not seen to leave, and go only to the connections that watch: the cost grows with people looking.

mod sharing;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use pipit_bus::PRESENCE_TTL;
use pipit_model::person::{Acquaintance, may_see};
use pipit_wire::frame::server::Presence as PresenceFrame;
use pipit_wire::frame::{PresenceState, Profile};
use pipit_wire::{DeviceId, ServerFrame, Timestamp, UserId, codec};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::announcement::Control;
use crate::fanout::hub::{Connection, Hub};
use crate::fanout::lock;
use crate::fanout::outbox::Outgoing;
use crate::fanout::signs::KnownSigns;

/// How long changes are gathered.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// See the module.
pub struct Presence {
    context: Context,
    hub: Arc<Hub>,
    state: Mutex<State>,
    changed: Notify,
    resumed: Notify,
}

#[derive(Default)]
struct State {
    people: HashMap<UserId, Person>,
    /// Whom each connection watches, by its number.
    watching: HashMap<u64, Vec<UserId>>,
    changed: BTreeSet<UserId>,
    /// Accounts that show something else of themselves.
    profiles: BTreeSet<UserId>,
    /// Accounts of which a node has said that they are less present: another may have them as well.
    doubtful: BTreeSet<UserId>,
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
    signs: KnownSigns,
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
            signs: KnownSigns::default(),
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
            resumed: Notify::new(),
        }
    }

    /// Tells the watchers what has changed, a second after it did, until `stop`. What nodes say of presence holds for a while, so
    /// that it is said and asked for anew before that is over.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut due = tokio::time::interval(PRESENCE_TTL / 3);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.changed.notified() => {}
                () = self.resumed.notified() => {
                    // All nodes say it anew now; who asked at once would hear too little.
                    self.show_all().await;
                    due.reset();
                    continue;
                }
                _ = due.tick(), if self.hub.shared().is_some() => {
                    self.refresh().await;
                    continue;
                }
                () = stop.cancelled() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(DEBOUNCE) => {}
                () = stop.cancelled() => break,
            }
            self.flush().await;
        }
        self.flush().await;
        self.leave().await;
    }

    /// The bus is back, and may have forgotten how people are.
    pub fn resumed(&self) {
        self.resumed.notify_one();
    }

    /// Says anew how people are here, and asks how those who are watched are elsewhere: nodes that were killed say nothing more.
    pub async fn refresh(&self) {
        self.show_all().await;
        let watched: Vec<_> = {
            let all = lock(&self.state);
            let watched = all
                .people
                .iter()
                .filter(|(_, person)| !person.watchers.is_empty());
            watched.map(|(user, _)| *user).collect()
        };
        self.ask(&watched).await;
        self.relearn(&watched).await;
        self.flush().await;
    }

    async fn show_all(&self) {
        let shown: Vec<_> = {
            let all = lock(&self.state);
            let people = all.people.iter();
            let shown = people.filter(|(_, person)| person.told_nodes != PresenceState::Offline);
            shown.map(|(user, person)| (*user, person.told_nodes)).collect()
        };
        self.show(&shown).await;
    }

    async fn show(&self, states: &[(UserId, PresenceState)]) {
        if let Some(shared) = self.hub.shared()
            && !states.is_empty()
            && let Err(error) = shared.show_presence(states).await
        {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "presence was not shown to new watchers"
            );
        }
    }

    /// Asks how these are on other nodes. Where there is no answer, what was known stays.
    async fn ask(&self, users: &[UserId]) {
        let Some(shared) = self.hub.shared() else {
            return;
        };
        if users.is_empty() {
            return;
        }
        let found: HashMap<_, _> = match shared.presence(users).await {
            Ok(found) => found.into_iter().collect(),
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "presence on other nodes is not known"
                );
                return;
            }
        };
        let mut all = lock(&self.state);
        for user in users {
            if let Some(person) = all.people.get_mut(user) {
                let state = found.get(user).copied().unwrap_or(PresenceState::Offline);
                if person.elsewhere != state {
                    person.elsewhere = state;
                    all.changed.insert(*user);
                }
            }
        }
    }

    /// The node stops: nobody is here any more.
    async fn leave(&self) {
        let now = self.context.now();
        let gone: Vec<_> = {
            let mut all = lock(&self.state);
            let people = all.people.iter_mut();
            let shown = people.filter(|(_, person)| person.told_nodes != PresenceState::Offline);
            shown
                .map(|(user, person)| {
                    person.told_nodes = PresenceState::Offline;
                    *user
                })
                .collect()
        };
        let states: Vec<_> = gone.iter().map(|user| (*user, PresenceState::Offline)).collect();
        self.show(&states).await;
        for user in gone {
            let presence = PresenceFrame {
                user,
                state: PresenceState::Offline,
                last_seen: Some(now),
            };
            self.hub.publish_control(user, &Control::Presence { presence });
        }
    }

    /// A connection is there, or its device went idle or is in use again.
    pub fn set(&self, connection: &Connection, state: PresenceState) {
        let now = self.context.now();
        {
            let mut all = lock(&self.state);
            let person = all.people.entry(connection.user).or_default();
            person.signs.learn_from(&connection.signs);
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

    /// Replaces whom a connection watches, and says how each of them is, and what those show of themselves whom it did not watch before.
    /// Those who share no conversation with its account are left out; those with a block between them and it are said to be offline, and
    /// stay so; those who do not tell how they are, to an account that does not, are said to be offline as long as that is so.
    pub async fn watch(
        &self,
        connection: &Arc<Connection>,
        users: Vec<UserId>,
    ) -> Result<Vec<ServerFrame>, ServiceError> {
        let visible = self.visible_to(connection.user, users).await?;
        let privacy = self.privacy_of(&visible).await?;
        let elsewhere = self.elsewhere(&visible).await;
        let mut fresh: Vec<_> = visible
            .iter()
            .filter(|(_, blocked)| !blocked)
            .map(|(user, _)| *user)
            .collect();
        let states: Vec<_> = {
            let mut all = lock(&self.state);
            let before = self.stop_watching(&mut all, connection);
            fresh.retain(|user| !before.contains(user));
            let mut states = Vec::with_capacity(visible.len());
            for (user, blocked) in visible {
                if blocked {
                    states.push((user, PresenceState::Offline, blocked));
                    continue;
                }
                let person = all.people.entry(user).or_default();
                person
                    .signs
                    .learn(&privacy.get(&user).copied().unwrap_or_default());
                if person.watchers.is_empty() {
                    self.hub.set_watched(user, true);
                }
                person.watchers.push(Arc::clone(connection));
                if let Some(elsewhere) = &elsewhere {
                    person.elsewhere = elsewhere.get(&user).copied().unwrap_or(PresenceState::Offline);
                }
                let hidden = !person.is_shown_to(user, connection);
                states.push((user, person.shown(hidden), hidden));
                all.changed.insert(user);
                all.watching.entry(connection.number()).or_default().push(user);
            }
            states
        };
        let offline = states
            .iter()
            .filter(|(_, state, _)| *state == PresenceState::Offline);
        let last_seen = self.when_seen(offline.map(|(user, ..)| *user).collect()).await?;
        let frame = |(user, state, hidden): (UserId, PresenceState, bool)| {
            ServerFrame::Presence(PresenceFrame {
                user,
                state,
                last_seen: last_seen.get(&user).copied().filter(|_| !hidden),
            })
        };
        let mut frames: Vec<_> = states.into_iter().map(frame).collect();
        if !fresh.is_empty() {
            let mut profiles = self.context.store.find_faces(&fresh).await?;
            // Who never said anything has nothing that could be new.
            profiles.retain(|profile| profile.face.is_some());
            frames.extend(profiles.into_iter().map(ServerFrame::Profile));
        }
        Ok(frames)
    }

    /// When these were there last. It is kept beside those who are watched: who may not know it now is told it as soon as they may.
    async fn when_seen(&self, users: Vec<UserId>) -> Result<HashMap<UserId, Timestamp>, ServiceError> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.context.store.last_seen(&users).await?;
        let mut all = lock(&self.state);
        for (user, seen) in &found {
            if let Some(person) = all.people.get_mut(user) {
                person.last_seen = person.last_seen.max(Some(*seen));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Those of these accounts that have a device in use, on any node. Where the others do not say, they are taken for not.
    pub async fn in_use(&self, users: &[UserId]) -> HashSet<UserId> {
        let is_online = |state| state == PresenceState::Online;
        let mut found: HashSet<_> = {
            let all = lock(&self.state);
            let here = users.iter().filter(|user| {
                all.people
                    .get(user)
                    .is_some_and(|person| is_online(person.here()))
            });
            here.copied().collect()
        };
        if let Some(shared) = self.hub.shared()
            && !users.is_empty()
            && let Ok(states) = shared.presence(users).await
        {
            let elsewhere = states.into_iter().filter(|(_, state)| is_online(*state));
            found.extend(elsewhere.map(|(user, _)| user));
        }
        found
    }

    /// How those whom no block hides are on other nodes; none where that is not known.
    async fn elsewhere(&self, visible: &[(UserId, bool)]) -> Option<HashMap<UserId, PresenceState>> {
        let shared = self.hub.shared()?;
        let shown = visible.iter().filter(|(_, blocked)| !blocked);
        let users: Vec<_> = shown.map(|(user, _)| *user).collect();
        let found = shared.presence(&users).await.ok()?;
        Some(found.into_iter().collect())
    }

    /// A block between two accounts was made or lifted: from now on neither sees the other, until they watch again.
    pub fn block_changed(&self, user: UserId, other: UserId) {
        self.hide(user, other);
        self.hub.publish_control(user, &Control::BlockChanged { other });
        self.hub
            .publish_control(other, &Control::BlockChanged { other: user });
    }

    /// An account shows something else of itself: its own devices hear it at once, those who watch it soon, once for all that it changes
    /// meanwhile.
    pub fn profile_changed(&self, profile: Profile) {
        let user = profile.user;
        self.hub.tell(user, &ServerFrame::Profile(profile));
        self.tell_profile_soon(user);
        self.hub.publish_control(user, &Control::Profile);
    }

    fn tell_profile_soon(&self, user: UserId) {
        {
            let mut all = lock(&self.state);
            let watched = all
                .people
                .get(&user)
                .is_some_and(|person| !person.watchers.is_empty());
            if !watched {
                return;
            }
            all.profiles.insert(user);
        }
        self.changed.notify_one();
    }

    async fn tell_profiles(&self) {
        let changed: Vec<_> = std::mem::take(&mut lock(&self.state).profiles)
            .into_iter()
            .collect();
        if changed.is_empty() {
            return;
        }
        let profiles = match self.context.store.find_faces(&changed).await {
            Ok(profiles) => profiles,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "changed profiles were not told: they are seen when people are watched anew"
                );
                return;
            }
        };
        let all = lock(&self.state);
        for profile in profiles {
            let Some(person) = all.people.get(&profile.user) else {
                continue;
            };
            let text = Bytes::from(codec::encode_server(&ServerFrame::Profile(profile)));
            for watcher in &person.watchers {
                self.hub.push(watcher, Outgoing::Frame(text.clone()));
            }
        }
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
                    person.last_seen = presence.last_seen.max(person.last_seen);
                    let is_less = more_present(presence.state, person.elsewhere) != presence.state;
                    if is_less && self.hub.shared().is_some() {
                        all.doubtful.insert(user);
                    } else {
                        person.elsewhere = presence.state;
                    }
                    all.changed.insert(user);
                }
                self.changed.notify_one();
            }
            Control::Profile => self.tell_profile_soon(user),
            Control::BlockChanged { other } => self.hide(user, *other),
            Control::Privacy { privacy } => self.learn_privacy(user, privacy),
            Control::Joined { .. }
            | Control::Connected { .. }
            | Control::SignedOut { .. }
            | Control::Suspended
            | Control::Told { .. } => {}
        }
    }

    /// Tells the watchers, and the other nodes, what has changed, and writes down when devices were connected.
    pub async fn flush(&self) {
        self.tell_profiles().await;
        let doubtful: Vec<_> = std::mem::take(&mut lock(&self.state).doubtful)
            .into_iter()
            .collect();
        self.ask(&doubtful).await;
        let (seen, shown) = {
            let mut all = lock(&self.state);
            let changed = std::mem::take(&mut all.changed);
            let told = changed.into_iter();
            let shown: Vec<_> = told.filter_map(|user| self.tell(&mut all, user)).collect();
            let seen: Vec<_> = std::mem::take(&mut all.seen).into_iter().collect();
            (seen, shown)
        };
        // Whoever is told by the bus asks a second later at the earliest, and so hears this.
        self.show(&shown).await;
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

    /// Tells the watchers here, and the other nodes where that is news to them: then how the account is here.
    fn tell(&self, all: &mut State, user: UserId) -> Option<(UserId, PresenceState)> {
        let person = all.people.get_mut(&user)?;
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
                if person.is_shown_to(user, watcher) {
                    self.hub.push(watcher, Outgoing::Frame(text.clone()));
                }
            }
        }
        let is_news = here != person.told_nodes;
        if is_news {
            person.told_nodes = here;
            let presence = frame_of(here, person.last_seen);
            self.hub.publish_control(user, &Control::Presence { presence });
        }
        if person.is_forgettable() {
            all.people.remove(&user);
        }
        is_news.then_some((user, here))
    }

    /// Says whom it watched.
    fn stop_watching(&self, all: &mut State, connection: &Connection) -> Vec<UserId> {
        let watched = all.watching.remove(&connection.number()).unwrap_or_default();
        for user in &watched {
            let Some(person) = all.people.get_mut(user) else {
                continue;
            };
            person
                .watchers
                .retain(|watcher| watcher.number() != connection.number());
            if person.watchers.is_empty() {
                self.hub.set_watched(*user, false);
                if person.is_forgettable() {
                    all.people.remove(user);
                }
            }
        }
        watched
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
        let blocked = store.filter_blocked(user, &acquainted).await?;
        let mut visible = Vec::with_capacity(acquainted.len() + 1);
        for other in users {
            let acquaintance = match acquainted.contains(&other) {
                _ if other == user => Acquaintance::Oneself,
                true => Acquaintance::Together,
                false => Acquaintance::Strangers,
            };
            if may_see(acquaintance) {
                visible.push((other, blocked.contains(&other)));
            }
        }
        Ok(visible)
    }
}
