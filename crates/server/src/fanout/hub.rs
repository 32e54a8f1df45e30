//! Which connections are here, and who gets what.
//!
//! A conversation's subscribers are the local connections of its members. Every method is synchronous and takes short
//! locks in one order (a conversation's shard, the users, a connection, its outbox), so that nothing here can wait for a slow reader.

mod telling;

use std::collections::hash_map::{Entry as MapEntry, OccupiedEntry};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use pipit_bus::{Bus, Shared, Topic};
use pipit_wire::{ConversationId, DeviceId, Seq, ServerFrame, UserId, codec};
use tokio::sync::Notify;

use super::announcement::{Control, Header, encode_control, encode_frame};
use super::audience::{Audience, Change, Entry, Placed};
pub use super::connection::Connection;
use super::connection::Subscriptions;
use super::lock;
use super::outbox::{Ending, Outbox, Outgoing, Pushed};
use super::signs::KnownSigns;
use crate::stats::Stats;
pub use telling::Moved;

const SHARDS: usize = 64;

/// An account that is connected or watched here.
#[derive(Default)]
struct LocalUser {
    connections: Vec<Arc<Connection>>,
    watched: bool,
}

impl LocalUser {
    fn is_wanted(&self) -> bool {
        self.watched || !self.connections.is_empty()
    }
}

type Shard = HashMap<ConversationId, Audience>;

/// See the module.
pub struct Hub {
    shards: Vec<Mutex<Shard>>,
    users: Mutex<HashMap<UserId, LocalUser>>,
    next: AtomicU64,
    /// Conversations of which something is missing here, and up to where their logs are known to go.
    gaps: Mutex<BTreeMap<ConversationId, Seq>>,
    gap_found: Notify,
    bus: Arc<dyn Bus>,
    stats: Arc<Stats>,
}

