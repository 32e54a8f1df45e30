//! The measurements, one after the other, on a server that runs.
#![expect(clippy::cast_precision_loss, reason = "figures are read by people")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hdrhistogram::Histogram;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::task::TaskTracker;

use super::Peer;
use super::client::{Client, Done, Order, Shared};
use super::families::family;
use super::plan::{CLIENTS, MISSED, PEOPLE, Target};
use crate::process::{Usage, usage};
use crate::record::Stopwatch;

/// Longest wait for everybody.
const BOUND: Duration = Duration::from_mins(2);
/// So many connect at once: below the queue that each of the servers has for new connections.
const CONNECTING: usize = 100;
/// Throughput is measured once it stands.
const WARM: Duration = Duration::from_millis(500);
/// Memory is looked at when it has come to rest.
const REST: Duration = Duration::from_secs(1);
/// Longer latencies count as this: ten minutes.
const LATENCY_US_MAX: u64 = 600_000_000;

/// What is measured; [`super::report`] says how each is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// 256 people, two and two, 4 under way each: messages acknowledged a second.
    PairsPerS,
    /// Processor seconds of the server and its database for 100,000 of them.
    CpuPer100k,
    /// The rate at which delivery is measured: half of what the slowest server acknowledges, messages a second.
    DeliveryRate,
    /// The median of delivery between pairs at that rate, milliseconds.
    DeliveryP50Ms,
    /// The 99th percentile of the same.
    DeliveryP99Ms,
    /// A group of 100, 10 writers, 4 under way each: deliveries a second.
    Group100PerS,
    /// A group of 1,000, 4 writers, 4 under way each: deliveries a second.
    Group1000PerS,
    /// Resident memory of the server a connected, idle client, KiB.
    ConnectionKib,
    /// 2,000 clients come back at once, each has missed 10 messages: until all have them, seconds.
    StormS,
}

/// Figures of one round on one server.
pub type Figures = BTreeMap<Figure, f64>;

/// The processes that are measured.
#[derive(Clone, Copy, Debug)]
pub struct Pids {
    /// Of the server.
    pub server: u32,
    /// Of its database, where that is a process of its own.
    pub database: Option<u32>,
}

impl Pids {
    fn all(self) -> Usage {
        let database = self.database.map(family).unwrap_or_default();
        usage(&[family(self.server), database].concat())
    }

    fn server(self) -> Usage {
        usage(&family(self.server))
    }
}

/// How it is done.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// How long each rate is measured.
    pub seconds: u32,
    /// Whether the server keeps messages, so that clients can come back to them.
    pub keeps: bool,
    /// Messages that the slowest server so far acknowledges a second.
    pub slowest_per_s: f64,
}

struct Bench<P> {
    shared: Arc<Shared<P>>,
    orders: watch::Sender<Order>,
    reports: mpsc::Receiver<Done>,
    pids: Pids,
    how: How,
    figures: Figures,
}

/// Measures all there is.
pub async fn measure<P: Peer>(peer: P, pids: Pids, how: How) -> anyhow::Result<Figures> {
    let (reporting, reports) = mpsc::channel(PEOPLE);
    let (orders, _) = watch::channel(Order::Rest);
    let shared = Arc::new(Shared {
        peer,
        clock: Stopwatch::start(),
        acknowledged: AtomicU64::new(0),
        delivered: AtomicU64::new(0),
        latencies: Mutex::new(Histogram::new_with_bounds(1, LATENCY_US_MAX, 3)?),
        connecting: Semaphore::new(CONNECTING),
        reports: reporting,
    });
    let tasks = TaskTracker::new();
    let before = pids.server().resident_kib;
    for person in 0..PEOPLE {
        tasks.spawn(Client::run(Arc::clone(&shared), person, orders.subscribe()));
    }
    let mut bench = Bench {
        shared,
        orders,
        reports,
        pids,
        how,
        figures: Figures::new(),
    };
    bench.done(PEOPLE).await.context("connecting")?;
    tokio::time::sleep(REST).await;
    let each = (pids.server().resident_kib - before) / PEOPLE as f64;
    bench.figures.insert(Figure::ConnectionKib, each);
    let result = bench.all().await;
    let Bench { figures, orders, .. } = bench;
    drop(orders);
    tasks.close();
    tasks.wait().await;
    result.map(|()| figures)
}

