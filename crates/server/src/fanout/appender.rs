//! Group commit: the one task that appends to the log.
//!
//! While a commit is under way, whatever arrives waits for the next one: under load one commit carries hundreds of entries, and
//! when idle an entry waits for nothing, because there is no timer. Where the disk is so fast that little arrives meanwhile, commits
//! would be many and small, and each costs as much processor time as dozens of entries. So before a commit begins, whatever can run
//! is let run, as long as that brings more entries: what the sockets have ready is read first, and where the last entries went to many
//! connections, those are written to first, so that one write carries many frames. With nothing else to run a turn takes microseconds.
//!
//! After the commit, and never before, entry by entry in the order of the batch, which within a conversation is the order of `seq`:
//!
//! 1. it is announced, where it is new;
//! 2. its waiter is answered: right after, so that the sender's connection mostly writes both at once.
//!
//! A repeated entry is answered and not announced again. Where the storage fails, every waiter learns it, and nothing is lost: the
//! entry's id makes it safe to append it again, whether or not the commit came through.
//!
//! Alternatives: a commit for each entry costs a sync of the disk each (a few hundred a second); a timer that gathers
//! entries adds its length to every message of an idle server; a lock around the storage has the waiting, but not the sharing.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::error::StoreError;
use pipit_store::log::{Append, AppendError, Appended};
use pipit_wire::event::{EventBody, MessageChange};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::announcer::Announcer;
use crate::stats::Stats;

/// The most entries that wait for a commit; who brings more waits before the door.
pub const QUEUE_MAX: usize = 4_096;
/// The most entries in one commit.
pub const BATCH_MAX: usize = 1_024;

/// How many connections count as written to while whatever can run is let run once. With it, a write carried 5.2 frames where it
/// carried 3.0 (a group of 1,000 at the limit, 2026-12-01).
const CONNECTIONS_PER_TURN: usize = 16;
/// No more than this many connections are waited for, which is 65 turns.
const CONNECTIONS_MAX: usize = 1_024;

