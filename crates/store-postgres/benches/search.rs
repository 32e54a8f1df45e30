//! How long searches take on a million messages, and what indexing them costs.
//!
//! `cargo bench -p pipit-store-postgres --bench search` starts a PostgreSQL server of its own with its settings as Debian ships them, and prints a table and one line of JSON: the median and the 95th percentile of 40
//! searches each. `PIPIT_BENCH_MESSAGES` asks for fewer messages.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use pipit_store::Store;
use pipit_store_conformance::corpus;
use pipit_store_postgres::testing::TestPostgres;
use pipit_store_postgres::{Options, PostgresStore};
use serde_json::json;

const SEARCHES: usize = 40;

fn main() {
    let messages: usize =
        std::env::var("PIPIT_BENCH_MESSAGES").map_or(1_000_000, |count| count.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = TestPostgres::start_alone(&[]).await.unwrap();
        let database = server.fresh_database().await.unwrap();
        let store: Arc<dyn Store> = Arc::new(
            PostgresStore::connect(database.url(), Options::default())
                .await
                .unwrap(),
        );
        let cpu_seconds = || own_cpu_seconds() + server_cpu_seconds(&server);
        let (begin, cpu) = (Instant::now(), cpu_seconds());
        let corpus = corpus::fill(Arc::clone(&store), messages).await;
        let per_100k = 100_000.0 / f64::from(u32::try_from(messages).unwrap());
        println!(
            "{messages} messages appended in {:.0} s, {:.2} CPU-seconds a 100,000",
            begin.elapsed().as_secs_f64(),
            (cpu_seconds() - cpu) * per_100k
        );
        let (begin, cpu) = (Instant::now(), cpu_seconds());
        corpus::index(&store).await;
        let indexing = (cpu_seconds() - cpu) * per_100k;
        println!(
            "indexed in {:.0} s, {indexing:.2} CPU-seconds a 100,000, the database's included",
            begin.elapsed().as_secs_f64()
        );
        let mut rows = Vec::new();
        for (name, question) in corpus::questions(&corpus) {
            let mut times = Vec::new();
            let mut found = 0;
            for _ in 0..SEARCHES {
                let begin = Instant::now();
                found = store.search_messages(question.clone()).await.unwrap().items.len();
                times.push(begin.elapsed().as_secs_f64() * 1_000.0);
            }
            times.sort_by(f64::total_cmp);
            let (median, high) = (times[SEARCHES / 2], times[SEARCHES * 95 / 100]);
            println!("{name:<42} {found:>3} found {median:>8.2} ms {high:>8.2} ms");
            rows.push(json!({"name": name, "found": found, "median_ms": median, "p95_ms": high}));
        }
        println!(
            "{}",
            json!({"messages": messages, "index_cpu_seconds_per_100k": indexing, "searches": rows})
        );
    });
}

fn own_cpu_seconds() -> f64 {
    cpu_seconds(Path::new("/proc/self"), 2)
}

/// The processor time of the server's processes, those that have ended included.
fn server_cpu_seconds(server: &TestPostgres) -> f64 {
    let data = server.folder().join("data");
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == data))
        .map(|process| cpu_seconds(&process, 4))
        .sum()
}

/// The first so many of: own user time, own system time, and those of children that have ended.
fn cpu_seconds(process: &Path, which: usize) -> f64 {
    let Ok(stat) = fs::read_to_string(process.join("stat")) else {
        return 0.0;
    };
    // Behind the name, which may hold anything: these are the 12th to 15th, in hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(which)
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}
