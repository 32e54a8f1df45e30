//! Polls: votes are counted, change, end, and go with their message.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::log::AppendError;
use pipit_store::poll::{options, tally};
use pipit_wire::event::{EventBody, MessageChange, MessageState, SettingsChange};
use pipit_wire::poll::{Poll, PollState, Tally};
use pipit_wire::{Content, Event, MessageId, Seq, Timestamp};

use crate::change::{DELETE, Scene, pin};
use crate::world::{Person, START, seq};

const CLOSE: MessageChange = MessageChange::ClosePoll {};

fn vote(options: &[u8]) -> MessageChange {
    MessageChange::vote(options.to_vec())
}

/// A scene whose message is a poll, at seq 3.
async fn scene(store: Arc<dyn Store>, anonymous: bool) -> Scene {
    let mut scene = Scene::new(store).await;
    let content = Content::Plain {
        text: "Where?".to_owned(),
        attachments: Vec::new(),
        poll: Some(Box::new(Poll {
            options: ["here", "there", "nowhere"].map(str::to_owned).to_vec(),
            multiple: true,
            anonymous,
            closes_at: None,
        })),
        preview: None,
    };
    let body = EventBody::Message {
        written_at: START,
        content,
        reply_to: None,
        expires_at: None,
    };
    scene.message = scene.world.entry(scene.group, scene.alice, body);
    scene.world.append(scene.message.clone()).await;
    scene
}

fn standing(counts: [u32; 3], voters: u32, mine: &[u8]) -> PollState {
    PollState {
        tally: Tally {
            counts: counts.to_vec(),
            voters,
        },
        mine: mine.to_vec(),
        closed: false,
    }
}

async fn poll(scene: &Scene, reader: Person) -> PollState {
    scene.state(reader).await.poll.unwrap()
}

async fn voters(scene: &Scene) -> Vec<(String, Vec<u8>)> {
    let store = &scene.world.store;
    let found = store.list_votes(scene.group, scene.bob.user, scene.message.id, 10);
    let found = found.await.unwrap().unwrap();
    let named = found
        .into_iter()
        .map(|record| (record.profile.handle, options(record.places)));
    named.collect()
}

async fn event_at(scene: &Scene, at: u64) -> Event {
    let events = scene.page(scene.bob).await.events;
    events.into_iter().find(|event| event.seq == seq(at)).unwrap()
}

/// A vote counts once for each person, for what they chose last; the entry says how the poll stands after it.
pub async fn votes_are_counted(store: Arc<dyn Store>) {
    let scene = scene(store, false).await;
    let (alice, bob, carol) = (scene.alice, scene.bob, scene.carol);
    let first = scene.enter(bob, vote(&[0, 2])).await;
    assert_eq!(
        tally(&event_at(&scene, first).await.body),
        Some(&standing([1, 0, 1], 1, &[]).tally)
    );
    scene.enter(carol, vote(&[2])).await;
    assert_eq!(poll(&scene, bob).await, standing([1, 0, 2], 2, &[0, 2]));
    assert_eq!(poll(&scene, alice).await, standing([1, 0, 2], 2, &[]));
    scene.enter(bob, vote(&[1])).await;
    assert_eq!(poll(&scene, bob).await, standing([0, 1, 1], 2, &[1]));
    assert_eq!(
        voters(&scene).await,
        [("carol".to_owned(), vec![2]), ("bob".to_owned(), vec![1])]
    );
    let store = &scene.world.store;
    let few = store.list_votes(scene.group, alice.user, scene.message.id, 1);
    assert_eq!(few.await.unwrap().unwrap().len(), 1);
    scene.enter(bob, vote(&[])).await;
    assert_eq!(poll(&scene, bob).await, standing([0, 0, 1], 1, &[]));
    assert_eq!(voters(&scene).await, [("carol".to_owned(), vec![2])]);
    let stranger = scene.world.person("dave", "Dave").await;
    let asked = store.list_votes(scene.group, stranger.user, scene.message.id, 10);
    assert_eq!(asked.await.unwrap(), None);
}

/// The same vote again is not appended again, by whatever id.
pub async fn a_vote_stands(store: Arc<dyn Store>) {
    let scene = scene(store, true).await;
    let (bob, carol) = (scene.bob, scene.carol);
    assert_eq!(scene.stands(bob, vote(&[])).await, 3, "the poll's own entry");
    let entry = scene.change(bob, vote(&[1]));
    let first = scene.world.append(entry.clone()).await;
    assert_eq!(scene.stands(bob, vote(&[1])).await, first);
    let again = scene.world.try_append(entry.clone()).await.unwrap();
    assert!(again.repeated, "what the server adds makes it no other vote");
    assert_eq!(again.event.seq, seq(first));
    let MessageChange::Vote { anonymous, .. } = change_of(&again.event) else {
        panic!("a vote");
    };
    assert!(anonymous, "the entry knows whether it may be told");
    let mut other = entry.clone();
    other.sender = carol.user;
    let conflict = scene.world.try_append(other).await.unwrap_err();
    assert_eq!(conflict, AppendError::IdConflict);
    scene.enter(bob, vote(&[2])).await;
    let again = scene.world.try_append(entry).await.unwrap();
    assert!(again.repeated, "one that has been changed since is still known");
    assert_eq!(poll(&scene, bob).await, standing([0, 0, 1], 1, &[2]));
}

