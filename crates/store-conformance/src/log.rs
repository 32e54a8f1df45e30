//! Reading logs: pages, and what comes after a cursor.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::log::{CatchUpRow, LogRange};
use pipit_wire::ConversationId;
use pipit_wire::event::{EventBody, Role};
use pipit_wire::frame::Cursor;

use crate::world::{Person, World, member, seq};

/// A group of alice and bob with 10 entries, to which carol came with entry 6.
async fn log_of_ten(world: &World, alice: Person, bob: Person, carol: Person) -> ConversationId {
    let group = world.group("Tea", alice, &[bob]).await;
    for number in 2..=10 {
        if number == 6 {
            let added = EventBody::MemberAdded {
                member: member(carol.user, Role::Member),
            };
            world.enter(group, alice, added).await;
        } else {
            world.say(group, alice, &format!("message {number}")).await;
        }
    }
    group
}

async fn page(world: &World, group: ConversationId, reader: Person, range: LogRange) -> Vec<u64> {
    let page = world
        .store
        .read_log(group, reader.user, range)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(page.last_seq, seq(10));
    assert!(page.events.iter().all(|event| event.conversation == group));
    page.events.iter().map(|event| event.seq.get()).collect()
}

const fn newest(limit: u32) -> LogRange {
    LogRange::Newest { limit }
}

fn before(number: u64, limit: u32) -> LogRange {
    LogRange::Before {
        seq: seq(number),
        limit,
    }
}

fn after(number: u64, limit: u32) -> LogRange {
    LogRange::After {
        seq: seq(number),
        limit,
    }
}

/// Each range gives its page, in order of seq.
pub async fn ranges_are_read(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    assert_eq!(page(&world, group, alice, newest(3)).await, [8, 9, 10]);
    assert_eq!(
        page(&world, group, alice, newest(100)).await,
        (1..=10).collect::<Vec<_>>()
    );
    assert_eq!(page(&world, group, alice, newest(0)).await, [0; 0]);
    assert_eq!(page(&world, group, alice, before(8, 3)).await, [5, 6, 7]);
    assert_eq!(page(&world, group, alice, before(3, 100)).await, [1, 2]);
    assert_eq!(page(&world, group, alice, before(1, 3)).await, [0; 0]);
    assert_eq!(page(&world, group, alice, before(0, 3)).await, [0; 0]);
    assert_eq!(page(&world, group, alice, before(11, 2)).await, [9, 10]);
    assert_eq!(page(&world, group, alice, after(0, 3)).await, [1, 2, 3]);
    assert_eq!(page(&world, group, alice, after(4, 2)).await, [5, 6]);
    assert_eq!(page(&world, group, alice, after(8, 100)).await, [9, 10]);
    assert_eq!(page(&world, group, alice, after(10, 3)).await, [0; 0]);
    assert_eq!(page(&world, group, alice, after(1_000, 3)).await, [0; 0]);
}

/// Nobody reads what was before they came.
pub async fn a_newcomer_reads_from_their_first_entry(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    assert_eq!(page(&world, group, carol, newest(100)).await, [6, 7, 8, 9, 10]);
    assert_eq!(page(&world, group, carol, newest(2)).await, [9, 10]);
    assert_eq!(page(&world, group, carol, before(8, 100)).await, [6, 7]);
    assert_eq!(page(&world, group, carol, before(8, 1)).await, [7]);
    assert_eq!(page(&world, group, carol, before(6, 100)).await, [0; 0]);
    assert_eq!(page(&world, group, carol, before(3, 100)).await, [0; 0]);
    assert_eq!(page(&world, group, carol, after(0, 2)).await, [6, 7]);
    assert_eq!(page(&world, group, carol, after(5, 1)).await, [6]);
    assert_eq!(page(&world, group, carol, after(6, 1)).await, [7]);
    let read = world
        .store
        .read_log(group, carol.user, newest(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((read.first_seq, read.last_seq), (seq(6), seq(10)));
}

/// Who is not a member, or is not any more, reads nothing; who comes again reads from there.
pub async fn only_members_read(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave").await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    let read = |reader: Person| {
        let store = Arc::clone(&world.store);
        async move { store.read_log(group, reader.user, newest(100)).await.unwrap() }
    };
    assert_eq!(read(dave).await, None);
    assert_eq!(
        world
            .store
            .read_log(world.id(), alice.user, newest(1))
            .await
            .unwrap(),
        None
    );
    world
        .enter(
            group,
            bob,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(read(bob).await, None);
    world
        .enter(
            group,
            alice,
            EventBody::MemberAdded {
                member: member(bob.user, Role::Member),
            },
        )
        .await;
    let again = read(bob).await.unwrap();
    assert_eq!((again.first_seq, again.events.len()), (seq(12), 1));
}

async fn catch_up(
    world: &World,
    person: Person,
    cursors: &[(ConversationId, u64)],
    limit: u32,
) -> Vec<CatchUpRow> {
    let cursors: Vec<Cursor> = cursors
        .iter()
        .map(|(conversation, at)| Cursor {
            conversation: *conversation,
            seq: seq(*at),
        })
        .collect();
    world.store.catch_up(person.user, &cursors, limit).await.unwrap()
}

fn seqs(row: &CatchUpRow) -> Vec<u64> {
    row.events.iter().map(|event| event.seq.get()).collect()
}

/// What comes after a cursor is all there, or there is a gap; never a part.
pub async fn a_cursor_is_caught_up_or_has_a_gap(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    // (cursor, limit) -> (entries, gap)
    let table: [(u64, u32, Vec<u64>, bool); 9] = [
        (7, 100, vec![8, 9, 10], false),
        (7, 3, vec![8, 9, 10], false),
        (7, 2, vec![], true),
        (0, 10, (1..=10).collect(), false),
        (0, 9, vec![], true),
        (10, 100, vec![], false),
        (10, 0, vec![], false),
        (9, 0, vec![], true),
        (11, 100, vec![], false),
    ];
    for (cursor, limit, entries, gap) in table {
        let rows = catch_up(&world, alice, &[(group, cursor)], limit).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].conversation, group);
        assert_eq!(rows[0].last_seq, seq(10));
        assert_eq!(
            (seqs(&rows[0]), rows[0].gap),
            (entries, gap),
            "cursor {cursor}, limit {limit}"
        );
    }
}

