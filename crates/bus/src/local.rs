//! Buses without a network: for a node alone, and for several nodes in one process.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use bytes::Bytes;

use pipit_wire::UserId;
use pipit_wire::frame::PresenceState;

use crate::{Bus, BusError, PRESENCE_TTL, Shared, Sink, Taken, Topic};

/// The bus of a node that is alone: reaches nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleNode;

#[async_trait]
impl Bus for SingleNode {
    fn is_alone(&self) -> bool {
        true
    }

    fn attach(&self, _sink: Weak<dyn Sink>) {}

    fn publish(&self, _topic: Topic, _payload: Bytes) {}

    fn subscribe(&self, _topic: Topic) {}

    fn unsubscribe(&self, _topic: Topic) {}

    async fn settled(&self) -> Result<(), BusError> {
        Ok(())
    }
}

/// Connects several nodes in one process. What is published arrives before `publish` returns, without a task or a queue, so
/// that a simulation that decides when to publish decides everything.
#[derive(Clone, Default)]
pub struct Exchange {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    nodes: Vec<Option<Weak<dyn Sink>>>,
    subscribers: HashMap<Topic, HashSet<usize>>,
    /// What [`Exchange::set_now_ms`] said last.
    now_ms: u64,
    /// When each bucket is full again, in microseconds.
    full_at_us: HashMap<String, u64>,
    /// What each node says of an account, and until when in milliseconds.
    presence: HashMap<(UserId, usize), (PresenceState, u64)>,
}

impl Exchange {
    /// Another node's end.
    pub fn node(&self) -> LocalBus {
        let mut state = lock(&self.state);
        state.nodes.push(None);
        LocalBus {
            exchange: self.clone(),
            node: state.nodes.len() - 1,
        }
    }

    /// Sets the clock that limits and presence go by. It stands still between calls, and never goes back.
    pub fn set_now_ms(&self, now_ms: u64) {
        let mut state = lock(&self.state);
        state.now_ms = state.now_ms.max(now_ms);
        let now_ms = state.now_ms;
        state
            .full_at_us
            .retain(|_, full_at_us| *full_at_us > now_ms.saturating_mul(1_000));
        state.presence.retain(|_, (_, until_ms)| *until_ms > now_ms);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing here panics half-way through a change.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One node's end of an [`Exchange`].
pub struct LocalBus {
    exchange: Exchange,
    node: usize,
}

#[async_trait]
impl Bus for LocalBus {
    fn attach(&self, sink: Weak<dyn Sink>) {
        if let Some(place) = lock(&self.exchange.state).nodes.get_mut(self.node) {
            *place = Some(sink);
        }
    }

    fn publish(&self, topic: Topic, payload: Bytes) {
        // The lock ends before the sinks are called: a sink may subscribe.
        let sinks: Vec<Arc<dyn Sink>> = {
            let state = lock(&self.exchange.state);
            let mut nodes: Vec<usize> = state
                .subscribers
                .get(&topic)
                .into_iter()
                .flatten()
                .copied()
                .collect();
            nodes.sort_unstable();
            nodes
                .into_iter()
                .filter(|node| *node != self.node)
                .filter_map(|node| state.nodes.get(node)?.as_ref()?.upgrade())
                .collect()
        };
        for sink in sinks {
            sink.deliver(topic, payload.clone());
        }
    }

    fn subscribe(&self, topic: Topic) {
        lock(&self.exchange.state)
            .subscribers
            .entry(topic)
            .or_default()
            .insert(self.node);
    }

    fn unsubscribe(&self, topic: Topic) {
        let mut state = lock(&self.exchange.state);
        if let Some(nodes) = state.subscribers.get_mut(&topic) {
            nodes.remove(&self.node);
            if nodes.is_empty() {
                state.subscribers.remove(&topic);
            }
        }
    }

    fn shared(&self) -> Option<&dyn Shared> {
        Some(self)
    }

    async fn settled(&self) -> Result<(), BusError> {
        Ok(())
    }
}

const MINUTE_US: u64 = 60_000_000;

#[async_trait]
impl Shared for LocalBus {
    async fn take(&self, bucket: &str, per_minute: u32) -> Result<Taken, BusError> {
        let mut state = lock(&self.exchange.state);
        let now_us = state.now_ms.saturating_mul(1_000);
        let Some(interval_us) = MINUTE_US.checked_div(u64::from(per_minute)) else {
            return Ok(Taken::No { wait_ms: u32::MAX });
        };
        let full_at_us = state.full_at_us.get(bucket).copied().unwrap_or(0).max(now_us);
        let next_us = full_at_us.saturating_add(interval_us);
        // The whole bucket, and not a minute: the interval is rounded down.
        let limit_us = now_us.saturating_add(interval_us.saturating_mul(u64::from(per_minute)));
        if next_us > limit_us {
            let wait_ms = next_us.saturating_sub(limit_us).div_ceil(1_000);
            return Ok(Taken::No {
                wait_ms: u32::try_from(wait_ms).unwrap_or(u32::MAX),
            });
        }
        state.full_at_us.insert(bucket.to_owned(), next_us);
        Ok(Taken::Yes)
    }

    async fn show_presence(&self, states: &[(UserId, PresenceState)]) -> Result<(), BusError> {
        let mut state = lock(&self.exchange.state);
        let ttl_ms = u64::try_from(PRESENCE_TTL.as_millis()).unwrap_or(u64::MAX);
        let until_ms = state.now_ms.saturating_add(ttl_ms);
        for (user, presence) in states {
            if *presence == PresenceState::Offline {
                state.presence.remove(&(*user, self.node));
            } else {
                state.presence.insert((*user, self.node), (*presence, until_ms));
            }
        }
        Ok(())
    }

    async fn presence(&self, users: &[UserId]) -> Result<Vec<(UserId, PresenceState)>, BusError> {
        let state = lock(&self.exchange.state);
        let most_present = |user: &UserId| {
            (0..state.nodes.len())
                .filter(|node| *node != self.node)
                .filter_map(|node| state.presence.get(&(*user, node)).map(|(presence, _)| *presence))
                .max_by_key(|presence| rank(*presence))
        };
        Ok(users
            .iter()
            .filter_map(|user| Some((*user, most_present(user)?)))
            .collect())
    }
}

fn rank(presence: PresenceState) -> u8 {
    match presence {
        PresenceState::Online => 2,
        PresenceState::Away => 1,
        PresenceState::Offline => 0,
    }
}
