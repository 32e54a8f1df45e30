//! Reactions and pins, and the states of messages that pages and lists show.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::log::{AppendError, LogRange};
use pipit_wire::event::{Content, EventBody, Role};
use pipit_wire::limits::{PINNED_MAX, REACTION_USERS_MAX, REACTIONS_MAX};
use pipit_wire::{ConversationId, EventId, Seq, UserId};

use crate::change::{DELETE, Scene, change, edit, pin, react, reaction};
use crate::world::{Person, World, member, seq};

/// Each emoji is counted, in the order in which it first came, with the first who came with it.
pub async fn reactions_are_counted(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (alice, bob, carol) = (scene.alice, scene.bob, scene.carol);
    scene.enter(bob, react("👍", true)).await;
    scene.enter(bob, react("🎉", true)).await;
    scene.enter(alice, react("👍", true)).await;
    let state = scene.state(alice).await;
    assert_eq!((state.edit, state.pinned_seq), (None, Seq::ZERO));
    let expect = [
        reaction("👍", &[bob.user, alice.user], true),
        reaction("🎉", &[bob.user], false),
    ];
    assert_eq!(state.reactions, expect);
    scene.enter(bob, react("👍", false)).await;
    let expect = [
        reaction("👍", &[alice.user], false),
        reaction("🎉", &[bob.user], true),
    ];
    assert_eq!(scene.state(bob).await.reactions, expect);
    // One that was gone comes last.
    scene.enter(alice, react("👍", false)).await;
    scene.enter(carol, react("👍", true)).await;
    let expect = [
        reaction("🎉", &[bob.user], false),
        reaction("👍", &[carol.user], true),
    ];
    assert_eq!(scene.state(carol).await.reactions, expect);
    let listed = scene
        .world
        .store
        .list_reactions(scene.group, alice.user, scene.message.id, 10)
        .await
        .unwrap()
        .unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|record| (record.emoji.as_str(), record.profile.handle.as_str()))
        .collect();
    assert_eq!(listed, [("🎉", "bob"), ("👍", "carol")]);
    let one = scene
        .world
        .store
        .list_reactions(scene.group, alice.user, scene.message.id, 1)
        .await
        .unwrap();
    assert_eq!(one.unwrap().len(), 1);
    scene.enter(bob, react("🎉", false)).await;
    scene.enter(carol, react("👍", false)).await;
    assert_eq!(scene.page(alice).await.states, [], "as if nothing had happened");
}

/// A page names the first few of many, counts all, and knows whoever asks among the others.
pub async fn many_reactions_name_a_few(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let mut crowd = Vec::new();
    for number in 0..REACTION_USERS_MAX + 3 {
        crowd.push(world.person(&format!("p{number}"), "Person").await);
    }
    let group = world.group("Tea", alice, &crowd).await;
    let message = world.message(group, alice, "hello");
    world.append(message.clone()).await;
    let batch = crowd
        .iter()
        .map(|person| change(&world, group, *person, message.id, react("👍", true)))
        .collect();
    world.store.append_batch(batch).await.unwrap();
    let range = LogRange::Newest { limit: 100 };
    for (reader, mine) in [(alice, false), (crowd[0], true), (*crowd.last().unwrap(), true)] {
        let page = world
            .store
            .read_log(group, reader.user, range)
            .await
            .unwrap()
            .unwrap();
        let found = &page.states[0].reactions[0];
        assert_eq!((found.count as usize, found.mine), (crowd.len(), mine));
        let first: Vec<UserId> = crowd
            .iter()
            .take(REACTION_USERS_MAX)
            .map(|person| person.user)
            .collect();
        assert_eq!(found.users, first);
    }
}

/// What is so already is not appended again; the entry that made it so is the answer, or the message's own where none had to.
pub async fn what_is_so_already_stands(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (alice, bob) = (scene.alice, scene.bob);
    for (on, off) in [(react("👍", true), react("👍", false)), (pin(true), pin(false))] {
        assert_eq!(scene.stands(bob, off.clone()).await, 2, "the message's own entry");
        let first = scene.enter(bob, on.clone()).await;
        assert_eq!(scene.stands(bob, on.clone()).await, first);
        scene.enter(bob, off.clone()).await;
        assert_eq!(scene.stands(bob, off).await, 2);
        assert!(scene.enter(bob, on).await > first);
    }
    assert_eq!(
        scene.stands(alice, react("👍", false)).await,
        2,
        "bob's is not alice's"
    );
}

/// There are only so many emoji under a message; one that is there already may always be joined.
pub async fn different_emoji_are_limited(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let emoji = |number: usize| {
        char::from_u32(0x1F600 + u32::try_from(number).unwrap())
            .unwrap()
            .to_string()
    };
    for number in 0..REACTIONS_MAX {
        scene.enter(scene.bob, react(&emoji(number), true)).await;
    }
    assert_eq!(
        scene.refusal(scene.alice, react("👍", true)).await,
        AppendError::LimitReached
    );
    scene.enter(scene.alice, react(&emoji(3), true)).await;
    scene.enter(scene.bob, react(&emoji(0), false)).await;
    scene.enter(scene.alice, react("👍", true)).await;
    assert_eq!(scene.state(scene.bob).await.reactions.len(), REACTIONS_MAX);
}

