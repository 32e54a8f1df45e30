//! Where work runs: a bounded pool of connections, and what one unit of work does with one of them.
//!
//! # Flights
//! A round trip costs more than a statement, so statements that do not wait for each other's rows travel together: `BEGIN`, the
//! locks and everything that is read under them go in one flight, everything that is written and `COMMIT` in a second. The
//! server runs what it gets in order, each statement with a snapshot of its own (read committed): what stands after a lock in
//! a flight sees what was committed while that lock was waited for. Where one statement of a flight fails, the server refuses
//! the rest, and answers the `COMMIT` with a rollback: the flight is done only if every answer is good.
//!
//! Futures of a flight are polled in order (`join!(biased; …)`, `join_all`) and send when first polled. That holds for
//! statements that have been prepared, so a flight takes [`Statement`]s, never SQL.
//!
//! # A connection that is not known to be sound is closed
//! [`Session`] gives its connection back only when its work says that it is done. One that is dropped before (a failure, a
//! caller that gave up in the middle of a transaction) closes it, and the server rolls back: nobody can inherit half a
//! transaction.

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::time::Instant;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use crate::error::{Error, Remedy, corrupt};
use crate::open::Options;

/// How often work is done again that had to give way to others' (a deadlock, which the order of locks makes rare).
const TRIES_MAX: u32 = 8;
/// The pause before the second try after a lost connection; it doubles with each, up to 32 times.
const PAUSE: Duration = Duration::from_millis(25);

/// Parameters of a statement.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Parameters: `let key = params![id.as_uuid(), limit];`. Bound by a `let` of its own where a flight takes it.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &(dyn tokio_postgres::types::ToSql + Sync)),*]
    };
}
pub(crate) use params;

/// Begins a transaction that only reads, and reads one moment, whatever number of flights it takes.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The connections.
pub(crate) struct Sessions {
    pool: Pool,
    retry: Duration,
    limit: Duration,
}

impl Sessions {
    pub(crate) const fn new(pool: Pool, options: &Options) -> Self {
        Self {
            pool,
            retry: Duration::from_millis(options.retry_ms),
            limit: Duration::from_millis(options.call_timeout_ms),
        }
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// A call begins.
    pub(crate) fn call(&self) -> Call {
        let begun = Instant::now();
        Call {
            retry_until: begun + self.retry,
            deadline: begun + self.limit,
            tries: 0,
            in_doubt: false,
        }
    }

    /// A connection, for one unit of work.
    pub(crate) async fn session(&self, call: &Call) -> Result<Session, Error> {
        Ok(Session {
            connection: Some(self.pool.get().await?),
            in_doubt: call.in_doubt,
        })
    }

    /// Closes the connections that nobody uses.
    fn forget_idle(&self) {
        self.pool.retain(|_, _| false);
    }
}

/// How far a call has come: its tries, and until when it may try again.
pub(crate) struct Call {
    retry_until: Instant,
    deadline: Instant,
    tries: u32,
    in_doubt: bool,
}

impl Call {
    /// When it ends, whatever the server does: a server that hangs keeps its connections open and answers nothing, and then its
    /// own limits do not work either.
    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the work is to be done again; returns when it is time to.
    pub(crate) async fn again(&mut self, sessions: &Sessions, error: &Error) -> bool {
        self.tries += 1;
        let pause = match error.remedy() {
            Remedy::None => return false,
            Remedy::AtOnce if self.tries >= TRIES_MAX => return false,
            Remedy::AtOnce => Duration::ZERO,
            Remedy::Elsewhere => {
                sessions.forget_idle();
                self.pause()
            }
            Remedy::Later => self.pause(),
        };
        if Instant::now() + pause >= self.retry_until {
            return false;
        }
        tracing::debug!(%error, tries = self.tries, "a unit of work is done again");
        // Where the connection broke at the commit, nobody knows whether it was done.
        self.in_doubt |= !matches!(error.remedy(), Remedy::AtOnce);
        tokio::time::sleep(pause).await;
        true
    }

