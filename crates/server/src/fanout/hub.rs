//! Which connections are here, and who gets what.
//!
//! A conversation's subscribers are the local connections of its members. Every method is synchronous and takes short
//! locks in one order (users, or a conversation's shard, then a connection, then its outbox), so that nothing here can wait for a slow reader.

use std::collections::hash_map::{Entry, OccupiedEntry};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use pipit_bus::{Bus, Topic};
use pipit_wire::{ConversationId, DeviceId, UserId};

use super::announcement::{Control, Header, encode_control, encode_frame};
use super::lock;
use super::outbox::{Ending, Outbox, Outgoing, Pushed};
use crate::stats::Stats;

const SHARDS: usize = 64;

/// One connection that has said who it is.
pub struct Connection {
    number: u64,
    /// Whose.
    pub user: UserId,
    /// Which device.
    pub device: DeviceId,
    /// What waits to be written to it.
    pub outbox: Outbox,
    subscriptions: Mutex<Subscriptions>,
}

impl Connection {
    /// Unique in this node since its start.
    pub const fn number(&self) -> u64 {
        self.number
    }
}

#[derive(Default)]
struct Subscriptions {
    joined: HashSet<ConversationId>,
    /// What the account has left since the connection was opened, until its memberships have been read: that reading may be older.
    left: Option<Vec<ConversationId>>,
    closed: bool,
}

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

type Shard = HashMap<ConversationId, Vec<Arc<Connection>>>;

/// See the module.
pub struct Hub {
    shards: Vec<Mutex<Shard>>,
    users: Mutex<HashMap<UserId, LocalUser>>,
    next: AtomicU64,
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
            outbox: Outbox::default(),
            subscriptions: Mutex::new(Subscriptions {
                left: Some(Vec::new()),
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

    /// Subscribes a new connection to its account's conversations, as they were read after [`Hub::open`]; then waits until
    /// other nodes' announcements come.
    pub async fn join_all(&self, connection: &Arc<Connection>, conversations: Vec<ConversationId>) {
        for conversation in conversations {
            let left = {
                let subscriptions = lock(&connection.subscriptions);
                subscriptions
                    .left
                    .as_ref()
                    .is_some_and(|left| left.contains(&conversation))
            };
            if !left {
                self.join(connection, conversation);
            }
        }
        lock(&connection.subscriptions).left = None;
        self.settled().await;
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
        if let Entry::Occupied(mut local) = users.entry(connection.user) {
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
            Entry::Occupied(mut local) => {
                local.get_mut().watched = watched;
                self.forget_unwanted(local);
            }
            Entry::Vacant(local) => {
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
            .map_or(0, Vec::len)
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

    /// Hands a frame to everybody who is in a conversation, here and on the other nodes.
    pub fn announce(&self, conversation: ConversationId, header: Header, frame: &Bytes) {
        self.deliver(conversation, header.except, frame);
        if !self.bus.is_alone() {
            self.bus
                .publish(Topic::Conversation(conversation), encode_frame(header, frame));
        }
    }

    /// Hands a frame to everybody here who is in a conversation.
    pub fn deliver(&self, conversation: ConversationId, except: Option<UserId>, frame: &Bytes) {
        let shard = lock(self.shard(conversation));
        let connections = shard.get(&conversation).map(Vec::as_slice).unwrap_or_default();
        let mut delivered = 0;
        for connection in connections
            .iter()
            .filter(|connection| Some(connection.user) != except)
        {
            self.push(connection, Outgoing::Frame(frame.clone()));
            delivered += 1;
        }
        drop(shard);
        self.stats.deliveries.add(delivered);
    }

    /// Puts something into one connection's queue.
    pub fn push(&self, connection: &Connection, item: Outgoing) {
        if connection.outbox.push(item) == Pushed::Overflowed {
            self.stats.dropped_queues.add_one();
        }
    }

    /// An account has become a member of a conversation.
    pub fn member_joined(&self, user: UserId, conversation: ConversationId) {
        self.joined_here(user, conversation);
        self.publish_control(user, &Control::Joined { conversation });
    }

    /// An account is no longer a member of a conversation.
    pub fn member_left(&self, user: UserId, conversation: ConversationId) {
        self.left_here(user, conversation);
        self.publish_control(user, &Control::Left { conversation });
    }

    /// Another node says something about an account that is connected here.
    pub fn control(&self, user: UserId, control: &Control) {
        match *control {
            Control::Joined { conversation } => self.joined_here(user, conversation),
            Control::Left { conversation } => self.left_here(user, conversation),
            Control::Connected { device } => self.end_device(user, device, Ending::Replaced),
            Control::SignedOut { device } => self.end_device(user, device, Ending::SignedOut),
            Control::Suspended => self.end_user(user),
            Control::Presence { .. } | Control::BlockChanged { .. } => {}
        }
    }

    /// Tells the other nodes something about an account.
    pub fn publish_control(&self, user: UserId, control: &Control) {
        if !self.bus.is_alone() {
            self.bus.publish(Topic::User(user), encode_control(control));
        }
    }

    fn joined_here(&self, user: UserId, conversation: ConversationId) {
        for connection in self.connections_of(user) {
            if self.join(&connection, conversation) {
                self.push(&connection, Outgoing::Joined(conversation));
            }
        }
    }

    fn left_here(&self, user: UserId, conversation: ConversationId) {
        for connection in self.connections_of(user) {
            let was_joined = {
                let mut subscriptions = lock(&connection.subscriptions);
                if let Some(left) = &mut subscriptions.left {
                    left.push(conversation);
                }
                subscriptions.joined.remove(&conversation)
            };
            if was_joined {
                self.remove_subscriber(&connection, conversation);
            }
            self.push(&connection, Outgoing::Left(conversation));
        }
    }

    /// Whether it was not subscribed before.
    fn join(&self, connection: &Arc<Connection>, conversation: ConversationId) -> bool {
        let mut shard = lock(self.shard(conversation));
        {
            let mut subscriptions = lock(&connection.subscriptions);
            if subscriptions.closed || subscriptions.joined.contains(&conversation) {
                return false;
            }
            if let Some(left) = &mut subscriptions.left {
                left.retain(|left| *left != conversation);
            }
            subscriptions.joined.insert(conversation);
        }
        let subscribers = shard.entry(conversation).or_default();
        if subscribers.is_empty() {
            self.bus.subscribe(Topic::Conversation(conversation));
        }
        subscribers.push(Arc::clone(connection));
        true
    }

    fn remove_subscriber(&self, connection: &Connection, conversation: ConversationId) {
        let mut shard = lock(self.shard(conversation));
        if let Entry::Occupied(mut subscribers) = shard.entry(conversation) {
            subscribers
                .get_mut()
                .retain(|other| other.number != connection.number);
            if subscribers.get().is_empty() {
                subscribers.remove();
                self.bus.unsubscribe(Topic::Conversation(conversation));
            }
        }
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
