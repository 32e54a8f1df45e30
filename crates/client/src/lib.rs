//! Pipit's client engine: everything a client does but I/O.
#![warn(missing_docs)]

pub mod command;
pub mod io;
pub mod storage;
pub mod view;
