//! From an accepted entry to everybody who may read it.
//!
//! The [`appender`] commits; the [`announcer`] serialises what was committed, once; the [`hub`] hands the bytes to the
//! [`outbox`] of every connection that may read them, and the bus takes them to the other nodes. All of it may lose what it
//! carries, and none of it waits: the log is what counts.

pub mod announcement;
pub mod announcer;
pub mod appender;
pub mod audience;
pub mod connection;
pub mod hub;
pub mod outbox;
pub mod repair;
pub mod signs;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what no one leaves half-changed: nothing under these locks can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
