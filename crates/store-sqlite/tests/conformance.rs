//! The list that every storage passes, on SQLite: on disk, and in memory.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::Arc;

use pipit_store::Store;
use pipit_store_sqlite::{Options, SqliteStore};

mod on_disk {
    use super::{Arc, Options, SqliteStore, Store};

    async fn fresh_store() -> (Arc<dyn Store>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("pipit.db"), Options::default()).unwrap();
        (Arc::new(store), folder)
    }

    pipit_store_conformance::conformance_tests!(fresh_store);
}

mod in_memory {
    use super::{Arc, SqliteStore, Store};

    async fn fresh_store() -> (Arc<dyn Store>, ()) {
        (Arc::new(SqliteStore::open_in_memory().unwrap()), ())
    }

    pipit_store_conformance::conformance_tests!(fresh_store);
}
