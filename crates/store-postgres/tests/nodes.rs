//! What SQLite cannot have: several nodes on one database, lines that break, callers that give up, a server that is killed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by it, and spawns what ends with it"
)]

use std::sync::Arc;
use std::time::Duration;

use pipit_store::Store;
use pipit_store::error::StoreError;
use pipit_store::log::{Append, AppendError, Appended, LogRange};
use pipit_store_conformance::world::{Person, World, member, seq, text};
use pipit_store_postgres::testing::{TestDatabase, TestPostgres};
use pipit_store_postgres::{Options, PostgresStore, schema_dump};
use pipit_wire::event::{EventBody, Role};
use pipit_wire::{ConversationId, Event};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

async fn database() -> TestDatabase {
    TestPostgres::start()
        .await
        .unwrap()
        .fresh_database()
        .await
        .unwrap()
}

async fn node(url: &str) -> Arc<PostgresStore> {
    let options = Options {
        connections_max: 4,
        ..Options::default()
    };
    Arc::new(PostgresStore::connect(url, options).await.unwrap())
}

/// A line of one's own, to do what others do.
async fn line(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}

async fn log_of(store: &dyn Store, conversation: ConversationId, reader: Person) -> Vec<Event> {
    let range = LogRange::After {
        seq: seq(0),
        limit: 1_000_000,
    };
    let page = store
        .read_log(conversation, reader.user, range)
        .await
        .unwrap()
        .unwrap();
    for (place, event) in page.events.iter().enumerate() {
        assert_eq!(event.seq, seq(place as u64 + 1), "a log has no gap");
    }
    assert_eq!(page.last_seq, page.events.last().unwrap().seq);
    page.events
}

/// Three nodes append to the same conversations at once, in batches that have them in different orders: nobody blocks anybody,
/// each log has no gap, and what two nodes send at once is in it once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_share_one_log() {
    let database = database().await;
    let nodes = [
        node(database.url()).await,
        node(database.url()).await,
        node(database.url()).await,
    ];
    let (world, alice, bob, carol) = World::with_three(nodes[0].clone()).await;
    let mut groups = Vec::new();
    for number in 0..5 {
        groups.push(
            world
                .group(&format!("Group {number}"), alice, &[bob, carol])
                .await,
        );
    }
    let mut tasks = JoinSet::new();
    for task in 0..9_usize {
        let (world, groups) = (world.clone(), groups.clone());
        let (one, other) = (nodes[task % 3].clone(), nodes[(task + 1) % 3].clone());
        tasks.spawn(async move {
            for round in 0..10_usize {
                let mut batch = Vec::new();
                for place in 0..groups.len() {
                    let group = groups[(place * (1 + task % 4) + round) % groups.len()];
                    batch.push(world.message(group, alice, &format!("{task}/{round}")));
                }
                let (first, again) =
                    tokio::join!(one.append_batch(batch.clone()), other.append_batch(batch.clone()));
                for (first, again) in first.unwrap().into_iter().zip(again.unwrap()) {
                    let (first, again) = (first.unwrap(), again.unwrap());
                    assert_eq!(first.event, again.event);
                    assert_ne!(first.repeated, again.repeated, "one of two is the first");
                }
            }
        });
    }
    tasks.join_all().await;
    let mut count = 0;
    for group in groups {
        count += log_of(&*nodes[1], group, bob).await.len();
    }
    assert_eq!(count, 5 + 9 * 10 * 5, "the first entries, and each message once");
}

/// Of nodes that start at once on an empty database, one makes the schema; another start changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_migrate_once() {
    let database = TestPostgres::start()
        .await
        .unwrap()
        .empty_database()
        .await
        .unwrap();
    let mut starts = JoinSet::new();
    for _ in 0..6 {
        let url = database.url().to_owned();
        starts.spawn(async move { node(&url).await.find_server().await.unwrap() });
    }
    assert_eq!(starts.join_all().await, vec![None; 6]);
    let migrations = line(database.url())
        .await
        .query_one("SELECT count(*) = max(version) FROM schema_version", &[])
        .await
        .unwrap();
    assert!(migrations.get::<_, bool>(0), "each has run once");
}

/// A schema that a newer version has made is refused.
#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = database().await;
    let client = line(database.url()).await;
    client
        .batch_execute("INSERT INTO schema_version VALUES (999, 'tomorrow')")
        .await
        .unwrap();
    match PostgresStore::connect(database.url(), Options::default()).await {
        Err(StoreError::NewerSchema { found: 999, known }) => assert!(known < 999),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was taken"),
    }
}

