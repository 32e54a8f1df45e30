//! The embedded storage: SQLite, one file, nothing to run beside the server.
//!
//! * `engine`: where work runs: one writer thread that commits in groups (`writer`), a few readers (`reader`), and one that
//!   folds the write-ahead log (`checkpoint`).
//! * `open`, `migration`: the lock against a second process, the connections, the schema's history.
//! * `account`, `device`, `invite`, `person`, `conversation`, `joining`, `summary`, `append`, `change`, `log`, `receipt`, `search`: what the methods of
//!   [`pipit_store::Store`] do inside their transaction, as plain functions over a connection.
//! * `row`, `error`: between SQLite's types and ours.
//!
//! What is acknowledged is on disk: WAL with `synchronous=FULL`, answered after `COMMIT`.
#![warn(missing_docs)]

mod account;
mod append;
mod archive;
mod blob;
mod change;
mod checkpoint;
mod conversation;
mod departure;
mod device;
mod encryption;
mod engine;
mod error;
mod expiry;
#[cfg(test)]
mod group;
mod invite;
mod joining;
mod key_log;
mod log;
mod migration;
mod open;
mod person;
mod personal;
#[cfg(test)]
mod plan;
mod poll;
mod privacy;
mod push;
mod reader;
mod receipt;
mod report;
mod row;
mod schedule;
mod search;
mod store;
mod summary;
mod writer;

use std::path::Path;

use pipit_store::error::StoreError;

use engine::Engine;

pub use open::Options;
pub use writer::Stats;

/// A storage in one SQLite database.
///
/// Dropping it commits what waits, ends its threads and gives the lock back; so does [`SqliteStore::close`], which can be
/// called where others still hold the store: they then find it closed.
pub struct SqliteStore {
    engine: Engine,
}

impl SqliteStore {
    /// Opens the database at `path`, makes it where there is none, and brings its schema up to date. Its folder must exist.
    /// `<path>.lock`, `<path>-wal` and `<path>-shm` stand beside it.
    ///
    /// # Errors
    /// `Locked` where another process (or this one) has it open, `NewerSchema`, `ReadOnly`, `Full`, `Corrupt` where it is no
    /// database of Pipit's.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Engine::open(path.as_ref(), &options)?,
        })
    }

    /// A database in memory, for tests and simulation: no threads; every call is done when it is first polled, so that
    /// calls in a fixed order have a fixed outcome.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        Ok(Self {
            engine: Engine::open_in_memory()?,
        })
    }

    /// Commits what waits, ends the threads, closes the connections and gives the lock back; returns when all of that is
    /// done. Calls that come later are `Unavailable`.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// How many commits and writing calls there were: how well the grouping works.
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }
}

/// The SQL of a freshly migrated database, for `cargo xtask gen`.
pub fn schema_dump() -> Result<String, StoreError> {
    migration::dump()
}