/// Pins are listed, the last one first, with what has become of them, and are limited.
pub async fn pins_are_listed(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice, group) = (&scene.world, scene.alice, scene.group);
    let first = scene.enter(alice, pin(true)).await;
    scene.enter(alice, edit("better words")).await;
    let second = world.message(group, alice, "second");
    world.append(second.clone()).await;
    let pinned = change(world, group, alice, second.id, pin(true));
    let last = world.append(pinned).await;
    let pins = world
        .store
        .list_pins(group, scene.bob.user)
        .await
        .unwrap()
        .unwrap();
    let ids: Vec<EventId> = pins.events.iter().map(|event| event.id).collect();
    assert_eq!(ids, [second.id, scene.message.id]);
    let states: Vec<_> = pins
        .states
        .iter()
        .map(|state| (state.message.into(), state.pinned_seq))
        .collect();
    assert_eq!(states, [(scene.message.id, seq(first)), (second.id, seq(last))]);
    assert_eq!(
        pins.states[0].edit.as_ref().map(|edit| &edit.content),
        Some(&Content::text("better words"))
    );
    for _ in 2..PINNED_MAX {
        let message = world.message(group, alice, "another");
        let pinned = change(world, group, alice, message.id, pin(true));
        let outcomes = world.store.append_batch(vec![message, pinned]).await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }
    let one_more = world.message(group, alice, "one more");
    world.append(one_more.clone()).await;
    let refused = change(world, group, alice, one_more.id, pin(true));
    assert_eq!(
        world.try_append(refused.clone()).await,
        Err(AppendError::LimitReached)
    );
    scene.enter(alice, DELETE).await;
    world.append(refused).await;
    let pins = world.store.list_pins(group, alice.user).await.unwrap().unwrap();
    assert_eq!((pins.events.len(), pins.states.len()), (PINNED_MAX, PINNED_MAX));
}

/// Newcomers see the state of what they may read, and of nothing else.
pub async fn states_are_for_readers(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice, group) = (&scene.world, scene.alice, scene.group);
    let dave = world.person("dave", "Dave").await;
    scene.enter(alice, pin(true)).await;
    scene.enter(alice, react("👍", true)).await;
    let added = EventBody::MemberAdded {
        member: member(dave.user, Role::Member),
    };
    world.enter(group, alice, added).await;
    assert_eq!(scene.page(dave).await.states, []);
    assert_eq!(pinned(world, group, dave.user).await, Some(0));
    assert!(!has_reactions(world, group, dave.user, scene.message.id).await);
    let later = world.message(group, alice, "welcome");
    world.append(later.clone()).await;
    world
        .append(change(world, group, alice, later.id, pin(true)))
        .await;
    assert_eq!(scene.page(dave).await.states.len(), 1);
    assert_eq!(pinned(world, group, dave.user).await, Some(1));
}

/// Whoever has left sees no pins and no reactions, and nobody those of a message that is not there.
pub async fn states_are_not_for_others(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice, group) = (&scene.world, scene.alice, scene.group);
    let dave = world.person("dave", "Dave").await;
    let added = EventBody::MemberAdded {
        member: member(dave.user, Role::Member),
    };
    world.enter(group, alice, added).await;
    let later = world.message(group, alice, "welcome");
    world.append(later.clone()).await;
    assert!(has_reactions(world, group, dave.user, later.id).await);
    let left = EventBody::MemberRemoved {
        user: dave.user,
        banned: false,
    };
    world.enter(group, dave, left).await;
    assert_eq!(pinned(world, group, dave.user).await, None);
    assert!(!has_reactions(world, group, dave.user, later.id).await);
    assert!(!has_reactions(world, group, alice.user, world.id()).await);
}

/// How many pins somebody is told of; none where they are not a member.
async fn pinned(world: &World, group: ConversationId, asker: UserId) -> Option<usize> {
    let pins = world.store.list_pins(group, asker).await.unwrap();
    pins.map(|pins| pins.events.len())
}

/// Whether somebody may ask who reacted to a message.
async fn has_reactions(world: &World, group: ConversationId, asker: UserId, message: EventId) -> bool {
    let reactions = world.store.list_reactions(group, asker, message, 9).await;
    reactions.unwrap().is_some()
}

/// The states of a page are those of its messages, whichever part of the log it is.
pub async fn pages_have_their_own_states(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice, group) = (&scene.world, scene.alice, scene.group);
    let mut messages = vec![scene.message.id];
    for number in 3..=6 {
        let message = world.message(group, alice, &format!("message {number}"));
        world.append(message.clone()).await;
        messages.push(message.id);
    }
    for message in &messages {
        world
            .append(change(world, group, alice, *message, pin(true)))
            .await;
    }
    pages(world, alice, group, &messages).await;
}

async fn pages(world: &World, alice: Person, group: ConversationId, messages: &[EventId]) {
    for (range, expect) in [
        (LogRange::Newest { limit: 6 }, 4..5),
        (LogRange::Newest { limit: 5 }, 0..0),
        (LogRange::Newest { limit: 0 }, 0..0),
        (
            LogRange::Before {
                seq: seq(5),
                limit: 2,
            },
            1..3,
        ),
        (
            LogRange::Before {
                seq: seq(2),
                limit: 9,
            },
            0..0,
        ),
        (
            LogRange::Before {
                seq: Seq::ZERO,
                limit: 9,
            },
            0..0,
        ),
        (
            LogRange::After {
                seq: seq(2),
                limit: 2,
            },
            1..3,
        ),
        (
            LogRange::After {
                seq: Seq::ZERO,
                limit: 100,
            },
            0..5,
        ),
        (
            LogRange::After {
                seq: seq(90),
                limit: 9,
            },
            0..0,
        ),
    ] {
        let page = world
            .store
            .read_log(group, alice.user, range)
            .await
            .unwrap()
            .unwrap();
        let found: Vec<EventId> = page.states.iter().map(|state| state.message.into()).collect();
        assert_eq!(found, messages[expect], "{range:?}");
    }
}
