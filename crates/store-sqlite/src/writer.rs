//! The one writer: a thread that takes everything that waits and commits it together.
//!
//! A commit costs an fsync, which costs as much as hundreds of small inserts. So the thread takes all jobs that wait, runs
//! them in one transaction, and answers each after `COMMIT` has returned. While it does so, what arrives waits for the
//! next group: the group grows with the load by itself, and no timer adds latency when there is none.
//!
//! * Each of several jobs runs in its own savepoint, so that one that fails takes nothing with it but itself. A job that is alone
//!   needs none: mostly it is a batch of entries, whose senders wait for it.
//! * Where `COMMIT` fails, or SQLite rolls the transaction back by itself (a full disk does so), every job of the group
//!   gets the error: none has happened.
//! * The queue is bounded: whoever finds it full waits, without a thread.
//!
//! One thread and one connection, and not a pool: SQLite has one writer at a time anyway, waiting for its lock is a poll with
//! sleeps, and a group can only be made by whoever sees all jobs.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use pipit_store::error::StoreError;
use rusqlite::{Connection, ffi};
use tokio::sync::{mpsc, oneshot};

use crate::checkpoint::Checkpoints;
use crate::error::{closed, group_error, io_error, store_error};

/// The most jobs in one commit: what a job waits for is bounded even where the queue is always full.
const GROUP_JOBS_MAX: usize = 1_024;

/// What the writer has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Transactions that were committed; each costs one fsync of the write-ahead log.
    pub commits: u64,
    /// Jobs (calls that write) in them, those that failed on their own included.
    pub jobs: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    jobs: AtomicU64,
}

impl Counters {
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            commits: self.commits.load(Ordering::Relaxed),
            jobs: self.jobs.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn count(&self, jobs: usize) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.jobs
            .fetch_add(u64::try_from(jobs).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Why what a job did cannot be kept: what SQLite said, where it did.
struct Refused(Option<ffi::Error>);

/// A call that writes.
trait Job: Send {
    /// Does the work inside the transaction and keeps the outcome.
    fn run(&mut self, db: &Connection) -> Result<(), Refused>;
    /// Answers, once the transaction is on disk or has failed.
    fn finish(self: Box<Self>, failure: Option<&Arc<rusqlite::Error>>);
}

struct Write<T, F> {
    work: Option<F>,
    outcome: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, db: &Connection) -> Result<(), Refused> {
        let Some(work) = self.work.take() else {
            return Err(Refused(None));
        };
        let outcome = work(db);
        let refused = match &outcome {
            Ok(_) => Ok(()),
            Err(error) => Err(Refused(error.sqlite_error().copied())),
        };
        self.outcome = Some(outcome);
        refused
    }

    fn finish(self: Box<Self>, failure: Option<&Arc<rusqlite::Error>>) {
        let answer = match (self.outcome, failure) {
            // A job's own error says more than what became of the group.
            (Some(Err(error)), _) => Err(store_error(error)),
            (_, Some(error)) => Err(group_error(error)),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(closed()),
        };
        // Whoever asked may have gone; what was done stays done, and asking again is safe.
        drop(self.reply.send(answer));
    }
}

enum Message {
    Job(Box<dyn Job>),
    /// Empties the write-ahead log; says whether it is empty.
    Scrub(oneshot::Sender<Result<bool, StoreError>>),
    /// Ends the thread; answered when the connection has been closed.
    Stop(oneshot::Sender<()>),
}

/// The writer's queue and thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the thread. `file`, the database's, and `lock` are kept until the connection has been closed.
    pub(crate) fn start(
        lock: File,
        file: Arc<File>,
        db: Connection,
        checkpoints: Checkpoints,
        queue_jobs_max: usize,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(queue_jobs_max.max(1));
        let counters = Arc::new(Counters::default());
        let of_thread = Arc::clone(&counters);
        let thread = std::thread::Builder::new()
            .name("pipit-db-writer".to_owned())
            .spawn(move || serve(lock, file, db, checkpoints, jobs, &of_thread))
            .map_err(io_error)?;
        Ok(Self {
            queue,
            thread: Some(thread),
            counters,
        })
    }

    /// Runs `work` in the next group and waits until that is on disk.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Write {
            work: Some(work),
            outcome: None,
            reply,
        };
        self.queue
            .send(Message::Job(Box::new(job)))
            .await
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Folds the write-ahead log into the database and empties it, after what waits has been committed. False where a reader held on to it.
    pub(crate) async fn scrub(&self) -> Result<bool, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue
            .send(Message::Scrub(reply))
            .await
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the thread after what waits has been committed. Calls that come later find the store closed.
    pub(crate) async fn close(&self) {
        let (reply, stopped) = oneshot::channel();
        if self.queue.send(Message::Stop(reply)).await.is_ok() {
            // An error means that the thread has ended already.
            drop(stopped.await);
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.stats()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The queue ends when its last sender is gone; the thread then commits what waits and returns.
        let (nobody, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.queue, nobody));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the database's writer had panicked");
        }
    }
}

