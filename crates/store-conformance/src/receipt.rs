//! Markers, and what is unread after them.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::log::{ReceiptAdvance, ReceiptOutcome};
use pipit_wire::ConversationId;
use pipit_wire::event::{EventBody, Role};
use pipit_wire::frame::Receipt;
use tokio::task::JoinSet;

use crate::world::{Person, World, member, seq};

fn advanced(conversation: ConversationId, person: Person, delivered: u64, read: u64) -> ReceiptOutcome {
    ReceiptOutcome::Advanced {
        receipt: receipt(conversation, person, delivered, read),
        delivered: true,
    }
}

/// Only the marker of what was read has moved.
fn read_on(conversation: ConversationId, person: Person, delivered: u64, read: u64) -> ReceiptOutcome {
    ReceiptOutcome::Advanced {
        receipt: receipt(conversation, person, delivered, read),
        delivered: false,
    }
}

fn receipt(conversation: ConversationId, person: Person, delivered: u64, read: u64) -> Receipt {
    Receipt {
        conversation,
        user: person.user,
        delivered_seq: seq(delivered),
        read_seq: seq(read),
    }
}

async fn direct_with(world: &World, alice: Person, bob: Person, messages: u64) -> ConversationId {
    let direct = world.direct(alice, bob).await;
    for number in 0..messages {
        world.say(direct, alice, &format!("message {number}")).await;
    }
    direct
}

async fn markers(world: &World, conversation: ConversationId) -> Vec<Receipt> {
    let mut receipts = world.store.list_receipts(conversation, 1_000).await.unwrap();
    receipts.sort_by_key(|receipt| receipt.user);
    receipts
}

/// Markers move forward, each on its own, and what is read is delivered.
pub async fn markers_move_forward(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = direct_with(&world, alice, bob, 9).await;
    let steps = [
        ((3, 1), advanced(direct, bob, 3, 1)),
        ((3, 1), ReceiptOutcome::Unchanged),
        ((2, 0), ReceiptOutcome::Unchanged),
        ((5, 0), advanced(direct, bob, 5, 1)),
        ((0, 4), read_on(direct, bob, 5, 4)),
        ((0, 7), advanced(direct, bob, 7, 7)),
        ((0, 0), ReceiptOutcome::Unchanged),
        ((9, 2), advanced(direct, bob, 9, 7)),
        ((10, 10), advanced(direct, bob, 10, 10)),
        ((10, 10), ReceiptOutcome::Unchanged),
    ];
    for ((delivered, read), expect) in steps {
        assert_eq!(
            world.advance(direct, bob, delivered, read).await,
            expect,
            "to {delivered}, {read}"
        );
    }
    assert_eq!(
        markers(&world, direct).await,
        [receipt(direct, alice, 0, 0), receipt(direct, bob, 10, 10)]
    );
}

/// What is beyond the end of the log moves nothing, not even the other marker.
pub async fn markers_stay_within_the_log(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = direct_with(&world, alice, bob, 4).await;
    let ahead = ReceiptOutcome::Ahead { last_seq: seq(5) };
    assert_eq!(world.advance(direct, bob, 6, 2).await, ahead);
    assert_eq!(world.advance(direct, bob, 2, 6).await, ahead);
    assert_eq!(
        world.advance(direct, bob, pipit_wire::Seq::MAX.get(), 0).await,
        ahead
    );
    assert_eq!(markers(&world, direct).await[1], receipt(direct, bob, 0, 0));
    assert_eq!(
        world.advance(direct, bob, 5, 5).await,
        advanced(direct, bob, 5, 5)
    );
}

