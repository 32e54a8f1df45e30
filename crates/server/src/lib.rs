//! Pipit's server.
//!
//! One message's way: the edge ([`gateway`] for WebSocket, [`rest`] for HTTP) parses and authenticates; one service of
//! [`service`] validates and authorizes; the appender in [`fanout`] commits it together with whatever else waits; then it is
//! acknowledged, and the hub hands the serialised entry, made once, to every connection that may read it.

pub mod clock;
pub mod config;
pub mod context;
pub mod data_dir;
pub mod error;
pub mod fanout;
pub mod gateway;
pub mod limit;
pub mod log;
pub mod node;
pub mod outgoing;
pub mod panics;
pub mod rest;
pub mod run;
pub mod service;
pub mod stats;
pub mod web;
