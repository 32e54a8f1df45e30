//! What is counted and timed while the crowd runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;

use crate::record::DeviceNumber;

/// So many threads rarely wait for each other.
const SHARDS: usize = 8;
/// Longer latencies count as this: ten minutes.
const LATENCY_US_MAX: u64 = 600_000_000;

/// What took how long, microseconds.
#[derive(Clone, Debug)]
pub struct Latencies {
    /// From the (intended) sending of a message to its acknowledgement.
    pub acknowledged: Histogram<u64>,
    /// From the (intended) sending to another device's getting it live.
    pub delivered: Histogram<u64>,
    /// From asking for a page of history to having it.
    pub page: Histogram<u64>,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            acknowledged: histogram(),
            delivered: histogram(),
            page: histogram(),
        }
    }
}

fn histogram() -> Histogram<u64> {
    #[expect(
        clippy::expect_used,
        reason = "the bounds are constant and right, which each test shows"
    )]
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("bounds of a histogram")
}

/// Counters of a running crowd, and its latencies.
#[derive(Debug, Default)]
pub struct Meter {
    /// Messages acknowledged.
    pub acknowledged: AtomicU64,
    /// Events that came live, the sender's own included.
    pub delivered: AtomicU64,
    /// Pages of history.
    pub pages: AtomicU64,
    /// Connections made.
    pub connected: AtomicU64,
    /// Connections lost.
    pub disconnected: AtomicU64,
    /// Refusals.
    pub refused: AtomicU64,
    shards: [Mutex<Latencies>; SHARDS],
}

impl Meter {
    /// Adds one.
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The latencies that this device writes to.
    pub(crate) fn of(&self, device: DeviceNumber) -> MutexGuard<'_, Latencies> {
        let shard = usize::try_from(device.0).unwrap_or_default() % SHARDS;
        let [first, ..] = &self.shards;
        let shard = self.shards.get(shard).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All latencies so far; what follows begins anew.
    pub fn take_latencies(&self) -> Latencies {
        let mut sum = Latencies::default();
        for shard in &self.shards {
            let part = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            sum.acknowledged += part.acknowledged;
            sum.delivered += part.delivered;
            sum.page += part.page;
        }
        sum
    }
}
