//! The client core's face towards the browser's worker: JSON in, JSON out.
//!
//! The worker's TypeScript owns the WebSocket, the HTTP requests, the timer and the talk with other tabs, because all of those are
//! the browser's; it passes what happens to [`face::Face::handle`] and carries out what comes back. So nothing here ever calls
//! into JavaScript but the store, no call is re-entered, and the boundary is two strings that a test can read. Strings, because
//! what crosses is JSON on one side already (frames) and goes on by `postMessage` on the other: building the values one property
//! at a time through `serde-wasm-bindgen` would cross the boundary for every field.
//!
//! Natively only [`face`] is compiled, for its tests; what needs a browser is behind `cfg(target_family = "wasm")`.
#![warn(missing_docs)]

pub mod face;

#[cfg(target_family = "wasm")]
pub mod browser;
