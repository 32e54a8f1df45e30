//! How connections end, and that one's end hurts nobody else.

use std::sync::Arc;
use std::time::Duration;

use pipit_bus::SingleNode;
use pipit_server::gateway::Settings;
use pipit_wire::Limits;
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_hurts_nobody_else() {
    let world = World::new();
    let settings = Settings {
        frames_burst: 1_000_000,
        ..Settings::default()
    };
    let server = world
        .server_with(Arc::new(SingleNode), settings, Limits::default())
        .await;
    let (alice, bob, carol) = (
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    );
    let group = server.group(&alice, &[&bob, &carol]).await;
    let mut phone = server.connect(&alice).await;
    let mut stuck = server.connect(&bob).await;
    let mut laptop = server.connect(&carol).await;
    let text = "x".repeat(30_000);
    let mut sent = 0;
    // Bob reads nothing: the line's own buffers fill, then his queue, and then it is dropped.
    while server.node.stats.dropped_queues.get() == 0 {
        phone.say(group, &text).await;
        assert_eq!(laptop.expect("event").await["body"]["content"]["text"], text);
        sent += 1;
        assert!(sent < 5_000, "nothing bounds the queue");
    }
    // The others go on.
    phone.say(group, "still here").await;
    assert_eq!(
        laptop.expect("event").await["body"]["content"]["text"],
        "still here"
    );
    // Once he reads, he gets what was on the line, in order, and then the goodbye.
    let frames = stuck.drain().await;
    let goodbye = frames.last().unwrap();
    assert_eq!(
        (&goodbye["type"], &goodbye["reason"]),
        (&json!("goodbye"), &json!("slow_reader"))
    );
    let events = &frames[..frames.len() - 1];
    let last = events.last().map_or(1, |event| event["seq"].as_u64().unwrap());
    for (event, seq) in events.iter().zip(2_u64..) {
        assert_eq!(
            (&event["type"], event["seq"].as_u64()),
            (&json!("event"), Some(seq))
        );
    }
    assert!(last < sent + 2, "some were dropped");
    // And resumes from his cursor.
    let (_, frames) = server.resume(&bob, &[(group, last)]).await;
    assert_eq!(frames[1]["last_seq"], sent + 2);
}

#[tokio::test]
async fn a_device_that_connects_again_replaces_itself() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let other = world.another_device(&alice).await;
    let mut first = server.connect(&alice).await;
    let mut elsewhere = server.connect(&other).await;
    let mut second = server.connect(&alice).await;
    assert_eq!(first.expect("goodbye").await["reason"], "replaced");
    first.expect_close(1000).await;
    second.expect_nothing().await;
    elsewhere.expect_nothing().await;
}

#[tokio::test]
async fn a_device_that_is_signed_out_is_cut_at_once() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let other = world.another_device(&alice).await;
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut elsewhere = server.connect(&other).await;
    let mut laptop = server.connect(&bob).await;
    world
        .store
        .revoke_device(alice.user, alice.device, pipit_wire::Timestamp(2))
        .await
        .unwrap();
    server.node.hub.device_signed_out(alice.user, alice.device);
    // Nothing of what follows reaches it.
    laptop.say(conversation, "a secret").await;
    assert_eq!(phone.expect_error("signed_out").await["retry"], "never");
    phone.expect_close(1008).await;
    assert_eq!(
        elsewhere.expect("event").await["body"]["content"]["text"],
        "a secret"
    );
}

#[tokio::test]
async fn a_server_that_stops_says_when_to_come_back() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut silent = server.socket().await;
    let message = phone.message(conversation, "just in time");
    phone
        .send(json!({"type": "message", "id": 1, "message": message}))
        .await;
    let (ack, _) = phone.until("ack").await;
    server.node.shutdown.cancel();
    let mut waits = Vec::new();
    for client in [&mut phone, &mut laptop] {
        let (goodbye, _) = client.until("goodbye").await;
        assert_eq!(goodbye["reason"], "shutdown");
        waits.push(goodbye["reconnect_after_ms"].as_u64().unwrap());
        client.expect_close(1001).await;
    }
    waits.sort_unstable();
    assert_eq!(waits, [0, 2_500], "they do not all come back at once");
    silent.expect_error("unavailable").await;
    silent.expect_close(1001).await;
    drop((phone, laptop, silent));
    server.stop().await;
    // Another server on the same storage has it.
    let server = world.server().await;
    let (mut phone, _) = server.resume(&alice, &[]).await;
    phone
        .send(json!({"type": "message", "id": 2, "message": message}))
        .await;
    assert_eq!(phone.expect("ack").await["seq"], ack["seq"]);
}

#[tokio::test]
async fn who_says_nothing_is_let_go() {
    let world = World::new();
    let settings = Settings {
        hello_timeout_ms: 50,
        ..Settings::default()
    };
    let server = world
        .server_with(Arc::new(SingleNode), settings, Limits::default())
        .await;
    let mut silent = server.socket().await;
    silent.expect_error("out_of_order").await;
    silent.expect_close(1008).await;
}

#[tokio::test]
async fn a_line_that_does_not_answer_is_given_up() {
    let world = World::new();
    let limits = Limits {
        idle_ping_ms: 50,
        ..Limits::default()
    };
    let server = world
        .server_with(Arc::new(SingleNode), Settings::default(), limits)
        .await;
    let alice = world.person("alice").await;
    // A client answers pings only while it reads: this one does, and stays, well beyond the limit.
    let mut phone = server.connect(&alice).await;
    for _ in 0..4 {
        assert!(phone.next_raw().await.unwrap().is_ping());
    }
    // From here on it does not.
    let gone = async {
        while server.node.stats.connections.get() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone)
        .await
        .expect("the connection is given up");
}

#[tokio::test]
async fn connections_are_counted_and_bounded() {
    let world = World::new();
    let settings = Settings {
        connections_max: 1,
        ..Settings::default()
    };
    let server = world
        .server_with(Arc::new(SingleNode), settings, Limits::default())
        .await;
    let alice = world.person("alice").await;
    let phone = server.connect(&alice).await;
    assert_eq!(server.node.stats.connections.get(), 1);
    let url = format!("ws://{}/v1/ws", server.address);
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) =
        tokio_tungstenite::connect_async(url).await
    else {
        panic!("a second connection is refused");
    };
    assert_eq!(answer.status(), 503);
    drop(phone);
    server.stop().await;
}
