//! The bus of a cluster: sharded pub/sub of Redis 7, and what nodes share in its memory.
//!
//! One task carries the bus. It holds one connection (RESP3, so that what is published arrives on the connection that commands go
//! over), brings the subscriptions in line with what is wanted, and writes what is published, in batches. What arrives is handed to
//! the sink by whoever reads the connection: there is no queue in between that could grow.
//!
//! Anything that goes wrong, a time limit included, ends the connection and begins anew: connect, subscribe to everything wanted, call
//! [`Sink::resumed`]. A node that had to drop what it published says so to the others when it is back, and they
//! look in the storage as well. So there is one way out of every trouble, and it does not ask what the trouble was.
//!
//! Every topic is a channel of its own, which a Redis Cluster keeps on one shard; a payload begins with the id of the node that
//! published it, by which that node knows its own.

mod address;
mod carrier;
mod link;
mod shared;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::address::{AddressError, RedisAddress};
use self::carrier::Carrier;
use self::link::Link;
use crate::{Bus, BusError, Shared, Sink, Topic};

/// The most announcements that wait to be written; more are dropped.
const QUEUE_MAX: usize = 8_192;
/// The longest wait for subscriptions to be in effect.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a node's id is, in bytes.
const NODE_BYTES: usize = 16;

/// Tells nodes apart. Random, new with each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(pub [u8; NODE_BYTES]);

#[derive(Debug, Default)]
struct Counters {
    published: AtomicU64,
    delivered: AtomicU64,
    dropped: AtomicU64,
    connects: AtomicU64,
    failed_calls: AtomicU64,
}

/// What a bus has counted since its node started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusStats {
    /// Whether Redis answers, and everything wanted is subscribed to.
    pub connected: bool,
    /// How many topics are wanted.
    pub subscriptions: u64,
    /// Announcements that were written.
    pub published: u64,
    /// Announcements of other nodes that arrived.
    pub delivered: u64,
    /// Announcements that were dropped: the queue was full, or Redis was away.
    pub dropped: u64,
    /// How often the connection was made, the first time included.
    pub connects: u64,
    /// Calls for shared state that were not answered in time.
    pub failed_calls: u64,
}

/// Which topics are wanted, and which changes the carrier has not seen.
#[derive(Default)]
struct Wanted {
    topics: HashSet<Topic>,
    changed: Vec<Topic>,
    /// How many changes were asked for.
    asked: u64,
}

/// What the bus, its task and the reader of the connection have in common.
struct Common {
    node: NodeId,
    wanted: Mutex<Wanted>,
    /// The carrier has something to do.
    work: Notify,
    /// How many of the changes asked for are in effect; none while Redis is away.
    settled: watch::Sender<Option<u64>>,
    link: Mutex<Option<Link>>,
    sink: Mutex<Option<Weak<dyn Sink>>>,
    counters: Counters,
}

impl Common {
    fn sink(&self) -> Option<Arc<dyn Sink>> {
        lock(&self.sink).as_ref().and_then(Weak::upgrade)
    }

    fn link(&self) -> Option<Link> {
        lock(&self.link).clone()
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing here panics half-way through a change.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// See the module.
pub struct RedisBus {
    common: Arc<Common>,
    queue: mpsc::Sender<(Topic, Bytes)>,
}

impl RedisBus {
    /// A bus over the Redis with this address. It begins to connect at once and never stops trying; until it has, and whenever it
    /// has lost it, it drops what is published. Its task ends with `stop`.
    pub fn start(
        address: RedisAddress,
        node: NodeId,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let common = Arc::new(Common {
            node,
            wanted: Mutex::default(),
            work: Notify::new(),
            settled: watch::Sender::new(None),
            link: Mutex::new(None),
            sink: Mutex::new(None),
            counters: Counters::default(),
        });
        let carrier = Carrier::new(address, Arc::clone(&common), waiting);
        tasks.spawn(carrier.run(stop));
        Arc::new(Self { common, queue })
    }

    /// Waits until Redis answers, at most so long. True where it does.
    pub async fn connected_within(&self, time: Duration) -> bool {
        let mut settled = self.common.settled.subscribe();
        let connected = settled.wait_for(Option::is_some);
        matches!(tokio::time::timeout(time, connected).await, Ok(Ok(_)))
    }

    /// What it has counted.
    pub fn stats(&self) -> BusStats {
        let counters = &self.common.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BusStats {
            connected: self.common.settled.borrow().is_some(),
            subscriptions: u64::try_from(lock(&self.common.wanted).topics.len()).unwrap_or(u64::MAX),
            published: read(&counters.published),
            delivered: read(&counters.delivered),
            dropped: read(&counters.dropped),
            connects: read(&counters.connects),
            failed_calls: read(&counters.failed_calls),
        }
    }

    fn want(&self, topic: Topic, is_wanted: bool) {
        {
            let mut wanted = lock(&self.common.wanted);
            let changes = if is_wanted {
                wanted.topics.insert(topic)
            } else {
                wanted.topics.remove(&topic)
            };
            if !changes {
                return;
            }
            wanted.changed.push(topic);
            wanted.asked += 1;
        }
        self.common.work.notify_one();
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn attach(&self, sink: Weak<dyn Sink>) {
        *lock(&self.common.sink) = Some(sink);
    }

    fn publish(&self, topic: Topic, payload: Bytes) {
        if self.queue.try_send((topic, payload)).is_err() {
            // The carrier sees that something was dropped by this counter.
            add(&self.common.counters.dropped, 1);
        }
    }

    fn subscribe(&self, topic: Topic) {
        self.want(topic, true);
    }

    fn unsubscribe(&self, topic: Topic) {
        self.want(topic, false);
    }

    fn shared(&self) -> Option<&dyn Shared> {
        Some(self)
    }

    async fn settled(&self) -> Result<(), BusError> {
        let asked = lock(&self.common.wanted).asked;
        let mut settled = self.common.settled.subscribe();
        // Where Redis is away nobody waits for it: what is missed meanwhile is found when it is back.
        let decided = settled.wait_for(|settled| settled.is_none_or(|settled| settled >= asked));
        match tokio::time::timeout(SETTLE_TIMEOUT, decided).await {
            Ok(Ok(settled)) if settled.is_some() => Ok(()),
            Ok(Ok(_)) => Err(BusError::Unavailable("Redis is away".into())),
            Ok(Err(ended)) => Err(BusError::Unavailable(ended.into())),
            Err(late) => Err(BusError::Unavailable(late.into())),
        }
    }
}
