//! Markers: how far each member has a conversation, and has read it.
//!
//! They come much more often than they matter, so that they are gathered: while one write is under way, what arrives waits for
//! the next, and of one member's markers in one conversation only the highest are written and announced.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use pipit_store::Store;
use pipit_store::log::{ReceiptAdvance, ReceiptOutcome};
use pipit_wire::{ConversationId, ErrorCode, ServerFrame, UserId, WireError, codec};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::access::not_member;
use super::push::PushQueue;
use crate::error::ServiceError;
use crate::fanout::hub::{Connection, Hub, Moved};
use crate::fanout::outbox::Outgoing;
use crate::stats::Stats;

/// The most markers that wait; who brings more waits before the door.
const QUEUE_MAX: usize = 4_096;
/// The most markers in one write.
const BATCH_MAX: usize = 1_024;
/// In a conversation with more connections than this on a node, markers go to their own account's devices alone: with everybody
/// reading, telling everybody would cost the square of the members. The others ask for the list of members.
const AUDIENCE_MAX: usize = 64;

struct Job {
    advance: ReceiptAdvance,
    from: Arc<Connection>,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Receipts {
    queue: mpsc::Sender<Job>,
}

impl Receipts {
    /// Starts the task that writes them. It ends after `stop`, when all that waits has been written.
    pub fn start(
        store: Arc<dyn Store>,
        hub: Arc<Hub>,
        stats: Arc<Stats>,
        pushes: PushQueue,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let worker = Worker {
            store,
            hub,
            stats,
            pushes,
        };
        tasks.spawn(worker.run(jobs, stop));
        Self { queue }
    }

    /// Moves markers forward, some time soon. Only what is wrong is answered, into the connection's queue.
    pub async fn submit(&self, advance: ReceiptAdvance, from: Arc<Connection>) {
        // Where the task has ended the server stops, and the client sends its markers again after it has reconnected.
        let _stopped = self.queue.send(Job { advance, from }).await;
    }
}

struct Worker {
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    stats: Arc<Stats>,
    pushes: PushQueue,
}

impl Worker {
    async fn run(self, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            let received = tokio::select! {
                biased;
                received = jobs.recv_many(&mut batch, BATCH_MAX) => received,
                () = stop.cancelled() => break,
            };
            if received == 0 {
                return;
            }
            self.write(&mut batch).await;
        }
        jobs.close();
        while jobs.recv_many(&mut batch, BATCH_MAX).await > 0 {
            self.write(&mut batch).await;
        }
    }

    async fn write(&self, batch: &mut Vec<Job>) {
        let (advances, connections) = merge(batch.drain(..));
        let outcomes = match self.store.advance_receipts(&advances).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "markers could not be written"
                );
                for connection in connections {
                    let refusal = WireError::new(ErrorCode::Unavailable, "the storage does not answer");
                    self.refuse(&connection, refusal);
                }
                return;
            }
        };
        for (outcome, connection) in outcomes.into_iter().zip(connections) {
            match outcome {
                ReceiptOutcome::Advanced { receipt, delivered } => self.announce(Moved {
                    receipt,
                    delivered,
                    signs: connection.signs.get(),
                }),
                ReceiptOutcome::Unchanged => {}
                ReceiptOutcome::NotMember => {
                    if let ServiceError::Refused(refusal) = not_member() {
                        self.refuse(&connection, refusal);
                    }
                }
                ReceiptOutcome::Ahead { last_seq } => {
                    let message = format!("a marker beyond the end of the log, which is {last_seq}");
                    self.refuse(
                        &connection,
                        WireError::new(ErrorCode::InvalidField, message).about("delivered_seq"),
                    );
                }
            }
        }
    }

    fn announce(&self, moved: Moved) {
        let receipt = moved.receipt;
        self.stats.receipts_advanced.add_one();
        self.pushes
            .read(receipt.user, receipt.conversation, receipt.read_seq);
        if self.hub.audience(receipt.conversation) > AUDIENCE_MAX {
            // On whichever node they are.
            self.hub.tell(receipt.user, &ServerFrame::Receipt(receipt));
        } else {
            self.hub.announce_receipt(moved);
        }
    }

    fn refuse(&self, connection: &Connection, refusal: WireError) {
        let frame = Bytes::from(codec::encode_server(&ServerFrame::Error(refusal)));
        self.hub.push(connection, Outgoing::Frame(frame));
    }
}

/// One advance for each connection and conversation, with the highest markers, in the order of first mention; and who sent it.
/// Another device's markers are kept apart, so that one that lies hurts itself alone.
fn merge(jobs: impl Iterator<Item = Job>) -> (Vec<ReceiptAdvance>, Vec<Arc<Connection>>) {
    let mut places: HashMap<(ConversationId, UserId, u64), usize> = HashMap::new();
    let (mut advances, mut connections) = (Vec::<ReceiptAdvance>::new(), Vec::new());
    for Job { advance, from } in jobs {
        match places.entry((advance.conversation, advance.user, from.number())) {
            Entry::Vacant(place) => {
                place.insert(advances.len());
                advances.push(advance);
                connections.push(from);
            }
            Entry::Occupied(place) => {
                if let Some(kept) = advances.get_mut(*place.get()) {
                    kept.delivered_seq = kept.delivered_seq.max(advance.delivered_seq);
                    kept.read_seq = kept.read_seq.max(advance.read_seq);
                }
            }
        }
    }
    (advances, connections)
}
