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

use deadpool_postgres::{Object, Pool};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use crate::error::{Error, corrupt};

/// How often work is done again that had to give way to others' (a deadlock, which the order of locks makes rare).
const TRIES_MAX: u32 = 8;

/// Parameters of a statement.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Parameters: `let key = params![id.as_uuid(), limit];`. Bound by a `let` of its own where a flight takes it.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &(dyn tokio_postgres::types::ToSql + Sync)),*]
    };
}
pub(crate) use params;

/// The connections.
pub(crate) struct Sessions {
    pool: Pool,
}

impl Sessions {
    pub(crate) const fn new(pool: Pool) -> Self {
        Self { pool }
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// A connection, for one unit of work.
    pub(crate) async fn session(&self) -> Result<Session, Error> {
        Ok(Session {
            connection: Some(self.pool.get().await?),
        })
    }
}

/// Does a unit of work, `run!(sessions, |session| account::find(session, user))`, on a connection of its own, again where it had
/// to give way. The work has to have ended its transaction when it returns without an error.
///
/// A macro, because the future of a closure that borrows its arguments cannot be shown to be `Send` (rust-lang/rust#102211).
macro_rules! run {
    ($sessions:expr, |$session:ident| $work:expr) => {{
        let mut tries = 0;
        loop {
            let owned = $sessions.session().await?;
            let outcome = {
                let $session = &owned;
                $work.await
            };
            if let Some(outcome) = owned.settle(outcome, &mut tries) {
                break outcome;
            }
        }
    }};
}
pub(crate) use run;

/// A connection, for one unit of work.
pub(crate) struct Session {
    connection: Option<Object>,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

impl Session {
    /// Gives the connection back where the work is done. None where the work had to give way and is to be done again.
    pub(crate) fn settle<T>(
        mut self,
        outcome: Result<T, Error>,
        tries: &mut u32,
    ) -> Option<Result<T, Error>> {
        *tries += 1;
        match outcome {
            Ok(done) => {
                drop(self.connection.take());
                Some(Ok(done))
            }
            Err(error) if error.gave_way() && *tries < TRIES_MAX => {
                tracing::debug!(%error, tries, "a transaction gave way to another and is done again");
                None
            }
            Err(error) => Some(Err(error)),
        }
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
