//! How long searches take on a million messages, and what indexing them costs.
//!
//! `cargo bench -p pipit-store-sqlite --bench search` prints a table and one line of JSON: the median and the 95th percentile of 40
//! searches each. `PIPIT_BENCH_MESSAGES` asks for fewer messages.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::sync::Arc;
use std::time::Instant;

use pipit_store::Store;
use pipit_store_conformance::corpus;
use pipit_store_sqlite::{Options, SqliteStore};
use serde_json::json;

const SEARCHES: usize = 40;

fn main() {
    let messages: usize =
        std::env::var("PIPIT_BENCH_MESSAGES").map_or(1_000_000, |count| count.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("search.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
    runtime.block_on(async {
        let (begin, cpu) = (Instant::now(), cpu_seconds());
        let corpus = corpus::fill(Arc::clone(&store), messages).await;
        let per_100k = 100_000.0 / f64::from(u32::try_from(messages).unwrap());
        println!(
            "{messages} messages appended in {:.0} s, {:.2} CPU-seconds a 100,000",
            begin.elapsed().as_secs_f64(),
            (cpu_seconds() - cpu) * per_100k
        );
        let size = std::fs::metadata(&path).unwrap().len();
        let (begin, cpu) = (Instant::now(), cpu_seconds());
        corpus::index(&store).await;
        let indexing = (cpu_seconds() - cpu) * per_100k;
        println!(
            "indexed in {:.0} s, {indexing:.2} CPU-seconds a 100,000; the database grew from {} to {} MiB",
            begin.elapsed().as_secs_f64(),
            size >> 20,
            std::fs::metadata(&path).unwrap().len() >> 20
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

/// The processor time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
