//! Between nodes: fan-out, presence and revocation.
//!
//! A [`Bus`] is one node's end of it. What a node publishes under a [`Topic`] reaches the *other* nodes that have subscribed
//! to it, at most once; towards its own connections a node needs no bus. Whatever is lost is found again by the gap it
//! leaves in a conversation's `seq`, so that a bus may drop and never has to wait: [`Bus::publish`] returns at once.
//!
//! What one node publishes under one topic arrives in that order, gaps aside. Between nodes and between topics there is no order.
#![warn(missing_docs)]

mod local;
#[cfg(feature = "redis")]
mod redis;
mod shared;
#[cfg(feature = "testing")]
pub mod testing;

use std::sync::Weak;

use async_trait::async_trait;
use bytes::Bytes;
use pipit_wire::{ConversationId, UserId};

pub use local::{Exchange, LocalBus, SingleNode};
#[cfg(feature = "redis")]
pub use redis::{AddressError, BusStats, NodeId, RedisAddress, RedisBus};
pub use shared::{PRESENCE_TTL, Shared, Taken};

/// What an announcement is about. A sharded bus keeps each topic on one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Entries, markers and typing of one conversation: for every node with a member connected.
    Conversation(ConversationId),
    /// What concerns one account: memberships, revocation, presence. For every node where it is connected or watched.
    User(UserId),
}

/// Takes what arrives from other nodes. It must not wait: it is called by whatever reads the bus.
pub trait Sink: Send + Sync {
    /// Another node has published this.
    fn deliver(&self, topic: Topic, payload: Bytes);

    /// The bus was away and is back: whatever was published meanwhile may be missing, and has to be looked for in the storage.
    fn resumed(&self);
}

/// Why the bus does not answer.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It cannot be reached. Fan-out between nodes stands still, and what is missed is found by gaps.
    #[error("the bus is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One node's end of the bus.
///
/// `subscribe` and `unsubscribe` only note what is wanted, in the order of the calls, so that they may be called under a lock;
/// [`Bus::settled`] waits until it is so.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Whether there is no other node to reach: then nothing needs to be serialised for it.
    fn is_alone(&self) -> bool {
        false
    }

    /// From now on, what arrives goes here. Called once, before anything is subscribed.
    fn attach(&self, sink: Weak<dyn Sink>);

    /// Sends this to the other nodes that have subscribed to the topic. Never waits; drops what it cannot hold.
    fn publish(&self, topic: Topic, payload: Bytes);

    /// Wants what is published under this topic. Wanting it twice is wanting it once.
    fn subscribe(&self, topic: Topic);

    /// No longer wants it.
    fn unsubscribe(&self, topic: Topic);

    /// What its nodes share beside the log; none where this bus has nothing of the kind.
    fn shared(&self) -> Option<&dyn Shared> {
        None
    }

    /// Waits until every subscription asked for so far is in effect.
    async fn settled(&self) -> Result<(), BusError>;
}
