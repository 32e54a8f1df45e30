//! Messages that erase themselves, before the task that erases them has run: nobody is given them.

use pipit_store::Facts;
use pipit_store::log::Append;
use pipit_wire::event::{EventBody, MessageChange, SettingsChange};
use pipit_wire::{Content, ConversationId, EventId, MessageId, Timestamp, rest};
use serde_json::{Value, json};

use crate::world::{Person, World};

/// Long ago.
const PAST: Timestamp = Timestamp(1_767_225_600_000);

/// Puts an entry into the log that the server took at that time.
async fn put(world: &World, place: ConversationId, sender: &Person, body: EventBody) -> EventId {
    let id: EventId = world.id();
    let entry = Append {
        id,
        conversation: place,
        sender: sender.user,
        device: None,
        at: PAST,
        body,
        asks: false,
        facts: Facts::default(),
    };
    world
        .store
        .append_batch(vec![entry])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    id
}

/// A direct conversation with a message, pinned and edited, whose time has passed.
async fn with_expired(world: &World, place: ConversationId, alice: &Person) -> EventId {
    let change = SettingsChange {
        expire_after_ms: Some(5_000),
        ..SettingsChange::default()
    };
    put(world, place, alice, EventBody::SettingsChanged { change }).await;
    let body = EventBody::Message {
        written_at: PAST,
        content: Content::text("fleeting words"),
        reply_to: None,
        expires_at: None,
    };
    let id = put(world, place, alice, body).await;
    let message = MessageId::from(id);
    for change in [
        MessageChange::edit(Content::text("fleeting edit")),
        MessageChange::Pin { on: true },
    ] {
        put(world, place, alice, EventBody::MessageChanged { message, change }).await;
    }
    id
}

fn says_nothing(what: &str, frames: &[Value]) {
    assert!(!frames.is_empty(), "{what}");
    let said = format!("{frames:?}");
    assert!(!said.contains("fleeting"), "{what}: {said}");
}

#[tokio::test]
async fn what_has_expired_is_given_to_nobody_though_it_is_still_stored() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = server.direct(&alice, &bob).await;
    let id = with_expired(&world, place, &alice).await;
    let stored = world.store.find_event(place, id).await.unwrap().unwrap();
    assert!(format!("{stored:?}").contains("fleeting"), "the task has not run");

    let mut socket = server.socket().await;
    socket.send(crate::world::hello(&bob.token, &[(place, 1)])).await;
    let (welcome, _) = socket.until("welcome").await;
    says_nothing("the list", &[welcome]);
    let (catch_up, _) = socket.until("catch_up").await;
    assert_eq!(catch_up["events"].as_array().unwrap().len(), 4);
    says_nothing("the catch-up", &[catch_up]);
    socket.until("synced").await;
    socket
        .send(json!({"type": "history", "id": 3, "conversation": place, "limit": 100}))
        .await;
    let (page, _) = socket.until("page").await;
    assert!(page["states"].is_null(), "{page}");
    says_nothing("the page", &[page]);
    let pins = server.node.messaging.pins(bob.user, place).await.unwrap();
    assert!(pins.events.is_empty() && pins.states.is_empty());
    for change in [
        json!({"kind": "react", "emoji": "👍", "on": true}),
        json!({"kind": "edit", "content": {"kind": "plain", "text": "again"}}),
        json!({"kind": "pin", "on": false}),
    ] {
        let mut phone = server.connect(&alice).await;
        phone
            .send(
                json!({"type": "change", "id": 4, "change": {"id": world.uuid(), "conversation": place,
                "message": id, "change": change}}),
            )
            .await;
        phone.expect_error("not_found").await;
        phone.close().await;
    }
}

#[tokio::test]
async fn the_timer_of_a_direct_conversation_is_set_by_either_within_limits() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = server.direct(&alice, &bob).await;
    let set = async |who: &Person, expire_after_ms, topic: Option<&str>| {
        let change = rest::ChangeConversation {
            avatar: None,
            event_id: world.id(),
            title: None,
            topic: topic.map(str::to_owned),
            announcements: None,
            history: None,
            expire_after_ms: Some(expire_after_ms),
        };
        let conversations = &server.node.conversations;
        conversations
            .change_conversation(who.caller(), place, change)
            .await
    };
    for (who, after_ms) in [(&alice, 5_000), (&bob, 31_536_000_000), (&bob, 0)] {
        let summary = set(who, after_ms, None).await.unwrap();
        assert_eq!(summary.settings.expire_after_ms, after_ms);
    }
    for after_ms in [-1, 1, 4_999, 31_536_000_001] {
        assert!(set(&alice, after_ms, None).await.is_err(), "{after_ms}");
    }
    assert!(
        set(&alice, 5_000, Some("tea")).await.is_err(),
        "two people have no topic"
    );
    set(&alice, 60_000, None).await.unwrap();
    let mut phone = server.connect(&alice).await;
    let mut bobs = server.connect(&bob).await;
    phone.say(place, "hello").await;
    let event = bobs.expect("event").await;
    let (at, end) = (
        event["at"].as_i64().unwrap(),
        event["body"]["expires_at"].as_i64().unwrap(),
    );
    assert_eq!(end - at, 60_000);
}
