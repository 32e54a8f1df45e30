//! Message requests: a stranger writes, and learns nothing until they are answered.

use pipit_wire::frame::RequestState;
use pipit_wire::{ConversationId, rest};
use serde_json::{Value, json};

use crate::world::World;

fn answer(conversation: ConversationId, request: &str) -> Value {
    json!({"type": "personal", "id": 5, "conversation": conversation, "change": {"request": request}})
}

#[tokio::test]
async fn a_stranger_is_told_that_it_was_sent_and_nothing_else() {
    let world = World::of_strangers();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut tablet = server.connect(&world.another_device(&bob).await).await;
    phone.say(conversation, "Do I know you?").await;
    laptop.expect("event").await;
    tablet.expect("event").await;
    // Neither by markers, nor by typing, nor by presence.
    laptop
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 2, "read_seq": 2}))
        .await;
    laptop
        .send(json!({"type": "typing", "conversation": conversation, "active": true}))
        .await;
    laptop.expect_error("forbidden").await;
    laptop.expect_nothing().await;
    phone.send(json!({"type": "watch", "users": [bob.user]})).await;
    phone.expect_nothing().await;
    // Whoever is asked sees who asks.
    laptop.send(json!({"type": "watch", "users": [alice.user]})).await;
    assert_eq!(laptop.expect("presence").await["state"], "online");
    // Writing accepts it, on every device.
    let (_, before) = laptop.say(conversation, "From school!").await;
    let is_told = |frame: &Value| {
        frame["type"] == "personal" && frame["personal"]["request"] == "accepted" && frame["id"].is_null()
    };
    assert!(before.iter().any(is_told), "{before:?}");
    assert!(is_told(&tablet.expect("personal").await));
    tablet.expect("event").await;
    phone.expect("event").await;
    laptop
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 3, "read_seq": 3}))
        .await;
    let receipt = phone.expect("receipt").await;
    assert_eq!(
        (&receipt["user"], &receipt["read_seq"]),
        (&json!(bob.user), &json!(3))
    );
    phone.send(json!({"type": "watch", "users": [bob.user]})).await;
    assert_eq!(phone.expect("presence").await["state"], "online");
}

#[tokio::test]
async fn only_who_is_asked_answers_and_what_was_accepted_stays_so() {
    let world = World::of_strangers();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let answer = |request: &str| json!({"type": "personal", "id": 5, "conversation": conversation, "change": {"request": request}});
    // For the stranger it is no request.
    phone.send(answer("waiting")).await;
    phone.expect_error("forbidden").await;
    for request in ["refused", "accepted"] {
        laptop.send(answer(request)).await;
        let (told, _) = laptop.until("personal").await;
        let told = if told["id"].is_null() {
            laptop.expect("personal").await
        } else {
            told
        };
        assert_eq!(told["personal"]["request"], request);
        laptop.until_quiet().await;
    }
    laptop.send(answer("waiting")).await;
    laptop.expect_error("forbidden").await;
    // What one has with oneself, or with many, is refused by nobody.
    for place in [server.direct(&bob, &bob).await, server.group(&bob, &[]).await] {
        laptop.until_quiet().await;
        laptop
            .send(
                json!({"type": "personal", "id": 6, "conversation": place, "change": {"request": "refused"}}),
            )
            .await;
        laptop.expect_error("forbidden").await;
    }
    phone.expect_nothing().await;
}

#[tokio::test]
async fn people_who_meet_in_a_group_are_no_strangers() {
    let world = World::of_strangers();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let carol = world.person("carol").await;
    let group = server.group(&alice, &[&bob]).await;
    let mut laptop = server.connect(&bob).await;
    // They do not meet before they both want to be there.
    let before = server.direct(&alice, &bob).await;
    laptop.until_quiet().await;
    let typing = |place| json!({"type": "typing", "conversation": place, "active": true});
    for place in [group, before] {
        laptop.send(typing(place)).await;
        laptop.expect_error("forbidden").await;
    }
    laptop.send(answer(group, "accepted")).await;
    laptop.until("personal").await;
    laptop.until_quiet().await;
    server.add(&alice, group, carol.user).await;
    let mut desk = server.connect(&carol).await;
    // Alice is in the group that Carol was added to, but Carol has not accepted that.
    let with_alice = server.direct(&alice, &carol).await;
    desk.until_quiet().await;
    desk.send(typing(with_alice)).await;
    desk.expect_error("forbidden").await;
    desk.send(answer(group, "accepted")).await;
    desk.until("personal").await;
    desk.until_quiet().await;
    let with_bob = server.direct(&carol, &bob).await;
    laptop.until_quiet().await;
    laptop.send(typing(with_bob)).await;
    laptop.expect_nothing().await;
}

