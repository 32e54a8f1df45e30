//! What survives: a drop, a kill, a full disk; and what is refused at the door.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU64;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use pipit_store::Store;
use pipit_store::error::StoreError;
use pipit_store::log::LogRange;
use pipit_store_conformance::world::{Person, World, seq};
use pipit_store_sqlite::{Options, SqliteStore};
use pipit_wire::{ConversationId, Event, EventId};

/// Tells a process of this test's own what to do: the path of the database.
const APPEND: &str = "PIPIT_STORE_SQLITE_TEST_APPEND";
const HOLD: &str = "PIPIT_STORE_SQLITE_TEST_HOLD";

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Options::default()).unwrap()
}

fn refused(path: &Path, options: Options) -> StoreError {
    match SqliteStore::open(path, options) {
        Ok(_) => panic!("the storage is refused"),
        Err(error) => error,
    }
}

async fn log_of(store: &dyn Store, conversation: ConversationId, reader: Person) -> Vec<Event> {
    let range = LogRange::After {
        seq: seq(0),
        limit: u32::MAX,
    };
    let page = store
        .read_log(conversation, reader.user, range)
        .await
        .unwrap()
        .unwrap();
    let seqs: Vec<u64> = page.events.iter().map(|event| event.seq.get()).collect();
    assert_eq!(
        seqs,
        (1..=page.last_seq.get()).collect::<Vec<_>>(),
        "the log has no gap"
    );
    page.events
}

/// A child process that runs one test of this file.
fn child(test: &str, variable: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(variable, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_drop_and_a_new_start_keep_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.db");
    let store = Arc::new(open(&path));
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    for number in 0..50 {
        world.say(direct, alice, &format!("message {number}")).await;
    }
    world.advance(direct, bob, 40, 30).await;
    let before = log_of(&*world.store, direct, alice).await;
    let summary = world.store.find_summary(direct, bob.user).await.unwrap().unwrap();
    drop(world);

    let store = open(&path);
    assert_eq!(log_of(&store, direct, alice).await, before);
    assert_eq!(
        store.find_summary(direct, bob.user).await.unwrap(),
        Some(summary.clone())
    );
    assert_eq!(summary.unread, 21);
}

#[tokio::test]
async fn a_closed_store_has_let_go_of_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.db");
    let store = open(&path);
    let wal = folder.path().join("pipit.db-wal");
    assert!(wal.exists());
    store.close().await;
    assert!(
        !wal.exists(),
        "the last connection has folded the write-ahead log into the database"
    );
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    let touch = store.touch_devices(&[]).await;
    assert!(matches!(touch, Err(StoreError::Unavailable(_))));
    store.close().await;
    open(&path).ping().await.unwrap();

    let memory = SqliteStore::open_in_memory().unwrap();
    memory.ping().await.unwrap();
    memory.close().await;
    assert!(matches!(memory.ping().await, Err(StoreError::Unavailable(_))));
}

