//! The list that every storage passes, on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::Arc;

use pipit_store::Store;
use pipit_store_postgres::testing::{TestDatabase, TestPostgres};
use pipit_store_postgres::{Options, PostgresStore};

async fn fresh_store() -> (Arc<dyn Store>, TestDatabase) {
    let database = TestPostgres::start()
        .await
        .unwrap()
        .fresh_database()
        .await
        .unwrap();
    let options = Options {
        connections_max: 8,
        ..Options::default()
    };
    let store = PostgresStore::connect(database.url(), options).await.unwrap();
    (Arc::new(store), database)
}

pipit_store_conformance::conformance_tests!(fresh_store);
