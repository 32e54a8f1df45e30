//! What people keep of conversations for themselves.

use std::sync::Arc;

use pipit_bus::Exchange;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn every_device_of_the_account_is_told_on_every_node_and_nobody_else() {
    let exchange = Exchange::default();
    let world = World::new();
    let one = world.server_on(Arc::new(exchange.node())).await;
    let other = world.server_on(Arc::new(exchange.node())).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let group = one.group(&alice, &[&bob]).await;
    let mut phone = one.connect(&alice).await;
    let mut laptop = other.connect(&world.another_device(&alice).await).await;
    let mut bobs = one.connect(&bob).await;
    phone
        .send(json!({"type": "personal", "id": 5, "conversation": group,
            "change": {"pin": 2, "draft": "Dear Bob"}}))
        .await;
    let (answer, _) = phone.until("personal").await;
    let answer = if answer["id"].is_null() {
        phone.expect("personal").await
    } else {
        answer
    };
    assert_eq!(
        (
            &answer["id"],
            &answer["personal"]["pin"],
            &answer["personal"]["draft"]
        ),
        (&json!(5), &json!(2), &json!("Dear Bob"))
    );
    let told = laptop.expect("personal").await;
    assert_eq!(told["personal"], answer["personal"]);
    bobs.expect_nothing().await;
    // And whoever connects later reads it in the list.
    let mut tablet = one.socket().await;
    let third = world.another_device(&alice).await;
    tablet.send(crate::world::hello(&third.token, &[])).await;
    let (welcome, _) = tablet.until("welcome").await;
    assert_eq!(welcome["conversations"][0]["personal"], answer["personal"]);
}

#[tokio::test]
async fn outsiders_and_what_is_too_long_are_refused() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mallory) = (world.person("alice").await, world.person("mallory").await);
    let group = server.group(&alice, &[]).await;
    let mut phone = server.connect(&alice).await;
    let mut hers = server.connect(&mallory).await;
    let mute = json!({"type": "personal", "id": 5, "conversation": group, "change": {"muted_until": 9}});
    hers.send(mute).await;
    assert_eq!(hers.expect_error("not_member").await["id"], 5);
    for (draft, code) in [
        ("x".repeat(32 * 1024 + 1), "too_large"),
        ("a\0b".to_owned(), "invalid_field"),
    ] {
        let change = json!({"type": "personal", "id": 6, "conversation": group, "change": {"draft": draft}});
        phone.send(change).await;
        assert_eq!(phone.expect_error(code).await["id"], 6);
    }
    let past_the_end = json!([9]);
    let too_many: Vec<u32> = (0..1_001).collect();
    for hide in [past_the_end, json!([0]), json!(too_many)] {
        let change = json!({"type": "personal", "id": 7, "conversation": group, "change": {"hide": hide}});
        phone.send(change).await;
        assert_eq!(phone.expect_error("invalid_field").await["id"], 7, "{hide}");
    }
    phone.expect_nothing().await;
}

#[tokio::test]
async fn what_is_deleted_for_oneself_comes_to_every_device_and_nobody_else() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let group = server.group(&alice, &[&bob]).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&world.another_device(&alice).await).await;
    let mut bobs = server.connect(&bob).await;
    phone
        .send(json!({"type": "personal", "id": 5, "conversation": group, "change": {"hide": [1]}}))
        .await;
    let told = laptop.expect("personal").await;
    assert_eq!(told["personal"]["hidden"], json!([1]));
    bobs.expect_nothing().await;
    let mut tablet = server.socket().await;
    let third = world.another_device(&alice).await;
    tablet.send(crate::world::hello(&third.token, &[])).await;
    let (welcome, _) = tablet.until("welcome").await;
    assert_eq!(welcome["conversations"][0]["personal"]["hidden"], json!([1]));
}
