//! One client: a task with a line, which does what the orders say.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use tokio::sync::{Semaphore, mpsc, watch};

use super::plan::Target;
use super::{Heard, Line, Peer, Stamp};
use crate::record::Stopwatch;

/// What everybody does now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// Sends nothing; reported when all that was sent is acknowledged.
    Rest,
    /// Whoever writes to the target has so many messages under way.
    Closed(Target, u32),
    /// Whoever writes to the target writes so often a second, whatever the server does.
    Open(Target, f64),
    /// Clients disconnect; reported.
    Leave,
    /// Whoever writes to the target writes so many; reported when they are acknowledged.
    Burst(Target, u32),
    /// Clients connect again; reported when they have what they missed.
    Return,
}

/// A client has done what was ordered.
#[derive(Debug)]
pub struct Done {
    /// How many messages it had missed when it connected.
    pub missed: usize,
    /// Why it cannot go on.
    pub failed: Option<anyhow::Error>,
}

/// What clients share.
pub struct Shared<P> {
    /// The server.
    pub peer: P,
    /// The generator's clock.
    pub clock: Stopwatch,
    /// Messages acknowledged.
    pub acknowledged: AtomicU64,
    /// Messages that came, one's own included.
    pub delivered: AtomicU64,
    /// From the intended sending to somebody else's getting it, microseconds.
    pub latencies: Mutex<Histogram<u64>>,
    /// Clients that are connecting, so that no queue of the system is full.
    pub connecting: Semaphore,
    /// Where they report.
    pub reports: mpsc::Sender<Done>,
}

/// A client's task.
pub struct Client<P: Peer> {
    shared: Arc<Shared<P>>,
    person: usize,
    line: Option<P::Line>,
    order: Order,
    under_way: u32,
    left: u32,
    next_at: Option<u64>,
    reported: bool,
}

impl<P: Peer> Client<P> {
    /// Connects, reports, and obeys until the orders end.
    pub async fn run(shared: Arc<Shared<P>>, person: usize, mut orders: watch::Receiver<Order>) {
        let reports = shared.reports.clone();
        let mut client = Self {
            order: *orders.borrow_and_update(),
            shared,
            person,
            line: None,
            under_way: 0,
            left: 0,
            next_at: None,
            reported: false,
        };
        if let Err(error) = client.obey(&mut orders).await {
            let failed = Some(error.context(format!("person {person}")));
            // Nobody listens once all is measured.
            let _ = reports.send(Done { missed: 0, failed }).await;
        }
        if let Some(line) = client.line.take() {
            line.close();
        }
    }

    async fn obey(&mut self, orders: &mut watch::Receiver<Order>) -> anyhow::Result<()> {
        self.connect().await?;
        loop {
            self.act().await?;
            let now = self.shared.clock.now().0;
            let wait = self.next_at.map_or(Duration::from_hours(1), |at| {
                Duration::from_micros(at.saturating_sub(now))
            });
            let heard = async {
                match &mut self.line {
                    Some(line) => line.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                heard = heard => self.hear(heard?),
                () = tokio::time::sleep(wait), if self.next_at.is_some() => {}
                changed = orders.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let order = *orders.borrow_and_update();
                    self.begin(order).await?;
                }
            }
        }
    }

    async fn connect(&mut self) -> anyhow::Result<()> {
        let shared = Arc::clone(&self.shared);
        let permit = shared.connecting.acquire().await?;
        let connecting = tokio::time::timeout(Duration::from_mins(1), shared.peer.connect(self.person));
        let (line, missed) = connecting.await.context("connecting takes too long")??;
        drop(permit);
        self.line = Some(line);
        self.report(missed).await
    }

    async fn report(&mut self, missed: usize) -> anyhow::Result<()> {
        self.reported = true;
        let done = Done { missed, failed: None };
        self.shared.reports.send(done).await.context("nobody listens")
    }

    async fn begin(&mut self, order: Order) -> anyhow::Result<()> {
        self.order = order;
        self.reported = false;
        self.next_at = None;
        let client = super::plan::storm_of(self.person).is_some();
        match order {
            Order::Leave if client => {
                if let Some(line) = self.line.take() {
                    line.close();
                }
                self.report(0).await?;
            }
            Order::Return if client => self.connect().await?,
            Order::Burst(target, count) if target.conversation_of(self.person).is_some() => self.left = count,
            Order::Open(target, _) if target.conversation_of(self.person).is_some() => {
                // Writers begin spread over an interval, so that they do not walk in step.
                let spread = (self.person as u64 * 7_919) % 1_000;
                self.next_at = Some(self.shared.clock.now().0 + self.interval_us() * spread / 1_000);
            }
            _ => {}
        }
        Ok(())
    }

    fn interval_us(&self) -> u64 {
        let Order::Open(_, per_second) = self.order else {
            return u64::MAX;
        };
        let interval = Duration::from_secs_f64((1.0 / per_second).min(3_600.0));
        u64::try_from(interval.as_micros()).unwrap_or(u64::MAX)
    }

    async fn act(&mut self) -> anyhow::Result<()> {
        match self.order {
            Order::Closed(target, most) => while self.under_way < most && self.send(target, None).await? {},
            Order::Burst(target, _) => {
                while self.left > 0 && self.send(target, None).await? {
                    self.left -= 1;
                }
                if target.conversation_of(self.person).is_some() && self.under_way == 0 && !self.reported {
                    self.report(0).await?;
                }
            }
            Order::Open(target, _) => {
                while let Some(at) = self.next_at
                    && at <= self.shared.clock.now().0
                {
                    let _ = self.send(target, Some(at)).await?;
                    self.next_at = Some(at + self.interval_us());
                }
            }
            Order::Rest if self.under_way == 0 && !self.reported => self.report(0).await?,
            _ => {}
        }
        Ok(())
    }

    /// Sends where this person writes to the target.
    async fn send(&mut self, target: Target, intended: Option<u64>) -> anyhow::Result<bool> {
        let (Some(line), Some(to)) = (&mut self.line, target.conversation_of(self.person)) else {
            return Ok(false);
        };
        let stamp = Stamp {
            at: intended.unwrap_or_else(|| self.shared.clock.now().0),
            person: self.person,
        };
        line.send(to, stamp).await?;
        self.under_way += 1;
        Ok(true)
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Acknowledged => {
                self.under_way = self.under_way.saturating_sub(1);
                self.shared.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Heard::Delivered(stamp) => {
                self.shared.delivered.fetch_add(1, Ordering::Relaxed);
                // Only where it is asked for: elsewhere it would cost more than it tells.
                if matches!(self.order, Order::Open(..)) && stamp.person != self.person {
                    let latency = self.shared.clock.now().0.saturating_sub(stamp.at).max(1);
                    let mut latencies = self
                        .shared
                        .latencies
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    latencies.saturating_record(latency);
                }
            }
            Heard::Other => {}
        }
    }
}
