//! Pipit's client engine: everything a client does but I/O.
//!
//! [`Engine`] takes [`io::Input`]s (frames, HTTP answers, commands of views, the passing of time) and gives [`io::Output`]s
//! (frames to send, requests to make, changes for views). Time and randomness are passed in; what must survive is behind the
//! [`storage::Storage`] port. The same inputs give the same outputs, so that the whole of it runs under simulation, natively
//! and in a browser's worker alike. `docs/adr/0007-client-core-sans-io.md` argues the shape.
#![warn(missing_docs)]

pub mod command;
pub mod fold;
pub mod io;
pub mod picture;
pub mod range;
pub mod search;
pub mod storage;
pub mod view;

mod actions;
mod archive;
mod changes;
mod clock;
mod commands;
mod connection;
mod diff;
mod encryption;
mod engine;
mod expiry;
pub mod files;
mod folding;
mod group;
mod hiding;
mod http;
mod items;
mod kept;
mod list;
mod log;
mod names;
mod notifications;
mod outbox;
mod path;
mod personal;
mod place;
mod polls;
mod presence;
mod privacy;
mod profile;
mod receipts;
mod receive;
mod reports;
mod request;
mod requests;
mod scheduled;
mod sealed;
mod session;
mod sync;
mod timeline;
mod trust;
mod typing;
mod unsent;
mod upload;
mod uploads;
mod views;
mod who;
mod window;
mod wishes;

pub use engine::{Config, Engine, RandomSource};
pub use storage::{Storage, StorageError};
