//! Alice and bob talk.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn alice_and_bob_chat() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let (mut phone, frames) = server.resume(&alice, &[]).await;
    let welcome = &frames[0];
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["profile"]["handle"], "alice");
    assert_eq!(welcome["device"], json!(alice.device));
    assert_eq!(welcome["conversations"][0]["id"], json!(conversation));
    let mut laptop = server.connect(&bob).await;

    let (ack, before) = phone.say(conversation, "hello bob").await;
    assert_eq!(
        (&ack["id"], &ack["seq"]),
        (&json!(7), &json!(2)),
        "the first entry is the making of it"
    );
    assert_eq!(before.len(), 1, "the sender's own device gets the event too");
    assert_eq!(before[0]["id"], ack["message"]);

    let event = laptop.expect("event").await;
    assert_eq!(event, before[0], "everybody gets the same bytes");
    assert_eq!(event["sender"], json!(alice.user));
    assert_eq!(event["body"]["content"]["text"], "hello bob");

    let (ack, _) = laptop.say(conversation, "hello alice").await;
    assert_eq!(ack["seq"], 3);
    assert_eq!(
        phone.expect("event").await["body"]["content"]["text"],
        "hello alice"
    );
    drop((phone, laptop));
    server.stop().await;
}

#[tokio::test]
async fn a_message_sent_again_is_acknowledged_again_and_announced_once() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let message = phone.message(conversation, "once");
    phone
        .send(json!({"type": "message", "id": 1, "message": message}))
        .await;
    let (first, _) = phone.until("ack").await;
    // The line breaks, and the device that never saw the answer sends it again.
    drop(phone);
    let mut phone = server.connect(&alice).await;
    phone
        .send(json!({"type": "message", "id": 2, "message": message}))
        .await;
    let second = phone.expect("ack").await;
    assert_eq!((&first["seq"], &first["at"]), (&second["seq"], &second["at"]));
    assert_eq!(second["id"], 2);
    phone.expect_nothing().await;
    laptop.expect("event").await;
    laptop.expect_nothing().await;

    // The same id for something else is refused.
    let mut other = message.clone();
    other["content"]["text"] = json!("twice");
    phone
        .send(json!({"type": "message", "id": 3, "message": other}))
        .await;
    assert_eq!(phone.expect_error("id_conflict").await["id"], 3);
}

#[tokio::test]
async fn messages_sent_without_waiting_keep_their_order() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    for number in 0..200 {
        let message = phone.message(conversation, &format!("number {number}"));
        phone
            .send(json!({"type": "message", "id": number, "message": message}))
            .await;
    }
    for number in 0..200 {
        let (ack, _) = phone.until("ack").await;
        assert_eq!((&ack["id"], &ack["seq"]), (&json!(number), &json!(number + 2)));
        let event = laptop.expect("event").await;
        assert_eq!(event["body"]["content"]["text"], format!("number {number}"));
    }
    let stats = &server.node.stats;
    assert_eq!(stats.messages_appended.get(), 200);
    assert!(stats.batches.get() <= 200);
}

#[tokio::test]
async fn markers_go_to_everybody_and_only_forward() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let tablet = world.another_device(&bob).await;
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut tablet = server.connect(&tablet).await;
    phone.say(conversation, "read me").await;
    laptop.expect("event").await;
    tablet.expect("event").await;
    laptop
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 2, "read_seq": 0}))
        .await;
    for client in [&mut phone, &mut tablet] {
        let receipt = client.expect("receipt").await;
        assert_eq!(receipt["user"], json!(bob.user));
        assert_eq!(
            (&receipt["delivered_seq"], &receipt["read_seq"]),
            (&json!(2), &json!(0))
        );
    }
    laptop.expect("receipt").await;
    laptop
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 0, "read_seq": 2}))
        .await;
    assert_eq!(phone.expect("receipt").await["read_seq"], 2);
    assert_eq!(tablet.expect("receipt").await["read_seq"], 2);
    laptop.expect("receipt").await;
    // Back is nowhere.
    laptop
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 1, "read_seq": 1}))
        .await;
    // Beyond the end is an error, without an id, and nothing moves.
    laptop
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 9, "read_seq": 0}))
        .await;
    let error = laptop.expect_error("invalid_field").await;
    assert_eq!(
        (&error["id"], &error["field"]),
        (&json!(null), &json!("delivered_seq"))
    );
    phone.expect_nothing().await;
    // Another's conversation.
    let carol = world.person("carol").await;
    let mut carols = server.connect(&carol).await;
    carols
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 1, "read_seq": 0}))
        .await;
    carols.expect_error("not_member").await;
}

#[tokio::test]
async fn typing_is_told_to_the_others_and_throttled() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    for active in [true, true, true, false, false, true] {
        phone
            .send(json!({"type": "typing", "conversation": conversation, "active": active}))
            .await;
    }
    phone.expect_nothing().await;
    for active in [true, false] {
        let typing = laptop.expect("typing").await;
        assert_eq!(
            typing,
            json!({"type": "typing", "conversation": conversation, "user": alice.user, "active": active})
        );
    }
    laptop.expect_nothing().await;
    let carol = world.person("carol").await;
    let mut carols = server.connect(&carol).await;
    carols
        .send(json!({"type": "typing", "conversation": conversation, "active": true}))
        .await;
    assert_eq!(carols.expect_error("not_member").await["id"], json!(null));
}

#[tokio::test]
async fn a_block_ends_writing_and_typing_but_not_reading() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    phone.say(conversation, "before").await;
    laptop.expect("event").await;
    world
        .store
        .set_blocked(bob.user, alice.user, true, pipit_wire::Timestamp(1))
        .await
        .unwrap();
    let message = phone.message(conversation, "after");
    phone
        .send(json!({"type": "message", "id": 5, "message": message}))
        .await;
    assert_eq!(phone.expect_error("blocked").await["id"], 5);
    phone
        .send(json!({"type": "history", "id": 6, "conversation": conversation, "limit": 10}))
        .await;
    assert_eq!(phone.expect("page").await["events"].as_array().unwrap().len(), 2);
    laptop.expect_nothing().await;
    let refused = server
        .node
        .conversations
        .create_direct(alice.caller(), bob.user, false)
        .await;
    assert!(refused.unwrap_err().to_string().contains("blocked"));
}

#[tokio::test]
async fn sealed_messages_pass_unread() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let content = json!({"kind": "sealed", "scheme": "mls1", "bytes": "AAEC/w=="});
    let mut message = phone.message(conversation, "");
    message["content"] = content.clone();
    phone
        .send(json!({"type": "message", "id": 1, "message": message}))
        .await;
    phone.until("ack").await;
    assert_eq!(laptop.expect("event").await["body"]["content"], content);
    for (field, content) in [
        ("scheme", json!({"kind": "sealed", "scheme": "", "bytes": "AAEC"})),
        (
            "scheme",
            json!({"kind": "sealed", "scheme": "x".repeat(33), "bytes": "AAEC"}),
        ),
        (
            "scheme",
            json!({"kind": "sealed", "scheme": "MLS 1", "bytes": "AAEC"}),
        ),
        ("bytes", json!({"kind": "sealed", "scheme": "mls1", "bytes": ""})),
        (
            "bytes",
            json!({"kind": "sealed", "scheme": "mls1", "bytes": "not base64!"}),
        ),
    ] {
        message["content"] = content;
        phone
            .send(json!({"type": "message", "id": 2, "message": message}))
            .await;
        assert_eq!(phone.expect_error("invalid_field").await["field"], field);
    }
}
