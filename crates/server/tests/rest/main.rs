//! The HTTP edge of a real server, spoken to over plain HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

mod access;
mod accounts;
mod archives;
mod changes;
#[cfg(feature = "postgres")]
mod cluster;
mod conversations;
mod document;
mod encryption;
mod files;
mod groups;
mod input;
mod invites;
mod key_log;
mod limits;
mod matrix;
mod operations;
mod pictures;
#[cfg(feature = "postgres")]
mod postgres;
mod previews;
mod privacy;
mod push;
mod reports;
mod scheduled;
mod sealed;
mod search;
mod sessions;
mod sockets;
mod world;
