//! Shows that pages cost what is on them: the plans of the statements behind them, on logs of 20,000 entries, with the settings
//! that every connection has.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test and its helpers"
)]

use std::collections::BTreeSet;

use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::testing::{TestDatabase, TestPostgres};
use crate::{Options, account, append, conversation, log, open, receipt, summary};

/// 300 people; 200 groups of 32 of them; 100 entries each, two of three of them messages.
const FILL: &str = "
    INSERT INTO account (id, handle, name, password, admin, created_at)
        SELECT md5('a' || n)::uuid, 'handle' || n, 'Name ' || n, '', false, 0 FROM generate_series(1, 300) AS n;
    INSERT INTO account_word (word, user_id) SELECT 'name ' || n, md5('a' || n)::uuid FROM generate_series(1, 300) AS n;
    INSERT INTO privacy (user_id, receipts, typing, presence, found_by, written_by, added_by, changed_at)
        SELECT md5('a' || n)::uuid, n % 2 = 0, true, true, 0, 0, 0, 0 FROM generate_series(1, 300) AS n;
    INSERT INTO conversation (id, kind, title, last_seq, last_at, last_message_seq, member_count, owner_count)
        SELECT md5('c' || n)::uuid, 1, 'Group', 100, n, 100, 32, 1 FROM generate_series(1, 200) AS n;
    INSERT INTO member (conversation, user_id, role, first_seq, delivered_seq, read_seq)
        SELECT md5('c' || n)::uuid, md5('a' || (1 + (n + m) % 300))::uuid, 0, 1, 90, 90
        FROM generate_series(1, 200) AS n, generate_series(1, 32) AS m;
    INSERT INTO event (conversation, seq, id, kind, sender, device, at, body)
        SELECT md5('c' || n)::uuid, s, md5('e' || n || '/' || s)::uuid, CASE WHEN s % 3 = 0 THEN 5 ELSE 1 END,
            md5('a' || (1 + s % 300))::uuid, NULL, s, '{\"type\":\"title_changed\",\"title\":\"x\"}'
        FROM generate_series(1, 200) AS n, generate_series(1, 100) AS s;
    ANALYZE";

async fn filled() -> (Client, TestDatabase) {
    let server = TestPostgres::start().await.unwrap();
    let database = server.fresh_database().await.unwrap();
    let options = Options::default();
    let client = open::Address::parse(database.url(), &options)
        .unwrap()
        .connect()
        .await
        .unwrap();
    client.batch_execute(FILL).await.unwrap();
    client.batch_execute(&open::settings(&options)).await.unwrap();
    (client, database)
}

/// What a statement does when it runs: how it reads which index or table (a partition's number left out), and how many partitions
/// of the log it reads.
async fn plan(client: &Client, sql: &str, arguments: &str) -> (BTreeSet<String>, usize) {
    client
        .batch_execute(&format!("PREPARE statement AS {sql}"))
        .await
        .unwrap();
    let explain = format!(
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) EXECUTE statement ({arguments})"
    );
    let messages = client.simple_query(&explain).await.unwrap();
    client.batch_execute("DEALLOCATE statement").await.unwrap();
    let text = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    let plan: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let (mut reads, mut partitions) = (BTreeSet::new(), BTreeSet::new());
    collect(&plan[0]["Plan"], &mut reads, &mut partitions);
    (reads, partitions.len())
}

fn collect(node: &Value, reads: &mut BTreeSet<String>, partitions: &mut BTreeSet<String>) {
    if node["Actual Loops"].as_f64().unwrap_or(0.0) > 0.0 {
        let kind = node["Node Type"].as_str().unwrap();
        let relation = node["Relation Name"].as_str();
        if let Some(name) = node["Index Name"].as_str().or(relation) {
            let name = match name.strip_prefix("event_") {
                Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => {
                    format!("event_NN{}", &rest[2..])
                }
                _ => name.to_owned(),
            };
            reads.insert(format!("{kind} {name}"));
        }
        if let Some(partition) = relation.filter(|name| name.starts_with("event_")) {
            partitions.insert(partition.to_owned());
        }
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect(child, reads, partitions);
    }
}

