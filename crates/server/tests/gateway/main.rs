//! The gateway from outside: a real server on a free port, and clients that share no code with it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

mod abuse;
mod changes;
mod chat;
mod encryption;
mod ends;
mod expiry;
mod lossy;
mod matrix;
mod members;
mod personal;
mod polls;
mod presence;
mod privacy;
mod refusals;
mod requests;
mod resume;
mod rolling;
mod scheduled;
mod several;
mod steps;
mod world;
