//! Keeps the search index near the log, in quiet moments.
//!
//! Appending does nothing for the index: what was appended shows in how far each log has been indexed, and a sweep over the conversations
//! finds it, whichever node it came from. Splitting and sorting words is work that appends would wait for (see docs/adr/0023-search.md), so
//! while a node is busy it waits, for some minutes at most. Whoever searches does not: see the module above.

use std::sync::Arc;
use std::time::Duration;

use pipit_wire::ConversationId;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::error::ServiceError;
use crate::stats::Stats;

/// How often it is looked whether there is anything to do.
const EVERY: Duration = Duration::from_secs(5);
/// A node that appends more between two looks is busy.
const QUIET_MESSAGES_MAX: u64 = 250;
/// How many looks in a row a busy node is left alone.
const BUSY_LOOKS_MAX: u32 = 60;
/// How many conversations are looked at by one statement, and how many of them at one look.
const PAGE: u32 = 500;
const PAGES: u32 = 8;
/// How many entries are indexed in one transaction. On SQLite appends wait for it, so it is not many.
const BATCH: u32 = 250;

/// See the module. On several nodes each does it; what one has done is not there for the others.
pub struct Indexing {
    context: Context,
    stats: Arc<Stats>,
    /// Where the last look ended.
    after: Option<ConversationId>,
    messages: u64,
    busy_looks: u32,
}

impl Indexing {
    /// Somebody has to run [`Indexing::run`].
    pub fn new(context: Context, stats: Arc<Stats>) -> Self {
        Self {
            context,
            stats,
            after: None,
            messages: 0,
            busy_looks: 0,
        }
    }

    /// Indexes until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.cancelled() => return,
            }
            if self.is_busy() {
                continue;
            }
            let outcome = tokio::select! {
                outcome = self.look() => outcome,
                () = shutdown.cancelled() => return,
            };
            if let Err(error) = outcome {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the search index falls behind"
                );
            }
        }
    }

    /// Whether the node has something better to do, and may go on with it.
    fn is_busy(&mut self) -> bool {
        let messages = self.stats.messages_appended.get();
        let new = messages.saturating_sub(std::mem::replace(&mut self.messages, messages));
        if new > QUIET_MESSAGES_MAX && self.busy_looks < BUSY_LOOKS_MAX {
            self.busy_looks += 1;
            return true;
        }
        self.busy_looks = 0;
        false
    }

    /// Looks at the next conversations, and indexes what is new in them.
    pub async fn look(&mut self) -> Result<(), ServiceError> {
        let store = &self.context.store;
        for _ in 0..PAGES {
            let swept = store.sweep_unindexed(self.after, PAGE).await?;
            while !swept.behind.is_empty() {
                let entries = store.index_entries(&swept.behind, BATCH).await?;
                self.stats
                    .entries_indexed
                    .add(usize::try_from(entries).unwrap_or(usize::MAX));
                if entries == 0 {
                    break;
                }
            }
            self.after = swept.next;
            if self.after.is_none() {
                break;
            }
        }
        Ok(())
    }
}
