//! The storage of a cluster: PostgreSQL (15 or newer), shared by any number of nodes.
//!
//! * `session`: where work runs: a bounded pool, statements that travel together, connections that are closed when in doubt.
//! * `replica`: which questions may be answered by a standby, and by which.
//! * `open`, `migration`: the address, TLS, the settings of a connection, the schema's history.
//! * `account`, `device`, `invite`, `person`, `conversation`, `summary`, `append`, `change`, `log`, `receipt`, `search`: what the methods of
//!   [`pipit_store::Store`] do on a connection. `ledger`, `book`: what an append decides, in memory.
//! * `row`, `error`: between PostgreSQL's types and ours.
//!
//! Every method takes a number of round trips that does not grow with what it is given. What is acknowledged is on disk as
//! far as the server's own settings go (`fsync`, `full_page_writes`); connecting warns where they are off.
//!
//! Through a pooler such as `PgBouncer` only session pooling works: connections have settings and prepared statements.
#![warn(missing_docs)]

mod account;
mod append;
mod archive;
mod blob;
mod book;
mod change;
mod conversation;
mod departure;
mod device;
mod encryption;
mod error;
mod expiry;
mod invite;
mod joining;
mod key_log;
mod ledger;
mod log;
mod migration;
mod open;
mod person;
mod personal;
#[cfg(all(test, feature = "testing"))]
mod plan;
mod poll;
mod privacy;
mod push;
mod receipt;
mod replica;
mod report;
mod row;
mod schedule;
mod search;
mod session;
mod store;
mod summary;
#[cfg(feature = "testing")]
pub mod testing;

use pipit_store::error::StoreError;

use open::Address;
use replica::Replicas;
use session::Sessions;

pub use open::Options;

/// A storage in one PostgreSQL database.
///
/// Dropping it closes its connections when the calls under way are done; a call that is given up half-way is rolled back.
pub struct PostgresStore {
    sessions: Sessions,
    replicas: Replicas,
}

impl PostgresStore {
    /// Connects to the database at `url` (`postgres://user:password@host:5432/name?sslmode=require`, several hosts and
    /// `target_session_attrs=read-write` for failover) and brings its schema up to date. The database must exist.
    ///
    /// # Errors
    /// `Unavailable` where it cannot be reached or refuses the account, `NewerSchema`, `ReadOnly` where its schema is old and may not be changed,
    /// `Statement` where the address makes no sense.
    pub async fn connect(url: &str, options: Options) -> Result<Self, StoreError> {
        Self::connect_with_replicas(url, &[] as &[&str], options).await
    }

    /// The same, with standbys of that database that answer what may be a moment old. They need not be there yet, or any longer.
    ///
    /// # Errors
    /// Those of [`PostgresStore::connect`].
    pub async fn connect_with_replicas<T: AsRef<str> + Sync>(
        url: &str,
        replicas: &[T],
        options: Options,
    ) -> Result<Self, StoreError> {
        let address = Address::parse(url, &options)?;
        let mut client = address.connect().await?;
        migration::migrate(&mut client).await?;
        warn_of_loss(&client).await?;
        let mut standbys = Vec::with_capacity(replicas.len());
        for url in replicas {
            let address = Address::parse(url.as_ref(), &options)?;
            standbys.push(Sessions::new(address.pool(&options)?, &options));
        }
        Ok(Self {
            replicas: Replicas::new(standbys),
            sessions: Sessions::new(address.pool(&options)?, &options),
        })
    }

    /// Closes the connections when the calls under way are done. Calls that come later are `Unavailable`.
    pub fn close(&self) {
        self.sessions.close();
        self.replicas.close();
    }
}

/// Says so where the server would lose what it has acknowledged when the power fails.
async fn warn_of_loss(client: &tokio_postgres::Client) -> Result<(), StoreError> {
    let off = client
        .query(
            "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'",
            &[],
        )
        .await
        .map_err(|error| error::store_error(error.into()))?;
    for row in &off {
        let setting: String = row::at(row, 0).map_err(error::store_error)?;
        tracing::warn!(
            setting,
            "the database is set to lose acknowledged messages when the power fails"
        );
    }
    let asynchronous = client
        .query(
            "SELECT 1 FROM pg_stat_replication WHERE current_setting('synchronous_standby_names') = '' LIMIT 1",
            &[],
        )
        .await
        .map_err(|error| error::store_error(error.into()))?;
    if !asynchronous.is_empty() {
        tracing::warn!(
            "the database's standbys are asynchronous: a failover may lose messages that were acknowledged; \
            set synchronous_standby_names"
        );
    }
    Ok(())
}

/// What a freshly migrated database has, for `cargo xtask gen`. Migrates the empty database at `url`.
pub async fn schema_dump(url: &str) -> Result<String, StoreError> {
    let mut client = Address::parse(url, &Options::default())?.connect().await?;
    migration::migrate(&mut client).await?;
    migration::dump(&client).await.map_err(error::store_error)
}
