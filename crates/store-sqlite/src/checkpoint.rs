//! Folding the write-ahead log into the database beside the writer, and not instead of writing.
//!
//! A checkpoint writes every page that changed and waits for the disk: with 64 MiB of log that is a tenth of a second and more, in which a writer
//! that does it itself commits nothing. So a thread with a connection of its own does it while the writer goes on (in WAL mode neither waits
//! for the other), several times, so that little has come meanwhile; the writer then folds that little itself between two groups. The log is whole in
//! the database at that moment, and the next commit begins it anew. Where readers held on to it, or the thread failed, it grows, and from four
//! times as long on the writer folds it itself.
//!
//! SQLite waits for the disk only when it has folded the whole log, which beside a busy writer it has not: all the waiting would be left to the
//! writer, 12 ms of it where a commit takes 0.3. So the thread waits itself, each time that it has folded something, and in short stretches, because a commit
//! that comes meanwhile waits for whatever the disk has been handed before ([decision 54](../../../docs/adr/0054-folding-in-stretches.md)).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use pipit_store::error::StoreError;
use rusqlite::{Connection, ffi};

use crate::error::io_error;

/// How often the thread folds before the writer does the rest: each time takes what came during the time before, which mostly is less.
const ROUNDS: usize = 3;

/// What the writer and the thread tell each other.
#[derive(Default)]
struct Shared {
    /// Pages in the log after the last commit.
    pages: AtomicU32,
    /// Set by the thread when it has done its part.
    folded: AtomicBool,
    /// The thread is to begin nothing more.
    ending: AtomicBool,
}

/// The writer's side.
pub(crate) struct Checkpoints {
    shared: Arc<Shared>,
    /// From how many pages on the log is folded.
    pages_max: u32,
    /// Some while the thread runs.
    orders: Option<SyncSender<()>>,
    /// Whether the thread was asked, and the rest is not folded yet.
    asked: bool,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread on `beside`, and has `db`, the writer's connection, no longer fold by itself. `wait` returns when all that was written to the
    /// database's file is on the disk.
    pub(crate) fn start<W>(
        db: &mut Connection,
        beside: Connection,
        wait: W,
        pages_max: u32,
    ) -> Result<Self, StoreError>
    where
        W: Fn() -> io::Result<()> + Send + 'static,
    {
        let shared = Arc::new(Shared::default());
        let of_hook = Arc::clone(&shared);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count: i32| {
            of_hook
                .pages
                .store(u32::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
        .map_err(crate::error::store_error)?;
        let (orders, waiting) = sync_channel(1);
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("pipit-db-fold".to_owned())
            .spawn(move || serve(&beside, wait, &waiting, &of_thread))
            .map_err(io_error)?;
        Ok(Self {
            shared,
            pages_max,
            orders: Some(orders),
            asked: false,
            thread: Some(thread),
        })
    }

    /// Called between two groups, by the thread that writes.
    pub(crate) fn between_groups(&mut self, db: &Connection) {
        let pages = self.shared.pages.load(Ordering::Relaxed);
        if self.shared.folded.swap(false, Ordering::AcqRel) || pages >= self.pages_max.saturating_mul(4) {
            self.asked = false;
            fold(db);
        } else if pages >= self.pages_max && !self.asked {
            self.asked = self
                .orders
                .as_ref()
                .is_some_and(|orders| orders.try_send(()).is_ok());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.orders = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that folds the write-ahead log had panicked");
        }
    }
}

fn serve<W>(db: &Connection, wait: W, orders: &Receiver<()>, shared: &Shared)
where
    W: Fn() -> io::Result<()>,
{
    while orders.recv().is_ok() {
        for _ in 0..ROUNDS {
            if shared.ending.load(Ordering::Relaxed) {
                return;
            }
            if !fold(db) {
                break;
            }
            if let Err(error) = wait() {
                lost(&error);
            }
        }
        shared.folded.store(true, Ordering::Release);
    }
}

/// Folds as much as readers allow, without waiting for any. What fails (false) is tried again when the log has grown.
fn fold(db: &Connection) -> bool {
    let folded = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2));
    match folded {
        Ok(pages) => tracing::trace!(pages, "the write-ahead log was folded"),
        Err(error) if is_of_sync(&error) => lost(&error),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the write-ahead log was not folded"
            );
            return false;
        }
    }
    true
}

fn is_of_sync(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_FSYNC)
}

