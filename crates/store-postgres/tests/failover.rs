//! A primary and a standby that streams from it: a failover, a server that hangs, reading from the standby.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by it, and spawns what ends with it"
)]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pipit_store::Store;
use pipit_store::error::StoreError;
use pipit_store::log::LogRange;
use pipit_store_conformance::world::{World, seq};
use pipit_store_postgres::testing::{TestDatabase, TestPostgres};
use pipit_store_postgres::{Options, PostgresStore};
use pipit_wire::Event;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

/// The same database on another server.
fn on(server: &TestPostgres, database: &TestDatabase) -> String {
    server.url(database.url().rsplit('/').next().unwrap())
}

/// One address for a database on two servers: whichever takes writes.
fn either(database: &TestDatabase, standby: &TestPostgres) -> String {
    let place = |url: &str| {
        let (_, rest) = url.split_once('@').unwrap();
        rest.split_once('/').unwrap().0.to_owned()
    };
    let (one, other) = (place(database.url()), place(&on(standby, database)));
    let name = database.url().rsplit('/').next().unwrap();
    format!("postgres://pipit@{one},{other}/{name}?target_session_attrs=read-write")
}

/// The primary is killed in the middle of appends by many, and the standby is promoted: nobody who appends sees an error, and
/// everything acknowledged is there, once, at its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_loses_and_doubles_nothing() {
    let primary = TestPostgres::start_alone(&[]).await.unwrap();
    let database = primary.fresh_database().await.unwrap();
    let standby = primary.start_standby().await.unwrap();
    let options = Options {
        connections_max: 4,
        retry_ms: 60_000,
        call_timeout_ms: 90_000,
        ..Options::default()
    };
    let store = PostgresStore::connect(&either(&database, &standby), options).await;
    let (world, alice, bob, _) = World::with_three(Arc::new(store.unwrap())).await;
    let direct = world.direct(alice, bob).await;
    let (count, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut senders = JoinSet::new();
    for _ in 0..8 {
        let (world, count, stop) = (world.clone(), Arc::clone(&count), Arc::clone(&stop));
        senders.spawn(async move {
            let mut acknowledged = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let batch = vec![
                    world.message(direct, alice, "are you there?"),
                    world.message(direct, bob, "still?"),
                ];
                for outcome in world.store.append_batch(batch).await.unwrap() {
                    acknowledged.push(outcome.unwrap().event);
                }
                count.fetch_add(2, Ordering::Relaxed);
            }
            acknowledged
        });
    }
    until(&count, 400).await;
    primary.kill().unwrap();
    standby.promote().unwrap();
    let at_failover = count.load(Ordering::Relaxed);
    until(&count, at_failover + 400).await;
    stop.store(true, Ordering::Relaxed);
    let acknowledged: Vec<Event> = senders.join_all().await.into_iter().flatten().collect();
    let range = LogRange::After {
        seq: seq(0),
        limit: 1_000_000,
    };
    let log = world
        .store
        .read_log(direct, bob.user, range)
        .await
        .unwrap()
        .unwrap()
        .events;
    for (place, event) in log.iter().enumerate() {
        assert_eq!(event.seq, seq(place as u64 + 1), "a log has no gap");
    }
    let ids: HashSet<_> = log.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), log.len(), "nothing is there twice");
    assert_eq!(
        acknowledged.len() + 1,
        log.len(),
        "all that was sent was acknowledged in the end"
    );
    for event in acknowledged {
        assert_eq!(log[usize::try_from(event.seq.get()).unwrap() - 1], event);
    }
}

async fn until(count: &AtomicUsize, enough: usize) {
    while count.load(Ordering::Relaxed) < enough {
        tokio::task::yield_now().await;
    }
}

/// A server that hangs keeps its connections open and answers nothing: a call ends all the same, and works when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_not_waited_for_without_end() {
    let server = TestPostgres::start_alone(&[]).await.unwrap();
    let database = server.fresh_database().await.unwrap();
    let options = Options {
        connections_max: 2,
        retry_ms: 300,
        call_timeout_ms: 500,
        ..Options::default()
    };
    let store = Arc::new(PostgresStore::connect(database.url(), options).await.unwrap());
    assert_eq!(store.find_server().await.unwrap(), None);
    server.hang().unwrap();
    // One finds a connection, and the next make one.
    for _ in 0..3 {
        let outcome = store.find_server().await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
    server.go_on().unwrap();
    while let Err(error) = store.find_server().await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }
}

/// What may be old comes from the standby, where it is there and has what is asked for; what may not comes from the primary.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_answers_what_may_be_old() {
    let primary = TestPostgres::start_alone(&[]).await.unwrap();
    let database = primary.fresh_database().await.unwrap();
    let standby = primary.start_standby().await.unwrap();
    let options = Options {
        connections_max: 4,
        ..Options::default()
    };
    let replica = on(&standby, &database);
    let store = PostgresStore::connect_with_replicas(database.url(), &[&replica], options).await;
    let (world, alice, bob, _) = World::with_three(Arc::new(store.unwrap())).await;
    let direct = world.direct(alice, bob).await;
    world.say(direct, alice, "one").await;
    let line = plain(&replica).await;
    while line
        .query("SELECT 1 FROM conversation WHERE last_seq = 2", &[])
        .await
        .unwrap()
        .is_empty()
    {}
    // From here on the standby stands still, and is one entry behind.
    line.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    while line
        .query("SELECT 1 WHERE pg_get_wal_replay_pause_state() = 'paused'", &[])
        .await
        .unwrap()
        .is_empty()
    {}
    world.say(direct, bob, "two").await;
    world.store.rename_user(bob.user, "Robert").await.unwrap();
    let page = async |range| {
        let page = world
            .store
            .read_log(direct, alice.user, range)
            .await
            .unwrap()
            .unwrap();
        (page.events.len(), page.last_seq.get())
    };
    let before = |edge| LogRange::Before {
        seq: seq(edge),
        limit: 10,
    };
    assert_eq!(page(before(2)).await, (1, 2), "old entries come from the standby");
    assert_eq!(
        page(before(4)).await,
        (3, 3),
        "what it has not got yet comes from the primary"
    );
    assert_eq!(page(LogRange::Newest { limit: 10 }).await, (3, 3));
    let name_of_bob = async || {
        world.store.find_profiles(&[bob.user]).await.unwrap()[0]
            .name
            .clone()
    };
    assert_eq!(name_of_bob().await, "Bob Cratchit", "a name may be old");
    assert_eq!(
        world
            .store
            .find_user(bob.user)
            .await
            .unwrap()
            .unwrap()
            .profile
            .name,
        "Robert"
    );
    // One that is gone is left out.
    line.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    drop(line);
    standby.kill().unwrap();
    assert_eq!(name_of_bob().await, "Robert");
    assert_eq!(page(before(2)).await, (1, 3));
}

async fn plain(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}