/// The dump is the same each time, and names what it has to.
#[tokio::test]
async fn the_schema_is_dumped() {
    let server = TestPostgres::start().await.unwrap();
    let (one, other) = (server.empty_database().await.unwrap(), database().await);
    let dump = schema_dump(one.url()).await.unwrap();
    assert_eq!(dump, schema_dump(other.url()).await.unwrap());
    for part in [
        "TABLE event ( -- HASH (conversation)",
        "    handle text COLLATE \"C\" NOT NULL",
        "    PRIMARY KEY (conversation, seq)",
        "CREATE UNIQUE INDEX event_by_id ON ONLY",
        "PARTITION event_15 FOR VALUES WITH (modulus 16, remainder 15)",
    ] {
        assert!(dump.contains(part), "{part} is not in\n{dump}");
    }
}

/// Lines that the server cuts are told as unavailable or not noticed at all; after that everything works as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_lines_are_replaced() {
    let database = database().await;
    let store = node(database.url()).await;
    let (world, alice, bob, _) = World::with_three(store.clone()).await;
    let direct = world.direct(alice, bob).await;
    let killer = line(database.url()).await;
    let mut acknowledged = Vec::new();
    for round in 0..20 {
        let cut = async {
            killer
                .execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()",
                    &[],
                )
                .await
                .unwrap();
        };
        let entry = world.message(direct, alice, &format!("{round}"));
        let (outcome, ()) = tokio::join!(store.append_batch(vec![entry.clone()]), cut);
        match outcome {
            Ok(_) => {}
            Err(StoreError::Unavailable(_)) => {
                // Again, until a line holds: it is in the log once, whether the first try got there or not.
                let mut tries = 0;
                while store.append_batch(vec![entry.clone()]).await.is_err() {
                    tries += 1;
                    assert!(tries < 10, "it stays unavailable");
                }
            }
            Err(error) => panic!("{error:?}"),
        }
        acknowledged.push(entry.id);
    }
    let ids: Vec<_> = log_of(&*store, direct, bob)
        .await
        .iter()
        .skip(1)
        .map(|event| event.id)
        .collect();
    assert_eq!(ids, acknowledged);
}

/// A caller that gives up at any point leaves no lock that another node would wait for, no half of a transaction and no gap.
#[tokio::test]
async fn a_caller_may_give_up_at_any_point() {
    let database = database().await;
    let (store, other) = (node(database.url()).await, node(database.url()).await);
    let (world, alice, bob, _) = World::with_three(store.clone()).await;
    let direct = world.direct(alice, bob).await;
    let (mut given_up, mut done, mut patience) = (0, 0, 0);
    while done < 3 {
        let entry = world.message(direct, alice, "never mind");
        tokio::select! {
            biased;
            outcome = store.append_batch(vec![entry]) => {
                outcome.unwrap()[0].clone().unwrap();
                done += 1;
            }
            () = turns(patience) => given_up += 1,
        }
        let entry = world.message(direct, bob, "still there?");
        let outcome = tokio::time::timeout(Duration::from_mins(1), other.append_batch(vec![entry])).await;
        assert!(outcome.expect("nobody holds a lock").unwrap()[0].is_ok());
        patience += 1 + patience / 8;
    }
    assert!(given_up >= 5, "only {given_up} were given up");
    log_of(&*store, direct, bob).await;
}

/// Gives others so many turns.
async fn turns(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// A transaction that has to give way is done again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_tried_again() {
    let database = database().await;
    let store = node(database.url()).await;
    let (world, alice, bob, carol) = World::with_three(store.clone()).await;
    // Who gives way is whoever looks first, a second after it began to wait: mostly the append.
    for _ in 0..10 {
        let group = world.group("Tea", alice, &[bob, carol]).await;
        let removal = world.entry(
            group,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        );
        if is_removed_in_spite_of_a_deadlock(&database, &store, removal).await {
            assert_eq!(log_of(&*store, group, alice).await.len(), 2);
            return;
        }
    }
    panic!("the append never had to give way");
}

/// Locks the member, lets the append lock the conversation, and then wants that too. Whether the append was the one that had to give
/// way.
async fn is_removed_in_spite_of_a_deadlock(
    database: &TestDatabase,
    store: &Arc<PostgresStore>,
    removal: Append,
) -> bool {
    let EventBody::MemberRemoved { user, .. } = removal.body else {
        panic!("a removal");
    };
    let other = line(database.url()).await;
    let group = removal.conversation.as_uuid();
    other.batch_execute("BEGIN").await.unwrap();
    let lock_member = "SELECT 1 FROM member WHERE conversation = $1 AND user_id = $2 FOR UPDATE";
    other
        .query(lock_member, &[&group, &user.as_uuid()])
        .await
        .unwrap();
    let removing = tokio::spawn({
        let store = Arc::clone(store);
        async move { store.append_batch(vec![removal]).await }
    });
    wait_for_a_lock(database.url()).await;
    let lock_conversation = "SELECT 1 FROM conversation WHERE id = $1 FOR UPDATE";
    let survived = other.query(lock_conversation, &[&group]).await.is_ok();
    other
        .batch_execute(if survived { "COMMIT" } else { "ROLLBACK" })
        .await
        .unwrap();
    let outcomes = removing.await.unwrap().unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().event.seq, seq(2));
    survived
}