#[tokio::test]
async fn who_is_refused_in_a_conversation_is_blocked_until_it_is_accepted() {
    let world = World::of_strangers();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    phone.say(conversation, "Do I know you?").await;
    laptop.send(answer(conversation, "refused")).await;
    laptop.until("personal").await;
    let again = phone.message(conversation, "Hello?");
    phone
        .send(json!({"type": "message", "id": 6, "message": again}))
        .await;
    phone.expect_error("blocked").await;
    let group = rest::NewGroup {
        id: world.id(),
        title: Some("A way around".to_owned()),
        members: vec![bob.user],
        encrypted: false,
    };
    let around = server
        .node
        .conversations
        .create_group(alice.caller(), group)
        .await;
    assert!(around.unwrap_err().to_string().contains("blocked"));
    laptop.until_quiet().await;
    laptop.send(answer(conversation, "accepted")).await;
    laptop.until("personal").await;
    phone.say(conversation, "There you are").await;
    assert_eq!(laptop.until("event").await.0["seq"], 3);
}

/// Whom one knows is blocked by refusing what was accepted, in both conversations that two people can have.
#[tokio::test]
async fn somebody_who_is_known_is_blocked_and_unblocked() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let open = server.direct(&alice, &bob).await;
    let sealed = server
        .node
        .conversations
        .create_direct(alice.caller(), bob.user, true);
    let sealed = sealed.await.unwrap().id;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    phone.say(open, "hello").await;
    laptop.until_quiet().await;
    for (state, refused) in [("refused", true), ("accepted", false)] {
        laptop.send(answer(open, state)).await;
        laptop.until_quiet().await;
        for place in [open, sealed] {
            let stands = server.node.conversations.summary(bob.user, place).await.unwrap();
            assert_eq!(
                stands.personal.request == RequestState::Refused,
                refused,
                "{place}"
            );
        }
        let message = phone.message(open, "hello?");
        phone
            .send(json!({"type": "message", "id": 6, "message": message}))
            .await;
        if refused {
            phone.expect_error("blocked").await;
        } else {
            phone.until("ack").await;
        }
    }
}

#[tokio::test]
async fn a_group_is_asked_for_and_refusing_it_leaves_it() {
    let world = World::of_strangers();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let group = server.group(&alice, &[]).await;
    server.add(&alice, group, bob.user).await;
    let summary = server.node.conversations.summary(bob.user, group).await.unwrap();
    assert_eq!(summary.personal.request, RequestState::Waiting);
    assert_eq!(summary.personal.asked_by, Some(alice.user));
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    phone.say(group, "Welcome!").await;
    laptop.expect("event").await;
    laptop
        .send(json!({"type": "receipt", "conversation": group, "delivered_seq": 3, "read_seq": 3}))
        .await;
    laptop.expect_nothing().await;
    phone.send(json!({"type": "watch", "users": [bob.user]})).await;
    phone.expect_nothing().await;
    laptop.send(answer(group, "refused")).await;
    let (told, _) = laptop.until("personal").await;
    assert_eq!(told["personal"]["request"], "refused");
    let left = phone.expect("event").await;
    assert_eq!(left["body"]["type"], "member_removed");
    assert_eq!(left["sender"], json!(bob.user));
    let again = rest::AddMembers {
        event_ids: vec![world.id()],
        users: vec![bob.user],
    };
    let again = server
        .node
        .conversations
        .add_members(alice.caller(), group, again)
        .await;
    assert!(again.unwrap_err().to_string().contains("blocked"));
}