/// Where an index has all that is asked, whether the table is looked at too depends on when it was vacuumed last. Both
/// indexes of members with (conversation, user) find one of them equally well.
async fn check(client: &Client, sql: &str, arguments: &str, expect: &[&str], expect_partitions: usize) {
    let (reads, partitions) = plan(client, sql, arguments).await;
    let reads: BTreeSet<String> = reads
        .iter()
        .map(|read| {
            read.replace("Index Only", "Index")
                .replace("member_by_user", "member_pkey")
        })
        .collect();
    let expect: BTreeSet<String> = expect.iter().map(|read| (*read).to_owned()).collect();
    assert_eq!(reads, expect, "{sql}");
    assert_eq!(partitions, expect_partitions, "{sql}");
}

const MEMBER: &str = "Index Scan member_pkey";
const CONVERSATION: &str = "Index Scan conversation_pkey";
const LOG: &str = "Index Scan event_NN_pkey";
const LOG_BY_ID: &str = "Index Scan event_NN_conversation_id_idx";
const ACCOUNT: &str = "Index Scan account_pkey";
const PRIVACY: &str = "Index Scan privacy_pkey";

/// One test, because filling the tables takes longer than all of it.
#[tokio::test]
async fn pages_are_index_lookups() {
    let (client, _database) = filled().await;
    history_is_one_stretch_of_one_partition(&client).await;
    catching_up_reads_only_what_is_missing(&client).await;
    unread_messages_are_one_stretch_of_the_log(&client).await;
    an_append_looks_up_and_locks_by_keys(&client).await;
    the_list_reads_what_it_shows(&client).await;
    members_are_paged_in_an_index(&client).await;
    people_are_searched_by_stretches_of_indexes(&client).await;
    receipts_move_by_keys(&client).await;
}

async fn history_is_one_stretch_of_one_partition(client: &Client) {
    let key = "md5('c7')::uuid, md5('a20')::uuid";
    for (sql, edge) in [(log::BACKWARDS, 80), (log::FORWARDS, 20)] {
        check(
            client,
            sql,
            &format!("{key}, {edge}, 50"),
            &[MEMBER, CONVERSATION, LOG],
            1,
        )
        .await;
    }
    check(client, log::BY_SEQ, "md5('c7')::uuid, 17", &[LOG], 1).await;
    check(
        client,
        log::BY_ID,
        "md5('c7')::uuid, md5('e7/17')::uuid",
        &[LOG_BY_ID],
        1,
    )
    .await;
}

async fn catching_up_reads_only_what_is_missing(client: &Client) {
    let cursors = "ARRAY[md5('c7')::uuid, md5('c8')::uuid]";
    let arguments = format!("md5('a20')::uuid, {cursors}, ARRAY[90, 95], 20");
    let (reads, partitions) = plan(client, log::CATCH_UP, &arguments).await;
    assert!(
        partitions <= 2,
        "two logs, in at most two partitions, and not in {partitions}"
    );
    assert!(reads.contains(LOG), "{reads:?}");
    assert!(
        !reads.iter().any(|read| read.starts_with("Seq Scan")),
        "{reads:?}"
    );
    // A gap is told from the bounds alone.
    let arguments = format!("md5('a20')::uuid, {cursors}, ARRAY[0, 0], 20");
    let (reads, partitions) = plan(client, log::CATCH_UP, &arguments).await;
    assert_eq!(partitions, 0, "{reads:?}");
    assert!(
        !reads.iter().any(|read| read.starts_with("Seq Scan")),
        "{reads:?}"
    );
}

