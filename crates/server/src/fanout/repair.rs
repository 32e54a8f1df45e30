//! What the bus has lost is found in the log, and given to whoever should have had it.
//!
//! One task a node. A jump in `seq` wakes it; it waits a moment, because what is missing is mostly on its way from another node,
//! then reads what still is. The end of a log that no later entry betrays is found by comparing: all heads now and then, and
//! everything (memberships too) when the bus has been away. Devices that were signed out meanwhile are cut by the same sweep.
//! A node that is alone misses nothing, and has no such task.

use std::sync::Arc;
use std::time::Duration;

use pipit_store::Store;
use pipit_store::account::Barred;
use pipit_store::error::StoreError;
use pipit_wire::{ConversationId, Seq};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::audience::Entry;
use super::hub::{Connection, Hub};
use super::outbox::Ending;
use crate::stats::Stats;

/// How long an entry that is missing may still be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(25);
/// How long to wait before the storage is asked again where it failed.
const RETRY: Duration = Duration::from_secs(1);
/// How many entries are read at once.
const PAGE: u32 = 256;
/// How many conversations or devices are asked about at once.
const CHUNK: usize = 1_000;
/// Memberships are read again by every so many sweeps.
const SWEEPS_A_READING: u32 = 10;

/// See the module.
pub struct Repair {
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    stats: Arc<Stats>,
    resumed: Notify,
}

impl Repair {
    /// Repairs what this hub's connections miss. Somebody has to run [`Repair::run`].
    pub fn new(store: Arc<dyn Store>, hub: Arc<Hub>, stats: Arc<Stats>) -> Self {
        Self {
            store,
            hub,
            stats,
            resumed: Notify::new(),
        }
    }

    /// The bus is back: anything may have been missed.
    pub fn resumed(&self) {
        self.resumed.notify_one();
    }

    /// Repairs until `stop`, and sweeps that often.
    pub async fn run(self: Arc<Self>, every: Duration, stop: CancellationToken) {
        let work = async {
            let mut due = tokio::time::interval(every);
            due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            let mut sweeps: u32 = 0;
            loop {
                let outcome = tokio::select! {
                    () = self.hub.gap_found() => {
                        tokio::time::sleep(ON_ITS_WAY).await;
                        self.close_gaps().await
                    }
                    () = self.resumed.notified() => self.sweep_all().await,
                    _ = due.tick() => {
                        sweeps = sweeps.wrapping_add(1);
                        if sweeps.is_multiple_of(SWEEPS_A_READING) {
                            self.sweep_all().await
                        } else {
                            self.sweep().await
                        }
                    }
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
    /// Memberships are read a second time, because a removal that was announced before the subscription has been missed.
    pub async fn admit(&self, connection: &Arc<Connection>) -> Result<(), StoreError> {
        if self.hub.is_alone() {
            self.hub.stop_noting(connection);
            return Ok(());
        }
        self.hub.settled().await;
        self.base(&connection.conversations()).await?;
        self.reread(connection).await
    }

    /// Reads how far the logs of these conversations are, where nothing was given of them here yet.
    pub async fn base(&self, conversations: &[ConversationId]) -> Result<(), StoreError> {
        if self.hub.is_alone() {
            return Ok(());
        }
        for chunk in self.hub.without_base(conversations).chunks(CHUNK) {
            for (conversation, head) in self.store.last_seqs(chunk).await? {
                self.hub.base(conversation, head);
            }
        }
        Ok(())
    }

    /// Brings a connection's subscriptions in line with its account's memberships.
    async fn reread(&self, connection: &Arc<Connection>) -> Result<(), StoreError> {
        self.hub.note_changes(connection);
        let memberships = self.store.list_conversation_ids(connection.user).await?;
        let joined = self.hub.reconcile(connection, &memberships);
        if !joined.is_empty() {
            self.hub.settled().await;
            self.base(&joined).await?;
        }
        Ok(())
    }

    /// Compares heads and devices, and repairs what is behind.
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
        self.close_gaps().await
    }

    /// The same, and reads every connected account's memberships again.
    pub async fn sweep_all(&self) -> Result<(), StoreError> {
        self.sweep().await?;
        for connection in self.hub.connections() {
            // One whose memberships are just being read the first time is left alone.
            if !connection.notes_changes() {
                self.reread(&connection).await?;
            }
        }
        Ok(())
    }

    /// Ends the connections of devices that were signed out, and of accounts that were suspended.
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
            let events = self.store.read_entries(conversation, after, PAGE).await?;
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