/// What the child of the next test does: 16 tasks append, and say what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_appends() {
    let Some(path) = std::env::var_os(APPEND) else {
        return;
    };
    let (world, alice, bob, _) = World::with_three(Arc::new(open(Path::new(&path)))).await;
    let direct = world.direct(alice, bob).await;
    println!("\nbegin {direct} {}", alice.user);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let world = world.clone();
        tasks.spawn(async move {
            loop {
                let entry = world.message(direct, alice, "are you there?");
                let id = entry.id;
                let seq = world.append(entry).await;
                // One write, so that lines of several tasks do not mix.
                std::io::stdout()
                    .lock()
                    .write_all(format!("ack {seq} {id}\n").as_bytes())
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_acknowledged() {
    for acknowledged_before_the_kill in [1, 200, 1_500] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipit.db");
        let mut child = child("child_that_appends", APPEND, &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let begin = lines.find(|line| line.starts_with("begin ")).unwrap();
        let begin: Vec<&str> = begin.split(' ').collect();
        let (direct, alice): (ConversationId, _) = (begin[1].parse().unwrap(), begin[2].parse().unwrap());
        let mut acknowledged: Vec<(u64, EventId)> = Vec::new();
        let mut killed = false;
        // What was written before the kill is still in the pipe, and counts.
        for line in lines {
            let Some((place, id)) = line.strip_prefix("ack ").and_then(|ack| ack.split_once(' ')) else {
                continue;
            };
            let Ok(id) = id.parse() else { continue };
            acknowledged.push((place.parse().unwrap(), id));
            if !killed && acknowledged.len() >= acknowledged_before_the_kill {
                child.kill().unwrap();
                killed = true;
            }
        }
        assert!(!child.wait().unwrap().success(), "it was killed");

        let store = open(&path);
        let reader = Person {
            user: alice,
            device: pipit_wire::DeviceId::from_bytes([0; 16]),
            refresh: 0,
        };
        let log = log_of(&store, direct, reader).await;
        assert!(acknowledged.len() >= acknowledged_before_the_kill);
        for (place, id) in &acknowledged {
            let event = log.iter().find(|event| event.id == *id);
            assert_eq!(
                event.map(|event| event.seq.get()),
                Some(*place),
                "{id} was acknowledged"
            );
        }
        let mut ids: Vec<EventId> = log.iter().map(|event| event.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), log.len(), "nothing is there twice");
    }
}

/// What the child of the next test does: it holds the database until it is killed.
#[tokio::test]
async fn child_that_holds() {
    let Some(path) = std::env::var_os(HOLD) else {
        return;
    };
    let store = open(Path::new(&path));
    println!("\nopen");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    drop(store);
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.db");
    let mut child = child("child_that_holds", HOLD, &path);
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.any(|line| line == "open"));
    assert!(matches!(refused(&path, Options::default()), StoreError::Locked));
    child.kill().unwrap();
    child.wait().unwrap();
    let store = open(&path);
    assert!(
        matches!(refused(&path, Options::default()), StoreError::Locked),
        "nor from this process"
    );
    drop(store);
    open(&path).ping().await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.db");
    drop(open(&path));
    let db = rusqlite::Connection::open(&path).unwrap();
    let known: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    db.pragma_update(None, "user_version", 4_711).unwrap();
    db.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    match refused(&path, Options::default()) {
        StoreError::NewerSchema { found, known: says } => assert_eq!((found, says), (4_711, known)),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read(&path).unwrap(), before, "not a byte was changed");
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "Dear diary, ".repeat(1_000)).unwrap();
    let foreign = folder.path().join("foreign.db");
    let db = rusqlite::Connection::open(&foreign).unwrap();
    db.execute_batch("CREATE TABLE user (id INTEGER)").unwrap();
    db.close().unwrap();
    for path in [text, foreign] {
        let before = std::fs::read(&path).unwrap();
        let error = refused(&path, Options::default());
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "not a byte was changed");
    }
}

/// The system's own tree can be written by nobody, the administrator included: the one read-only place that every Linux has.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_read_only_folder_is_said_to_be_one() {
    let error = refused(Path::new("/sys/kernel/pipit.db"), Options::default());
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(
        &folder.path().join("nowhere").join("pipit.db"),
        Options::default(),
    );
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!folder.path().join("nowhere").exists());
}

/// A full disk refuses what needs room and keeps what there is: no gap, nothing acknowledged that is not there, and with more
/// room it goes on.
#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.db");
    let small = Options {
        size_bytes_max: NonZeroU64::new(1_024 * 1_024),
        ..Options::default()
    };
    let store = Arc::new(SqliteStore::open(&path, small).unwrap());
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let mut acknowledged = Vec::new();
    let refused = loop {
        assert!(acknowledged.len() < 1_000, "it fills up");
        let entry = world.message(direct, alice, &"long ".repeat(2_000));
        let id = entry.id;
        match world.store.append_batch(vec![entry.clone()]).await {
            Ok(outcomes) => {
                assert!(outcomes.iter().all(Result::is_ok));
                acknowledged.push(id);
            }
            Err(StoreError::Full(_)) => break entry,
            Err(other) => panic!("{other:?}"),
        }
    };
    assert!(acknowledged.len() > 10);
    let log = log_of(&*world.store, direct, bob).await;
    assert_eq!(
        log.iter().skip(1).map(|event| event.id).collect::<Vec<_>>(),
        acknowledged
    );
    assert_eq!(world.store.find_event(direct, refused.id).await.unwrap(), None);
    drop(world);

    let store = open(&path);
    let outcome = store
        .append_batch(vec![refused])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!(
        outcome.event.seq.get(),
        acknowledged.len() as u64 + 2,
        "no seq was used up"
    );
    assert!(!outcome.repeated);
}

#[tokio::test]
async fn the_schema_can_be_dumped() {
    let dump = pipit_store_sqlite::schema_dump().unwrap();
    assert!(dump.contains("CREATE TABLE event"));
    assert_eq!(dump, pipit_store_sqlite::schema_dump().unwrap());
    for table in dump.split(";\n\n").filter(|sql| sql.starts_with("CREATE TABLE")) {
        assert!(table.contains("STRICT"), "{table}");
    }
}
