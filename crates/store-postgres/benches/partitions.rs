//! What the number of partitions of the log changes, on three million entries: appends of 1, 64 and 1,024 messages to conversations
//! drawn at random, and pages of 50 of the newest entries, with 1, 16 and 64 partitions.
//!
//! `cargo bench -p pipit-store-postgres --bench partitions` starts a PostgreSQL server of its own with its settings as Debian ships
//! them, but fsync off, so that the disk does not hide the rest; prints a table: medians of five rounds. It takes some minutes.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipit_store::log::{Append, LogRange};
use pipit_store_conformance::opening::{self, Dialect};
use pipit_store_conformance::world::{Person, World, text};
use pipit_store_postgres::testing::{TestDatabase, TestPostgres};
use pipit_store_postgres::{Options, PostgresStore};
use pipit_wire::event::Role;
use pipit_wire::{ConversationId, DeviceId, UserId};
use tokio_postgres::{Client, NoTls};

const PARTITIONS: [u32; 3] = [1, 16, 64];
const WAITING: [usize; 3] = [1, 64, 1_024];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
/// Of `opening`.
const CONVERSATIONS: u64 = 10_000;

const DIALECT: Dialect = Dialect {
    account: "account",
    user: "user_id",
    hex8: "pg_temp.hex(8,",
    hex10: "pg_temp.hex(10,",
    id_begins: "cast(",
    id_ends: " AS uuid)",
};
const HEX: &str = "
    CREATE FUNCTION pg_temp.hex(width int, number bigint) RETURNS text LANGUAGE sql IMMUTABLE
        RETURN lpad(to_hex(number), width, '0');";
/// The same log in another number of partitions.
const REPARTITION: &str = "
    CREATE TABLE other (LIKE event INCLUDING ALL) PARTITION BY HASH (conversation);
    DROP TABLE event;
    ALTER TABLE other RENAME TO event;
    DO $$ BEGIN FOR part IN 0..MODULUS - 1 LOOP EXECUTE format(
        'CREATE TABLE event_%s PARTITION OF event FOR VALUES WITH (MODULUS MODULUS, REMAINDER %s) WITH ('
        || 'autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)', part, part);
    END LOOP; END $$;";
/// Twice as much again.
const MORE: &str = "
    INSERT INTO event (conversation, seq, id, kind, sender, device, at, body)
        SELECT conversation, seq + 100 * more, gen_random_uuid(), kind, sender, device, at, body
        FROM generate_series(1, 2) AS more, event WHERE seq <= 100;
    UPDATE conversation SET last_seq = 300, last_message_seq = 300;
    VACUUM ANALYZE";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let settings = [("fsync", "off"), ("autovacuum", "off")];
    let server = runtime.block_on(TestPostgres::start_alone(&settings)).unwrap();
    runtime.block_on(async {
        let mut logs = Vec::new();
        for partitions in PARTITIONS {
            logs.push(Log::fill(&server, partitions).await);
        }
        // In turns: whatever else the machine does falls on all of them.
        for _ in 0..ROUNDS {
            for log in &mut logs {
                for (waiting, rates) in WAITING.into_iter().zip(&mut log.appends) {
                    rates.push(appends(&log.world, &mut log.draw, waiting).await);
                }
                log.pages.push(pages(&log.world, &mut log.draw).await);
            }
        }
        println!(
            "{:>10} {:>14} {:>14} {:>14} {:>14} {:>14}",
            "partitions", "appends of 1/s", "of 64/s", "of 1,024/s", "pages/s", "log, MiB"
        );
        for (partitions, log) in PARTITIONS.into_iter().zip(logs) {
            let [one, some, many] = log.appends.map(median);
            let pages = median(log.pages);
            println!(
                "{partitions:>10} {one:>14.0} {some:>14.0} {many:>14.0} {pages:>14.0} {:>14.0}",
                log.size_mib
            );
        }
    });
}

/// One log, and what was measured of it.
struct Log {
    world: World,
    draw: Draw,
    size_mib: f64,
    appends: [Vec<f64>; 3],
    pages: Vec<f64>,
    _database: TestDatabase,
}

impl Log {
    async fn fill(server: &TestPostgres, partitions: u32) -> Self {
        let database = server.fresh_database().await.unwrap();
        let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
        let work = async {
            fill(&client, partitions).await;
            let size = "SELECT sum(pg_total_relation_size(inhrelid))::float8 FROM pg_inherits
                WHERE inhparent = 'event'::regclass";
            client.query_one(size, &[]).await.unwrap().get::<_, f64>(0) / 1_048_576.0
        };
        let size_mib = tokio::select! {
            size_mib = work => size_mib,
            ended = connection => panic!("{ended:?}"),
        };
        let store = PostgresStore::connect(database.url(), Options::default())
            .await
            .unwrap();
        Self {
            world: World::new(Arc::new(store)),
            draw: Draw(1),
            size_mib,
            appends: Default::default(),
            pages: Vec::new(),
            _database: database,
        }
    }
}

async fn fill(client: &Client, partitions: u32) {
    let repartition = REPARTITION
        .replace("0..MODULUS", &format!("0..{partitions}"))
        .replace("(MODULUS MODULUS", &format!("(MODULUS {partitions}"));
    client.batch_execute(&repartition).await.unwrap();
    let body = serde_json::to_string(&text("Shall we meet at the usual place?")).unwrap();
    let fill = opening::fill_sql(&DIALECT, &body);
    client.batch_execute(&format!("{HEX} {fill}")).await.unwrap();
    for statement in MORE.split(';') {
        client.batch_execute(statement).await.unwrap();
    }
}

/// The next numbers of a linear congruential generator (Knuth's MMIX).
struct Draw(u64);

impl Draw {
    /// A conversation, and somebody who is in it.
    fn conversation(&mut self) -> (ConversationId, Person) {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let number = 1 + (self.0 >> 33) % CONVERSATIONS;
        let member = 3 + (number + 331) % 998;
        let person = Person {
            user: UserId::from(opening::id(0xa0, member)),
            device: DeviceId::from(opening::id(0xd0, member)),
            refresh: 0,
        };
        (ConversationId::from(opening::id(0xc0, number)), person)
    }
}

/// Messages appended a second, so many at once.
async fn appends(world: &World, draw: &mut Draw, waiting: usize) -> f64 {
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < ROUND {
        let batch: Vec<Append> = (0..waiting)
            .map(|_| {
                let (conversation, person) = draw.conversation();
                let mut entry = world.message(conversation, person, "At half past seven?");
                entry.facts.roles = vec![(person.user, Some(Role::Member))];
                entry
            })
            .collect();
        for outcome in world.store.append_batch(batch).await.unwrap() {
            outcome.unwrap();
            count += 1;
        }
    }
    f64::from(count) / begin.elapsed().as_secs_f64()
}

/// Pages read a second by one reader.
async fn pages(world: &World, draw: &mut Draw) -> f64 {
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < ROUND {
        let (conversation, person) = draw.conversation();
        let range = LogRange::Newest { limit: 50 };
        let page = world
            .store
            .read_log(conversation, person.user, range)
            .await
            .unwrap();
        assert_eq!(page.unwrap().events.len(), 50);
        count += 1;
    }
    f64::from(count) / begin.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