    fn pause(&self) -> Duration {
        PAUSE * (1 << self.tries.saturating_sub(1).min(5))
    }
}

/// Does a unit of work, `run!(sessions, |session| account::find(session, user))`, on a connection of its own, and again where it had
/// to give way, or the connection broke: a failover looks like that. The work has to have ended its transaction when it returns without
/// an error, and has to be safe to repeat; what each method does for that is in `store`.
///
/// A macro, because the future of a closure that borrows its arguments cannot be shown to be `Send` (rust-lang/rust#102211).
macro_rules! run {
    ($sessions:expr, |$session:ident| $work:expr) => {{
        let mut call = $sessions.call();
        loop {
            let outcome = match tokio::time::timeout_at(call.deadline(), $sessions.session(&call)).await {
                Err(_elapsed) => Err($crate::error::Error::Hung),
                Ok(Err(error)) => Err(error),
                Ok(Ok(owned)) => {
                    let outcome = {
                        let $session = &owned;
                        tokio::time::timeout_at(call.deadline(), $work).await
                    };
                    let outcome = outcome.unwrap_or(Err($crate::error::Error::Hung));
                    owned.settle(outcome.is_ok());
                    outcome
                }
            };
            match outcome {
                Err(error) if call.again(&$sessions, &error).await => {}
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use run;

/// A connection, for one unit of work.
pub(crate) struct Session {
    connection: Option<Object>,
    in_doubt: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

impl Session {
    /// Gives the connection back where the work is done; closes it otherwise.
    pub(crate) fn settle(mut self, done: bool) {
        if done {
            drop(self.connection.take());
        }
    }

    /// Whether an earlier try of this very call may have been committed: then what stands in its way may be its own.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    fn connection(&self) -> Result<&Object, Error> {
        self.connection
            .as_ref()
            .ok_or_else(|| corrupt("a session without a connection"))
    }

    /// Prepares a statement; a round trip for the first time on each connection only.
    pub(crate) async fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        Ok(self.connection()?.prepare_cached(sql).await?)
    }

    /// Runs statements without parameters or rows, such as `BEGIN`.
    pub(crate) async fn control(&self, sql: &str) -> Result<(), Error> {
        Ok(self.connection()?.batch_execute(sql).await?)
    }

    pub(crate) async fn begin(&self) -> Result<(), Error> {
        self.control("BEGIN").await
    }

    pub(crate) async fn commit(&self) -> Result<(), Error> {
        self.control("COMMIT").await
    }

    pub(crate) async fn rollback(&self) -> Result<(), Error> {
        self.control("ROLLBACK").await
    }

    /// A statement's rows.
    pub(crate) async fn query(&self, statement: &Statement, params: Params<'_>) -> Result<Vec<Row>, Error> {
        Ok(self.connection()?.query(statement, params).await?)
    }

    /// How many rows a statement changed.
    pub(crate) async fn execute(&self, statement: &Statement, params: Params<'_>) -> Result<u64, Error> {
        Ok(self.connection()?.execute(statement, params).await?)
    }

    /// Prepares a statement and returns its rows: for work that is one statement.
    pub(crate) async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        let statement = self.prepare(sql).await?;
        self.query(&statement, params).await
    }

    /// Prepares a statement and returns its first row.
    pub(crate) async fn first(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Prepares a statement and runs it: for work that is one statement.
    pub(crate) async fn run(&self, sql: &str, params: Params<'_>) -> Result<u64, Error> {
        let statement = self.prepare(sql).await?;
        self.execute(&statement, params).await
    }
}

/// A statement of a flight that may have nothing to do.
pub(crate) async fn only_if<T: Default>(
    wanted: bool,
    statement: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    if wanted { statement.await } else { Ok(T::default()) }
}
