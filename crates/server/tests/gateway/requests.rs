//! Message requests: a stranger writes, and learns nothing until they are answered.

use serde_json::json;

use crate::world::World;

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
    let is_told = |frame: &serde_json::Value| {
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
    assert_eq!((&receipt["user"], &receipt["read_seq"]), (&json!(bob.user), &json!(3)));
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
    let answer = |request: &str| {
        json!({"type": "personal", "id": 5, "conversation": conversation, "change": {"request": request}})
    };
    // For the stranger it is no request.
    phone.send(answer("refused")).await;
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
    for request in ["waiting", "refused"] {
        laptop.send(answer(request)).await;
        laptop.expect_error("forbidden").await;
    }
    phone.expect_nothing().await;
}

#[tokio::test]
async fn people_who_meet_in_a_group_are_no_strangers() {
    let world = World::of_strangers();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    server.group(&alice, &[&bob]).await;
    let conversation = server.direct(&alice, &bob).await;
    let mut laptop = server.connect(&bob).await;
    laptop
        .send(json!({"type": "typing", "conversation": conversation, "active": true}))
        .await;
    laptop.expect_nothing().await;
}