/// Who is not a member has no markers.
pub async fn outsiders_have_no_markers(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    assert_eq!(world.advance(group, carol, 1, 1).await, ReceiptOutcome::NotMember);
    assert_eq!(
        world.advance(world.id(), carol, 1, 1).await,
        ReceiptOutcome::NotMember
    );
    assert_eq!(
        world.store.count_unread(group, carol.user, 10).await.unwrap(),
        None
    );
    assert_eq!(
        world
            .store
            .count_unread(world.id(), carol.user, 10)
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
    assert_eq!(world.advance(group, bob, 2, 2).await, ReceiptOutcome::NotMember);
    assert_eq!(markers(&world, group).await, [receipt(group, alice, 0, 0)]);
    assert_eq!(world.store.list_receipts(world.id(), 10).await.unwrap(), []);
}

/// A batch is worked off in the order given; each has its own outcome.
pub async fn a_batch_has_an_outcome_each(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = direct_with(&world, alice, bob, 4).await;
    let other = direct_with(&world, alice, carol, 2).await;
    let to = |conversation, person: Person, delivered, read| ReceiptAdvance {
        conversation,
        user: person.user,
        delivered_seq: seq(delivered),
        read_seq: seq(read),
    };
    let batch = [
        to(direct, bob, 3, 2),
        to(direct, carol, 1, 1),
        to(direct, bob, 2, 2),
        to(other, carol, 3, 3),
        to(direct, bob, 9, 9),
        to(direct, bob, 4, 4),
    ];
    let expect = [
        advanced(direct, bob, 3, 2),
        ReceiptOutcome::NotMember,
        ReceiptOutcome::Unchanged,
        advanced(other, carol, 3, 3),
        ReceiptOutcome::Ahead { last_seq: seq(5) },
        advanced(direct, bob, 4, 4),
    ];
    assert_eq!(world.store.advance_receipts(&batch).await.unwrap(), expect);
    assert_eq!(world.store.advance_receipts(&[]).await.unwrap(), []);
}

/// The list of markers ends at its limit.
pub async fn the_list_of_markers_is_limited(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    assert_eq!(world.store.list_receipts(group, 2).await.unwrap().len(), 2);
    assert_eq!(markers(&world, group).await.len(), 3);
}

/// Many advances at once, in any order, end at the highest of each marker.
pub async fn concurrent_advances_converge(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = direct_with(&world, alice, bob, 40).await;
    let mut tasks = JoinSet::new();
    for task in 0..8_u64 {
        let world = world.clone();
        tasks.spawn(async move {
            for step in 0..20_u64 {
                // Every number up to the end once, in an order that jumps back and forth.
                let delivered = 1 + (task * 20 + step) * 7 % 41;
                let read = delivered.saturating_sub(1 + step % 3);
                let outcome = world.advance(direct, bob, delivered, read).await;
                match outcome {
                    ReceiptOutcome::Advanced { receipt: now, .. } => {
                        assert!(now.delivered_seq >= seq(delivered) && now.read_seq >= seq(read));
                        assert!(now.read_seq <= now.delivered_seq);
                    }
                    other => assert_eq!(other, ReceiptOutcome::Unchanged),
                }
            }
        });
    }
    tasks.join_all().await;
    let delivered = (0..160).map(|number| 1 + number * 7 % 41).max().unwrap();
    let read = (0..160)
        .map(|number| 1 + number * 7 % 41 - (1 + number % 20 % 3).min(1 + number * 7 % 41))
        .max();
    assert_eq!(
        markers(&world, direct).await[1],
        receipt(direct, bob, delivered, read.unwrap())
    );
}

/// Unread are the messages of others after one's own marker, counted up to the limit.
pub async fn unread_messages_are_counted(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let unread = |person: Person, limit| {
        let world = world.clone();
        async move { world.store.count_unread(group, person.user, limit).await.unwrap() }
    };
    assert_eq!(unread(bob, 100).await, Some(0), "the first entry is no message");
    for words in ["one", "two", "three"] {
        world.say(group, alice, words).await;
    }
    world.say(group, bob, "mine").await;
    world
        .enter(
            group,
            alice,
            EventBody::MemberAdded {
                member: member(carol.user, Role::Member),
            },
        )
        .await;
    world.say(group, carol, "hello").await;
    assert_eq!(unread(bob, 100).await, Some(4));
    assert_eq!(unread(bob, 3).await, Some(3), "no further than the limit");
    assert_eq!(unread(bob, 0).await, Some(0));
    assert_eq!(unread(alice, 100).await, Some(2));
    assert_eq!(
        unread(carol, 100).await,
        Some(0),
        "what was said before one came is not unread"
    );
    world.advance(group, bob, 7, 3).await;
    assert_eq!(unread(bob, 100).await, Some(2), "delivered is not read");
    world.advance(group, bob, 7, 7).await;
    assert_eq!(unread(bob, 100).await, Some(0));
}
