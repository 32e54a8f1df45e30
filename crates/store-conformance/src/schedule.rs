//! Messages that are sent later: when they are due, and that none comes back.

use std::sync::Arc;

use pipit_store::Store;
use pipit_wire::event::EventBody;
use pipit_wire::frame::{Personal, PersonalChange};
use pipit_wire::scheduled::Scheduled;
use pipit_wire::{Attachment, BlobId, ConversationId, ErrorCode, MessageId, Timestamp};

use crate::blob;
use crate::world::{Person, START, World};

fn at(text: &str, send_at: i64) -> Scheduled {
    Scheduled {
        text: text.to_owned(),
        reply_to: Some(MessageId::from_bytes([4; 16])),
        attachments: Vec::new(),
        send_at: Timestamp(send_at),
        failed: None,
    }
}

struct Scene {
    world: World,
    alice: Person,
    bob: Person,
    tea: ConversationId,
}

impl Scene {
    async fn new(store: Arc<dyn Store>) -> Self {
        let (world, alice, bob, _) = World::with_three(store).await;
        let tea = world.group("Tea", alice, &[bob]).await;
        Self {
            world,
            alice,
            bob,
            tea,
        }
    }

    async fn set(&self, who: Person, message: MessageId, entry: Option<Scheduled>, now: i64) -> Personal {
        let change = PersonalChange {
            schedule: [(message, entry)].into(),
            ..PersonalChange::default()
        };
        let store = &self.world.store;
        let set = store
            .set_personal(self.tea, who.user, change, Timestamp(now))
            .await;
        set.unwrap().unwrap()
    }

    async fn due(&self, now: i64, limit: u32) -> Vec<(MessageId, Scheduled)> {
        let due = self.world.store.list_due(Timestamp(now), limit).await.unwrap();
        let named = due.into_iter().map(|due| (due.message, due.scheduled));
        named.collect()
    }

    async fn next(&self) -> Option<i64> {
        let next = self.world.store.next_scheduled().await.unwrap();
        next.map(Timestamp::as_ms)
    }

    async fn count(&self, who: Person) -> u32 {
        self.world.store.count_scheduled(who.user).await.unwrap()
    }
}

/// It is kept with its author's other things, is due at its time, and may be said differently until then.
pub async fn scheduled_messages_are_due_at_their_time(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (alice, bob) = (scene.alice, scene.bob);
    let (first, second): (MessageId, MessageId) = (scene.world.id(), scene.world.id());
    assert_eq!((scene.next().await, scene.count(alice).await), (None, 0));
    scene.set(alice, first, Some(at("first", 500)), 1).await;
    let set = scene
        .set(alice, second, Some(at("\"sec\\ond\" ☕", 300)), 2)
        .await;
    assert_eq!(set.scheduled.len(), 2);
    let found = scene.world.store.find_summary(scene.tea, alice.user).await;
    assert_eq!(found.unwrap().unwrap().personal, set);
    let bobs = scene.world.store.find_summary(scene.tea, bob.user).await;
    assert_eq!(bobs.unwrap().unwrap().personal, Personal::default());
    assert_eq!((scene.next().await, scene.count(alice).await), (Some(300), 2));
    assert_eq!(scene.due(299, 9).await, []);
    assert_eq!(scene.due(300, 9).await, [(second, at("\"sec\\ond\" ☕", 300))]);
    assert_eq!(
        scene.due(900, 1).await.len(),
        1,
        "the earliest first, as many as are wanted"
    );
    scene.set(alice, second, Some(at("later", 800)), 3).await;
    assert_eq!(scene.next().await, Some(500));
    let due = scene.due(900, 9).await;
    assert_eq!(due, [(first, at("first", 500)), (second, at("later", 800))]);
    // Something else that changes leaves it alone.
    let draft = PersonalChange {
        draft: Some("Dear".to_owned()),
        ..PersonalChange::default()
    };
    let set = scene
        .world
        .store
        .set_personal(scene.tea, alice.user, draft, Timestamp(4))
        .await;
    assert_eq!(set.unwrap().unwrap().scheduled.len(), 2);
}

/// One that was refused stays, and is due no more until its author says so.
pub async fn a_refused_one_waits_for_its_author(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let message = scene.world.id();
    scene.set(scene.alice, message, Some(at("now", 100)), 1).await;
    let refused = Scheduled {
        failed: Some(ErrorCode::Forbidden),
        ..at("now", 100)
    };
    let set = scene.set(scene.alice, message, Some(refused.clone()), 2).await;
    assert_eq!(set.scheduled.get(&message), Some(&refused));
    assert_eq!((scene.due(900, 9).await, scene.next().await), (vec![], None));
    assert_eq!(scene.count(scene.alice).await, 1);
    scene.set(scene.alice, message, Some(at("again", 200)), 3).await;
    assert_eq!(scene.due(900, 9).await, [(message, at("again", 200))]);
}