/// A cursor before the first entry that one may read is answered from there.
pub async fn a_cursor_begins_at_the_first_entry(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    for cursor in [0, 3, 5] {
        let rows = catch_up(&world, carol, &[(group, cursor)], 5).await;
        assert_eq!(
            (seqs(&rows[0]), rows[0].gap),
            (vec![6, 7, 8, 9, 10], false),
            "cursor {cursor}"
        );
        let rows = catch_up(&world, carol, &[(group, cursor)], 4).await;
        assert_eq!((seqs(&rows[0]), rows[0].gap), (vec![], true), "cursor {cursor}");
    }
}

/// Many cursors are answered at once; those of conversations that one is not in get no row.
pub async fn many_cursors_are_caught_up(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    let direct = world.direct(alice, bob).await;
    let quiet = world.direct(alice, carol).await;
    world.say(direct, bob, "hello").await;
    let foreign = world.direct(bob, carol).await;
    let left = world.group("Left", alice, &[bob]).await;
    world
        .enter(
            left,
            alice,
            EventBody::MemberRemoved {
                user: alice.user,
                banned: false,
            },
        )
        .await;
    let cursors = [
        (foreign, 0),
        (quiet, 1),
        (group, 2),
        (world.id(), 0),
        (direct, 1),
        (left, 0),
    ];
    let mut rows = catch_up(&world, alice, &cursors, 5).await;
    rows.sort_by_key(|row| row.conversation);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.conversation, seqs(row), row.gap, row.last_seq.get()))
        .collect();
    assert_eq!(
        seen,
        [
            (group, vec![], true, 10),
            (direct, vec![2], false, 2),
            (quiet, vec![], false, 1)
        ]
    );
    assert_eq!(catch_up(&world, alice, &[], 5).await, []);
    assert_eq!(rows[1].events[0].sender, bob.user);
}

/// The end of a log is known to whoever asks; of none there is none.
pub async fn the_last_seq_is_found(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    assert_eq!(world.store.last_seq(group).await.unwrap(), Some(seq(10)));
    assert_eq!(world.store.last_seq(world.id()).await.unwrap(), None);
    assert_eq!(world.store.find_event(group, world.id()).await.unwrap(), None);
    assert_eq!(
        world.store.find_event(world.id(), world.id()).await.unwrap(),
        None
    );
}

/// The ends of many logs are found at once; what is not there is left out.
pub async fn the_last_seqs_are_found(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    let direct = world.direct(alice, bob).await;
    let asked = [group, world.id(), direct];
    let mut found = world.store.last_seqs(&asked).await.unwrap();
    found.sort_unstable();
    let mut expect = vec![(group, seq(10)), (direct, seq(1))];
    expect.sort_unstable();
    assert_eq!(found, expect);
    assert_eq!(world.store.last_seqs(&[]).await.unwrap(), []);
}

/// A node reads what it has missed, a page at a time, without being a member.
pub async fn entries_are_read_by_whoever_asks(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = log_of_ten(&world, alice, bob, carol).await;
    for (after, limit, expect) in [
        (0, 3, vec![1, 2, 3]),
        (3, 100, (4..=10).collect()),
        (10, 100, vec![]),
    ] {
        let entries = world.store.read_entries(group, seq(after), limit).await.unwrap();
        let seqs: Vec<u64> = entries.iter().map(|entry| entry.seq.get()).collect();
        assert_eq!(seqs, expect, "after {after}");
    }
    assert_eq!(world.store.read_entries(world.id(), seq(0), 9).await.unwrap(), []);
}
