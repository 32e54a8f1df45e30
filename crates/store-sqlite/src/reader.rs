//! The readers: a few threads, each with a read-only connection of its own, that share one bounded queue.
//!
//! In WAL mode readers and the writer do not wait for each other, and each reads the state of one moment. The threads are
//! ours and not the runtime's blocking pool, because there a call would first wait for a thread and then for a connection, with
//! as many threads as callers (tokio's pool grows to 512) to wait for as few connections as there are cores; here the
//! connection comes with the thread, and the wait is without a thread. Reading on the runtime's own threads would save the
//! hop between threads, which costs more than a lookup does; but one page that is not in memory would then stop every
//! connection that the thread serves. `benches/append.rs` measures all three.
//!
//! The queue is a list, a lock and a condition, so that a call wakes one thread, once. (One receiver of a channel, shared
//! behind a lock, wakes two: the one that takes the call, and the next, to wait in its place.)

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pipit_store::error::StoreError;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{closed, io_error, store_error};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// What waits for a reader.
struct Queue {
    waiting: Mutex<Waiting>,
    /// Something waits, or nothing will any more.
    changed: Condvar,
    /// The places in the queue.
    places: Arc<Semaphore>,
    /// Gets a permit with each thread that has ended.
    ended: Semaphore,
}

struct Waiting {
    jobs: VecDeque<(Job, OwnedSemaphorePermit)>,
    closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job, place: OwnedSemaphorePermit) -> Result<(), StoreError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(closed());
        }
        waiting.jobs.push_back((job, place));
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job; none where the queue is closed and empty.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if let Some((job, _place)) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

/// The readers' queue and threads.
pub(crate) struct Readers {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each connection.
    pub(crate) fn start(connections: Vec<Connection>, queue_jobs_max: usize) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue {
            waiting: Mutex::new(Waiting {
                jobs: VecDeque::new(),
                closed: false,
            }),
            changed: Condvar::new(),
            places: Arc::new(Semaphore::new(queue_jobs_max.clamp(1, Semaphore::MAX_PERMITS))),
            ended: Semaphore::new(0),
        });
        let mut readers = Self {
            queue,
            threads: Vec::with_capacity(connections.len()),
        };
        for (db, number) in connections.into_iter().zip(1_u32..) {
            let queue = Arc::clone(&readers.queue);
            let thread = std::thread::Builder::new()
                .name(format!("pipit-db-read-{number}"))
                .spawn(move || serve(db, &queue))
                .map_err(io_error)?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Runs `work` on a snapshot.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            // Whoever asked may have gone: nobody then needs the answer.
            if !reply.is_closed() {
                drop(reply.send(snapshot(db, work).map_err(store_error)));
            }
        });
        let place = Arc::clone(&self.queue.places)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        self.queue.push(job, place)?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the threads after what waits has been answered; returns when their connections have been closed.
    pub(crate) async fn close(&self) {
        self.queue.close();
        let threads = u32::try_from(self.threads.len()).unwrap_or(u32::MAX);
        // Only a semaphore that was closed fails, and nobody closes this one.
        drop(self.queue.ended.acquire_many(threads).await);
    }
}

/// Runs `work` in a transaction, so that all its statements see one state. Its two statements are prepared once: a call that looks
/// up one row would else spend most of its time on parsing them.
pub(crate) fn snapshot<T>(
    db: &mut Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    execute(db, "BEGIN")?;
    let value = work(db);
    let ended = execute(db, "COMMIT");
    let value = value?;
    ended?;
    Ok(value)
}

fn execute(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(drop)
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reader of the database had panicked");
            }
        }
    }
}

/// Says that a thread has ended, however it does.
struct Ended<'a>(&'a Queue);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.ended.add_permits(1);
    }
}

fn serve(db: Connection, queue: &Queue) {
    let _ended = Ended(queue);
    // Declared after it, so that it is closed before.
    let mut db = db;
    while let Some(job) = queue.next() {
        job(&mut db);
    }
}