/// In this order, which is the order of closing from the last to the first, also in a panic: a file's locks go with any handle of it that the process closes.
fn serve(
    lock: File,
    file: Arc<File>,
    mut db: Connection,
    mut checkpoints: Checkpoints,
    mut queue: mpsc::Receiver<Message>,
    counters: &Counters,
) {
    let mut group = Vec::with_capacity(GROUP_JOBS_MAX);
    let mut stop = None;
    while stop.is_none() && queue.blocking_recv_many(&mut group, GROUP_JOBS_MAX) > 0 {
        let mut jobs = Vec::with_capacity(group.len());
        let mut scrubs = Vec::new();
        for message in group.drain(..) {
            match message {
                // What came after the order to stop is not run; its caller finds the store closed.
                Message::Job(job) if stop.is_none() => jobs.push(job),
                Message::Stop(reply) if stop.is_none() => stop = Some(reply),
                Message::Scrub(reply) if stop.is_none() => scrubs.push(reply),
                Message::Job(_) | Message::Scrub(_) | Message::Stop(_) => {}
            }
        }
        run_group(&mut db, jobs, counters);
        checkpoints.between_groups(&db);
        for reply in scrubs {
            let _nobody_waits = reply.send(scrub(&db).map_err(store_error));
        }
    }
    drop(queue);
    // Its connection is closed before the writer's, which folds what is left.
    drop(checkpoints);
    if let Err((_, error)) = db.close() {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the database did not close"
        );
    }
    drop(file);
    drop(lock);
    if let Some(reply) = stop {
        let _ = reply.send(());
    }
}

/// Readers are done in milliseconds; whoever writes does not wait longer for one that is not.
const SCRUB_BUSY: Duration = Duration::from_millis(100);

fn scrub(db: &Connection) -> rusqlite::Result<bool> {
    db.busy_timeout(SCRUB_BUSY)?;
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    db.busy_timeout(crate::open::BUSY)?;
    Ok(!busy?)
}

/// Runs all of the jobs, in one transaction unless SQLite gives that up on the way.
fn run_group(db: &mut Connection, jobs: Vec<Box<dyn Job>>, counters: &Counters) {
    let mut jobs = jobs.into_iter();
    let mut ran = Vec::with_capacity(jobs.len());
    while jobs.len() > 0 {
        let result = transaction(db, &mut jobs, &mut ran);
        if let Err(error) = &result {
            tracing::error!(
                error = error as &dyn std::error::Error,
                jobs = ran.len(),
                "a group was not committed"
            );
            if !db.is_autocommit()
                && let Err(error) = db.execute_batch("ROLLBACK")
            {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a transaction was not rolled back"
                );
            }
        } else {
            counters.count(ran.len());
        }
        let result = result.map_err(Arc::new);
        for job in ran.drain(..) {
            job.finish(result.as_ref().err());
        }
    }
}

/// Runs jobs until none is left, or until the transaction is lost. Those that it took are in `ran`.
fn transaction(
    db: &Connection,
    jobs: &mut std::vec::IntoIter<Box<dyn Job>>,
    ran: &mut Vec<Box<dyn Job>>,
) -> rusqlite::Result<()> {
    if let Err(error) = execute(db, "BEGIN IMMEDIATE") {
        // Nothing can be written at all: this is the answer to everything that waits.
        ran.extend(jobs);
        return Err(error);
    }
    if jobs.len() == 1
        && let Some(job) = jobs.next()
    {
        return run_alone(db, job, ran);
    }
    for mut job in jobs {
        let outcome = match execute(db, "SAVEPOINT job") {
            Ok(()) => job.run(db),
            Err(error) => {
                ran.push(job);
                return Err(error);
            }
        };
        ran.push(job);
        match outcome {
            Ok(()) => execute(db, "RELEASE job")?,
            Err(refused) if db.is_autocommit() => return Err(lost(&refused)),
            Err(_) => {
                execute(db, "ROLLBACK TO job")?;
                execute(db, "RELEASE job")?;
            }
        }
    }
    execute(db, "COMMIT")
}

/// Runs the only job of a transaction: what it has done is taken back with the transaction.
fn run_alone(db: &Connection, mut job: Box<dyn Job>, ran: &mut Vec<Box<dyn Job>>) -> rusqlite::Result<()> {
    let outcome = job.run(db);
    ran.push(job);
    match outcome {
        Ok(()) => execute(db, "COMMIT"),
        Err(refused) if db.is_autocommit() => Err(lost(&refused)),
        Err(_) => execute(db, "ROLLBACK"),
    }
}

/// Why SQLite has rolled the transaction back by itself.
fn lost(refused: &Refused) -> rusqlite::Error {
    let failure = refused.0.unwrap_or_else(|| ffi::Error::new(ffi::SQLITE_ABORT));
    rusqlite::Error::SqliteFailure(failure, None)
}

fn execute(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(|_| ())
}
