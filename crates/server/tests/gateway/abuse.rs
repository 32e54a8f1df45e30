//! What clients may try, and that others do not feel it.

use std::sync::Arc;

use pipit_bus::SingleNode;
use pipit_server::gateway::Settings;
use pipit_wire::{ConversationId, Limits};
use serde_json::json;

use crate::world::{World, hello};

#[tokio::test]
async fn a_resume_with_100_000_cursors_is_refused_before_it_is_parsed() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut laptop = server.connect(&bob).await;
    let cursors: Vec<_> = (0..100_000).map(|_| (conversation, 1)).collect();
    let mut phone = server.socket().await;
    phone.send(hello(&alice.token, &cursors)).await;
    phone.expect_error("too_large").await;
    // So many as fit into a frame are counted before anything is looked up.
    let mut phone = server.socket().await;
    phone.send(hello(&alice.token, &cursors[..2_000])).await;
    let error = phone.expect_error("invalid_field").await;
    assert_eq!(error["field"], "cursors");
    laptop.expect_nothing().await;
}

#[tokio::test]
async fn cursors_that_lie_bring_what_there_is_and_nothing_of_others() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol) = (
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    );
    let own = server.direct(&alice, &bob).await;
    let others = server.direct(&bob, &carol).await;
    let unheard: ConversationId = world.id();
    let lies = [
        (own, 9_007_199_254_740_991),
        (own, 0),
        (own, 0),
        (others, 0),
        (unheard, 3),
    ];
    let (mut phone, frames) = server.resume(&alice, &lies).await;
    let text = serde_json::to_string(&frames).unwrap();
    assert!(!text.contains(&carol.user.to_string()), "{text}");
    // The line stands, and the log is what it was.
    let (ack, _) = phone.say(own, "hello").await;
    assert_eq!(ack["seq"], 2);
}

#[tokio::test]
async fn clocks_that_are_years_off_change_no_order() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut last_at = 0;
    for (seq, written_at) in (2..).zip([0, -62_135_596_800_000_i64, 253_402_300_799_999, 1]) {
        let mut message = phone.message(conversation, "what time is it?");
        message["written_at"] = json!(written_at);
        phone
            .send(json!({"type": "message", "id": seq, "message": message}))
            .await;
        let frame = phone.until("ack").await.0;
        assert_eq!(frame["seq"], seq);
        let event = laptop.expect("event").await;
        assert_eq!(
            (&event["seq"], &event["body"]["written_at"]),
            (&json!(seq), &json!(written_at))
        );
        // The server's own clock says when it was taken in.
        let at = event["at"].as_i64().unwrap();
        assert!(at >= last_at && at > 1_700_000_000_000, "{event}");
        last_at = at;
    }
}

#[tokio::test]
async fn one_id_means_one_thing_also_from_another_sender() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let message = phone.message(conversation, "mine");
    phone
        .send(json!({"type": "message", "id": 1, "message": message}))
        .await;
    phone.until("ack").await;
    laptop.expect("event").await;
    // Bob has seen the id and says the same words under it: they are Alice's still.
    laptop
        .send(json!({"type": "message", "id": 2, "message": message}))
        .await;
    assert_eq!(laptop.expect_error("id_conflict").await["id"], 2);
    phone.expect_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_over_many_connections_is_told_to_wait_and_others_are_answered() {
    let world = World::new();
    let settings = Settings {
        frames_burst: 50,
        frames_per_second: 1,
        ..Settings::default()
    };
    let server = world
        .server_with(Arc::new(SingleNode), settings, Limits::default())
        .await;
    let (mallory, alice, bob) = (
        world.person("mallory").await,
        world.person("alice").await,
        world.person("bob").await,
    );
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut flood = Vec::new();
    for _ in 0..20 {
        let device = world.another_device(&mallory).await;
        flood.push(server.connect(&device).await);
    }
    for client in &mut flood {
        // Nothing is read: answers wait for nobody.
        for id in 0..150 {
            if !client.try_send(json!({"type": "ping", "id": id})).await {
                break;
            }
        }
    }
    for text in ["one", "two", "three"] {
        phone.say(conversation, text).await;
        assert_eq!(laptop.expect("event").await["body"]["content"]["text"], text);
    }
    for client in &mut flood {
        let frames = client.drain().await;
        let last = frames.last().unwrap();
        assert_eq!(
            (&last["type"], &last["code"]),
            (&json!("error"), &json!("rate_limited"))
        );
        let answered = frames.iter().filter(|frame| frame["type"] == "pong").count();
        assert!(answered < 60, "{answered}");
    }
    phone.expect_nothing().await;
}
