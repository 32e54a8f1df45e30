//! The readers: a few threads, each with a read-only connection of its own, that share one bounded queue.
//!
//! In WAL mode readers and the writer do not wait for each other, and each reads the state of one moment. The threads are
//! ours and not the runtime's blocking pool, because there a call would first wait for a thread and then for a connection, with
//! as many threads as callers (tokio's pool grows to 512) to wait for as few connections as there are cores; here the
//! connection comes with the thread, its statements stay prepared, and the wait is without a thread. Reading on the
//! runtime's own threads would save the hop between threads, but one page that is not in memory would then stop every
//! connection that the thread serves. `benches/append.rs` measures the hop.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use pipit_store::error::StoreError;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::{closed, io_error, store_error};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

enum Message {
    Job(Job),
    /// Ends one thread; answered when its connection has been closed.
    Stop(oneshot::Sender<()>),
}

/// The readers' queue and threads.
pub(crate) struct Readers {
    queue: mpsc::Sender<Message>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each connection.
    pub(crate) fn start(connections: Vec<Connection>, queue_jobs_max: usize) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(queue_jobs_max.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        let mut readers = Self {
            queue,
            threads: Vec::with_capacity(connections.len()),
        };
        for (db, number) in connections.into_iter().zip(1_u32..) {
            let jobs = Arc::clone(&jobs);
            let thread = std::thread::Builder::new()
                .name(format!("pipit-db-read-{number}"))
                .spawn(move || serve(db, &jobs))
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
        self.queue.send(Message::Job(job)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the threads after what waits has been answered.
    pub(crate) async fn close(&self) {
        let mut stopping = Vec::with_capacity(self.threads.len());
        for _ in &self.threads {
            let (reply, stopped) = oneshot::channel();
            if self.queue.send(Message::Stop(reply)).await.is_ok() {
                stopping.push(stopped);
            }
        }
        for stopped in stopping {
            // An error means that the thread has ended already.
            drop(stopped.await);
        }
    }
}

/// Runs `work` in a transaction, so that all its statements see one state.
pub(crate) fn snapshot<T>(
    db: &mut Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let tx = db.transaction()?;
    let value = work(&tx)?;
    tx.finish()?;
    Ok(value)
}

impl Drop for Readers {
    fn drop(&mut self) {
        // The queue ends when its last sender is gone.
        let (nobody, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.queue, nobody));
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reader of the database had panicked");
            }
        }
    }
}

fn serve(mut db: Connection, queue: &Mutex<mpsc::Receiver<Message>>) {
    let mut stop = None;
    while let Some(message) = next(queue) {
        match message {
            Message::Job(job) => job(&mut db),
            Message::Stop(reply) => {
                stop = Some(reply);
                break;
            }
        }
    }
    drop(db);
    if let Some(reply) = stop {
        let _ = reply.send(());
    }
}

/// Waits for the next message. One idle thread waits on the queue and holds the lock; the others wait for the lock.
fn next(queue: &Mutex<mpsc::Receiver<Message>>) -> Option<Message> {
    queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .blocking_recv()
}
