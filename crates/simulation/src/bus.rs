//! The bus between the world's nodes. What is published waits for the world, which decides when it arrives and whether it does;
//! each node's way to the bus goes away and comes back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use pipit_bus::{Bus, BusError, Sink, Topic};

use crate::lifeline::Lifeline;

/// Something published, on its way to one node.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Who published it.
    pub from: usize,
    /// Where it goes.
    pub to: usize,
    /// Under which topic.
    pub topic: Topic,
    payload: Bytes,
    /// Of which time of the receiver's way to the bus it is: it does not outlast it.
    epoch: u64,
}

/// The bus as the world has it.
#[derive(Default)]
pub struct Network {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ends: Vec<End>,
    posted: Vec<Posted>,
}

#[derive(Default)]
struct End {
    sink: Option<Weak<dyn Sink>>,
    away: bool,
    epoch: u64,
    wanted: BTreeSet<Topic>,
    in_effect: BTreeSet<Topic>,
}

impl Network {
    /// A bus with this many nodes.
    pub fn new(nodes: usize) -> Self {
        let ends = (0..nodes).map(|_| End::default()).collect();
        Self {
            state: Mutex::new(State {
                ends,
                posted: Vec::new(),
            }),
        }
    }

    /// A node starts: its end of the bus is a new one.
    pub fn connect(self: &Arc<Self>, node: usize, life: Arc<Lifeline>) -> NodeBus {
        if let Some(end) = self.lock().ends.get_mut(node) {
            let (epoch, away) = (end.epoch + 1, end.away);
            *end = End {
                away,
                epoch,
                ..End::default()
            };
        }
        NodeBus {
            network: Arc::clone(self),
            node,
            life,
        }
    }

    /// What was published since this was asked last, once for each receiver. Subscriptions asked for before are in effect now.
    pub fn take_posted(&self) -> Vec<Posted> {
        let mut state = self.lock();
        for end in state.ends.iter_mut().filter(|end| !end.away) {
            end.in_effect.clone_from(&end.wanted);
        }
        std::mem::take(&mut state.posted)
    }

    /// It arrives, where its receiver is still there.
    pub fn arrive(&self, posted: Posted) {
        let sink = {
            let state = self.lock();
            let end = state.ends.get(posted.to);
            end.filter(|end| !end.away && end.epoch == posted.epoch)
                .and_then(|end| end.sink.as_ref()?.upgrade())
        };
        if let Some(sink) = sink {
            sink.deliver(posted.topic, posted.payload);
        }
    }

    /// A node's way to the bus goes away. What is on its way to it is lost.
    pub fn leave(&self, node: usize) {
        if let Some(end) = self.lock().ends.get_mut(node) {
            end.away = true;
            end.epoch += 1;
            end.in_effect.clear();
        }
    }

    /// It comes back, and the node is told.
    pub fn come_back(&self, node: usize) {
        let sink = {
            let mut state = self.lock();
            let Some(end) = state.ends.get_mut(node).filter(|end| end.away) else {
                return;
            };
            end.away = false;
            end.in_effect.clone_from(&end.wanted);
            end.sink.as_ref().and_then(Weak::upgrade)
        };
        if let Some(sink) = sink {
            sink.resumed();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One node's end.
pub struct NodeBus {
    network: Arc<Network>,
    node: usize,
    life: Arc<Lifeline>,
}

#[async_trait]
impl Bus for NodeBus {
    fn attach(&self, sink: Weak<dyn Sink>) {
        if let Some(end) = self.network.lock().ends.get_mut(self.node) {
            end.sink = Some(sink);
        }
    }

    fn publish(&self, topic: Topic, payload: Bytes) {
        if !self.life.step() {
            return;
        }
        let mut state = self.network.lock();
        if state.ends.get(self.node).is_none_or(|end| end.away) {
            return;
        }
        let receivers = state.ends.iter().enumerate();
        let posted: Vec<_> = receivers
            .filter(|(to, end)| *to != self.node && end.in_effect.contains(&topic))
            .map(|(to, end)| Posted {
                from: self.node,
                to,
                topic,
                payload: payload.clone(),
                epoch: end.epoch,
            })
            .collect();
        state.posted.extend(posted);
    }

    fn subscribe(&self, topic: Topic) {
        if let Some(end) = self.network.lock().ends.get_mut(self.node) {
            end.wanted.insert(topic);
        }
    }

    fn unsubscribe(&self, topic: Topic) {
        if let Some(end) = self.network.lock().ends.get_mut(self.node) {
            end.wanted.remove(&topic);
            end.in_effect.remove(&topic);
        }
    }

    async fn settled(&self) -> Result<(), BusError> {
        let mut state = self.network.lock();
        match state.ends.get_mut(self.node) {
            Some(end) if !end.away => {
                end.in_effect.clone_from(&end.wanted);
                Ok(())
            }
            _ => Err(BusError::Unavailable("the simulation says so".into())),
        }
    }
}
