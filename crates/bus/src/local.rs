//! Buses without a network: for a node alone, and for several nodes in one process.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Bus, BusError, Sink, Topic};

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

    async fn settled(&self) -> Result<(), BusError> {
        Ok(())
    }
}
