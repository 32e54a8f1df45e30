//! What the bus has lost is found in the log, and given to whoever should have had it.
//!
//! One task a node. A jump in `seq` wakes it; it waits a moment, because what is missing is mostly on its way from another node,
//! then reads what still is. The end of a log that no later entry betrays is found by comparing, now and then and when the bus has
//! been away: the heads of all logs, and the memberships of all accounts. Devices that were signed out meanwhile are cut by the same
//! sweep, and what accounts let others see is learned.
//! A node that is alone misses nothing, and has no such task.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use pipit_store::Store;
use pipit_store::account::Barred;
use pipit_store::change::leave_out_expired;
use pipit_store::error::StoreError;
use pipit_wire::{ConversationId, Seq, UserId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::audience::Entry;
use super::hub::{Connection, Hub};
use super::outbox::Ending;
use crate::clock::Clock;
use crate::context::Context;
use crate::service::presence::Presence;
use crate::stats::Stats;

/// How long an entry that is missing may still be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(25);
/// How long to wait before the storage is asked again where it failed.
const RETRY: Duration = Duration::from_secs(1);
/// How many entries are read at once.
const PAGE: u32 = 256;
/// How many conversations or devices are asked about at once.
const CHUNK: usize = 1_000;
/// About how many memberships are read at once: of so many accounts that their connections here have these.
const MEMBERSHIPS: usize = 10_000;

/// See the module.
pub struct Repair {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    hub: Arc<Hub>,
    presence: Arc<Presence>,
    stats: Arc<Stats>,
    resumed: Notify,
}

impl Repair {
    /// Repairs what this hub's connections miss, once it is started.
    pub fn new(context: &Context, hub: &Arc<Hub>, presence: &Arc<Presence>, stats: &Arc<Stats>) -> Self {
        Self {
            store: Arc::clone(&context.store),
            clock: Arc::clone(&context.clock),
            hub: Arc::clone(hub),
            presence: Arc::clone(presence),
            stats: Arc::clone(stats),
            resumed: Notify::new(),
        }
    }

    /// Starts its task, where there are other nodes: a sweep each time that `every` has passed.
    pub fn start(self, every: Duration, tasks: &TaskTracker, stop: CancellationToken) -> Arc<Self> {
        let repair = Arc::new(self);
        if !repair.hub.is_alone() {
            tasks.spawn(Arc::clone(&repair).run(every, stop));
        }
        repair
    }

    /// The bus is back: anything may have been missed.
    pub fn resumed(&self) {
        self.resumed.notify_one();
    }

    /// Repairs until `stop`, and sweeps that often.
    async fn run(self: Arc<Self>, every: Duration, stop: CancellationToken) {
        let work = async {
            let mut due = tokio::time::interval(every);
            due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                let outcome = tokio::select! {
                    () = self.hub.gap_found() => {
                        tokio::time::sleep(ON_ITS_WAY).await;
                        self.close_gaps().await
                    }
                    () = self.resumed.notified() => self.sweep().await,
                    _ = due.tick() => self.sweep().await,
                };
                if let Err(error) = outcome {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "what the bus has lost could not be read yet"
                    );
                    tokio::time::sleep(RETRY).await;
                    // It may have failed at any place: once more from the beginning.
                    self.resumed.notify_one();
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => {}
        }
    }

    /// Prepares a connection that has joined its conversations for what other nodes announce: when this returns, whatever is not
    /// in the log yet will be given to it, and what is, is for it to read.
    ///
    /// Memberships are read a second time, because a removal that was announced before the subscription has been missed; and after the
    /// heads, because one that is in the log by then will not be given.
    pub async fn admit(&self, connection: &Arc<Connection>) -> Result<(), StoreError> {
        if self.hub.is_alone() {
            self.hub.stop_noting(connection);
            return Ok(());
        }
        loop {
            self.hub.settled().await;
            let unknown = self.hub.without_base(&connection.conversations());
            let mut heads = Vec::with_capacity(unknown.len());
            for chunk in unknown.chunks(CHUNK) {
                heads.extend(self.store.last_seqs(chunk).await?);
            }
            self.hub.note_changes(connection);
            let memberships = self.store.list_conversation_ids(connection.user).await;
            let memberships = memberships.inspect_err(|_| self.hub.stop_noting(connection))?;
            let joined = self.hub.reconcile(connection, &memberships.into_iter().collect());
            for (conversation, head) in heads {
                self.hub.expect(conversation, head);
            }
            if joined.is_empty() {
                return Ok(());
            }
        }
    }

    /// Prepares a conversation that somebody here has just joined in the same way. What its log has by now is given before long.
    pub async fn follow(&self, conversation: ConversationId) -> Result<(), StoreError> {
        if self.hub.is_alone() {
            return Ok(());
        }
        self.hub.settled().await;
        for (conversation, head) in self.store.last_seqs(&[conversation]).await? {
            self.hub.expect(conversation, head);
        }
        Ok(())
    }

    /// Compares devices, heads and memberships, and repairs what is behind.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        self.stats.sweeps.add_one();
        self.cut_barred().await?;
        for part in self.hub.parts() {
            let conversations = self.hub.conversations(part);
            for chunk in conversations.chunks(CHUNK) {
                for (conversation, head) in self.store.last_seqs(chunk).await? {
                    self.hub.expect(conversation, head);
                }
            }
        }
        self.close_gaps().await?;
        self.compare_memberships().await
    }

    /// Brings all connections in line with their accounts' memberships.
    async fn compare_memberships(&self) -> Result<(), StoreError> {
        let mut connections = self.hub.connections();
        connections.sort_unstable_by_key(|connection| connection.user);
        let (mut some, mut weight) = (Vec::new(), 0);
        for connection in connections {
            // Those of one account stay together.
            let is_another = some
                .last()
                .is_some_and(|last: &Arc<Connection>| last.user != connection.user);
            if is_another && (weight >= MEMBERSHIPS || some.len() >= CHUNK) {
                self.compare_some(&std::mem::take(&mut some)).await?;
                weight = 0;
            }
            weight += connection.conversation_count();
            some.push(connection);
        }
        self.compare_some(&some).await
    }

    async fn compare_some(&self, connections: &[Arc<Connection>]) -> Result<(), StoreError> {
        let mut users: Vec<_> = Vec::new();
        let mut noting = Vec::new();
        for connection in connections {
            // One whose memberships are just being read the first time is left alone.
            if !connection.notes_changes() {
                self.hub.note_changes(connection);
                noting.push(connection);
                users.push(connection.user);
            }
        }
        users.dedup();
        if users.is_empty() {
            return Ok(());
        }
        let read = self.store.list_memberships(&users).await;
        let read = read.inspect_err(|_| {
            for connection in &noting {
                self.hub.stop_noting(connection);
            }
        })?;
        let mut memberships: HashMap<UserId, HashSet<ConversationId>> = HashMap::new();
        for (user, conversation) in read {
            memberships.entry(user).or_default().insert(conversation);
        }
        let none = HashSet::new();
        let mut behind = Vec::new();
        for connection in noting {
            let memberships = memberships.get(&connection.user).unwrap_or(&none);
            if !self.hub.reconcile(connection, memberships).is_empty() {
                behind.push(connection);
            }
        }
        for connection in behind {
            self.admit(connection).await?;
        }
        Ok(())
    }

    /// Ends the connections of devices that were signed out, and of accounts that were suspended; the others learn what their accounts let
    /// others see.
    async fn cut_barred(&self) -> Result<(), StoreError> {
        let connections = self.hub.connections();
        for chunk in connections.chunks(CHUNK) {
            let devices: Vec<_> = chunk.iter().map(|connection| connection.device).collect();
            for (device, why) in self.store.find_barred(&devices).await? {
                let ending = match why {
                    Barred::SignedOut => Ending::SignedOut,
                    Barred::Suspended => Ending::Suspended,
                };
                for connection in chunk.iter().filter(|connection| connection.device == device) {
                    connection.outbox.end(ending);
                }
            }
            let users: Vec<_> = chunk.iter().map(|connection| connection.user).collect();
            for (user, privacy) in self.store.find_privacy(&users).await? {
                self.presence.learn_privacy(user, &privacy);
            }
        }
        Ok(())
    }

    /// Reads what is missing, and gives it.
    pub async fn close_gaps(&self) -> Result<(), StoreError> {
        let mut gaps = self.hub.take_gaps().into_iter();
        while let Some((conversation, expected)) = gaps.next() {
            if let Err(error) = self.close_gap(conversation, expected).await {
                // This one and those behind it are still missing.
                for (conversation, expected) in [(conversation, expected)].into_iter().chain(gaps) {
                    self.hub.expect(conversation, expected);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn close_gap(&self, conversation: ConversationId, expected: Seq) -> Result<(), StoreError> {
        while let Some(after) = self.hub.given_of(conversation).filter(|given| *given < expected) {
            let mut events = self.store.read_entries(conversation, after, PAGE).await?;
            leave_out_expired(&mut events, &mut Vec::new(), self.clock.now());
            if events.is_empty() {
                return Ok(());
            }
            self.stats.repaired_entries.add(events.len());
            for event in events {
                let (entry, _event) = Entry::encode(event);
                self.hub.give(conversation, entry);
            }
        }
        Ok(())
    }
}
