//! The storage that the configuration asks for.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::error::StoreError;
use pipit_store_sqlite::{Options, SqliteStore};

use crate::data_dir::DataDir;

/// An open storage. Cheap to clone.
#[derive(Clone)]
pub enum Storage {
    /// SQLite in the data folder.
    Embedded(Arc<SqliteStore>),
}

impl Storage {
    /// Opens the embedded storage.
    pub(super) async fn open(_database: Option<&str>, data: &DataDir) -> Result<Self, StoreError> {
        let store = SqliteStore::open(data.database(), Options::default())?;
        Ok(Self::Embedded(Arc::new(store)))
    }

    /// It, as everything but its opening and closing sees it.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(store) => Arc::<SqliteStore>::clone(store),
        }
    }

    /// Writes what waits, and closes it. Whoever asks it later finds it unavailable.
    pub async fn close(&self) {
        match self {
            Self::Embedded(store) => store.close().await,
        }
    }
}
