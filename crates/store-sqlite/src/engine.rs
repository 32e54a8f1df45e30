//! Where work on the database runs.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pipit_store::error::StoreError;
use rusqlite::Connection;

use crate::checkpoint::Checkpoints;
use crate::error::store_error;
use crate::open::{self, Options};
use crate::reader::{Readers, snapshot};
use crate::writer::{Counters, Stats, Writer};

/// Where work on the database runs.
pub(crate) enum Engine {
    /// On threads of its own: a database on disk.
    Threads(Threads),
    /// On the thread of whoever calls, one after the other: a database in memory. It never waits for a disk, and what calls
    /// it in a fixed order gets the same answers in the same order every time, which a simulation lives from.
    Inline(Inline),
}

/// Dropped in this order: the readers' connections are closed before the writer's, which then folds the write-ahead log
/// into the database, and gives the lock back last.
pub(crate) struct Threads {
    readers: Readers,
    writer: Writer,
}

/// A database in memory.
pub(crate) struct Inline {
    /// None once it has been closed.
    db: Mutex<Option<Connection>>,
    counters: Counters,
}

impl Engine {
    /// A database on disk.
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let lock = open::lock(path)?;
        // Declared before the connections and so closed after them, whatever fails.
        let file;
        let mut db = open::writer(path, options)?;
        file = open::database(path)?;
        let synced = Arc::clone(&file);
        let wait = move || open::wait_for_disk(&synced);
        let checkpoints = Checkpoints::start(&mut db, open::folder(path)?, wait, open::CHECKPOINT_PAGES)?;
        let connections = (0..options.readers.get())
            .map(|_| open::reader(path))
            .collect::<Result<Vec<_>, _>>()?;
        let writer = Writer::start(lock, file, db, checkpoints, options.queue_jobs_max.get())?;
        let readers = Readers::start(connections, options.queue_jobs_max.get())?;
        Ok(Self::Threads(Threads { readers, writer }))
    }

    /// A database in memory.
    pub(crate) fn open_in_memory() -> Result<Self, StoreError> {
        let db = Mutex::new(Some(open::in_memory()?));
        Ok(Self::Inline(Inline {
            db,
            counters: Counters::default(),
        }))
    }

    /// Runs `work` in a transaction that may write; returns when it is on disk.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        match self {
            Self::Threads(threads) => threads.writer.write(work).await,
            Self::Inline(inline) => inline.write(work),
        }
    }

    /// Runs `work` on a snapshot.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        match self {
            Self::Threads(threads) => threads.readers.read(work).await,
            Self::Inline(inline) => inline.with(|db| snapshot(db, work)),
        }
    }

    /// Folds the write-ahead log into the database and empties it, so that what has been overwritten is in neither. False where somebody still
    /// reads from it.
    pub(crate) async fn scrub(&self) -> Result<bool, StoreError> {
        match self {
            Self::Threads(threads) => threads.writer.scrub().await,
            Self::Inline(_) => Ok(true),
        }
    }

    /// Ends all threads and closes all connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Threads(threads) => {
                threads.readers.close().await;
                threads.writer.close().await;
            }
            Self::Inline(inline) => {
                drop(inline.db.lock().unwrap_or_else(PoisonError::into_inner).take());
            }
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        match self {
            Self::Threads(threads) => threads.writer.stats(),
            Self::Inline(inline) => inline.counters.stats(),
        }
    }
}

impl Inline {
    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let db = db.as_mut().ok_or_else(crate::error::closed)?;
        work(db).map_err(store_error)
    }

    fn write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.with(|db| {
            // Rolled back where it is dropped before the commit.
            let tx = db.transaction()?;
            let value = work(&tx)?;
            tx.commit()?;
            self.counters.count(1);
            Ok(value)
        })
    }
}
