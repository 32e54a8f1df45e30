//! Who is there.

use pipit_wire::Timestamp;
use pipit_wire::person::FaceChange;
use serde_json::json;

use crate::world::{Person, World};

#[tokio::test]
async fn watchers_are_told() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol) = (
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    );
    server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    // Carol shares no conversation with alice: nothing is said of her.
    phone
        .send(json!({"type": "watch", "users": [bob.user, carol.user]}))
        .await;
    let presence = phone.expect("presence").await;
    assert_eq!(
        (&presence["user"], &presence["state"]),
        (&json!(bob.user), &json!("offline"))
    );
    assert!(presence["last_seen"].is_i64(), "{presence}");
    let mut laptop = server.connect(&bob).await;
    let presence = phone.expect("presence").await;
    assert_eq!(
        presence,
        json!({"type": "presence", "user": bob.user, "state": "online"})
    );
    laptop.send(json!({"type": "presence", "state": "away"})).await;
    assert_eq!(phone.expect("presence").await["state"], "away");
    // Another device in use counts more.
    let tablet = world.another_device(&bob).await;
    let tablet = server.connect(&tablet).await;
    assert_eq!(phone.expect("presence").await["state"], "online");
    drop((tablet, laptop));
    let presence = phone.expect("presence").await;
    assert_eq!(presence["state"], "offline");
    assert!(
        presence["last_seen"].as_i64().unwrap() > 1_767_225_600_000,
        "{presence}"
    );
    // Who watches nobody is told nothing.
    phone.send(json!({"type": "watch", "users": []})).await;
    phone.expect_nothing().await;
    server.connect(&bob).await;
    server.node.presence.flush().await;
    phone.expect_nothing().await;
}

#[tokio::test]
async fn watchers_see_what_people_show() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol) = (
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    );
    server.direct(&alice, &bob).await;
    let about = |text: &str| FaceChange {
        about: Some(text.to_owned()),
        ..FaceChange::default()
    };
    let change = async |who: &Person, text: &str| {
        let face = world.store.set_face(who.user, &about(text)).await.unwrap();
        let found = world.store.find_faces(&[who.user]).await.unwrap();
        assert_eq!(found[0].face, face);
        server.node.presence.profile_changed(found[0].clone());
    };
    change(&bob, "Terns").await;
    change(&carol, "Gulls").await;
    let mut phone = server.connect(&alice).await;
    let watch = json!({"type": "watch", "users": [bob.user, carol.user]});
    phone.send(watch.clone()).await;
    assert_eq!(phone.expect("presence").await["user"], json!(bob.user));
    let profile = phone.expect("profile").await;
    assert_eq!(
        (&profile["user"], &profile["face"]),
        (&json!(bob.user), &json!({"about": "Terns"}))
    );
    // Watched before: nothing new. Of carol, a stranger, nothing at all.
    phone.send(watch).await;
    phone.expect("presence").await;
    change(&carol, "Auks").await;
    phone.expect_nothing().await;
    // Twice in a second is told once, as it is then.
    change(&bob, "Gulls").await;
    change(&bob, "Auks").await;
    server.node.presence.flush().await;
    assert_eq!(phone.expect("profile").await["face"]["about"], "Auks");
    phone.expect_nothing().await;
    // One's own devices hear it at once.
    let mut laptop = server.connect(&bob).await;
    assert_eq!(phone.expect("presence").await["state"], "online");
    change(&bob, "Swifts").await;
    assert_eq!(laptop.expect("profile").await["face"]["about"], "Swifts");
}

#[tokio::test]
async fn a_block_hides_both() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    phone.send(json!({"type": "watch", "users": [bob.user]})).await;
    assert_eq!(phone.expect("presence").await["state"], "online");
    world
        .store
        .set_blocked(bob.user, alice.user, true, Timestamp(1))
        .await
        .unwrap();
    server.node.presence.block_changed(bob.user, alice.user);
    let hidden = |user| json!({"type": "presence", "user": user, "state": "offline"});
    assert_eq!(phone.expect("presence").await, hidden(bob.user));
    laptop
        .send(json!({"type": "watch", "users": [alice.user, bob.user]}))
        .await;
    let (first, second) = (laptop.expect("presence").await, laptop.expect("presence").await);
    let of_alice = if first["user"] == json!(alice.user) {
        &first
    } else {
        &second
    };
    assert_eq!(*of_alice, hidden(alice.user));
    drop(laptop);
    server.node.presence.flush().await;
    phone.expect_nothing().await;
}

#[tokio::test]
async fn when_a_device_was_seen_is_written_down() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let phone = server.connect(&alice).await;
    drop(phone);
    let store = world.store.clone();
    server.stop().await;
    let device = store.find_device(alice.device).await.unwrap().unwrap();
    assert!(device.last_seen_at > device.signed_in_at);
}