/// What was sent or taken back is over, however late somebody says it again, and is forgotten later.
pub async fn what_is_over_does_not_come_back(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (alice, message) = (scene.alice, scene.world.id());
    scene.set(alice, message, Some(at("gone", 100)), 1).await;
    let set = scene.set(alice, message, None, 50).await;
    assert!(set.scheduled.is_empty());
    for late in [Some(at("gone", 100)), None] {
        let set = scene.set(alice, message, late, 60).await;
        assert!(set.scheduled.is_empty());
    }
    // Taken back before it came, by a device that had heard of it.
    let unseen = scene.world.id();
    scene.set(alice, unseen, None, 70).await;
    scene.set(alice, unseen, Some(at("late", 100)), 80).await;
    assert_eq!((scene.due(900, 9).await, scene.count(alice).await), (vec![], 0));
    let prune = |before: i64| scene.world.store.prune_scheduled(Timestamp(before), 9);
    assert_eq!(prune(50).await.unwrap(), 0);
    assert_eq!(prune(51).await.unwrap(), 1);
    assert_eq!(prune(500).await.unwrap(), 1);
}

/// A message's files are kept for as long as it is scheduled, with those that it has then, and let go at once when it is taken back.
pub async fn files_are_kept_while_a_message_is_scheduled(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice, message) = (&scene.world, scene.alice, scene.world.id());
    let (first, second) = (blob::file(world, alice).await, blob::file(world, alice).await);
    let late = Timestamp(START.as_ms() * 2);
    let with = |blobs: &[BlobId]| Scheduled {
        attachments: blobs.iter().map(|blob| Attachment::of(*blob)).collect(),
        ..at("look", 500)
    };
    let count = async |blob: BlobId| {
        let found = world.store.find_blob(blob).await.unwrap();
        found.map(|record| record.attachments)
    };
    for _ in 0..2 {
        let set = scene.set(alice, message, Some(with(&[first, second])), 1).await;
        assert_eq!(set.scheduled.get(&message), Some(&with(&[first, second])));
        assert_eq!((count(first).await, count(second).await), (Some(1), Some(1)));
    }
    assert_eq!(scene.due(900, 9).await, [(message, with(&[first, second]))]);
    assert_eq!(blob::take(world, late).await, []);
    assert!(!world.store.remove_upload(alice.user, first).await.unwrap());
    // It is sent: the message of the log has its file, and what is scheduled has it no longer.
    let sent = blob::with_files(world, scene.tea, alice, &[second]);
    world.append(sent).await;
    assert_eq!(count(second).await, Some(2));
    scene.set(alice, message, Some(with(&[second])), 2).await;
    assert_eq!(blob::take(world, START).await, [first]);
    scene.set(alice, message, None, 3).await;
    assert_eq!(
        (count(second).await, blob::take(world, late).await),
        (Some(1), vec![])
    );
    // One that is over keeps nothing, and neither can what is not there be kept.
    let third = blob::file(world, alice).await;
    scene.set(alice, message, Some(with(&[third])), 4).await;
    assert_eq!(count(third).await, Some(0));
    let kept = scene.set(alice, world.id(), Some(with(&[world.id()])), 5).await;
    assert_eq!(kept.scheduled.len(), 1);
}

/// It ends with the membership, and so do its files.
pub async fn who_leaves_has_no_files_for_later(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, bob) = (&scene.world, scene.bob);
    let file = blob::file(world, bob).await;
    let entry = Scheduled {
        attachments: vec![Attachment::of(file)],
        ..at("late", 100)
    };
    scene.set(bob, world.id(), Some(entry), 1).await;
    assert_eq!(blob::take(world, START).await, []);
    let body = EventBody::MemberRemoved {
        user: bob.user,
        banned: true,
    };
    world.enter(scene.tea, bob, body).await;
    assert_eq!(blob::take(world, START).await, [file]);
}

/// A file that a device sends later may be asked to be kept for longer, by its owner.
pub async fn a_file_may_be_kept_for_longer(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (world, alice) = (&scene.world, scene.alice);
    let (kept, other) = (blob::file(world, alice).await, blob::file(world, alice).await);
    let until = Timestamp(START.as_ms() * 2);
    for (owner, blob, until) in [
        (alice, kept, until),
        (alice, kept, START),
        (scene.bob, other, until),
        (alice, world.id(), until),
    ] {
        world.store.keep_upload(owner.user, blob, until).await.unwrap();
    }
    assert_eq!(blob::take(world, until).await, [other]);
    assert_eq!(blob::take(world, until.plus_ms(1)).await, [kept]);
}

/// It ends with the membership.
pub async fn who_leaves_sends_nothing_later(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (bob, message) = (scene.bob, scene.world.id());
    scene.set(bob, message, Some(at("late", 100)), 1).await;
    let body = EventBody::MemberRemoved {
        user: bob.user,
        banned: false,
    };
    scene.world.enter(scene.tea, bob, body).await;
    assert_eq!((scene.due(900, 9).await, scene.next().await), (vec![], None));
    assert_eq!(scene.count(bob).await, 0);
}
