//! Messages a second and processor time, the server's included, where 1, 64 and 1,024 messages wait for a commit, against the raw
//! fsync rate of the same disk in the same run. What waits is one batch: the grouping is the caller's (see the server's appender).
//!
//! `cargo bench -p pipit-store-postgres --bench append` starts a PostgreSQL server of its own with its settings as Debian ships
//! them (fsync on), and prints a table and one line of JSON: medians of five rounds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipit_store::log::Append;
use pipit_store_conformance::world::{Person, World};
use pipit_store_postgres::testing::TestPostgres;
use pipit_store_postgres::{Options, PostgresStore};
use pipit_wire::ConversationId;
use pipit_wire::event::Role;
use serde_json::json;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1_500);
const WAITING: [usize; 3] = [1, 64, 1_024];
/// The messages go to so many direct conversations in turn.
const CONVERSATIONS: usize = 128;
const WORDS: &str =
    "Shall we meet at the usual place? I could be there at half past seven, if the train is on time.";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(TestPostgres::start_alone(&[])).unwrap();
    let mut fsyncs = Vec::new();
    let mut appends = vec![Vec::new(); WAITING.len()];
    for _ in 0..ROUNDS {
        fsyncs.push(raw_fsyncs(server.folder()));
        let (world, pairs, _database) = runtime.block_on(async {
            let database = server.fresh_database().await.unwrap();
            let store = PostgresStore::connect(database.url(), Options::default())
                .await
                .unwrap();
            let (world, pairs) = pairs(store).await;
            (world, pairs, database)
        });
        for (waiting, rounds) in WAITING.into_iter().zip(&mut appends) {
            rounds.push(runtime.block_on(append(&server, &world, &pairs, waiting)));
        }
    }
    report(&fsyncs, &appends);
}

/// Appends of 4 KiB a second, each waited for with fdatasync: what the disk gives to whoever commits one by one.
fn raw_fsyncs(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("raw")).unwrap();
    let page = [0x5a; 4_096];
    let begin = Instant::now();
    let mut count = 0_u32;
    while begin.elapsed() < ROUND {
        file.write_all(&page).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / begin.elapsed().as_secs_f64()
}

#[derive(Clone, Copy)]
struct Measured {
    messages_per_second: f64,
    own_cpu_seconds_per_100k: f64,
    server_cpu_seconds_per_100k: f64,
}

/// One caller appends batches of so many messages, each as soon as its last one was acknowledged.
async fn append(
    server: &TestPostgres,
    world: &World,
    pairs: &[(ConversationId, Person, Person)],
    waiting: usize,
) -> Measured {
    let (begin, own_cpu, server_cpu) = (Instant::now(), own_cpu_seconds(), server_cpu_seconds(server));
    let mut count = 0;
    while begin.elapsed() < ROUND {
        let batch: Vec<Append> = (0..waiting)
            .map(|place| entry(world, pairs[(count + place) % pairs.len()]))
            .collect();
        let outcomes = world.store.append_batch(batch).await.unwrap();
        count += outcomes.into_iter().map(Result::unwrap).count();
    }
    let elapsed = begin.elapsed().as_secs_f64();
    let messages = f64::from(u32::try_from(count).unwrap());
    Measured {
        messages_per_second: messages / elapsed,
        own_cpu_seconds_per_100k: (own_cpu_seconds() - own_cpu) / messages * 100_000.0,
        server_cpu_seconds_per_100k: (server_cpu_seconds(server) - server_cpu) / messages * 100_000.0,
    }
}

/// A message with the facts that the server sends along.
fn entry(world: &World, (conversation, alice, bob): (ConversationId, Person, Person)) -> Append {
    let mut entry = world.message(conversation, alice, WORDS);
    entry.facts.roles = vec![(alice.user, Some(Role::Member))];
    entry.facts.not_blocked = Some((alice.user, bob.user));
    entry
}

async fn pairs(store: PostgresStore) -> (World, Vec<(ConversationId, Person, Person)>) {
    let world = World::new(Arc::new(store));
    let mut pairs = Vec::new();
    for number in 0..CONVERSATIONS {
        let alice = world.person(&format!("a{number}"), "Alice").await;
        let bob = world.person(&format!("b{number}"), "Bob").await;
        pairs.push((world.direct(alice, bob).await, alice, bob));
    }
    (world, pairs)
}

/// The processor time of this process, seconds. Zero where the system has no /proc.
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

fn median<T>(rounds: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(fsyncs: &[f64], appends: &[Vec<Measured>]) {
    let raw = median(fsyncs, |rate| *rate);
    println!("raw 4 KiB append + fdatasync: {raw:.0}/s");
    println!(
        "{:>8} {:>12} {:>8} {:>15} {:>15} {:>18}",
        "waiting", "messages/s", "x raw", "commits/message", "own CPU s/100k", "server CPU s/100k"
    );
    let mut rows = Vec::new();
    for (waiting, rounds) in WAITING.into_iter().zip(appends) {
        let rate = median(rounds, |round| round.messages_per_second);
        let own = median(rounds, |round| round.own_cpu_seconds_per_100k);
        let server = median(rounds, |round| round.server_cpu_seconds_per_100k);
        let commits = 1.0 / f64::from(u32::try_from(waiting).unwrap());
        println!(
            "{waiting:>8} {rate:>12.0} {:>8.2} {commits:>15.4} {own:>15.2} {server:>18.2}",
            rate / raw
        );
        rows.push(json!({
            "waiting": waiting,
            "messages_per_second": rate.round(),
            "times_raw_fsync_rate": rate / raw,
            "commits_per_message": commits,
            "own_cpu_seconds_per_100k": own,
            "server_cpu_seconds_per_100k": server,
        }));
    }
    let line = json!({
        "benchmark": "store-postgres/append",
        "raw_fsyncs_per_second": raw.round(),
        "append": rows,
    });
    println!("{line}");
}