fn change_of(event: &Event) -> &MessageChange {
    match &event.body {
        EventBody::MessageChanged { change, .. } => change,
        other => panic!("no change: {other:?}"),
    }
}

/// After a poll is closed nobody votes, takes back or changes a vote; what was voted stays.
pub async fn a_closed_poll_takes_no_votes(store: Arc<dyn Store>) {
    let scene = scene(store, false).await;
    let (alice, bob) = (scene.alice, scene.bob);
    scene.enter(bob, vote(&[1])).await;
    let closed = scene.enter(alice, CLOSE).await;
    assert_eq!(scene.stands(alice, CLOSE).await, closed);
    for late in [vote(&[0]), vote(&[1]), vote(&[])] {
        assert_eq!(scene.refusal(bob, late).await, AppendError::PollClosed);
    }
    let expect = PollState {
        closed: true,
        ..standing([0, 1, 0], 1, &[1])
    };
    assert_eq!(poll(&scene, bob).await, expect);
    scene.enter(bob, pin(true)).await;
    let pins = scene.world.store.list_pins(scene.group, bob.user).await.unwrap();
    assert_eq!(pins.unwrap().states[0].poll, Some(expect));
}

/// Votes of one batch see each other.
pub async fn votes_of_a_batch_are_counted(store: Arc<dyn Store>) {
    let scene = scene(store, false).await;
    let (alice, bob, carol) = (scene.alice, scene.bob, scene.carol);
    let batch = [
        (bob, vote(&[0])),
        (carol, vote(&[0, 1])),
        (bob, vote(&[2])),
        (bob, vote(&[2])),
        (alice, CLOSE),
        (carol, vote(&[])),
    ];
    let batch = batch.map(|(who, what)| scene.change(who, what)).to_vec();
    let outcomes = scene.world.store.append_batch(batch).await.unwrap();
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.map(|appended| (appended.event.seq.get(), appended.repeated)))
        .collect();
    let expect = [
        Ok((4, false)),
        Ok((5, false)),
        Ok((6, false)),
        Ok((6, true)),
        Ok((7, false)),
        Err(AppendError::PollClosed),
    ];
    assert_eq!(outcomes, expect);
    assert_eq!(poll(&scene, carol).await.tally, standing([1, 1, 1], 2, &[]).tally);
    // One that is deleted in the batch in which people vote.
    let batch = [vote(&[0]), DELETE]
        .map(|what| scene.change(alice, what))
        .to_vec();
    let outcomes = scene.world.store.append_batch(batch).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap_err(), &AppendError::PollClosed);
    assert_nothing_left(&scene, 4..=6).await;
}

/// Who voted, and for what, goes with the poll, also out of votes that were changed later.
pub async fn votes_are_erased_with_their_poll(store: Arc<dyn Store>) {
    let scene = scene(store, false).await;
    let (alice, bob) = (scene.alice, scene.bob);
    let entry = scene.change(bob, vote(&[1]));
    let first = scene.world.append(entry.clone()).await;
    let last = scene.enter(bob, vote(&[0, 2])).await;
    let batch = [(alice, vote(&[2])), (alice, DELETE)];
    let batch = batch.map(|(who, what)| scene.change(who, what)).to_vec();
    scene.world.store.append_batch(batch).await.unwrap();
    assert_nothing_left(&scene, first..=last + 1).await;
    let again = scene.world.try_append(entry).await.unwrap();
    assert!(again.repeated, "what is left tells that it was there");
    assert_eq!(scene.refusal(bob, vote(&[1])).await, AppendError::NoMessage);
}

/// The same where a poll's time has passed.
pub async fn votes_expire_with_their_poll(store: Arc<dyn Store>) {
    let mut scene = scene(store, true).await;
    let change = SettingsChange {
        expire_after_ms: Some(60_000),
        ..SettingsChange::default()
    };
    let timer = EventBody::SettingsChanged { change };
    scene.world.enter(scene.group, scene.alice, timer).await;
    scene.message.id = scene.world.id();
    scene.world.append(scene.message.clone()).await;
    let first = scene.enter(scene.bob, vote(&[1])).await;
    let later: Timestamp = START.plus_ms(1_000_000_000);
    let erased = scene.world.store.erase_expired(later, 10).await.unwrap();
    assert_eq!(erased, [(scene.group, MessageId::from(scene.message.id))]);
    assert_nothing_left(&scene, first..=first).await;
}

async fn assert_nothing_left(scene: &Scene, votes: std::ops::RangeInclusive<u64>) {
    let page = scene.page(scene.bob).await;
    let of_poll = |state: &MessageState| state.message == scene.message.id.into();
    assert!(!page.states.iter().any(of_poll), "{:?}", page.states);
    for at in votes {
        let event = event_at(scene, at).await;
        let MessageChange::Vote { options, tally, .. } = change_of(&event) else {
            panic!("no vote at {at}: {event:?}");
        };
        assert_eq!((options.as_slice(), tally), (&[][..], &None), "at {at}");
    }
    assert_eq!(voters(scene).await, []);
    assert_ne!(scene.last_seq().await, Some(Seq::ZERO));
}
