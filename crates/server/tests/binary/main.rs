//! The binary `pipit` as a black box.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

mod command_line;
mod life;
mod process;
mod refusal;