/// Why an entry was not appended, or is not known to be.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendFailure {
    /// The storage refused this entry.
    #[error(transparent)]
    Refused(#[from] AppendError),
    /// The storage failed; the entry may or may not be in the log. Appending it again is safe.
    #[error("the storage failed")]
    Store(#[source] Arc<StoreError>),
    /// The server stops; the entry may or may not be in the log.
    #[error("the server stops")]
    Stopped,
}

/// How an append ended.
pub type Outcome = Result<Appended, AppendFailure>;

struct Job {
    entry: Append,
    reply: oneshot::Sender<Outcome>,
}

/// Takes entries to append. Cheap to clone.
#[derive(Clone)]
pub struct Appender {
    queue: mpsc::Sender<Job>,
}

/// An entry on its way.
pub struct Ticket(oneshot::Receiver<Outcome>);

impl Ticket {
    /// How it ended, when it has. Waiting may be given up and taken up again.
    pub async fn outcome(&mut self) -> Outcome {
        (&mut self.0).await.unwrap_or(Err(AppendFailure::Stopped))
    }
}

impl Appender {
    /// Starts the task. It ends after `stop`, when all that waits has been committed.
    pub fn start(
        store: Arc<dyn Store>,
        announcer: Announcer,
        stats: Arc<Stats>,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        tasks.spawn(
            Worker {
                store,
                announcer,
                stats,
            }
            .run(jobs, stop),
        );
        Self { queue }
    }

    /// Puts an entry into the queue, waiting for room. Entries are committed in the order of these calls.
    pub async fn submit(&self, entry: Append) -> Ticket {
        let (reply, ticket) = oneshot::channel();
        // Where the task has ended the reply is dropped, which the ticket answers with `Stopped`.
        let _stopped = self.queue.send(Job { entry, reply }).await;
        Ticket(ticket)
    }

    /// Appends an entry and waits for the commit.
    pub async fn append(&self, entry: Append) -> Outcome {
        self.submit(entry).await.outcome().await
    }
}

struct Worker {
    store: Arc<dyn Store>,
    announcer: Announcer,
    stats: Arc<Stats>,
}

impl Worker {
    async fn run(self, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
        let mut batch = Vec::new();
        let mut turns = 1;
        loop {
            let received = tokio::select! {
                biased;
                received = jobs.recv_many(&mut batch, BATCH_MAX) => received,
                () = stop.cancelled() => break,
            };
            if received == 0 {
                return;
            }
            gather(&mut jobs, &mut batch, turns).await;
            turns = self.commit(&mut batch).await;
        }
        jobs.close();
        while jobs.recv_many(&mut batch, BATCH_MAX).await > 0 {
            self.commit(&mut batch).await;
        }
    }

    /// How many turns those take that it tells of it: see [`gather`].
    async fn commit(&self, batch: &mut Vec<Job>) -> usize {
        let (entries, replies): (Vec<_>, Vec<_>) = batch.drain(..).map(|job| (job.entry, job.reply)).unzip();
        let count = entries.len();
        let outcomes = match self.store.append_batch(entries).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    entries = count,
                    "a commit failed"
                );
                let error = Arc::new(error);
                for reply in replies {
                    let _waiter_is_gone = reply.send(Err(AppendFailure::Store(Arc::clone(&error))));
                }
                return 1;
            }
        };
        debug_assert_eq!(outcomes.len(), count, "one outcome an entry");
        self.stats.batches.add_one();
        let before = self.stats.deliveries.get();
        for (outcome, reply) in outcomes.into_iter().zip(replies) {
            let _waiter_is_gone = reply.send(self.announce(outcome));
        }
        turns_after(count, self.stats.deliveries.get().saturating_sub(before))
    }

    fn count_change(&self, body: &EventBody) {
        if let EventBody::Handshake { .. } = body {
            self.stats.handshakes_appended.add_one();
        }
        if let EventBody::MessageChanged { change, .. } = body {
            let counter = match change {
                MessageChange::Edit { .. } => &self.stats.edits_appended,
                MessageChange::Delete {} => &self.stats.deletions_appended,
                MessageChange::React { .. } => &self.stats.reactions_appended,
                MessageChange::Pin { .. } => &self.stats.pins_appended,
                MessageChange::Vote { .. } => &self.stats.votes_appended,
                MessageChange::ClosePoll {} => &self.stats.polls_closed,
            };
            counter.add_one();
        }
    }

    fn announce(&self, outcome: Result<Appended, AppendError>) -> Outcome {
        if let Err(AppendError::StaleEpoch { .. }) = &outcome {
            self.stats.stale_epochs.add_one();
        }
        let appended = outcome?;
        if appended.repeated {
            return Ok(Appended {
                event: self.announcer.announce_again(appended.event),
                repeated: true,
            });
        }
        self.stats.messages_appended.add_one();
        self.count_change(&appended.event.body);
        Ok(Appended {
            event: self.announcer.announce(appended.event),
            repeated: false,
        })
    }
}

/// How often whatever can run is let run after a batch of so many entries that went to so many connections: a turn is over when some
/// tens of tasks have run, and until all of these connections have been written to, their next frames still go with those that wait.
fn turns_after(entries: usize, deliveries: u64) -> usize {
    let deliveries = usize::try_from(deliveries).unwrap_or(usize::MAX);
    let connections = deliveries.checked_div(entries).unwrap_or_default();
    1 + connections.min(CONNECTIONS_MAX) / CONNECTIONS_PER_TURN
}

/// Lets everything run that can, for so many turns, and then for as long as each brings more entries.
async fn gather(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, mut turns: usize) {
    loop {
        let before = batch.len();
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        while batch.len() < BATCH_MAX
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        if batch.len() == before || batch.len() >= BATCH_MAX {
            return;
        }
        turns = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_turns_as_the_connections_of_an_entry_take() {
        assert_eq!(turns_after(0, 0), 1);
        assert_eq!(turns_after(540, 1_080), 1, "pairs");
        assert_eq!(turns_after(5, 500), 7, "a group of 100");
        assert_eq!(turns_after(1, u64::MAX), 65, "no more than that");
    }
}
