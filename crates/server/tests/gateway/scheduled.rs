//! Messages that are sent later: held for their author, sent once, or kept with the reason why not.

use std::sync::Arc;

use pipit_bus::Exchange;
use pipit_wire::{ConversationId, Timestamp, rest};
use serde_json::{Value, json};

use crate::world::{Client, Person, Server, World};

/// Far ahead of the clock of any machine that runs this, and within what may be scheduled of none: 2096.
const FAR: i64 = 4_000_000_000_000;

fn now_ms(server: &Server) -> i64 {
    server.node.context.now().as_ms()
}

fn entry(text: &str, send_at: i64) -> Value {
    json!({"text": text, "send_at": send_at})
}

/// The answer to a change of what is scheduled: `personal` or `error`.
async fn schedule(client: &mut Client, place: ConversationId, message: &str, entry: &Value) -> Value {
    let change = json!({"schedule": {message: entry}});
    client
        .send(json!({"type": "personal", "id": 5, "conversation": place, "change": change}))
        .await;
    loop {
        let frame = client.next().await;
        if frame["id"] == 5 {
            return frame;
        }
    }
}

struct Scene {
    world: World,
    server: Server,
    alice: Person,
    bob: Person,
    place: ConversationId,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new();
        let server = world.server().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let place = server.group(&alice, &[&bob]).await;
        Self {
            world,
            server,
            alice,
            bob,
            place,
        }
    }

    /// What the log says after its beginning: who, and what.
    async fn said(&self) -> Vec<(Value, Value)> {
        let tablet = self.world.another_device(&self.alice).await;
        let (_, frames) = self.server.resume(&tablet, &[(self.place, 1)]).await;
        let caught_up = frames.iter().find(|frame| frame["type"] == "catch_up").unwrap();
        let events = caught_up["events"].as_array().unwrap().iter();
        let said = events.map(|event| (event["sender"].clone(), event["body"]["content"]["text"].clone()));
        said.collect()
    }

    async fn scheduled(&self, who: &Person) -> Value {
        let found = self.world.store.find_summary(self.place, who.user).await;
        serde_json::to_value(found.unwrap().unwrap().personal.scheduled).unwrap()
    }
}

#[tokio::test]
async fn it_is_held_for_its_author_changed_and_taken_back() {
    let scene = Scene::new().await;
    let mut phone = scene.server.connect(&scene.alice).await;
    let mut laptop = scene
        .server
        .connect(&scene.world.another_device(&scene.alice).await)
        .await;
    let mut bobs = scene.server.connect(&scene.bob).await;
    let later = now_ms(&scene.server) + 3_600_000;
    let (message, place) = (scene.world.uuid(), scene.place);
    schedule(&mut phone, place, &message, &entry("tomorrow", later)).await;
    let told = laptop.expect("personal").await;
    assert_eq!(
        told["personal"]["scheduled"],
        json!({&message: entry("tomorrow", later)})
    );
    bobs.expect_nothing().await;
    let changed = entry("the day after", later + 1);
    let set = schedule(&mut laptop, place, &message, &changed).await;
    assert_eq!(set["personal"]["scheduled"], json!({&message: changed}));
    scene.server.node.scheduling().send_due().await.unwrap();
    assert_eq!(scene.said().await, [], "it is not time yet");
    let set = schedule(&mut phone, place, &message, &Value::Null).await;
    assert!(set["personal"].get("scheduled").is_none());
    // The first device says it again because it has not heard of its answer: it is over all the same.
    let set = schedule(&mut phone, place, &message, &entry("tomorrow", later)).await;
    assert!(set["personal"].get("scheduled").is_none());
}

/// By two nodes at the same moment, and again by one that does not know that it was sent.
#[tokio::test]
async fn it_is_sent_once_whoever_sends_it() {
    let world = World::new();
    let exchange = Exchange::default();
    let (first, second) = (
        world.server_on(Arc::new(exchange.node())).await,
        world.server_on(Arc::new(exchange.node())).await,
    );
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = first.direct(&alice, &bob).await;
    let mut phone = first.connect(&alice).await;
    let mut laptop = second.connect(&bob).await;
    let message = world.uuid();
    let due = entry("on time", now_ms(&first));
    schedule(&mut phone, place, &message, &due).await;
    let (one, other) = (first.node.scheduling(), second.node.scheduling());
    let (one, other) = tokio::join!(one.send_due(), other.send_due());
    one.unwrap();
    other.unwrap();
    let event = laptop.expect("event").await;
    assert_eq!(
        (&event["id"], &event["sender"], &event["body"]["content"]["text"]),
        (&json!(message), &json!(alice.user), &json!("on time"))
    );
    laptop.expect_nothing().await;
    // A node that died after it had sent: it is due still, and in the log already.
    let again = world.uuid();
    let mut said = phone.message(place, "sent");
    let due_at = now_ms(&first);
    (said["id"], said["written_at"]) = (json!(again), json!(due_at));
    phone
        .send(json!({"type": "message", "id": 6, "message": said}))
        .await;
    phone.until("ack").await;
    laptop.expect("event").await;
    schedule(&mut phone, place, &again, &entry("sent", due_at)).await;
    first.node.scheduling().send_due().await.unwrap();
    laptop.expect_nothing().await;
    let found = world.store.find_summary(place, alice.user).await;
    assert!(found.unwrap().unwrap().personal.scheduled.is_empty());
    assert_eq!(world.store.next_scheduled().await.unwrap(), None);
}

