//! Clearing what was deleted out of the storage's files as well: a deletion takes it out of the log at once, but a database keeps old
//! versions of its pages for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::stats::Stats;

/// How often this is done, where anything was deleted since: what is deleted is gone from the disk after about as long.
const EVERY: Duration = Duration::from_mins(1);

/// See the module.
pub struct Scrubbing {
    context: Context,
    stats: Arc<Stats>,
}

impl Scrubbing {
    /// Somebody has to run [`Scrubbing::run`].
    pub fn new(context: Context, stats: Arc<Stats>) -> Self {
        Self { context, stats }
    }

    /// Scrubs until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        // What another run of the server has left behind is not known: the first time counts as if something was deleted.
        let mut done = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.cancelled() => return,
            }
            let deleted = self.stats.deletions_appended.get() + self.stats.messages_expired.get();
            if done != Some(deleted) && self.scrub().await {
                done = Some(deleted);
            }
        }
    }

    /// Scrubs once. False where it has to be tried again.
    pub async fn scrub(&self) -> bool {
        match self.context.store.scrub().await {
            Ok(true) => {
                self.stats.scrubs.add_one();
                true
            }
            Ok(false) => false,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what was deleted could not be cleared out of the storage's files"
                );
                false
            }
        }
    }
}
