//! The WebSocket edge.
//!
//! [`session`] is what one connection does with each frame, without a socket and without a timer; [`socket`] carries
//! bytes between a session and a WebSocket and keeps the time.

pub mod allowance;
mod catch_up;
mod open;
pub mod session;
pub mod socket;
mod websocket;

pub use socket::router;

/// What the gateway bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most connections at a time; more are refused with 503.
    pub connections_max: usize,
    /// How long a new connection may take to say `hello`, milliseconds.
    pub hello_timeout_ms: u64,
    /// How long a client may take to read what is written to it, milliseconds.
    pub write_timeout_ms: u64,
    /// How many frames one connection may send at once.
    pub frames_burst: u32,
    /// How many frames one connection may send a second in the long run.
    pub frames_per_second: u32,
    /// How many protocol errors one connection may make in a minute before it is closed.
    pub errors_per_minute: u32,
    /// Over how long a stopping node spreads its clients' return, milliseconds.
    pub reconnect_spread_ms: u32,
    /// How often what connections were given is compared with the log, where there are other nodes, milliseconds.
    pub sweep_interval_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections_max: 100_000,
            hello_timeout_ms: 10_000,
            write_timeout_ms: 30_000,
            frames_burst: 1_000,
            frames_per_second: 200,
            errors_per_minute: 20,
            reconnect_spread_ms: 5_000,
            sweep_interval_ms: 30_000,
        }
    }
}
