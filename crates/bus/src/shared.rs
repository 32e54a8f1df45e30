//! What nodes share beside the log, none of it durable: how often somebody has tried, and who is connected where.

use std::time::Duration;

use async_trait::async_trait;
use pipit_wire::UserId;
use pipit_wire::frame::PresenceState;

use crate::BusError;

/// How long what a node says of presence holds, where it does not say it again: a node that was killed is forgotten after it.
pub const PRESENCE_TTL: Duration = Duration::from_secs(30);

/// Whether one more was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was, and counts.
    Yes,
    /// It was not, and does not count.
    No {
        /// When the next one will be, in milliseconds from now; at least 1.
        wait_ms: u32,
    },
}

/// State that all nodes of a cluster see alike. It may be lost at any time, which makes limits laxer and people seem absent for a
/// while, and nothing else.
#[async_trait]
pub trait Shared: Send + Sync + 'static {
    /// Takes one from the bucket with this name, which holds `per_minute` and gets as many back in a minute (GCRA, ITU-T I.371,
    /// annex A), on the shared clock.
    async fn take(&self, bucket: &str, per_minute: u32) -> Result<Taken, BusError>;

    /// Says how these accounts are on this node, for [`PRESENCE_TTL`]; `Offline` takes back what was said.
    async fn show_presence(&self, states: &[(UserId, PresenceState)]) -> Result<(), BusError>;

    /// How each of these accounts is on the *other* nodes: the most present of what they say. Accounts that no other node speaks of are left out.
    async fn presence(&self, users: &[UserId]) -> Result<Vec<(UserId, PresenceState)>, BusError>;
}
