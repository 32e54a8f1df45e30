//! The task that carries the bus.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use redis::RedisResult;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::link::{Ended, Link};
use super::{Common, RedisAddress, add, lock};
use crate::Topic;

/// The most announcements in one write.
const BATCH_MAX: usize = 512;
/// How often Redis is asked whether it is there while there is nothing else to say to it.
const PING_EVERY: Duration = Duration::from_secs(2);
/// The wait before the first attempt to connect again; each doubles it.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
/// The longest wait between attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(2);

pub(super) struct Carrier {
    address: RedisAddress,
    common: Arc<Common>,
    waiting: mpsc::Receiver<(Topic, Bytes)>,
    /// How many were dropped when the others were last told.
    told_dropped: u64,
    has_been_away: bool,
}

enum Step {
    Publish,
    Reconcile,
    Ping,
    Ended,
    Stop,
}

impl Carrier {
    pub(super) fn new(
        address: RedisAddress,
        common: Arc<Common>,
        waiting: mpsc::Receiver<(Topic, Bytes)>,
    ) -> Self {
        Self {
            address,
            common,
            waiting,
            told_dropped: 0,
            has_been_away: false,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut backoff = BACKOFF_MIN;
        loop {
            let connects = self.common.counters.connects.load(Ordering::Relaxed);
            let lived = self.live(&stop).await;
            if stop.is_cancelled() {
                break;
            }
            self.common.settled.send_replace(None);
            *lock(&self.common.link) = None;
            if let Err(error) = lived {
                tracing::warn!(address = %self.address, error = &error as &dyn std::error::Error, "Redis is away");
            }
            self.has_been_away = true;
            if self.common.counters.connects.load(Ordering::Relaxed) > connects {
                backoff = BACKOFF_MIN;
            }
            tokio::select! {
                () = self.drop_for(backoff) => {}
                () = stop.cancelled() => break,
            }
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        self.common.settled.send_replace(None);
        *lock(&self.common.link) = None;
    }

    /// Waits, and drops what is published meanwhile: it would be told too late to be of use, and is found in the storage.
    async fn drop_for(&mut self, time: Duration) {
        let over = tokio::time::sleep(time);
        tokio::pin!(over);
        let mut dropped = Vec::new();
        loop {
            tokio::select! {
                () = &mut over => return,
                count = self.waiting.recv_many(&mut dropped, BATCH_MAX) => {
                    if count == 0 {
                        // Nobody publishes any more; the end comes by `stop`.
                        over.as_mut().await;
                        return;
                    }
                    add(&self.common.counters.dropped, count);
                    dropped.clear();
                }
            }
        }
    }

    /// One connection, from its making to its end, which is an error unless it is `stop`, before which what waits is written.
    async fn live(&mut self, stop: &CancellationToken) -> RedisResult<()> {
        let ended = Arc::new(Ended::default());
        let link = tokio::select! {
            link = Link::open(&self.address, &self.common, Arc::clone(&ended)) => link?,
            () = stop.cancelled() => return Ok(()),
        };
        link.hear_dropped().await?;
        let mut active = HashSet::new();
        self.reconcile(&link, &mut active).await?;
        add(&self.common.counters.connects, 1);
        *lock(&self.common.link) = Some(link.clone());
        tracing::info!(address = %self.address, subscriptions = active.len(), "Redis is there");
        if self.has_been_away
            && let Some(sink) = self.common.sink()
        {
            sink.resumed();
        }
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            self.tell_dropped(&link).await?;
            let next = tokio::select! {
                biased;
                () = ended.wait() => Step::Ended,
                () = self.common.work.notified() => Step::Reconcile,
                count = self.waiting.recv_many(&mut batch, BATCH_MAX), if !self.waiting.is_closed() || !self.waiting.is_empty() => {
                    if count == 0 { Step::Ping } else { Step::Publish }
                }
                () = stop.cancelled() => Step::Stop,
                () = tokio::time::sleep(PING_EVERY) => Step::Ping,
            };
            match next {
                Step::Publish => self.publish(&link, &mut batch).await?,
                Step::Reconcile => self.reconcile(&link, &mut active).await?,
                Step::Ping => link.ask(&redis::cmd("PING")).await?,
                Step::Stop => return Ok(()),
                Step::Ended => return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()),
            }
        }
    }

    async fn publish(&self, link: &Link, batch: &mut Vec<(Topic, Bytes)>) -> RedisResult<()> {
        let outcome = link.publish(&self.common, batch).await;
        let counters = &self.common.counters;
        add(
            if outcome.is_ok() {
                &counters.published
            } else {
                &counters.dropped
            },
            batch.len(),
        );
        batch.clear();
        outcome
    }

    /// Tells the other nodes where something was dropped since they were last told.
    async fn tell_dropped(&mut self, link: &Link) -> RedisResult<()> {
        let dropped = self.common.counters.dropped.load(Ordering::Relaxed);
        if dropped != self.told_dropped {
            link.say_dropped(&self.common).await?;
            self.told_dropped = dropped;
        }
        Ok(())
    }

    /// Brings the subscriptions in line with what is wanted.
    async fn reconcile(&self, link: &Link, active: &mut HashSet<Topic>) -> RedisResult<()> {
        let (subscribe, unsubscribe, asked) = {
            let mut wanted = lock(&self.common.wanted);
            let changed = std::mem::take(&mut wanted.changed);
            let (mut subscribe, mut unsubscribe) = (Vec::new(), Vec::new());
            if active.is_empty() {
                subscribe.extend(wanted.topics.iter().copied());
            } else {
                let changed: HashSet<_> = changed.into_iter().collect();
                for topic in changed {
                    match (wanted.topics.contains(&topic), active.contains(&topic)) {
                        (true, false) => subscribe.push(topic),
                        (false, true) => unsubscribe.push(topic),
                        (true, true) | (false, false) => {}
                    }
                }
            }
            (subscribe, unsubscribe, wanted.asked)
        };
        link.subscribe(&subscribe).await?;
        link.unsubscribe(&unsubscribe).await?;
        active.extend(subscribe);
        for topic in &unsubscribe {
            active.remove(topic);
        }
        self.common.settled.send_replace(Some(asked));
        Ok(())
    }
}