/// Ends the process, because what was folded may not be on the disk. The system says so once, and counts it as written from then on: the log, which still has
/// it, would begin anew. Whoever starts the process again has it read from the log.
fn lost(error: &(dyn std::error::Error + 'static)) -> ! {
    tracing::error!(
        error,
        "the disk did not take what was written to the database: the process ends, and the next one reads it from the write-ahead log"
    );
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::*;

    const PAGES_MAX: u32 = 64;

    fn opened(folder: impl AsRef<Path>) -> Connection {
        let db = Connection::open(folder.as_ref().join("log.db")).unwrap();
        db.pragma_update(None, "journal_mode", "wal").unwrap();
        db
    }

    fn write(db: &Connection) {
        db.execute("INSERT INTO entry VALUES (zeroblob(6000))", [])
            .unwrap();
    }

    /// The writer is left little to wait for.
    #[test]
    fn what_the_thread_folds_it_waits_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = opened(&folder);
        db.execute_batch("CREATE TABLE entry (bytes BLOB)").unwrap();
        let waits = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&waits);
        let wait = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let mut checkpoints = Checkpoints::start(&mut db, opened(&folder), wait, PAGES_MAX).unwrap();
        while !checkpoints.shared.folded.load(Ordering::Acquire) {
            write(&db);
            if !checkpoints.asked {
                checkpoints.between_groups(&db);
            }
        }
        assert_eq!(waits.load(Ordering::Relaxed), u32::try_from(ROUNDS).unwrap());
    }

    const CHILD: &str = "PIPIT_STORE_SQLITE_TEST_DISK_FAILS";

    /// As if it had been killed: the log is not folded any more, and is there.
    #[test]
    fn a_disk_that_does_not_take_it_ends_the_process() {
        if let Some(path) = std::env::var_os(CHILD) {
            let folder = Path::new(&path);
            let mut db = opened(folder);
            db.execute_batch("CREATE TABLE entry (bytes BLOB)").unwrap();
            let fails = || Err(io::Error::from_raw_os_error(5));
            let mut checkpoints = Checkpoints::start(&mut db, opened(folder), fails, PAGES_MAX).unwrap();
            for _ in 0..20_000 {
                write(&db);
                checkpoints.between_groups(&db);
            }
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let name = "checkpoint::tests::a_disk_that_does_not_take_it_ends_the_process";
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(CHILD, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        // No exit code: a signal.
        assert_eq!(status.code(), None);
        let db = opened(&folder);
        let count: u32 = db
            .query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
            .unwrap();
        assert!(count >= PAGES_MAX / 4, "{count}");
    }

    /// A log that is written to all the time is folded by the thread, begins anew, and never grows past its bound.
    #[test]
    fn the_log_begins_anew_while_it_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = opened(&folder);
        db.execute_batch("CREATE TABLE entry (bytes BLOB)").unwrap();
        let mut checkpoints = Checkpoints::start(&mut db, opened(&folder), || Ok(()), PAGES_MAX).unwrap();
        let (mut before, mut begun_anew) = (0, 0);
        while begun_anew < 20 {
            write(&db);
            let pages = checkpoints.shared.pages.load(Ordering::Relaxed);
            // More than four times as long only while the thread is at it.
            assert!(pages < PAGES_MAX * 32, "{pages}");
            begun_anew += u32::from(pages < before);
            before = pages;
            checkpoints.between_groups(&db);
        }
        let check: String = db
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok");
    }

    /// Somebody who reads keeps what they read in the log; it is folded after they have gone.
    #[test]
    fn a_reader_holds_the_log_only_as_long_as_it_reads() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = opened(&folder);
        db.execute_batch("CREATE TABLE entry (bytes BLOB)").unwrap();
        let mut checkpoints = Checkpoints::start(&mut db, opened(&folder), || Ok(()), PAGES_MAX).unwrap();
        let reader = opened(&folder);
        write(&db);
        reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
        let pages = |checkpoints: &Checkpoints| checkpoints.shared.pages.load(Ordering::Relaxed);
        while pages(&checkpoints) < PAGES_MAX * 6 {
            write(&db);
            checkpoints.between_groups(&db);
        }
        reader.execute_batch("COMMIT").unwrap();
        while pages(&checkpoints) > PAGES_MAX {
            write(&db);
            checkpoints.between_groups(&db);
        }
    }
}
