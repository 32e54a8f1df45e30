//! Messages that erase themselves: the storage erases those whose time has passed, a little later; nobody is given them any more from the
//! moment on ([`pipit_store::change::leave_out_expired`], wherever entries are read for somebody).

use std::sync::Arc;
use std::time::Duration;

use pipit_store::change::leave_out_expired;
use pipit_wire::Timestamp;
use pipit_wire::frame::ConversationSummary;
use tokio_util::sync::CancellationToken;

use super::chore;
use super::push::PushQueue;
use crate::context::Context;
use crate::error::ServiceError;
use crate::stats::Stats;

/// How often this is done: what has expired is gone from the log after so long at most.
const EVERY: Duration = Duration::from_secs(5);
/// How many at a time: each transaction holds up appends for a moment.
const BATCH: u32 = 100;

/// See the module. On several nodes each does it; they leave each other's messages to each other.
pub struct Expiry {
    context: Context,
    stats: Arc<Stats>,
    pushes: PushQueue,
}

impl Expiry {
    /// Somebody has to run [`Expiry::run`].
    pub fn new(context: Context, stats: Arc<Stats>, pushes: PushQueue) -> Self {
        Self {
            context,
            stats,
            pushes,
        }
    }

    /// Erases until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        chore::repeat(EVERY, &shutdown, "erasing messages whose time has passed", || {
            self.erase()
        })
        .await;
    }

    /// Erases everything that is due by now.
    pub async fn erase(&self) -> Result<(), ServiceError> {
        let now = self.context.now();
        loop {
            let erased = self.context.store.erase_expired(now, BATCH).await?;
            self.stats.messages_expired.add(erased.len());
            for (conversation, message) in &erased {
                self.pushes.gone(*conversation, *message);
            }
            if erased.len() < BATCH as usize {
                return Ok(());
            }
        }
    }
}

/// A summary without what has expired by now.
#[must_use]
pub fn without_expired(mut summary: ConversationSummary, now: Timestamp) -> ConversationSummary {
    if let Some(last) = &mut summary.last_message {
        leave_out_expired(std::slice::from_mut(last), &mut Vec::new(), now);
    }
    summary
}
