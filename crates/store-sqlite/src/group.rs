//! What becomes of the jobs of one group.

use std::sync::Arc;
use std::sync::mpsc;

use pipit_store::error::StoreError;
use rusqlite::Connection;
use tokio::task::JoinHandle;

use crate::engine::Engine;
use crate::open::Options;
use crate::writer::Stats;

type Outcome = Result<(), StoreError>;
type Work = fn(&Connection) -> rusqlite::Result<()>;

/// Runs all of these in one group: the writer is held up until all of them wait.
async fn in_one_group(engine: &Arc<Engine>, work: Vec<Work>) -> (Vec<Outcome>, Stats) {
    let before = engine.stats();
    let (release, released) = mpsc::channel::<()>();
    let (holds, held) = tokio::sync::oneshot::channel();
    let holding = start(engine, move |_| {
        let _ = holds.send(());
        let _ = released.recv();
        Ok(())
    });
    held.await.unwrap();
    let mut waiting = Vec::new();
    for job in work {
        waiting.push(start(engine, job));
        // The task runs until it waits for its answer; by then its job is in the queue.
        tokio::task::yield_now().await;
    }
    drop(release);
    holding.await.unwrap().unwrap();
    let mut outcomes = Vec::new();
    for task in waiting {
        outcomes.push(task.await.unwrap());
    }
    let after = engine.stats();
    // Without the group of the job that held the writer up.
    let stats = Stats {
        commits: after.commits - before.commits - 1,
        jobs: after.jobs - before.jobs - 1,
    };
    (outcomes, stats)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test of two tasks, which it waits for"
)]
fn start<F>(engine: &Arc<Engine>, work: F) -> JoinHandle<Outcome>
where
    F: FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
{
    let engine = Arc::clone(engine);
    tokio::spawn(async move { engine.write(work).await })
}

fn engine(folder: &tempfile::TempDir) -> Arc<Engine> {
    Arc::new(Engine::open(&folder.path().join("pipit.db"), &Options::default()).unwrap())
}

fn insert(db: &Connection, handle: &str) -> rusqlite::Result<()> {
    let id: [u8; 16] = std::array::from_fn(|place| handle.as_bytes().get(place).copied().unwrap_or(0));
    db.execute(
        "INSERT INTO user (id, handle, name, password, admin, created_at) VALUES (?1, ?2, '', '', 0, 0)",
        (id, handle),
    )?;
    Ok(())
}

async fn handles(engine: &Engine) -> Vec<String> {
    let read = engine.read(|db| {
        db.prepare("SELECT handle FROM user ORDER BY handle")?
            .query_map([], |row| row.get(0))?
            .collect()
    });
    read.await.unwrap()
}

#[tokio::test]
async fn all_that_waits_is_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    let work: Vec<Work> = vec![|db| insert(db, "a"), |db| insert(db, "b"), |db| insert(db, "c")];
    let (outcomes, stats) = in_one_group(&engine, work).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(stats, Stats { commits: 1, jobs: 3 });
    assert_eq!(handles(&engine).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_job_that_fails_takes_nothing_with_it_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    let work: Vec<Work> = vec![
        |db| insert(db, "a"),
        |db| {
            insert(db, "half")?;
            insert(db, "a")
        },
        |db| insert(db, "b"),
    ];
    let (outcomes, stats) = in_one_group(&engine, work).await;
    assert!(
        matches!(outcomes[..], [Ok(()), Err(StoreError::Statement(_)), Ok(())]),
        "{outcomes:?}"
    );
    assert_eq!(stats, Stats { commits: 1, jobs: 3 });
    assert_eq!(handles(&engine).await, ["a", "b"]);
}

#[tokio::test]
async fn a_job_that_is_alone_and_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    engine.write(|db| insert(db, "a")).await.unwrap();
    let half = engine.write(|db| {
        insert(db, "half")?;
        insert(db, "a")
    });
    assert!(matches!(half.await, Err(StoreError::Statement(_))));
    assert_eq!(handles(&engine).await, ["a"]);
    engine.write(|db| insert(db, "b")).await.unwrap();
    assert_eq!(handles(&engine).await, ["a", "b"], "the writer goes on");
}

#[tokio::test]
async fn a_commit_that_fails_is_every_jobs_error() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    let work: Vec<Work> = vec![
        |db| insert(db, "a"),
        |db| {
            // Looked at by COMMIT alone, which then fails.
            db.execute_batch(
                "PRAGMA defer_foreign_keys = ON;
                INSERT INTO setting (user, key, value) VALUES (zeroblob(16), 'key', 'value')",
            )
        },
        |db| insert(db, "b"),
    ];
    let (outcomes, stats) = in_one_group(&engine, work).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Err(StoreError::Statement(_)))),
        "{outcomes:?}"
    );
    assert_eq!(stats, Stats { commits: 0, jobs: 0 });
    assert_eq!(handles(&engine).await, [""; 0]);
    engine.write(|db| insert(db, "c")).await.unwrap();
    assert_eq!(handles(&engine).await, ["c"], "the writer goes on");
}

#[tokio::test]
async fn a_lost_transaction_is_the_error_of_those_that_were_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    let work: Vec<Work> = vec![
        |db| insert(db, "a"),
        |db| {
            // As SQLite does by itself where the disk is full.
            db.execute_batch("ROLLBACK")?;
            Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
                None,
            ))
        },
        |db| insert(db, "b"),
    ];
    let (outcomes, stats) = in_one_group(&engine, work).await;
    assert!(
        matches!(
            outcomes[..],
            [Err(StoreError::Full(_)), Err(StoreError::Full(_)), Ok(())]
        ),
        "{outcomes:?}"
    );
    assert_eq!(stats, Stats { commits: 1, jobs: 1 });
    assert_eq!(handles(&engine).await, ["b"]);
}

#[tokio::test]
async fn a_database_that_may_not_be_written_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    engine.write(|db| insert(db, "a")).await.unwrap();
    engine
        .write(|db| db.pragma_update(None, "query_only", true))
        .await
        .unwrap();
    let outcome = engine.write(|db| insert(db, "b")).await;
    assert!(matches!(outcome, Err(StoreError::ReadOnly(_))), "{outcome:?}");
    assert_eq!(handles(&engine).await, ["a"]);
}

#[tokio::test]
async fn readers_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    let outcome = engine.read(|db| insert(db, "a")).await;
    assert!(matches!(outcome, Err(StoreError::ReadOnly(_))), "{outcome:?}");
}

#[tokio::test]
async fn every_commit_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder);
    let settings = engine.write(|db| {
        let number = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        Ok((mode, number("synchronous")?, number("foreign_keys")?))
    });
    // 2 is FULL.
    assert_eq!(settings.await.unwrap(), ("wal".to_owned(), 2, 1));
}
