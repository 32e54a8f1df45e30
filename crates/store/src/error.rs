//! What can go wrong with storage itself, as against with what was asked of it.

use std::error::Error;

/// The storage failed. What was asked for has either not happened, or (`Unavailable`) may have: asking again is safe, because
/// every write has an idempotency key.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is overloaded, or was shut down: try again.
    #[error("the storage is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Its disk is full.
    #[error("the disk is full")]
    Full(#[source] Box<dyn Error + Send + Sync>),
    /// It may be read but not written.
    #[error("the storage is read-only")]
    ReadOnly(#[source] Box<dyn Error + Send + Sync>),
    /// Another process uses it.
    #[error("another process uses this storage")]
    Locked,
    /// A newer Pipit has written it.
    #[error("the storage has schema {found}, and this version knows {known}: use a newer Pipit")]
    NewerSchema {
        /// The schema it has.
        found: u32,
        /// The newest schema that this binary knows.
        known: u32,
    },
    /// What it holds breaks its own rules: stop, alarm, do not guess.
    #[error("the storage is corrupt: {detail}")]
    Corrupt {
        /// What was found.
        detail: String,
    },
    /// A mistake of ours: a statement that the database refuses.
    #[error("the storage refused a statement")]
    Statement(#[source] Box<dyn Error + Send + Sync>),
}
