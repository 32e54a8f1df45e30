//! Folding the write-ahead log into the database beside the writer, and not instead of writing.
//!
//! A checkpoint writes every page that changed and waits for the disk: with 64 MiB of log that is a tenth of a second and more, in which a writer
//! that does it itself commits nothing. So a thread with a connection of its own does it while the writer goes on (in WAL mode neither waits
//! for the other), several times, so that little has come meanwhile; the writer then folds that little itself between two groups. The log is whole in
//! the database at that moment, and the next commit begins it anew. Where readers held on to it, or the thread failed, it grows, and the
//! writer folds it itself before it is four times as long.
//!
//! SQLite waits for the disk only when it has folded the whole log, which beside a busy writer it never has: all the waiting would be left to the
//! writer, 12 ms of it where a commit takes 0.3. So the thread waits itself, each time that it has folded something, and in short stretches, because a commit
//! that comes meanwhile waits for whatever the disk has been handed before ([decision 54](../../../docs/adr/0054-folding-in-stretches.md)).

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use pipit_store::error::StoreError;
use rusqlite::Connection;

use crate::error::io_error;

/// How often the thread folds before the writer does the rest: each time takes what came during the time before, which is less.
const ROUNDS: usize = 3;

/// The writer's side.
pub(crate) struct Checkpoints {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    /// From how many pages on the log is folded.
    pages_max: u32,
    /// Some while the thread runs.
    orders: Option<SyncSender<()>>,
    /// Whether the thread was asked, and the rest is not folded yet.
    asked: bool,
    /// Set by the thread when it has done its part.
    folded: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    file: Arc<File>,
}

impl Checkpoints {
    /// Starts the thread on `beside`, and has `db`, the writer's connection, no longer fold by itself. `file` is the database's.
    pub(crate) fn start(
        db: &mut Connection,
        beside: Connection,
        file: Arc<File>,
        pages_max: u32,
    ) -> Result<Self, StoreError> {
        let pages = Arc::new(AtomicU32::new(0));
        let of_hook = Arc::clone(&pages);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count: i32| {
            of_hook.store(u32::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
        .map_err(crate::error::store_error)?;
        let folded = Arc::new(AtomicBool::new(false));
        let (orders, waiting) = sync_channel(1);
        let (of_thread, synced) = (Arc::clone(&folded), Arc::clone(&file));
        let thread = std::thread::Builder::new()
            .name("pipit-db-fold".to_owned())
            .spawn(move || serve(&beside, &synced, &waiting, &of_thread))
            .map_err(io_error)?;
        Ok(Self {
            pages,
            pages_max,
            orders: Some(orders),
            asked: false,
            folded,
            thread: Some(thread),
            file,
        })
    }

    /// The database's file. It is to be closed after every connection to it: when a process closes one of a file's handles, the system takes
    /// back the locks that it has by any of them.
    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Called between two groups, by the thread that writes.
    pub(crate) fn between_groups(&mut self, db: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.folded.swap(false, Ordering::AcqRel) || pages >= self.pages_max.saturating_mul(4) {
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
        self.orders = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that folds the write-ahead log had panicked");
        }
    }
}

fn serve(db: &Connection, file: &File, orders: &Receiver<()>, folded: &AtomicBool) {
    while orders.recv().is_ok() {
        for _ in 0..ROUNDS {
            fold(db);
            // Where it fails, SQLite's own waiting fails too: the system tells every open file of it.
            if let Err(error) = pipit_writeback::write_back(file).and_then(|()| file.sync_data()) {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the database was not written to the disk"
                );
            }
        }
        folded.store(true, Ordering::Release);
    }
}

/// Folds as much as readers allow, without waiting for any. What fails is tried again when the log has grown.
fn fold(db: &Connection) {
    let folded = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2));
    match folded {
        Ok(pages) => tracing::trace!(pages, "the write-ahead log was folded"),
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the write-ahead log was not folded"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES_MAX: u32 = 64;

    fn opened(folder: &tempfile::TempDir) -> Connection {
        let db = Connection::open(folder.path().join("log.db")).unwrap();
        db.pragma_update(None, "journal_mode", "wal").unwrap();
        db
    }

    fn file(folder: &tempfile::TempDir) -> Arc<File> {
        let mut options = File::options();
        Arc::new(options.write(true).open(folder.path().join("log.db")).unwrap())
    }

    fn write(db: &Connection) {
        db.execute("INSERT INTO entry VALUES (zeroblob(6000))", [])
            .unwrap();
    }

    /// A log that is written to all the time is folded by the thread, begins anew, and never grows past its bound.
    #[test]
    fn the_log_begins_anew_while_it_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = opened(&folder);
        db.execute_batch("CREATE TABLE entry (bytes BLOB)").unwrap();
        let mut checkpoints = Checkpoints::start(&mut db, opened(&folder), file(&folder), PAGES_MAX).unwrap();
        let (mut before, mut begun_anew) = (0, 0);
        while begun_anew < 20 {
            write(&db);
            let pages = checkpoints.pages.load(Ordering::Relaxed);
            assert!(pages < PAGES_MAX * 4 + 8, "{pages}");
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
        let mut checkpoints = Checkpoints::start(&mut db, opened(&folder), file(&folder), PAGES_MAX).unwrap();
        let reader = opened(&folder);
        write(&db);
        reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
        let pages = |checkpoints: &Checkpoints| checkpoints.pages.load(Ordering::Relaxed);
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