/// The checks are those of the moment at which it is sent.
#[tokio::test]
async fn what_may_not_be_sent_when_its_time_comes_is_kept_with_the_reason() {
    let scene = Scene::new().await;
    let mut laptop = scene.server.connect(&scene.bob).await;
    let settings = json!({"event_id": scene.world.uuid(), "announcements": true});
    let settings: rest::ChangeConversation = serde_json::from_value(settings).unwrap();
    let message = scene.world.uuid();
    let later = now_ms(&scene.server) + 3_600_000;
    schedule(&mut laptop, scene.place, &message, &entry("may I?", later)).await;
    let conversations = &scene.server.node.conversations;
    conversations
        .change_conversation(scene.alice.caller(), scene.place, settings)
        .await
        .unwrap();
    let due = entry("may I?", now_ms(&scene.server));
    schedule(&mut laptop, scene.place, &message, &due).await;
    scene.server.node.scheduling().send_due().await.unwrap();
    let kept = scene.scheduled(&scene.bob).await;
    assert_eq!(
        (&kept[&message]["failed"], &kept[&message]["text"]),
        (&json!("forbidden"), &json!("may I?"))
    );
    assert_eq!(scene.server.node.stats.scheduled_refused.get(), 1);
    assert_eq!(scene.said().await.len(), 1, "only that nobody but admins writes");
    // Its author may put it off, or take it back.
    let set = schedule(&mut laptop, scene.place, &message, &entry("may I?", later)).await;
    assert!(set["personal"]["scheduled"][&message].get("failed").is_none());
}

#[tokio::test]
async fn what_may_not_be_scheduled_is_refused() {
    let scene = Scene::new().await;
    let mut phone = scene.server.connect(&scene.alice).await;
    let now = now_ms(&scene.server);
    let message = scene.world.uuid();
    for (what, code) in [
        (entry("", now), "invalid_field"),
        (entry(" ", now), "invalid_field"),
        (entry(&"x".repeat(32 * 1024 + 1), now), "too_large"),
        (entry("too far", FAR), "invalid_field"),
        (
            json!({"text": "x", "send_at": now, "failed": "forbidden"}),
            "invalid_field",
        ),
    ] {
        let refused = schedule(&mut phone, scene.place, &message, &what).await;
        assert_eq!(refused["code"], code);
    }
    let stranger = scene.world.person("mallory").await;
    let mut hers = scene.server.connect(&stranger).await;
    let refused = schedule(&mut hers, scene.place, &message, &entry("hi", now)).await;
    assert_eq!(refused["code"], "not_member");
    // From its moment on it may be under way, and is not taken back any more.
    let personals = &scene.server.node.personals;
    let due = pipit_wire::frame::PersonalChange {
        schedule: serde_json::from_value(json!({&message: entry("now", now - 1)})).unwrap(),
        ..Default::default()
    };
    let store = &scene.world.store;
    store
        .set_personal(scene.place, scene.alice.user, due, Timestamp(now))
        .await
        .unwrap();
    let back = pipit_wire::frame::PersonalChange {
        schedule: [(message.parse().unwrap(), None)].into(),
        ..Default::default()
    };
    let refused = personals.set(scene.alice.caller(), scene.place, back).await;
    assert!(format!("{:?}", refused.unwrap_err()).contains("WindowClosed"));
}

#[tokio::test]
async fn there_are_so_many_and_no_more() {
    let scene = Scene::new().await;
    let later = now_ms(&scene.server) + 3_600_000;
    let many = |count: usize, text: &str| {
        let all = (0..count).map(|_| (scene.world.uuid(), entry(text, later)));
        pipit_wire::frame::PersonalChange {
            schedule: serde_json::from_value(all.collect()).unwrap(),
            ..Default::default()
        }
    };
    let personals = &scene.server.node.personals;
    let set = |change| personals.set(scene.alice.caller(), scene.place, change);
    assert!(
        set(many(3, &"x".repeat(30_000))).await.is_err(),
        "more than is held of one conversation"
    );
    set(many(100, "x")).await.unwrap();
    assert!(set(many(1, "x")).await.is_err());
    let elsewhere = scene.server.group(&scene.alice, &[]).await;
    let more = personals.set(scene.alice.caller(), elsewhere, many(1, "x")).await;
    assert!(more.is_err(), "an account has so many, wherever");
}