async fn unread_messages_are_one_stretch_of_the_log(client: &Client) {
    let key = "md5('c7')::uuid, md5('a20')::uuid, 1000";
    check(client, receipt::UNREAD, key, &[MEMBER, LOG], 1).await;
}

async fn an_append_looks_up_and_locks_by_keys(client: &Client) {
    let locks = "ARRAY[md5('c7')::uuid, md5('c8')::uuid]";
    let (reads, _) = plan(client, append::LOCK, locks).await;
    assert!(
        reads
            .iter()
            .all(|read| read.contains("conversation_pkey") || read == "Bitmap Heap Scan conversation"),
        "{reads:?}"
    );
    let keys = "ARRAY[md5('c7')::uuid, md5('c7')::uuid], ARRAY[md5('e7/1')::uuid, md5('new')::uuid]";
    check(client, append::FIND_REPEATED, keys, &[LOG_BY_ID], 1).await;
}

async fn the_list_reads_what_it_shows(client: &Client) {
    let user = "md5('a20')::uuid";
    let by_user = "Index Scan member_by_user";
    let users = "ARRAY[md5('a20')::uuid, md5('a21')::uuid]";
    let (reads, _) = plan(client, conversation::MEMBERSHIPS, users).await;
    assert!(
        reads.iter().any(|read| read.ends_with("member_by_user")),
        "{reads:?}"
    );
    for (sql, arguments) in [
        (summary::FIRST_PAGE, format!("{user}, 1000, 5")),
        (
            summary::NEXT_PAGE,
            format!("{user}, 1000, 5, 15, md5('c15')::uuid"),
        ),
    ] {
        let (reads, partitions) = plan(client, sql, &arguments).await;
        for expect in [by_user, CONVERSATION, LOG, ACCOUNT] {
            assert!(reads.contains(expect), "{expect} is not among {reads:?}");
        }
        assert!(partitions <= 5, "five conversations, and {partitions} partitions");
    }
    let pages = "ARRAY[md5('c7')::uuid, md5('c8')::uuid], 32, md5('a9')::uuid";
    check(
        client,
        summary::MEMBERS,
        pages,
        &["Index Scan member_by_age", ACCOUNT, PRIVACY],
        0,
    )
    .await;
}

async fn members_are_paged_in_an_index(client: &Client) {
    let by_age = "Index Scan member_by_age";
    check(
        client,
        conversation::FIRST_MEMBERS,
        "md5('c7')::uuid, 5, md5('a9')::uuid",
        &[by_age, ACCOUNT, PRIVACY],
        0,
    )
    .await;
    let next = "md5('c7')::uuid, 5, md5('a9')::uuid, md5('a20')::uuid";
    check(
        client,
        conversation::NEXT_MEMBERS,
        next,
        &[by_age, MEMBER, ACCOUNT, PRIVACY],
        0,
    )
    .await;
}

async fn people_are_searched_by_stretches_of_indexes(client: &Client) {
    let (reads, _) = plan(
        client,
        account::SEARCH,
        "md5('a1')::uuid, 'name 20', 'name 21', 10",
    )
    .await;
    assert!(
        reads.iter().any(|read| read.contains("account_by_handle")),
        "{reads:?}"
    );
    assert!(
        reads.iter().any(|read| read.contains("account_word_pkey")),
        "{reads:?}"
    );
    assert!(
        !reads.iter().any(|read| read.starts_with("Seq Scan")),
        "{reads:?}"
    );
}

async fn receipts_move_by_keys(client: &Client) {
    let keys = "ARRAY[md5('c7')::uuid], ARRAY[md5('a20')::uuid]";
    let markers = [MEMBER, CONVERSATION, "Index Scan personal_pkey"];
    check(client, receipt::MARKERS, keys, &markers, 0).await;
    let advance = format!("{keys}, ARRAY[95], ARRAY[95]");
    check(
        client,
        receipt::ADVANCE,
        &advance,
        &[MEMBER, "ModifyTable member"],
        0,
    )
    .await;
}
