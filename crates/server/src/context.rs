//! What every service needs: storage, time, randomness, limits.

use std::sync::Arc;

use pipit_store::Store;
use pipit_wire::{Limits, Timestamp};

use crate::clock::{Clock, Random};

/// Shared by everything in one node. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The storage.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
    /// What this server allows.
    pub limits: Limits,
    /// Whether a stranger's first message waits until it is accepted.
    pub message_requests: bool,
}

impl Context {
    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Random bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}