impl<P: Peer> Bench<P> {
    async fn all(&mut self) -> anyhow::Result<()> {
        let before = self.pids.all().cpu_s;
        let counted = self.shared.acknowledged.load(Ordering::Relaxed);
        let (rate, _) = self.closed(Target::Pairs).await.context("pairs")?;
        let counted = self.shared.acknowledged.load(Ordering::Relaxed) - counted;
        let cpu_s = self.pids.all().cpu_s - before;
        self.figures.insert(Figure::PairsPerS, rate);
        self.figures
            .insert(Figure::CpuPer100k, cpu_s / counted as f64 * 100_000.0);
        let rate = rate.min(self.how.slowest_per_s) / 2.0;
        self.delivery(rate).await.context("half the slowest's rate")?;
        let (_, rate) = self.closed(Target::Group100).await.context("group of 100")?;
        self.figures.insert(Figure::Group100PerS, rate);
        let (_, rate) = self.closed(Target::Group1000).await.context("group of 1,000")?;
        self.figures.insert(Figure::Group1000PerS, rate);
        if self.how.keeps {
            self.storm().await.context("storm")?;
        }
        Ok(())
    }

    fn seconds(&self) -> Duration {
        Duration::from_secs(self.how.seconds.into())
    }

    /// Acknowledgements and deliveries a second with as much as goes.
    async fn closed(&mut self, target: Target) -> anyhow::Result<(f64, f64)> {
        self.orders.send_replace(Order::Closed(target, 4));
        tokio::time::sleep(WARM).await;
        let look = |shared: &Shared<P>| {
            (
                shared.clock.now().0,
                shared.acknowledged.load(Ordering::Relaxed),
                shared.delivered.load(Ordering::Relaxed),
            )
        };
        let before = look(&self.shared);
        tokio::time::sleep(self.seconds()).await;
        let after = look(&self.shared);
        self.rest().await?;
        let took = (after.0 - before.0) as f64 / 1e6;
        Ok((
            (after.1 - before.1) as f64 / took,
            (after.2 - before.2) as f64 / took,
        ))
    }

    /// Delivery at a given rate of all together.
    async fn delivery(&mut self, rate: f64) -> anyhow::Result<()> {
        ensure!(rate > 0.0, "nothing was acknowledged");
        let each = rate / Target::Pairs.writers() as f64;
        self.orders.send_replace(Order::Open(Target::Pairs, each));
        tokio::time::sleep(WARM).await;
        self.latencies().reset();
        tokio::time::sleep(self.seconds()).await;
        let (p50, p99) = {
            let latencies = self.latencies();
            (
                latencies.value_at_quantile(0.5),
                latencies.value_at_quantile(0.99),
            )
        };
        self.rest().await?;
        self.figures.insert(Figure::DeliveryRate, rate);
        self.figures.insert(Figure::DeliveryP50Ms, p50 as f64 / 1e3);
        self.figures.insert(Figure::DeliveryP99Ms, p99 as f64 / 1e3);
        Ok(())
    }

    fn latencies(&self) -> std::sync::MutexGuard<'_, Histogram<u64>> {
        self.shared
            .latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn storm(&mut self) -> anyhow::Result<()> {
        self.orders.send_replace(Order::Leave);
        self.done(CLIENTS).await?;
        let count = u32::try_from(MISSED)?;
        self.orders.send_replace(Order::Burst(Target::Storm, count));
        self.done(Target::Storm.writers()).await?;
        tokio::time::sleep(REST).await;
        let begun = self.shared.clock.now();
        self.orders.send_replace(Order::Return);
        let missed = self.done(CLIENTS).await?;
        let took = self.shared.clock.now().since(begun);
        ensure!(
            missed == CLIENTS * MISSED,
            "{missed} of {} missed messages came",
            CLIENTS * MISSED
        );
        self.figures.insert(Figure::StormS, took as f64 / 1e6);
        Ok(())
    }

    async fn rest(&mut self) -> anyhow::Result<()> {
        self.orders.send_replace(Order::Rest);
        self.done(PEOPLE).await.map(drop)
    }

    /// Waits for so many reports; what those clients had missed.
    async fn done(&mut self, count: usize) -> anyhow::Result<usize> {
        let mut missed = 0;
        for number in 0..count {
            let next = tokio::time::timeout(BOUND, self.reports.recv()).await;
            let Ok(Some(done)) = next else {
                bail!("{number} of {count} clients were done in time");
            };
            if let Some(failed) = done.failed {
                return Err(failed);
            }
            missed += done.missed;
        }
        Ok(missed)
    }
}