/// Returns when somebody in this database waits for a lock.
async fn wait_for_a_lock(url: &str) {
    let watcher = line(url).await;
    let waiting =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while watcher.query(waiting, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A block that is acknowledged is in front of every message that is appended later, on any node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_and_an_append_take_turns() {
    let database = database().await;
    let (one, two) = (node(database.url()).await, node(database.url()).await);
    let (world, alice, bob, _) = World::with_three(one.clone()).await;
    let direct = world.direct(alice, bob).await;
    for _ in 0..20 {
        two.set_blocked(bob.user, alice.user, false, world.now())
            .await
            .unwrap();
        let mut entry = world.message(direct, alice, "hello");
        entry.facts.not_blocked = Some((alice.user, bob.user));
        let block = async {
            two.set_blocked(bob.user, alice.user, true, world.now())
                .await
                .unwrap();
            two.last_seq(direct).await.unwrap()
        };
        let (outcome, at_block) = tokio::join!(one.append_batch(vec![entry]), block);
        match &outcome.unwrap()[0] {
            Ok(Appended { event, .. }) => assert!(Some(event.seq) <= at_block, "it came after the block"),
            Err(error) => assert_eq!(*error, AppendError::Stale),
        }
    }
}

/// Who is removed and added again in one batch begins anew; who is added and removed was never there.
#[tokio::test]
async fn one_batch_removes_and_adds() {
    let database = database().await;
    let store = node(database.url()).await;
    let (world, alice, bob, carol) = World::with_three(store.clone()).await;
    let group = world.group("Tea", alice, &[bob]).await;
    world.say(group, alice, "before").await;
    let add = |person: Person, role| EventBody::MemberAdded {
        member: member(person.user, role),
    };
    let batch = vec![
        world.entry(
            group,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        ),
        world.entry(group, alice, add(bob, Role::Owner)),
        world.entry(group, alice, add(carol, Role::Member)),
        world.entry(
            group,
            alice,
            EventBody::MemberRemoved {
                user: carol.user,
                banned: false,
            },
        ),
        world.entry(group, alice, text("after")),
    ];
    let outcomes = store.append_batch(batch).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let access = store
        .find_access(group, bob.user, Some(carol.user))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(access.role, Some(Role::Owner));
    assert_eq!(access.first_seq, seq(4));
    assert_eq!(
        (access.member_count, access.owner_count, access.target_role),
        (2, 2, None)
    );
    assert_eq!(store.count_unread(group, bob.user, 10).await.unwrap(), Some(1));
}

/// What was acknowledged is there after the server was killed, and what was not is there once or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_a_crash() {
    let server = TestPostgres::start_alone(&[]).await.unwrap();
    let database = server.fresh_database().await.unwrap();
    // Whoever appends gives up at once here; that they need not is in tests/failover.rs.
    let options = Options {
        connections_max: 4,
        retry_ms: 0,
        ..Options::default()
    };
    let store = Arc::new(PostgresStore::connect(database.url(), options).await.unwrap());
    let (world, alice, bob, _) = World::with_three(store.clone()).await;
    let direct = world.direct(alice, bob).await;
    for round in 0..2 {
        let mut senders = JoinSet::new();
        for _ in 0..4 {
            let (world, store) = (world.clone(), store.clone());
            senders.spawn(async move {
                let mut acknowledged = Vec::new();
                loop {
                    let entry = world.message(direct, alice, "are you there?");
                    match store.append_batch(vec![entry]).await {
                        Ok(outcomes) => acknowledged.push(outcomes[0].clone().unwrap().event),
                        Err(StoreError::Unavailable(_)) => return acknowledged,
                        Err(error) => panic!("{error:?}"),
                    }
                }
            });
        }
        let enough = 100 * (round + 1);
        while world.store.last_seq(direct).await.unwrap() < Some(seq(enough)) {}
        server.kill().unwrap();
        let acknowledged: Vec<Event> = senders.join_all().await.into_iter().flatten().collect();
        server.restart().await.unwrap();
        let log = loop {
            match store.ping().await {
                Ok(()) => break log_of(&*store, direct, bob).await,
                Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"),
            }
        };
        for event in acknowledged {
            assert_eq!(log[usize::try_from(event.seq.get()).unwrap() - 1], event);
        }
    }
}
