//! What bad input gets: a stable code, the name of what is wrong, and the connection stands or ends as documented.

use std::sync::Arc;

use pipit_bus::SingleNode;
use pipit_server::gateway::Settings;
use pipit_wire::Limits;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::world::{Client, World, hello};

#[tokio::test]
async fn frames_that_cannot_be_read_are_named() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let mut phone = server.connect(&alice).await;
    let cases = [
        ("", "malformed", json!(null), json!(null)),
        ("nonsense", "malformed", json!(null), json!(null)),
        ("[1, 2]", "malformed", json!(null), json!(null)),
        (
            "{\"type\": \"ping\", \"id\": 1",
            "malformed",
            json!(null),
            json!(null),
        ),
        ("{}", "invalid_field", json!("type"), json!(null)),
        (
            r#"{"type": 7, "id": 3}"#,
            "invalid_field",
            json!("type"),
            json!(3),
        ),
        (
            r#"{"type": "shout", "id": 4}"#,
            "unknown_type",
            json!("shout"),
            json!(4),
        ),
        (
            r#"{"type": "welcome", "id": 4}"#,
            "unknown_type",
            json!("welcome"),
            json!(4),
        ),
        (
            r#"{"type": "ping", "id": 5, "loud": true}"#,
            "unknown_field",
            json!("loud"),
            json!(5),
        ),
        (r#"{"type": "ping"}"#, "invalid_field", json!("id"), json!(null)),
        (
            r#"{"type": "ping", "id": -1}"#,
            "invalid_field",
            json!(null),
            json!(null),
        ),
        (
            r#"{"type": "sync", "id": 6, "cursors": 7}"#,
            "invalid_field",
            json!(null),
            json!(6),
        ),
    ];
    for (text, code, field, id) in cases {
        phone.send_text(text).await;
        let error = phone.expect_error(code).await;
        assert_eq!((&error["field"], &error["id"]), (&field, &id), "{text}: {error}");
        assert_eq!(error["retry"], "never");
    }
    phone.expect_nothing().await;
}

async fn check_refused(phone: &mut Client, code: &str, field: &str, frame: Value) {
    let id = frame.get("id").cloned().unwrap_or_default();
    phone.send(frame).await;
    let error = phone.expect_error(code).await;
    assert_eq!((&error["field"], &error["id"]), (&json!(field), &id), "{error}");
}

#[tokio::test]
async fn fields_out_of_range_are_named() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let users: Vec<String> = (0..201).map(|_| world.uuid()).collect();
    let cursors: Vec<_> = (0..1_001)
        .map(|_| json!({"conversation": world.uuid(), "seq": 0}))
        .collect();
    let history = json!({"type": "history", "id": 9, "conversation": conversation, "limit": 10});
    for (field, value) in [("limit", json!(0)), ("limit", json!(101))] {
        let mut frame = history.clone();
        frame[field] = value;
        check_refused(&mut phone, "invalid_field", field, frame).await;
    }
    let mut both = history;
    both["before_seq"] = json!(1);
    both["after_seq"] = json!(1);
    let cases = [
        ("after_seq", both),
        ("limit", json!({"type": "conversations", "id": 9, "limit": 51})),
        ("cursors", json!({"type": "sync", "id": 9, "cursors": cursors})),
        ("users", json!({"type": "watch", "users": users})),
        ("state", json!({"type": "presence", "state": "offline"})),
    ];
    for (field, frame) in cases {
        check_refused(&mut phone, "invalid_field", field, frame).await;
    }
    // A seq that not every reader of JSON holds.
    phone
        .send_text(format!(
            r#"{{"type": "receipt", "conversation": "{conversation}", "delivered_seq": 9007199254740992, "read_seq": 0}}"#
        ))
        .await;
    phone.expect_error("invalid_field").await;
    phone.expect_nothing().await;
}

#[tokio::test]
async fn what_a_message_says_is_bounded() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let plain = |text: &str| json!({"kind": "plain", "text": text});
    let sealed = |bytes: &str| json!({"kind": "sealed", "scheme": "mls1", "bytes": bytes});
    let cases = [
        ("invalid_field", "text", plain("")),
        ("invalid_field", "text", plain(" \u{200b} ")),
        ("invalid_field", "text", plain("a\u{0}b")),
        ("too_large", "text", plain(&"x".repeat(32 * 1024 + 1))),
        ("too_large", "bytes", sealed(&"AAAA".repeat(43_691))),
    ];
    for (code, field, content) in cases {
        let mut message = phone.message(conversation, "");
        message["content"] = content;
        let frame = json!({"type": "message", "id": 9, "message": message});
        check_refused(&mut phone, code, field, frame).await;
    }
    for content in [
        plain(&"x".repeat(32 * 1024)),
        sealed(&"AAAA".repeat(43_690)),
        plain("\u{202e}fine"),
    ] {
        let mut message = phone.message(conversation, "");
        message["content"] = content;
        phone
            .send(json!({"type": "message", "id": 9, "message": message}))
            .await;
        phone.until("ack").await;
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_it_is_parsed() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let mut phone = server.connect(&alice).await;
    phone.send_text("x".repeat(256 * 1024 + 1)).await;
    phone.expect_error("too_large").await;
    phone.expect_nothing().await;
    // What is far too long is not even read.
    phone.try_send(json!("x".repeat(600 * 1024))).await;
    phone.expect_error("too_large").await;
    phone.expect_close(1009).await;
}

