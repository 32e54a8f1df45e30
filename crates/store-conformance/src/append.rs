//! Appending: order, idempotency, facts, effects.

use std::sync::Arc;

use pipit_store::log::{Append, AppendError, Appended, LogRange};
use pipit_store::{Facts, Store};
use pipit_wire::event::{Content, EventBody, Role, SealedPurpose};
use pipit_wire::{ConversationId, Event};
use tokio::task::JoinSet;

use crate::world::{Person, START, World, member, seq, text};

const STALE: Result<u64, AppendError> = Err(AppendError::Stale);

async fn outcomes(world: &World, batch: Vec<Append>) -> Vec<Result<u64, AppendError>> {
    let outcomes = world.store.append_batch(batch).await.unwrap();
    outcomes
        .into_iter()
        .map(|outcome| outcome.map(|appended| appended.event.seq.get()))
        .collect()
}

/// The whole log as a member reads it, checked to have no gap.
async fn log_of(world: &World, conversation: ConversationId, reader: Person) -> Vec<Event> {
    let range = LogRange::After {
        seq: seq(0),
        limit: 10_000,
    };
    let page = world
        .store
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

/// What is appended comes back as it was given, from the append and from the log.
pub async fn an_entry_comes_back_whole(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let first = world.message(direct, alice, "Grüße 🐦 \0 \"quoted\" \u{202e}");
    let mut reply = world.entry(
        direct,
        bob,
        EventBody::Message {
            written_at: START.plus_ms(-5),
            content: Content::Sealed {
                seal: None,
                commitment: None,
                scheme: "mls1".to_owned(),
                bytes: "AAEC/w==".to_owned(),
                blobs: Vec::new(),
                purpose: SealedPurpose::Message,
            },
            reply_to: Some(first.id.into()),
            expires_at: None,
        },
    );
    reply.device = None;
    for (entry, place) in [(first, 2), (reply, 3)] {
        let expect = Event {
            id: entry.id,
            conversation: direct,
            seq: seq(place),
            at: entry.at,
            sender: entry.sender,
            device: entry.device,
            body: entry.body.clone(),
        };
        let id = entry.id;
        let appended = world.try_append(entry).await.unwrap();
        assert_eq!(
            appended,
            Appended {
                event: expect.clone(),
                repeated: false
            }
        );
        assert_eq!(world.store.find_event(direct, id).await.unwrap(), Some(expect));
    }
}

/// Entries of several conversations in one batch get their seq in the order given, each conversation its own.
pub async fn a_batch_keeps_order_in_each_conversation(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let one = world.direct(alice, bob).await;
    let two = world.group("Tea", alice, &[bob, carol]).await;
    let three = world.direct(alice, carol).await;
    let order = [one, two, one, three, two, two, one, three];
    let batch: Vec<_> = order
        .iter()
        .map(|conversation| world.message(*conversation, alice, "x"))
        .collect();
    let ids: Vec<_> = batch.iter().map(|entry| entry.id).collect();
    assert_eq!(outcomes(&world, batch).await, [2, 2, 3, 2, 3, 4, 4, 3].map(Ok));
    for conversation in [one, two, three] {
        let expect: Vec<_> = ids
            .iter()
            .zip(order)
            .filter(|(_, of)| *of == conversation)
            .map(|(id, _)| *id)
            .collect();
        let log = log_of(&world, conversation, alice).await;
        assert_eq!(
            log.iter().skip(1).map(|event| event.id).collect::<Vec<_>>(),
            expect
        );
    }
    assert_eq!(outcomes(&world, vec![]).await, []);
}

/// A refused entry leaves no gap and does not touch those around it.
pub async fn a_refused_entry_leaves_no_gap(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let taken = world.message(direct, alice, "taken");
    assert_eq!(world.append(taken.clone()).await, 2);
    let mut stale = world.message(direct, alice, "stale");
    stale.facts.roles = vec![(alice.user, None)];
    let mut conflict = taken.clone();
    conflict.body = text("something else");
    let batch = vec![
        world.message(direct, alice, "first"),
        stale.clone(),
        world.message(direct, bob, "second"),
        conflict,
        world.message(world.id(), bob, "nowhere"),
        world.message(direct, alice, "third"),
    ];
    let expect = [
        Ok(3),
        Err(AppendError::Stale),
        Ok(4),
        Err(AppendError::IdConflict),
        Err(AppendError::NoConversation),
        Ok(5),
    ];
    assert_eq!(outcomes(&world, batch).await, expect);
    assert_eq!(log_of(&world, direct, alice).await.len(), 5);
    assert_eq!(world.seq_of(direct, stale.id).await, None);
    stale.facts = Facts::default();
    assert_eq!(
        world.append(stale).await,
        6,
        "what was refused may be decided and tried again"
    );
}

/// The same entry again gets the first answer, whatever device and time it comes with and whatever has happened since.
pub async fn a_repetition_gets_the_first_answer(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let mut entry = world.message(group, bob, "hello");
    entry.facts.roles = vec![(bob.user, Some(Role::Member))];
    let first = world.try_append(entry.clone()).await.unwrap();
    world.say(group, alice, "between").await;
    world
        .enter(
            group,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    let mut again = entry.clone();
    (again.at, again.device) = (world.now(), Some(world.id()));
    let second = world.try_append(again).await.unwrap();
    assert_eq!(
        second,
        Appended {
            event: first.event,
            repeated: true
        }
    );
    assert_eq!(log_of(&world, group, alice).await.len(), 4);
    let removed = world.entry(
        group,
        alice,
        EventBody::MemberRemoved {
            user: carol.user,
            banned: false,
        },
    );
    world.append(removed.clone()).await;
    assert!(
        world.try_append(removed).await.unwrap().repeated,
        "also where it could not be applied again"
    );
}

/// One id twice in one batch is one entry.
pub async fn a_repetition_in_one_batch_is_one_entry(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let entry = world.message(direct, alice, "hello");
    let mut conflict = entry.clone();
    conflict.sender = bob.user;
    let batch = vec![
        entry.clone(),
        entry.clone(),
        conflict,
        world.message(direct, bob, "next"),
        entry,
    ];
    let outcomes = world.store.append_batch(batch).await.unwrap();
    let seen: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.map(|appended| (appended.event.seq.get(), appended.repeated)))
        .collect();
    let expect = [
        Ok((2, false)),
        Ok((2, true)),
        Err(AppendError::IdConflict),
        Ok((3, false)),
        Ok((2, true)),
    ];
    assert_eq!(seen, expect);
    assert_eq!(log_of(&world, direct, alice).await.len(), 3);
}

/// An id that was used is refused to another sender and for another content, the first entry's id included.
pub async fn a_used_id_is_refused(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let new = world.new_direct(alice, bob);
    let direct = world.store.create_direct(new.clone()).await.unwrap().conversation;
    let entry = world.message(direct, alice, "hello");
    world.append(entry.clone()).await;
    let mut other_sender = entry.clone();
    other_sender.sender = bob.user;
    let mut other_content = entry.clone();
    other_content.body = text("hello!");
    let mut other_kind = entry.clone();
    other_kind.body = EventBody::TitleChanged {
        title: "hello".to_owned(),
    };
    let mut of_creation = entry.clone();
    of_creation.id = new.event;
    for conflict in [other_sender, other_content, other_kind, of_creation] {
        assert_eq!(
            outcomes(&world, vec![conflict]).await,
            [Err(AppendError::IdConflict)]
        );
    }
    assert_eq!(log_of(&world, direct, alice).await.len(), 2);
}

/// An id is unique in its conversation alone.
pub async fn an_id_is_independent_in_another_conversation(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let one = world.direct(alice, bob).await;
    let two = world.direct(alice, carol).await;
    let entry = world.message(one, alice, "hello");
    let mut elsewhere = entry.clone();
    (elsewhere.conversation, elsewhere.body) = (two, text("something else"));
    let batch = vec![entry.clone(), elsewhere.clone()];
    assert_eq!(outcomes(&world, batch).await, [Ok(2), Ok(2)]);
    assert_eq!(
        world.store.find_event(one, entry.id).await.unwrap().unwrap().body,
        entry.body
    );
    assert_eq!(
        world.store.find_event(two, entry.id).await.unwrap().unwrap().body,
        elsewhere.body
    );
}

/// An entry is refused where a role that it was decided on is another by now.
pub async fn stale_roles_are_refused(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let try_with = |roles: Vec<(Person, Option<Role>)>| {
        let mut entry = world.message(group, bob, "x");
        entry.facts.roles = roles
            .into_iter()
            .map(|(person, role)| (person.user, role))
            .collect();
        let world = world.clone();
        async move { outcomes(&world, vec![entry]).await.remove(0) }
    };
    assert_eq!(
        try_with(vec![(bob, Some(Role::Member)), (alice, Some(Role::Owner))]).await,
        Ok(2)
    );
    assert_eq!(try_with(vec![(bob, Some(Role::Admin))]).await, STALE);
    assert_eq!(
        try_with(vec![(bob, Some(Role::Member)), (alice, Some(Role::Admin))]).await,
        STALE
    );
    assert_eq!(try_with(vec![(bob, None)]).await, STALE);
    assert_eq!(try_with(vec![(carol, Some(Role::Member))]).await, STALE);
    assert_eq!(try_with(vec![(carol, None)]).await, Ok(3));
    world
        .enter(
            group,
            alice,
            EventBody::RoleChanged {
                member: member(bob.user, Role::Moderator),
            },
        )
        .await;
    assert_eq!(try_with(vec![(bob, Some(Role::Member))]).await, STALE);
    assert_eq!(try_with(vec![(bob, Some(Role::Moderator))]).await, Ok(5));
    world
        .enter(
            group,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(try_with(vec![(bob, Some(Role::Moderator))]).await, STALE);
}

/// An entry is refused where the counts that it was decided on are others by now.
pub async fn stale_counts_are_refused(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let try_with = |owner_count, member_count_max| {
        let mut entry = world.message(group, bob, "x");
        (entry.facts.owner_count, entry.facts.member_count_max) = (owner_count, member_count_max);
        let world = world.clone();
        async move { outcomes(&world, vec![entry]).await.remove(0) }
    };
    assert_eq!(try_with(Some(1), Some(3)).await, Ok(2));
    assert_eq!(try_with(Some(2), None).await, STALE);
    assert_eq!(try_with(Some(0), None).await, STALE);
    assert_eq!(try_with(None, Some(2)).await, STALE);
    assert_eq!(try_with(None, Some(4)).await, Ok(3));
    world
        .enter(
            group,
            alice,
            EventBody::RoleChanged {
                member: member(bob.user, Role::Owner),
            },
        )
        .await;
    assert_eq!(try_with(Some(1), None).await, STALE);
    assert_eq!(try_with(Some(2), None).await, Ok(5));
    world
        .enter(
            group,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(try_with(Some(1), Some(2)).await, Ok(7));
}

/// An entry is refused where either has blocked the other by now.
pub async fn a_block_is_a_stale_fact(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let try_it = |one: Person, other: Person| {
        let mut entry = world.message(direct, alice, "x");
        entry.facts.not_blocked = Some((one.user, other.user));
        let world = world.clone();
        async move { outcomes(&world, vec![entry]).await.remove(0) }
    };
    assert_eq!(try_it(alice, bob).await, Ok(2));
    world
        .store
        .set_blocked(bob.user, alice.user, true, world.now())
        .await
        .unwrap();
    assert_eq!(try_it(alice, bob).await, STALE);
    assert_eq!(try_it(bob, alice).await, STALE);
    assert_eq!(try_it(alice, carol).await, Ok(3));
    world
        .store
        .set_blocked(bob.user, alice.user, false, world.now())
        .await
        .unwrap();
    assert_eq!(try_it(bob, alice).await, Ok(4));
}

/// The facts of an entry are held against what entries before it in the batch have done.
pub async fn facts_see_the_batch_so_far(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let fact = |mut entry: Append, person: Person, role: Option<Role>| {
        entry.facts.roles.push((person.user, role));
        entry
    };
    let mut last_owner = world.entry(
        group,
        alice,
        EventBody::MemberRemoved {
            user: alice.user,
            banned: false,
        },
    );
    last_owner.facts.owner_count = Some(2);
    let batch = vec![
        world.entry(
            group,
            alice,
            EventBody::MemberAdded {
                member: member(carol.user, Role::Member),
            },
        ),
        fact(world.message(group, carol, "hello"), carol, Some(Role::Member)),
        world.entry(
            group,
            alice,
            EventBody::RoleChanged {
                member: member(carol.user, Role::Owner),
            },
        ),
        fact(
            world.message(group, carol, "as a member"),
            carol,
            Some(Role::Member),
        ),
        last_owner.clone(),
        Append {
            id: world.id(),
            sender: carol.user,
            ..last_owner
        },
        world.entry(
            group,
            carol,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        ),
        fact(world.message(group, bob, "too late"), bob, Some(Role::Member)),
    ];
    let expect = [Ok(2), Ok(3), Ok(4), STALE, Ok(5), STALE, Ok(6), STALE];
    assert_eq!(outcomes(&world, batch).await, expect);
    let access = world
        .store
        .find_access(group, carol.user, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (access.role, access.member_count, access.owner_count),
        (Some(Role::Owner), 1, 1)
    );
}

async fn access_of(world: &World, group: ConversationId, person: Person) -> (Option<Role>, u64, u32, u32) {
    let access = world
        .store
        .find_access(group, person.user, None)
        .await
        .unwrap()
        .unwrap();
    (
        access.role,
        access.first_seq.get(),
        access.member_count,
        access.owner_count,
    )
}

/// Who is added is a member from that entry on; who is removed is none, and begins anew where they come again.
pub async fn members_come_and_go(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    world.say(group, alice, "before").await;
    let added = EventBody::MemberAdded {
        member: member(carol.user, Role::Owner),
    };
    world.enter(group, alice, added).await;
    assert_eq!(
        access_of(&world, group, carol).await,
        (Some(Role::Owner), 3, 3, 2)
    );
    let receipts = world.store.list_receipts(group, 10).await.unwrap();
    let hers = receipts
        .iter()
        .find(|receipt| receipt.user == carol.user)
        .unwrap();
    assert_eq!(
        (hers.delivered_seq, hers.read_seq),
        (seq(2), seq(2)),
        "just before the entry"
    );
    world
        .enter(
            group,
            carol,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    let (role, _, members, owners) = access_of(&world, group, bob).await;
    assert_eq!((role, members, owners), (None, 2, 2));
    world.say(group, carol, "without bob").await;
    let again = EventBody::MemberAdded {
        member: member(bob.user, Role::Member),
    };
    world.enter(group, carol, again).await;
    assert_eq!(access_of(&world, group, bob).await, (Some(Role::Member), 6, 3, 2));
    world
        .enter(
            group,
            carol,
            EventBody::MemberRemoved {
                user: carol.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(
        access_of(&world, group, alice).await,
        (Some(Role::Owner), 1, 2, 1)
    );
}

/// A role changes with its entry, and the number of owners with it.
pub async fn roles_change(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let steps = [
        (bob, Role::Admin, 1),
        (bob, Role::Owner, 2),
        (bob, Role::Owner, 2),
        (alice, Role::Moderator, 1),
        (bob, Role::Member, 0),
    ];
    for (person, role, owners) in steps {
        world
            .enter(
                group,
                alice,
                EventBody::RoleChanged {
                    member: member(person.user, role),
                },
            )
            .await;
        assert_eq!(access_of(&world, group, person).await, (Some(role), 1, 2, owners));
    }
}

/// What cannot be applied is stale: adding a member, removing or changing the role of somebody who is none.
pub async fn what_cannot_be_applied_is_stale(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let batch = vec![
        world.entry(
            group,
            alice,
            EventBody::MemberAdded {
                member: member(bob.user, Role::Admin),
            },
        ),
        world.entry(
            group,
            alice,
            EventBody::MemberRemoved {
                user: carol.user,
                banned: false,
            },
        ),
        world.entry(
            group,
            alice,
            EventBody::RoleChanged {
                member: member(carol.user, Role::Owner),
            },
        ),
        world.message(group, alice, "next"),
    ];
    assert_eq!(outcomes(&world, batch).await, [STALE, STALE, STALE, Ok(2)]);
    let access = world
        .store
        .find_access(group, bob.user, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (access.role, access.member_count, access.owner_count),
        (Some(Role::Member), 2, 1)
    );
}

/// An entry of a type that this version does not know keeps its place.
pub async fn an_unknown_entry_keeps_its_place(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let entry = world.entry(direct, alice, EventBody::Unknown);
    assert_eq!(world.append(entry.clone()).await, 2);
    assert!(world.try_append(entry).await.unwrap().repeated);
    assert_eq!(world.say(direct, bob, "next").await, 3);
    assert_eq!(
        world.store.count_unread(direct, bob.user, 10).await.unwrap(),
        Some(0)
    );
    assert_eq!(log_of(&world, direct, alice).await[1].body, EventBody::Unknown);
}

/// Many tasks append to the same conversations at once: each log has 1, 2, 3, …, each id once, each task's own order, and a
/// repetition that raced its first append got the same answer.
pub async fn concurrent_appends_leave_no_gap(store: Arc<dyn Store>) {
    const TASKS: u64 = 12;
    const ROUNDS: u64 = 10;
    let (world, alice, bob, carol) = World::with_three(store).await;
    let conversations = [
        world.direct(alice, bob).await,
        world.group("Tea", alice, &[bob, carol]).await,
    ];
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let world = world.clone();
        tasks.spawn(async move {
            let mut answers = Vec::new();
            for round in 0..ROUNDS {
                let words = format!("{task}.{round}");
                let mut batch = conversations
                    .map(|conversation| world.message(conversation, alice, &words))
                    .to_vec();
                let mut repeated = batch.clone();
                if round % 2 == 0 {
                    batch.reverse();
                    repeated.reverse();
                }
                let (one, two) = tokio::join!(
                    world.store.append_batch(batch),
                    world.store.append_batch(repeated)
                );
                for (one, two) in one.unwrap().into_iter().zip(two.unwrap()) {
                    let (one, two) = (one.unwrap(), two.unwrap());
                    assert_eq!(one.event, two.event, "a repetition gets the first answer");
                    assert!(one.repeated != two.repeated, "one of two is new");
                    answers.push(one.event);
                }
            }
            (task, answers)
        });
    }
    let answers = tasks.join_all().await;
    for conversation in conversations {
        let log = log_of(&world, conversation, alice).await;
        assert_eq!(log.len() as u64, TASKS * ROUNDS + 1);
        for (task, answers) in &answers {
            let mine: Vec<_> = answers
                .iter()
                .filter(|event| event.conversation == conversation)
                .cloned()
                .collect();
            assert!(
                mine.is_sorted_by_key(|event| event.seq),
                "task {task} is in order"
            );
            for event in mine {
                assert_eq!(log[usize::try_from(event.seq.get()).unwrap() - 1], event);
            }
        }
    }
}
