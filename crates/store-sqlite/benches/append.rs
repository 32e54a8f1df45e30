//! Messages a second and commits a message at 1, 64 and 1,024 waiting appenders, against the raw fsync rate of the same disk in
//! the same run; and what a read costs, against the alternatives to the store's own reader threads.
//!
//! `cargo bench -p pipit-store-sqlite --bench append` prints a table and one line of JSON: medians of five rounds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pipit_store::Store;
use pipit_store::log::Append;
use pipit_store_conformance::world::{Person, World};
use pipit_store_sqlite::{Options, SqliteStore, Stats};
use pipit_wire::ConversationId;
use pipit_wire::event::Role;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tokio::task::JoinSet;

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
    let mut fsyncs = Vec::new();
    let mut appends = vec![Vec::new(); WAITING.len()];
    let mut batches = Vec::new();
    let mut reads = Vec::new();
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fsyncs.push(raw_fsyncs(folder.path()));
        for (waiting, rounds) in WAITING.into_iter().zip(&mut appends) {
            rounds.push(runtime.block_on(append(folder.path(), waiting, 1)));
        }
        batches.push(runtime.block_on(append(folder.path(), 1, 1_024)));
        reads.push(runtime.block_on(read(folder.path())));
    }
    report(&fsyncs, &appends, &batches, &reads);
}

/// 4 KiB writes a second, each waited for with fdatasync: what the disk gives to whoever commits one by one.
#[derive(Clone, Copy)]
struct Raw {
    /// At the end of a file that grows: the file system has to note its new size each time.
    append: f64,
    /// Over a file that is there already, as SQLite's log is after its first checkpoint.
    overwrite: f64,
}

fn raw_fsyncs(folder: &Path) -> Raw {
    const FILE_BYTES: u64 = 16 * 1_024 * 1_024;
    let mut file = File::create(folder.join("raw")).unwrap();
    let synced = file.try_clone().unwrap();
    let append = fsyncs_per_second(|page| file.write_all(page).unwrap(), &synced);
    let mut file = File::create(folder.join("raw-full")).unwrap();
    file.write_all(&vec![0; usize::try_from(FILE_BYTES).unwrap()])
        .unwrap();
    file.sync_all().unwrap();
    let mut written = 0;
    let synced = file.try_clone().unwrap();
    let overwrite = fsyncs_per_second(
        |page| {
            file.seek(SeekFrom::Start(written % FILE_BYTES)).unwrap();
            file.write_all(page).unwrap();
            written += page.len() as u64;
        },
        &synced,
    );
    Raw { append, overwrite }
}

