//! Devices, a log that orders what they send, and what must hold between them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop where something is not as it should be"
)]

mod crashes;
mod fuzz;
mod groups;
mod keys;
mod refusals;
mod restored;
mod simulation;
mod world;
