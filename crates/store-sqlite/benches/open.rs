//! What a connection that opens costs for an account with 50 and with 5,000 conversations, among a million entries: medians of
//! 101 rounds.
//!
//! `cargo bench -p pipit-store-sqlite --bench open` prints a table and one line of JSON.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::time::Instant;

use pipit_store::Store;
use pipit_store_conformance::opening::{self, ACCOUNTS, Dialect, STEPS};
use pipit_store_conformance::world::text;
use pipit_store_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use serde_json::json;

const ROUNDS: usize = 101;

const DIALECT: Dialect = Dialect {
    account: "user",
    user: "user",
    hex8: "printf('%08x',",
    hex10: "printf('%010x',",
    id_begins: "unhex(",
    id_ends: ")",
};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("open.db");
    drop(SqliteStore::open(&path, Options::default()).unwrap());
    let db = Connection::open(&path).unwrap();
    let body = serde_json::to_string(&text("Shall we meet at the usual place?")).unwrap();
    let fill = opening::fill_sql(&DIALECT, &body);
    db.execute_batch(&format!("BEGIN; {fill} COMMIT; PRAGMA optimize"))
        .unwrap();
    drop(db);
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    report(&runtime.block_on(measure(&store)));
}

/// Medians for each account and call, in microseconds.
async fn measure(store: &dyn Store) -> Vec<Vec<f64>> {
    let mut medians = Vec::new();
    for account in ACCOUNTS {
        let cursors = opening::cursors(store, account).await;
        let mut of_account = Vec::new();
        for step in STEPS {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                let begin = Instant::now();
                assert!(opening::call(store, account, &cursors, step).await > 0);
                rounds.push(begin.elapsed().as_secs_f64() * 1_000_000.0);
            }
            rounds.sort_by(f64::total_cmp);
            of_account.push(rounds[ROUNDS / 2]);
        }
        medians.push(of_account);
    }
    medians
}

fn report(medians: &[Vec<f64>]) {
    println!("{:<24} {:>12} {:>12} {:>8}", "us, median", "50", "5,000", "ratio");
    for (place, step) in STEPS.iter().enumerate() {
        let (few, many) = (medians[0][place], medians[1][place]);
        println!("{step:<24} {few:>12.0} {many:>12.0} {:>8.1}", many / few);
    }
    let line = json!({
        "benchmark": "store-sqlite/open",
        "calls": STEPS,
        "us_with_50_conversations": medians[0],
        "us_with_5000_conversations": medians[1],
    });
    println!("{line}");
}