fn fsyncs_per_second(mut write: impl FnMut(&[u8]), file: &File) -> f64 {
    let begin = Instant::now();
    let mut count = 0_u32;
    while begin.elapsed() < ROUND {
        write(&[0x5a; 4_096]);
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / begin.elapsed().as_secs_f64()
}

#[derive(Clone, Copy)]
struct Measured {
    messages_per_second: f64,
    commits_per_message: f64,
    cpu_seconds_per_100k: f64,
}

/// So many tasks append batches of so many messages, each as soon as its last one was acknowledged.
async fn append(folder: &Path, waiting: usize, batch: usize) -> Measured {
    let path = folder.join(format!("append-{waiting}-{batch}.db"));
    let store = Arc::new(SqliteStore::open(path, Options::default()).unwrap());
    let (world, pairs) = pairs(Arc::clone(&store) as Arc<dyn Store>).await;
    let pairs = Arc::new(pairs);
    let stop = Arc::new(AtomicBool::new(false));
    let before = store.stats();
    let (begin, cpu) = (Instant::now(), cpu_seconds());
    let mut tasks = JoinSet::new();
    for task in 0..waiting {
        let (world, pairs, stop) = (world.clone(), Arc::clone(&pairs), Arc::clone(&stop));
        tasks.spawn(async move {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                let entries: Vec<Append> = (0..batch)
                    .map(|place| entry(&world, pairs[(task + place) % pairs.len()]))
                    .collect();
                let outcomes = world.store.append_batch(entries).await.unwrap();
                count += outcomes.into_iter().map(Result::unwrap).count();
            }
            count
        });
    }
    tokio::time::sleep(ROUND).await;
    stop.store(true, Ordering::Relaxed);
    let messages: usize = tasks.join_all().await.into_iter().sum();
    let (elapsed, cpu) = (begin.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let Stats { commits, .. } = store.stats();
    let messages = as_f64(messages);
    Measured {
        messages_per_second: messages / elapsed,
        commits_per_message: as_f64(usize::try_from(commits - before.commits).unwrap()) / messages,
        cpu_seconds_per_100k: cpu / messages * 100_000.0,
    }
}

/// A message with the facts that the server sends along.
fn entry(world: &World, (conversation, alice, bob): (ConversationId, Person, Person)) -> Append {
    let mut entry = world.message(conversation, alice, WORDS);
    entry.facts.roles = vec![(alice.user, Some(Role::Member))];
    entry.facts.not_blocked = Some((alice.user, bob.user));
    entry
}

async fn pairs(store: Arc<dyn Store>) -> (World, Vec<(ConversationId, Person, Person)>) {
    let world = World::new(store);
    let mut pairs = Vec::new();
    for number in 0..CONVERSATIONS {
        let alice = world.person(&format!("a{number}"), "Alice").await;
        let bob = world.person(&format!("b{number}"), "Bob").await;
        pairs.push((world.direct(alice, bob).await, alice, bob));
    }
    (world, pairs)
}

/// Microseconds for one lookup, one after the other.
#[derive(Clone, Copy)]
struct Read {
    /// By the store's own reader threads.
    store: f64,
    /// On the runtime's blocking pool, with a pool of connections.
    blocking_pool: f64,
    /// On the calling thread.
    inline: f64,
}

async fn read(folder: &Path) -> Read {
    const LOOKUPS: u32 = 20_000;
    let path = folder.join("read.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let (world, pairs) = pairs(Arc::new(store)).await;
    let user = pairs[0].1.user;
    let us = |begin: Instant| begin.elapsed().as_secs_f64() * 1_000_000.0 / f64::from(LOOKUPS);

    let begin = Instant::now();
    for _ in 0..LOOKUPS {
        assert!(world.store.find_user(user).await.unwrap().is_some());
    }
    let by_store = us(begin);

    let connect = || Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let pool = Arc::new(Mutex::new(vec![connect(), connect()]));
    let begin = Instant::now();
    for _ in 0..LOOKUPS {
        let pool = Arc::clone(&pool);
        let lookup = tokio::task::spawn_blocking(move || {
            let mut db = pool.lock().unwrap().pop().unwrap();
            let name = lookup(&mut db, user);
            pool.lock().unwrap().push(db);
            name
        });
        assert_eq!(lookup.await.unwrap(), "Alice");
    }
    let blocking_pool = us(begin);

    let mut db = connect();
    let begin = Instant::now();
    for _ in 0..LOOKUPS {
        assert_eq!(lookup(&mut db, user), "Alice");
    }
    Read {
        store: by_store,
        blocking_pool,
        inline: us(begin),
    }
}

fn lookup(db: &mut Connection, user: pipit_wire::UserId) -> String {
    let tx = db.transaction().unwrap();
    let sql = "SELECT id, handle, name, admin, suspended_at, created_at FROM user WHERE id = ?1";
    let name = tx
        .prepare_cached(sql)
        .unwrap()
        .query_row([user.as_bytes()], |row| row.get(2))
        .unwrap();
    tx.finish().unwrap();
    name
}

/// The processor time of this process, seconds. Zero where the system has no /proc.
fn cpu_seconds() -> f64 {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else {
        return 0.0;
    };
    // Behind the name, which may hold anything: utime and stime are the 12th and 13th, in hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

fn median<T: Copy>(rounds: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(fsyncs: &[Raw], appends: &[Vec<Measured>], batches: &Vec<Measured>, reads: &[Read]) {
    let raw = median(fsyncs, |rate| rate.append);
    let overwrite = median(fsyncs, |rate| rate.overwrite);
    println!("raw 4 KiB + fdatasync: {raw:.0}/s appended, {overwrite:.0}/s overwritten");
    println!(
        "{:>22} {:>12} {:>10} {:>15} {:>12}",
        "waiting", "messages/s", "x raw", "commits/message", "CPU s/100k"
    );
    let mut rows = Vec::new();
    let named = WAITING
        .map(|waiting| format!("{waiting}"))
        .into_iter()
        .zip(appends);
    let one_caller = [("1 (batches of 1,024)".to_owned(), batches)];
    for (name, rounds) in named.chain(one_caller) {
        let rate = median(rounds, |round| round.messages_per_second);
        let commits = median(rounds, |round| round.commits_per_message);
        let cpu = median(rounds, |round| round.cpu_seconds_per_100k);
        println!(
            "{name:>22} {rate:>12.0} {:>10.2} {commits:>15.4} {cpu:>12.2}",
            rate / raw
        );
        rows.push(json!({
            "waiting": name,
            "messages_per_second": rate.round(),
            "times_raw_fsync_rate": rate / raw,
            "commits_per_message": commits,
            "cpu_seconds_per_100k": cpu,
        }));
    }
    let store = median(reads, |read| read.store);
    let pool = median(reads, |read| read.blocking_pool);
    let inline = median(reads, |read| read.inline);
    println!(
        "one lookup: {store:.1} us by the store, {pool:.1} us on the blocking pool, {inline:.1} us inline"
    );
    let line = json!({
        "benchmark": "store-sqlite/append",
        "raw_fsyncs_per_second": { "append": raw.round(), "overwrite": overwrite.round() },
        "append": rows,
        "read_us": { "store": store, "blocking_pool": pool, "inline": inline },
    });
    println!("{line}");
}
