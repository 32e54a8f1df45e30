//! Opening: the lock against a second process, the connections and their settings.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pipit_store::error::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{io_error, store_error};
use crate::migration::{check, migrate};

/// The page size of a new database, bytes: SQLite's default, and that of most file systems.
const PAGE_BYTES: u64 = 4_096;
/// The write-ahead log is folded into the database when it has this many pages (64 MiB). Fewer, larger checkpoints write a page
/// that many commits changed once.
pub(crate) const CHECKPOINT_PAGES: u32 = 16_384;
/// How much the writer keeps in memory, KiB: the ends of some thousands of logs and the upper levels of the indexes. Taken as it is
/// needed. With SQLite's 2 MiB the writer read pages back that it had just written; this and the order of `event_by_id` halved
/// the processor time of a batch (2026-11-24).
const WRITER_CACHE_KIB: i64 = 16 * 1_024;
/// How many prepared statements a connection keeps: more than this crate has.
const STATEMENTS_MAX: usize = 256;
/// How long to wait for a lock that a tool beside the server (a backup, a shell) holds.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// How to run the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many threads read. Default: as many as cores, between 2 and 8.
    pub readers: NonZeroUsize,
    /// How many calls may wait in each of the two queues before callers wait outside. Default: 4,096.
    pub queue_jobs_max: NonZeroUsize,
    /// The largest size of the database file, bytes; beyond it writes answer `Full`. Default: none.
    pub size_bytes_max: Option<NonZeroU64>,
}

impl Default for Options {
    fn default() -> Self {
        const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
        const EIGHT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);
        const QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);
        Self {
            readers: std::thread::available_parallelism()
                .unwrap_or(TWO)
                .clamp(TWO, EIGHT),
            queue_jobs_max: QUEUE,
            size_bytes_max: None,
        }
    }
}

/// Takes the exclusive lock that is held as long as the database is open: `<path>.lock` beside it. The system gives it back when
/// the process ends, however it ends.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(beside))
        .map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked),
        Err(TryLockError::Error(error)) => Err(io_error(error)),
    }
}

/// The file of the database, to wait for the disk with. The writer's connection must be open.
pub(crate) fn database(path: &Path) -> Result<Arc<File>, StoreError> {
    // Windows lets only those wait who may write.
    let file = OpenOptions::new().write(true).open(path).map_err(io_error)?;
    Ok(Arc::new(file))
}

/// Waits until all that was written to `file`, the database's, is on the disk.
pub(crate) fn wait_for_disk(file: &File) -> std::io::Result<()> {
    pipit_writeback::write_back(file)?;
    match file.sync_data() {
        // Some file systems of the network know no such wait. SQLite's own decides there.
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput) => Ok(()),
        outcome => outcome,
    }
}

const WRITABLE: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX)
    .union(OpenFlags::SQLITE_OPEN_EXRESCODE);

/// The connection that writes, on a database with the newest schema.
pub(crate) fn writer(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    let flags = WRITABLE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut db = Connection::open_with_flags(path, flags).map_err(store_error)?;
    if db.is_readonly(rusqlite::MAIN_DB).map_err(store_error)? {
        return Err(io_error(std::io::ErrorKind::ReadOnlyFilesystem.into()));
    }
    set_up(&db).map_err(store_error)?;
    check(&db)?;
    set_up_writer(&db, options).map_err(store_error)?;
    migrate(&mut db)?;
    Ok(db)
}

/// A connection that only reads. The writer's must be open.
pub(crate) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let db = Connection::open_with_flags(path, flags).map_err(store_error)?;
    set_up(&db).map_err(store_error)?;
    Ok(db)
}

/// A connection that folds the write-ahead log and does nothing else. The writer's must be open.
pub(crate) fn folder(path: &Path) -> Result<Connection, StoreError> {
    let db = Connection::open_with_flags(path, WRITABLE).map_err(store_error)?;
    set_up(&db).map_err(store_error)?;
    // What it folds must be on disk before the log begins anew.
    db.pragma_update(None, "synchronous", "full")
        .map_err(store_error)?;
    Ok(db)
}

/// A database in memory, with the newest schema.
pub(crate) fn in_memory() -> Result<Connection, StoreError> {
    let mut db = Connection::open_in_memory().map_err(store_error)?;
    set_up(&db).map_err(store_error)?;
    migrate(&mut db)?;
    Ok(db)
}

fn set_up(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // A plan does not depend on what is bound. Without it, SQLite compares what is bound with the conditions of partial indexes, and
    // plans anew each time that something else is bound, which cost more than the statements themselves (2026-11-28).
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "temp_store", "memory")?;
    // Functions and views of a schema that somebody else has edited get no say.
    db.pragma_update(None, "trusted_schema", false)
}

fn set_up_writer(db: &Connection, options: &Options) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "wal")?;
    // FULL: every commit waits for its fsync. NORMAL would lose the last commits on power loss.
    db.pragma_update(None, "synchronous", "full")?;
    // Somebody else does it: see `checkpoint`.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is deleted or overwritten is overwritten with zeros: what people delete is not to be found in the file. It costs nothing where
    // logs only grow.
    db.pragma_update(None, "secure_delete", true)?;
    // Negative: a size, and not a number of pages.
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    if let Some(size) = options.size_bytes_max {
        let pages = i64::try_from(size.get().div_ceil(PAGE_BYTES)).unwrap_or(i64::MAX);
        db.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}
