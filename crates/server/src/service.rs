//! The domain services: plain structs over store, clock and fan-out.

pub mod access;
pub mod accounts;
pub mod attachments;
pub mod changes;
mod chore;
pub mod conversations;
pub mod devices;
pub mod encryption;
pub mod expiry;
pub mod invites;
mod joining;
pub mod media;
pub mod messaging;
pub mod passwords;
pub mod personal;
mod polls;
pub mod presence;
pub mod previews;
pub mod privacy;
pub mod pruning;
pub mod push;
pub mod receipts;
mod requests;
pub mod scheduling;
pub mod scrubbing;
pub mod search;
pub mod tokens;
