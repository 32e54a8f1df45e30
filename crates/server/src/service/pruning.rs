//! Forgetting what has served its time: refresh tokens that were spent, invites that ended, reports that were dealt with.

use std::sync::Arc;
use std::time::Duration;

use pipit_store::schedule::OVER_KEPT_MS;
use pipit_wire::report::CLOSED_REPORTS_KEPT_MS;
use tokio_util::sync::CancellationToken;

use super::chore;
use crate::context::Context;
use crate::error::ServiceError;
use crate::stats::Stats;

/// How long a spent refresh token tells that somebody has used it again. Afterwards it is refused like one that never was, which gives a
/// thief nothing either; only the device is not signed out for it.
const SPENT_TOKENS_KEPT_MS: i64 = 30 * DAY_MS;
/// How long an invite is kept after its end.
const ENDED_INVITES_KEPT_MS: i64 = 30 * DAY_MS;
/// How long a welcome waits for its device. One that is away for longer comes into the group anew.
const WELCOMES_KEPT_MS: i64 = 90 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// How often this is done.
const EVERY: Duration = Duration::from_hours(1);
/// How many at a time: each transaction holds up appends for a moment.
const BATCH: u32 = 500;

/// See the module. On several nodes each does it; they do not wait for each other.
pub struct Pruning {
    context: Context,
    stats: Arc<Stats>,
}

impl Pruning {
    /// Somebody has to run [`Pruning::run`].
    pub fn new(context: Context, stats: Arc<Stats>) -> Self {
        Self { context, stats }
    }

    /// Prunes until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        chore::repeat(EVERY, &shutdown, "forgetting what has served its time", || {
            self.prune()
        })
        .await;
    }

    /// Prunes once.
    pub async fn prune(&self) -> Result<(), ServiceError> {
        let (store, now) = (&self.context.store, self.context.now());
        let before = now.plus_ms(-SPENT_TOKENS_KEPT_MS);
        while self.count(store.prune_refresh_tokens(before, BATCH).await?) {}
        let before = now.plus_ms(-ENDED_INVITES_KEPT_MS);
        while self.count(store.prune_invites(before, BATCH).await?) {}
        let before = now.plus_ms(-OVER_KEPT_MS);
        while self.count(store.prune_scheduled(before, BATCH).await?) {}
        let before = now.plus_ms(-WELCOMES_KEPT_MS);
        while self.count(store.prune_welcomes(before, BATCH).await?) {}
        let before = now.plus_ms(-CLOSED_REPORTS_KEPT_MS);
        while self.count(store.prune_reports(before, BATCH).await?) {}
        Ok(())
    }

    /// Whether there may be more.
    fn count(&self, pruned: u64) -> bool {
        self.stats
            .pruned
            .add(usize::try_from(pruned).unwrap_or(usize::MAX));
        pruned >= u64::from(BATCH)
    }
}
