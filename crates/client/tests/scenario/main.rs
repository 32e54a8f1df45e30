//! The engine, step by step, against a server whose part the tests play.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by it"
)]

mod archives;
mod changes;
mod connection;
mod expiry;
mod gone;
mod groups;
mod notifications;
mod outbox;
mod personal;
mod places;
mod polls;
mod privacy;
mod random;
mod receipts;
mod requests;
mod scheduled;
mod sealed;
mod search;
mod session;
mod storage;
mod support;
mod sync;
mod trust;
mod uploads;
mod views;
mod wishes;