impl Hub {
    /// A hub without connections.
    pub fn new(bus: Arc<dyn Bus>, stats: Arc<Stats>) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new())).collect(),
            users: Mutex::default(),
            next: AtomicU64::new(1),
            gaps: Mutex::default(),
            gap_found: Notify::new(),
            bus,
            stats,
        }
    }

    /// Takes a connection in. One of the same device that is there already, on any node, is replaced.
    pub fn open(&self, user: UserId, device: DeviceId) -> Arc<Connection> {
        let connection = Arc::new(Connection {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            user,
            device,
            signs: KnownSigns::default(),
            outbox: Outbox::default(),
            subscriptions: Mutex::new(Subscriptions {
                recent: Some(Box::default()),
                ..Subscriptions::default()
            }),
        });
        {
            let mut users = lock(&self.users);
            let local = users.entry(user).or_default();
            if !local.is_wanted() {
                self.bus.subscribe(Topic::User(user));
            }
            for other in local.connections.iter().filter(|other| other.device == device) {
                other.outbox.end(Ending::Replaced);
            }
            local.connections.push(Arc::clone(&connection));
        }
        self.stats.connections.add_one();
        self.publish_control(user, &Control::Connected { device });
        connection
    }

    /// Whether there is no other node.
    pub fn is_alone(&self) -> bool {
        self.bus.is_alone()
    }

    /// What nodes share beside the log, where there may be others.
    pub fn shared(&self) -> Option<&dyn Shared> {
        self.bus.shared()
    }

    /// Subscribes a new connection to its account's conversations, as they were read after [`Hub::open`].
    pub fn join_all(&self, connection: &Arc<Connection>, conversations: &[ConversationId]) {
        for conversation in conversations {
            self.join_listed(connection, *conversation, false);
        }
    }

    /// From now on, notes what changes in the memberships of a connection's account, because they are about to be read.
    pub fn note_changes(&self, connection: &Connection) {
        lock(&connection.subscriptions).recent = Some(Box::default());
    }

    /// What was read of its account's memberships has been used.
    pub fn stop_noting(&self, connection: &Connection) {
        lock(&connection.subscriptions).recent = None;
    }

    /// Brings a connection in line with its account's memberships, as they were read after [`Hub::note_changes`]. Those that it
    /// was not subscribed to.
    pub fn reconcile(
        &self,
        connection: &Arc<Connection>,
        memberships: &HashSet<ConversationId>,
    ) -> Vec<ConversationId> {
        let (gone, missed) = lock(&connection.subscriptions).differences(memberships);
        for conversation in gone {
            self.leave(connection, conversation);
        }
        let mut joined = missed;
        joined.retain(|conversation| self.join_listed(connection, *conversation, true));
        self.stop_noting(connection);
        joined
    }

    /// Waits until other nodes' announcements come for everything subscribed to so far.
    pub async fn settled(&self) {
        if let Err(error) = self.bus.settled().await {
            // Slower, not wrong: what the other nodes announce is found by its gap.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the bus does not take subscriptions"
            );
        }
    }

    /// Lets a connection go.
    pub fn close(&self, connection: &Arc<Connection>) {
        let joined = {
            let mut subscriptions = lock(&connection.subscriptions);
            if subscriptions.closed {
                return;
            }
            subscriptions.closed = true;
            std::mem::take(&mut subscriptions.joined)
        };
        for conversation in joined {
            self.remove_subscriber(connection, conversation);
        }
        let mut users = lock(&self.users);
        if let MapEntry::Occupied(mut local) = users.entry(connection.user) {
            local
                .get_mut()
                .connections
                .retain(|other| other.number != connection.number);
            self.forget_unwanted(local);
        }
        drop(users);
        self.stats.connections.subtract_one();
    }

    fn forget_unwanted(&self, local: OccupiedEntry<'_, UserId, LocalUser>) {
        if !local.get().is_wanted() {
            self.bus.unsubscribe(Topic::User(*local.key()));
            local.remove();
        }
    }

    /// The connections of an account here.
    pub fn connections_of(&self, user: UserId) -> Vec<Arc<Connection>> {
        lock(&self.users)
            .get(&user)
            .map(|local| local.connections.clone())
            .unwrap_or_default()
    }

    /// Whether somebody here watches this account: then other nodes' news of it are wanted.
    pub fn set_watched(&self, user: UserId, watched: bool) {
        let mut users = lock(&self.users);
        match users.entry(user) {
            MapEntry::Occupied(mut local) => {
                local.get_mut().watched = watched;
                self.forget_unwanted(local);
            }
            MapEntry::Vacant(local) => {
                if watched {
                    local.insert(LocalUser {
                        watched,
                        ..LocalUser::default()
                    });
                    self.bus.subscribe(Topic::User(user));
                }
            }
        }
    }

    /// Ends every connection, each with a time to come back after that is spread evenly over `spread_ms`.
    pub fn shut_down(&self, spread_ms: u32) {
        let mut connections: Vec<_> = lock(&self.users)
            .values()
            .flat_map(|local| &local.connections)
            .cloned()
            .collect();
        connections.sort_unstable_by_key(|connection| connection.number);
        let count = u64::try_from(connections.len()).unwrap_or(u64::MAX).max(1);
        for (place, connection) in (0_u64..).zip(connections) {
            let reconnect_after_ms = u32::try_from(u64::from(spread_ms) * place / count).unwrap_or(spread_ms);
            connection.outbox.end(Ending::Shutdown { reconnect_after_ms });
        }
    }

    /// How many local connections get what happens in a conversation.
    pub fn audience(&self, conversation: ConversationId) -> usize {
        lock(self.shard(conversation))
            .get(&conversation)
            .map_or(0, |audience| audience.connections.len())
    }

    /// Every connection here.
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        lock(&self.users)
            .values()
            .flat_map(|local| &local.connections)
            .cloned()
            .collect()
    }

    /// A device was signed out: its connections end, on every node.
    pub fn device_signed_out(&self, user: UserId, device: DeviceId) {
        self.end_device(user, device, Ending::SignedOut);
        self.publish_control(user, &Control::SignedOut { device });
    }

    /// An account was suspended: its connections end, on every node.
    pub fn user_suspended(&self, user: UserId) {
        self.end_user(user);
        self.publish_control(user, &Control::Suspended);
    }

    /// Gives an entry that was just appended to everybody who is in the conversation, here and on the other nodes.
    pub fn announce_entry(&self, conversation: ConversationId, entry: Entry) {
        if !self.bus.is_alone() {
            let header = Header {
                seq: Some(entry.seq),
                change: entry.change,
                veiled: entry.veiled.is_some(),
                ..Header::default()
            };
            let payload = encode_frame(header, &entry.frame);
            self.bus.publish(Topic::Conversation(conversation), payload);
            self.stats.bus_published.add_one();
        }
        self.give(conversation, entry);
    }

    /// Gives an entry to everybody here who is in the conversation: once, in the order of the log. Where some before it are
    /// missing, it waits for them.
    pub fn give(&self, conversation: ConversationId, entry: Entry) {
        let mut shard = lock(self.shard(conversation));
        let MapEntry::Occupied(mut place) = shard.entry(conversation) else {
            return;
        };
        let audience = place.get_mut();
        if self.bus.is_alone() {
            self.hand_out(audience, conversation, &entry);
        } else {
            let seq = entry.seq;
            match audience.place(entry) {
                Placed::Next(entry) => {
                    self.hand_out(audience, conversation, &entry);
                    self.hand_out_held(audience, conversation);
                }
                Placed::Early if audience.given().is_some() => self.note_gap(conversation, seq),
                Placed::Early | Placed::Known => {}
            }
        }
        self.forget_empty(place);
    }

    fn hand_out_held(&self, audience: &mut Audience, conversation: ConversationId) {
        while let Some(entry) = audience.next_held() {
            self.hand_out(audience, conversation, &entry);
        }
    }

    fn forget_empty(&self, audience: OccupiedEntry<'_, ConversationId, Audience>) {
        if audience.get().connections.is_empty() {
            self.bus.unsubscribe(Topic::Conversation(*audience.key()));
            audience.remove();
        }
    }

    fn hand_out(&self, audience: &mut Audience, conversation: ConversationId, entry: &Entry) {
        match entry.change {
            Some(Change::Removed(user)) => {
                audience.connections.retain(|connection| connection.user != user);
                for connection in self.connections_of(user) {
                    if lock(&connection.subscriptions).leave(conversation) {
                        self.push(&connection, Outgoing::Left(conversation));
                    }
                }
            }
            Some(Change::Added(user)) => {
                for connection in self.connections_of(user) {
                    if lock(&connection.subscriptions).join(conversation, false) {
                        self.push(&connection, Outgoing::Joined(conversation));
                        audience.connections.push(connection);
                    }
                }
            }
            None => {}
        }
        for connection in &audience.connections {
            let frame = entry.frame_for(connection.user).clone();
            self.push(connection, Outgoing::Frame(frame));
        }
        self.stats.deliveries.add(audience.connections.len());
    }

    /// Puts something into one connection's queue.
    pub fn push(&self, connection: &Connection, item: Outgoing) {
        if connection.outbox.push(item) == Pushed::Overflowed {
            self.stats.dropped_queues.add_one();
        }
    }

    /// An account has become a member of a conversation by the entry at `seq`, which is announced next.
    pub fn member_joined(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        self.joined_here(user, conversation, seq);
        self.publish_control(user, &Control::Joined { conversation, seq });
    }

    /// An account is no longer a member of a conversation: ends its subscriptions here. The other nodes learn it from the entry.
    pub fn member_left(&self, user: UserId, conversation: ConversationId) {
        for connection in self.connections_of(user) {
            self.leave(&connection, conversation);
        }
    }

    /// Another node says something about an account that is connected here.
    pub fn control(&self, user: UserId, control: &Control) {
        match control {
            Control::Joined { conversation, seq } => {
                if self
                    .joined_here(user, *conversation, *seq)
                    .is_some_and(|given| given < *seq)
                {
                    self.note_gap(*conversation, *seq);
                }
            }
            Control::Connected { device } => self.end_device(user, *device, Ending::Replaced),
            Control::SignedOut { device } => self.end_device(user, *device, Ending::SignedOut),
            Control::Suspended => self.end_user(user),
            Control::Told { frame } => self.tell_here(user, &Bytes::copy_from_slice(frame.as_bytes())),
            Control::Presence { .. }
            | Control::Profile
            | Control::Privacy { .. }
            | Control::BlockChanged { .. } => {}
        }
    }

    /// Tells the other nodes something about an account.
    pub fn publish_control(&self, user: UserId, control: &Control) {
        if !self.bus.is_alone() {
            self.bus.publish(Topic::User(user), encode_control(control));
            self.stats.bus_published.add_one();
        }
    }

    /// Gives a frame to every connection of an account, here and on the other nodes. The bus may lose it.
    pub fn tell(&self, user: UserId, frame: &ServerFrame) {
        let text = codec::encode_server(frame);
        self.tell_here(user, &Bytes::copy_from_slice(text.as_bytes()));
        self.publish_control(user, &Control::Told { frame: text });
    }

    fn tell_here(&self, user: UserId, frame: &Bytes) {
        for connection in self.connections_of(user) {
            self.push(&connection, Outgoing::Frame(frame.clone()));
        }
    }

    /// An account has become a member by the entry at `seq`.
    ///
    /// This word may be late: they may have been removed since. Entries are not: where the log is being given here, it says in its order
    /// who is a member, and how far it was given is returned. Else it is given from that entry on, and a removal comes in its place.
    fn joined_here(&self, user: UserId, conversation: ConversationId, seq: Seq) -> Option<Seq> {
        let mut shard = lock(self.shard(conversation));
        let given = shard.get(&conversation).and_then(Audience::given);
        if given.is_some() && !self.bus.is_alone() {
            return given;
        }
        for connection in self.connections_of(user) {
            if self.join(&mut shard, &connection, conversation, false) {
                self.push(&connection, Outgoing::Joined(conversation));
            }
        }
        drop(shard);
        self.base(conversation, seq.previous());
        None
    }

    /// Subscribes a connection to a conversation that a list of memberships has, and tells it of that where it is to be told. Whether
    /// it was not subscribed before.
    fn join_listed(&self, connection: &Arc<Connection>, conversation: ConversationId, tell: bool) -> bool {
        let mut shard = lock(self.shard(conversation));
        let is_news = self.join(&mut shard, connection, conversation, true);
        if is_news && tell {
            self.push(connection, Outgoing::Joined(conversation));
        }
        is_news
    }

    /// Whether it was not subscribed before.
    fn join(
        &self,
        shard: &mut Shard,
        connection: &Arc<Connection>,
        conversation: ConversationId,
        from_list: bool,
    ) -> bool {
        if !lock(&connection.subscriptions).join(conversation, from_list) {
            return false;
        }
        let audience = shard.entry(conversation).or_default();
        if audience.connections.is_empty() {
            self.bus.subscribe(Topic::Conversation(conversation));
        }
        audience.connections.push(Arc::clone(connection));
        true
    }

    fn leave(&self, connection: &Arc<Connection>, conversation: ConversationId) {
        let is_news = lock(&connection.subscriptions).leave(conversation);
        if is_news {
            self.remove_subscriber(connection, conversation);
            self.push(connection, Outgoing::Left(conversation));
        }
    }

    fn remove_subscriber(&self, connection: &Connection, conversation: ConversationId) {
        let mut shard = lock(self.shard(conversation));
        if let MapEntry::Occupied(mut audience) = shard.entry(conversation) {
            audience
                .get_mut()
                .connections
                .retain(|other| other.number != connection.number);
            self.forget_empty(audience);
        }
    }

    fn note_gap(&self, conversation: ConversationId, seq: Seq) {
        let mut gaps = lock(&self.gaps);
        let expected = gaps.entry(conversation).or_insert_with(|| {
            self.stats.gaps_found.add_one();
            seq
        });
        *expected = seq.max(*expected);
        drop(gaps);
        self.gap_found.notify_one();
    }

    /// Waits until something is found to be missing.
    pub async fn gap_found(&self) {
        self.gap_found.notified().await;
    }

    /// What is missing, and up to where.
    pub fn take_gaps(&self) -> BTreeMap<ConversationId, Seq> {
        std::mem::take(&mut *lock(&self.gaps))
    }

    /// How far a conversation was given here; none where nobody is subscribed, or nothing is known of it yet.
    pub fn given_of(&self, conversation: ConversationId) -> Option<Seq> {
        lock(self.shard(conversation)).get(&conversation)?.given()
    }

    /// A conversation's log is known to go up to here. Where that was not given, notes what is missing.
    pub fn expect(&self, conversation: ConversationId, head: Seq) {
        self.base(conversation, head);
        if self.given_of(conversation).is_some_and(|given| given < head) {
            self.note_gap(conversation, head);
        }
    }

    /// Those of these conversations that have subscribers, and of whose logs nothing is known here.
    pub fn without_base(&self, conversations: &[ConversationId]) -> Vec<ConversationId> {
        let is_without = |id: &&ConversationId| {
            let shard = lock(self.shard(**id));
            shard.get(*id).is_some_and(|audience| audience.given().is_none())
        };
        conversations.iter().filter(is_without).copied().collect()
    }

    /// A conversation's log goes up to here, and its subscribers read it up to here by themselves. What came meanwhile is given.
    fn base(&self, conversation: ConversationId, head: Seq) {
        let mut shard = lock(self.shard(conversation));
        let MapEntry::Occupied(mut place) = shard.entry(conversation) else {
            return;
        };
        let audience = place.get_mut();
        if audience.given().is_some() {
            return;
        }
        audience.base(head);
        self.hand_out_held(audience, conversation);
        if let Some(seq) = audience.missing_before() {
            self.note_gap(conversation, seq);
        }
        self.forget_empty(place);
    }

    /// The parts of the list of conversations that are looked at one by one.
    pub fn parts(&self) -> std::ops::Range<usize> {
        0..self.shards.len()
    }

    /// The conversations with subscribers in one part of the list.
    pub fn conversations(&self, part: usize) -> Vec<ConversationId> {
        self.shards
            .get(part)
            .map(|shard| lock(shard).keys().copied().collect())
            .unwrap_or_default()
    }

    fn end_device(&self, user: UserId, device: DeviceId, ending: Ending) {
        for connection in self.connections_of(user) {
            if connection.device == device {
                connection.outbox.end(ending);
            }
        }
    }

    fn end_user(&self, user: UserId) {
        for connection in self.connections_of(user) {
            connection.outbox.end(Ending::Suspended);
        }
    }

    fn shard(&self, conversation: ConversationId) -> &Mutex<Shard> {
        // The last byte of an id is random whatever version it is.
        let place = conversation
            .as_bytes()
            .last()
            .map_or(0, |byte| usize::from(*byte) % SHARDS);
        #[expect(
            clippy::indexing_slicing,
            reason = "there are SHARDS shards, and place is below that"
        )]
        &self.shards[place]
    }
}
