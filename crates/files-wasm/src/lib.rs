//! Seals and opens files in the browser.
//!
//! The core is some megabytes, and one worker of one tab has it. Files are opened in every tab: so this is a module of
//! its own, of what [`pipit_e2ee::file`] needs and nothing else. Numbers cross as `f64`, as JavaScript has them: lengths of files are exact up to 2^53.
//!
//! Natively only [`face`] is compiled, for its tests.
#![warn(missing_docs)]

pub mod face;

#[cfg(target_family = "wasm")]
pub mod browser;