#[tokio::test]
async fn bytes_that_are_no_text_end_the_connection() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let mut phone = server.connect(&alice).await;
    phone.send_raw(Message::binary(vec![1, 2, 3])).await;
    phone.expect_error("malformed").await;
    phone.expect_close(1003).await;
    let mut laptop = server.connect(&bob).await;
    let invalid = Frame::message(
        Bytes::from_static(b"{\"type\": \"\xff\"}"),
        OpCode::Data(Data::Text),
        true,
    );
    laptop.send_raw(Message::Frame(invalid)).await;
    laptop.expect_error("malformed").await;
    laptop.expect_close(1007).await;
}

#[tokio::test]
async fn before_hello_there_is_nothing() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let mut phone = server.socket().await;
    phone.send(json!({"type": "ping", "id": 3})).await;
    assert_eq!(phone.expect_error("out_of_order").await["id"], 3);
    // The connection stands, and `hello` is still welcome.
    phone.send(hello(&alice.token, &[])).await;
    phone.expect("welcome").await;
    phone.expect("synced").await;
    phone.send(hello(&alice.token, &[])).await;
    phone.expect_error("out_of_order").await;
    phone.expect_nothing().await;
}

#[tokio::test]
async fn a_hello_that_does_not_hold_ends_the_connection() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let revoked = world.another_device(&alice).await;
    world
        .store
        .revoke_device(alice.user, revoked.device, pipit_wire::Timestamp(2))
        .await
        .unwrap();
    let suspended = world.person("mallory").await;
    world
        .store
        .set_suspended(suspended.user, Some(pipit_wire::Timestamp(2)))
        .await
        .unwrap();
    let with = |fields: Value| {
        let mut frame = hello(&alice.token, &[]);
        frame
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        frame
    };
    let cursors: Vec<_> = (0..1_001)
        .map(|_| json!({"conversation": world.uuid(), "seq": 0}))
        .collect();
    let cases = [
        ("unauthenticated", json!("after_sign_in"), hello("forged", &[])),
        ("signed_out", json!("never"), hello(&revoked.token, &[])),
        ("suspended", json!("never"), hello(&suspended.token, &[])),
        (
            "unsupported_version",
            json!("never"),
            with(json!({"protocol": 2})),
        ),
        ("invalid_field", json!("never"), with(json!({"cursors": cursors}))),
        (
            "invalid_field",
            json!("never"),
            with(json!({"presence": "offline"})),
        ),
        (
            "invalid_field",
            json!("never"),
            with(json!({"client": {"name": "", "version": "1"}})),
        ),
        (
            "invalid_field",
            json!("never"),
            with(json!({"client": {"name": "x".repeat(65), "version": "1"}})),
        ),
    ];
    for (code, retry, frame) in cases {
        let mut phone = server.socket().await;
        phone.send(frame).await;
        let error = phone.expect_error(code).await;
        assert_eq!((&error["id"], &error["retry"]), (&json!(1), &retry), "{error}");
        phone.expect_close(1008).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn conversations_of_others_do_not_show_that_they_exist() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol) = (
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    );
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let (ack, _) = phone.say(conversation, "between us").await;
    let mut carols = server.connect(&carol).await;
    let mut answers = Vec::new();
    for conversation in [conversation, world.id()] {
        let message = carols.message(conversation, "let me in");
        carols
            .send(json!({"type": "message", "id": 1, "message": message}))
            .await;
        answers.push(carols.expect_error("not_member").await);
        carols
            .send(json!({"type": "history", "id": 1, "conversation": conversation, "limit": 10}))
            .await;
        answers.push(carols.expect_error("not_member").await);
        carols
            .send(json!({"type": "sync", "id": 1, "cursors": [{"conversation": conversation, "seq": 0}]}))
            .await;
        assert_eq!(
            carols.expect("conversation_gone").await["conversation"],
            json!(conversation)
        );
        carols.expect("synced").await;
    }
    assert_eq!(answers[..2], answers[2..], "the answers do not differ");
    // An id that exists elsewhere is free in another conversation, and nobody else's message comes back for it.
    let own = server.direct(&carol, &alice).await;
    carols.until("event").await;
    let mut message = carols.message(own, "same id");
    message["id"] = ack["message"].clone();
    carols
        .send(json!({"type": "message", "id": 2, "message": message}))
        .await;
    let (answer, _) = carols.until("ack").await;
    assert_eq!(
        (&answer["conversation"], &answer["seq"]),
        (&json!(own), &json!(2))
    );
}

#[tokio::test]
async fn too_many_errors_end_the_connection() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let mut phone = server.connect(&alice).await;
    for _ in 0..21 {
        phone.send_text("nonsense").await;
        phone.expect_error("malformed").await;
    }
    phone.expect_close(1008).await;
}

#[tokio::test]
async fn too_many_frames_are_told_to_wait_and_then_end_the_connection() {
    let world = World::new();
    let settings = Settings {
        frames_burst: 5,
        frames_per_second: 1,
        ..Settings::default()
    };
    let server = world
        .server_with(Arc::new(SingleNode), settings, Limits::default())
        .await;
    let alice = world.person("alice").await;
    let mut phone = server.connect(&alice).await;
    for id in 0..4 {
        phone.send(json!({"type": "ping", "id": id})).await;
        phone.expect("pong").await;
    }
    for id in 0..5 {
        phone.send(json!({"type": "ping", "id": id})).await;
        let error = phone.expect_error("rate_limited").await;
        assert_eq!((&error["id"], &error["retry"]), (&json!(id), &json!("later")));
        assert!(error["retry_after_ms"].as_u64().unwrap() > 0);
    }
    phone.send(json!({"type": "ping", "id": 9})).await;
    phone.expect_error("rate_limited").await;
    phone.expect_close(1008).await;
    assert_eq!(server.node.stats.rate_limited.get(), 6);
}
