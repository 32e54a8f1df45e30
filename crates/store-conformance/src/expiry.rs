//! Messages that erase themselves.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::change::{expires_at, is_erased};
use pipit_store::log::AppendError;
use pipit_wire::event::{EventBody, SettingsChange};
use pipit_wire::{Content, Event, MessageId, Timestamp};

use crate::change::{DELETE, Scene, edit, pin, react};
use crate::world::START;

const HOUR_MS: i64 = 3_600_000;
/// After everything of a case.
const LATER: Timestamp = START.plus_ms(1_000 * HOUR_MS);

async fn set_timer(scene: &Scene, expire_after_ms: i64) {
    let change = SettingsChange {
        expire_after_ms: Some(expire_after_ms),
        ..SettingsChange::default()
    };
    let body = EventBody::SettingsChanged { change };
    scene.world.enter(scene.group, scene.alice, body).await;
}

/// A scene whose message has a time to live.
async fn scene(store: Arc<dyn Store>) -> Scene {
    let mut scene = Scene::new(store).await;
    set_timer(&scene, HOUR_MS).await;
    scene.message = scene.world.message(scene.group, scene.alice, "fleeting words");
    scene.world.append(scene.message.clone()).await;
    scene
}

async fn message(scene: &Scene) -> Event {
    let found = scene.world.store.find_event(scene.group, scene.message.id).await;
    found.unwrap().unwrap()
}

async fn erase(scene: &Scene, now: Timestamp) -> Vec<MessageId> {
    let erased = scene.world.store.erase_expired(now, 10).await.unwrap();
    let of = |(conversation, message)| {
        assert_eq!(conversation, scene.group);
        message
    };
    erased.into_iter().map(of).collect()
}

/// The timer that holds when it is accepted, whatever it is set to later; and an edit goes with its message.
pub async fn a_message_carries_the_timer_that_held(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    let end = scene.message.at.plus_ms(HOUR_MS);
    assert_eq!(expires_at(&message(&scene).await.body), Some(end));
    set_timer(&scene, 0).await;
    let edited = scene
        .world
        .try_append(scene.change(scene.alice, edit("other words")))
        .await;
    assert_eq!(expires_at(&edited.unwrap().event.body), Some(end));
    let stays = scene.world.message(scene.group, scene.bob, "these stay");
    let stays = scene.world.try_append(stays).await.unwrap().event;
    assert_eq!(expires_at(&stays.body), None);
    let again = scene.world.try_append(scene.message.clone()).await.unwrap();
    assert!(again.repeated, "whoever sends it again does not know its end");
    assert_eq!(again.event, message(&scene).await);
    let summary = scene.world.store.find_summary(scene.group, scene.bob.user).await;
    assert_eq!(summary.unwrap().unwrap().settings.expire_after_ms, 0);
}

/// At its time and not before; with its edits and all that hung on it; once.
pub async fn what_has_expired_is_erased(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    scene.enter(scene.alice, edit("other words")).await;
    scene.enter(scene.bob, react("👍", true)).await;
    scene.enter(scene.bob, pin(true)).await;
    let before = scene.last_seq().await;
    let end = scene.message.at.plus_ms(HOUR_MS);
    assert_eq!(erase(&scene, end.plus_ms(-1)).await, []);
    assert!(!is_erased(&message(&scene).await.body));
    assert_eq!(erase(&scene, end).await, [MessageId::from(scene.message.id)]);
    assert_eq!(erase(&scene, LATER).await, [], "there is nothing more of it");
    let page = scene.page(scene.bob).await;
    assert_eq!(page.states, []);
    assert_eq!(scene.last_seq().await, before, "nothing was appended");
    let said = format!("{:?}", page.events);
    assert!(
        !said.contains("fleeting") && !said.contains("other words"),
        "{said}"
    );
    assert_eq!(scene.preview(scene.bob).await, Content::Erased {});
    let pins = scene.world.store.list_pins(scene.group, scene.bob.user).await;
    assert_eq!(pins.unwrap().unwrap().events, []);
    let unread = scene
        .world
        .store
        .count_unread(scene.group, scene.carol.user, 9)
        .await;
    assert_eq!(unread.unwrap(), Some(1), "nobody has to read it any more");
    assert_eq!(
        expires_at(&message(&scene).await.body),
        Some(end),
        "why it is gone can be told"
    );
}

/// Like one that was deleted; and it may still be sent and deleted again.
pub async fn what_has_expired_does_not_change(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    assert_eq!(erase(&scene, LATER).await, [MessageId::from(scene.message.id)]);
    for what in [edit("other words"), react("👍", true), pin(true)] {
        assert_eq!(scene.refusal(scene.alice, what).await, AppendError::NoMessage);
    }
    let own = message(&scene).await;
    assert_eq!(scene.stands(scene.alice, DELETE).await, own.seq.get());
    let again = scene.world.try_append(scene.message.clone()).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.event, own);
}

/// A deletion before its time stays a deletion.
pub async fn what_was_deleted_does_not_expire(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    let deletion = scene.enter(scene.alice, DELETE).await;
    assert_eq!(erase(&scene, LATER).await, []);
    assert_eq!(scene.stands(scene.alice, DELETE).await, deletion);
}
