//! The storage that the configuration asks for.

use std::sync::Arc;

use pipit_store::Store;
#[cfg(feature = "postgres")]
use pipit_store_postgres::PostgresStore;
use pipit_store_sqlite::SqliteStore;

use super::StartError;
use crate::config::General;
use crate::data_dir::DataDir;

/// An open storage. Cheap to clone.
#[derive(Clone)]
pub enum Storage {
    /// SQLite in the data folder.
    Embedded(Arc<SqliteStore>),
    /// A PostgreSQL database, which other nodes may use as well.
    #[cfg(feature = "postgres")]
    Postgres(Arc<PostgresStore>),
}

impl Storage {
    #[cfg_attr(
        not(feature = "postgres"),
        expect(
            clippy::unused_async,
            reason = "the embedded storage is opened without waiting"
        )
    )]
    /// Opens the database that the configuration names, or without one the embedded storage.
    pub(super) async fn open(general: &General, data: &DataDir) -> Result<Self, StartError> {
        match general.database.as_deref() {
            None => {
                let store = SqliteStore::open(data.database(), pipit_store_sqlite::Options::default())?;
                Ok(Self::Embedded(Arc::new(store)))
            }
            #[cfg(feature = "postgres")]
            Some(url) => {
                let store = PostgresStore::connect_with_replicas(
                    url,
                    &general.database_read,
                    pipit_store_postgres::Options::default(),
                )
                .await?;
                Ok(Self::Postgres(Arc::new(store)))
            }
            #[cfg(not(feature = "postgres"))]
            Some(_) => Err(StartError::WithoutPostgres),
        }
    }

    /// It, as everything but its opening and closing sees it.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(store) => Arc::<SqliteStore>::clone(store),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => Arc::<PostgresStore>::clone(store),
        }
    }

    /// Writes what waits, and closes it. Whoever asks it later finds it unavailable.
    pub async fn close(&self) {
        match self {
            Self::Embedded(store) => store.close().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.close(),
        }
    }
}
