//! What people show of themselves while they use it: told both ways, or not at all.

use std::sync::Arc;

use pipit_bus::Exchange;
use pipit_wire::ConversationId;
use pipit_wire::privacy::PrivacyChange;
use serde_json::{Value, json};

use crate::several::two;
use crate::world::{Client, Person, Server, World};

/// Changes what somebody shows, and waits until this device of theirs has heard it.
async fn set(server: &Server, who: &Person, device: &mut Client, change: PrivacyChange) {
    let set = server.node.privacy.change(who.user, change).await.unwrap();
    let told = device.expect("privacy").await;
    assert_eq!(told["changed_at"], json!(set.changed_at));
    if let Some(receipts) = change.receipts {
        assert_eq!(told["receipts"], json!(receipts));
    }
}

const fn receipts(shown: bool) -> PrivacyChange {
    PrivacyChange {
        receipts: Some(shown),
        ..NOTHING
    }
}

const fn typing(shown: bool) -> PrivacyChange {
    PrivacyChange {
        typing: Some(shown),
        ..NOTHING
    }
}

const fn presence(shown: bool) -> PrivacyChange {
    PrivacyChange {
        presence: Some(shown),
        ..NOTHING
    }
}

const NOTHING: PrivacyChange = PrivacyChange {
    receipts: None,
    typing: None,
    presence: None,
    found_by: None,
    written_by: None,
    added_by: None,
};

fn marks(conversation: ConversationId, delivered: u64, read: u64) -> Value {
    json!({"type": "receipt", "conversation": conversation, "delivered_seq": delivered, "read_seq": read})
}

fn is_typing(conversation: ConversationId, active: bool) -> Value {
    json!({"type": "typing", "conversation": conversation, "active": active})
}

/// The next receipt, as (whose, delivered, read).
async fn receipt(client: &mut Client) -> (Value, u64, u64) {
    let frame = client.expect("receipt").await;
    let number = |name: &str| frame[name].as_u64().unwrap();
    (frame["user"].clone(), number("delivered_seq"), number("read_seq"))
}

#[tokio::test]
async fn what_was_read_is_told_both_ways_or_not_at_all() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut tablet = server.connect(&world.another_device(&bob).await).await;
    set(&server, &bob, &mut laptop, receipts(false)).await;
    tablet.expect("privacy").await;
    phone.expect_nothing().await;
    phone.say(place, "hello").await;
    for device in [&mut laptop, &mut tablet] {
        device.expect("event").await;
    }
    let (me, them) = (json!(bob.user), json!(alice.user));
    // What is delivered is told, what is read is for bob's own devices.
    laptop.send(marks(place, 2, 1)).await;
    assert_eq!(receipt(&mut tablet).await, (me.clone(), 2, 1));
    assert_eq!(receipt(&mut phone).await, (me.clone(), 2, 0));
    // A frame that said nothing new would say that something was read: none comes.
    laptop.send(marks(place, 2, 2)).await;
    assert_eq!(receipt(&mut tablet).await, (me.clone(), 2, 2));
    phone.expect_nothing().await;
    laptop.until_quiet().await;
    // And bob is not told what alice has read.
    let second = world.another_device(&alice).await;
    let mut second = server.connect(&second).await;
    phone.send(marks(place, 2, 1)).await;
    assert_eq!(receipt(&mut second).await, (them.clone(), 2, 1));
    assert_eq!(receipt(&mut tablet).await, (them.clone(), 2, 0));
    phone.send(marks(place, 2, 2)).await;
    assert_eq!(receipt(&mut second).await, (them.clone(), 2, 2));
    tablet.expect_nothing().await;
    phone.until_quiet().await;
    let (_, listed) = server.resume(&alice, &[]).await;
    let members = listed[0]["conversations"][0]["members"].as_array().unwrap();
    let of_bob = members.iter().find(|member| member["user"] == me).unwrap();
    assert_eq!(
        (&of_bob["delivered_seq"], &of_bob["read_seq"]),
        (&json!(2), &json!(0))
    );
    // A device that comes later keeps to it as well; once it is lifted, all of it is told again.
    let mut late = server.connect(&world.another_device(&bob).await).await;
    second.say(place, "still there?").await;
    late.expect("event").await;
    late.send(marks(place, 3, 3)).await;
    second.until("receipt").await;
    late.until_quiet().await;
    set(&server, &bob, &mut late, receipts(true)).await;
    second.say(place, "and now?").await;
    late.until("event").await;
    late.send(marks(place, 4, 4)).await;
    assert_eq!(receipt(&mut second).await, (me, 4, 4));
}

#[tokio::test]
async fn typing_is_told_both_ways_or_not_at_all() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol) = (
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    );
    let place = server.group(&alice, &[&bob]).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut stranger = server.connect(&carol).await;
    set(&server, &bob, &mut laptop, typing(false)).await;
    set(&server, &carol, &mut stranger, typing(false)).await;
    laptop.send(is_typing(place, true)).await;
    laptop.expect_nothing().await;
    phone.expect_nothing().await;
    phone.send(is_typing(place, true)).await;
    phone.expect_nothing().await;
    laptop.expect_nothing().await;
    // Who may not write there is still told so.
    stranger.send(is_typing(place, true)).await;
    stranger.expect_error("not_member").await;
    set(&server, &bob, &mut laptop, typing(true)).await;
    phone.send(is_typing(place, false)).await;
    assert_eq!(laptop.expect("typing").await["user"], json!(alice.user));
}

#[tokio::test]
async fn presence_is_told_both_ways_or_not_at_all() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    server.node.presence.flush().await;
    let watch = |who: &Person| json!({"type": "watch", "users": [who.user]});
    let state = |who: &Person, state: &str| json!({"type": "presence", "user": who.user, "state": state});
    phone.send(watch(&bob)).await;
    assert_eq!(phone.expect("presence").await, state(&bob, "online"));
    laptop.send(watch(&alice)).await;
    assert_eq!(laptop.expect("presence").await, state(&alice, "online"));
    // From now on neither knows of the other, not even when they were there last.
    let set_presence = async |shown| {
        let change = presence(shown);
        server.node.privacy.change(bob.user, change).await.unwrap();
    };
    set_presence(false).await;
    assert_eq!(phone.expect("presence").await, state(&bob, "offline"));
    assert_eq!(laptop.expect("presence").await, state(&alice, "offline"));
    laptop.expect("privacy").await;
    laptop.send(json!({"type": "presence", "state": "away"})).await;
    phone.send(json!({"type": "presence", "state": "away"})).await;
    laptop.expect_nothing().await;
    phone.expect_nothing().await;
    server.node.presence.flush().await;
    laptop.expect_nothing().await;
    phone.expect_nothing().await;
    phone.send(watch(&bob)).await;
    assert_eq!(phone.expect("presence").await, state(&bob, "offline"));
    laptop.send(watch(&alice)).await;
    assert_eq!(laptop.expect("presence").await, state(&alice, "offline"));
    // Oneself is no other.
    laptop
        .send(json!({"type": "watch", "users": [alice.user, bob.user]}))
        .await;
    let mut told = [laptop.expect("presence").await, laptop.expect("presence").await];
    told.sort_by_key(|frame| frame["user"] != json!(alice.user));
    assert_eq!(told, [state(&alice, "offline"), state(&bob, "away")]);
    set_presence(true).await;
    assert_eq!(phone.expect("presence").await, state(&bob, "away"));
    assert_eq!(laptop.expect("presence").await, state(&alice, "away"));
}

#[tokio::test]
async fn when_somebody_was_there_last_is_told_with_their_presence() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let watch = json!({"type": "watch", "users": [bob.user]});
    phone.send(watch.clone()).await;
    assert!(phone.expect("presence").await["last_seen"].is_i64());
    for (who, shown) in [(&bob, false), (&bob, true), (&alice, false), (&alice, true)] {
        let change = presence(shown);
        server.node.privacy.change(who.user, change).await.unwrap();
        let told = phone.expect("presence").await;
        if who.user == alice.user {
            phone.expect("privacy").await;
        }
        phone.send(watch.clone()).await;
        for told in [told, phone.expect("presence").await] {
            assert_eq!(told["state"], "offline");
            assert_eq!(told["last_seen"].is_i64(), shown, "{told}");
        }
    }
}

#[tokio::test]
async fn every_node_keeps_to_it() {
    let world = World::new();
    let exchange = Exchange::default();
    let first = world.server_on(Arc::new(exchange.node())).await;
    let second = world.server_on(Arc::new(exchange.node())).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = first.direct(&alice, &bob).await;
    let mut phone = second.connect(&alice).await;
    let mut laptop = first.connect(&bob).await;
    let mut tablet = second.connect(&world.another_device(&bob).await).await;
    first.node.presence.flush().await;
    second.node.presence.flush().await;
    phone.send(json!({"type": "watch", "users": [bob.user]})).await;
    phone.expect("presence").await;
    phone.until_quiet().await;
    // Said on the node where nobody of them is but the laptop.
    let all = PrivacyChange {
        receipts: Some(false),
        typing: Some(false),
        presence: Some(false),
        ..NOTHING
    };
    set(&first, &bob, &mut laptop, all).await;
    tablet.expect("privacy").await;
    assert_eq!(phone.expect("presence").await["state"], "offline");
    phone.say(place, "hello").await;
    laptop.expect("event").await;
    tablet.expect("event").await;
    laptop.send(marks(place, 2, 1)).await;
    assert_eq!(receipt(&mut tablet).await, (json!(bob.user), 2, 1));
    assert_eq!(receipt(&mut phone).await, (json!(bob.user), 2, 0));
    laptop.send(marks(place, 2, 2)).await;
    assert_eq!(receipt(&mut tablet).await, (json!(bob.user), 2, 2));
    phone.expect_nothing().await;
    phone.send(is_typing(place, true)).await;
    phone.expect_nothing().await;
    tablet.expect_nothing().await;
    phone.send(marks(place, 2, 2)).await;
    assert_eq!(receipt(&mut tablet).await, (json!(alice.user), 2, 0));
}

#[tokio::test]
async fn a_lost_change_is_made_good_by_the_next_sweep() {
    let world = World::new();
    let (first, second, bus) = two(&world).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = first.direct(&alice, &bob).await;
    let mut phone = second.connect(&alice).await;
    let mut laptop = second.connect(&bob).await;
    second.node.presence.flush().await;
    phone.send(json!({"type": "watch", "users": [bob.user]})).await;
    assert_eq!(phone.expect("presence").await["state"], "online");
    laptop.send(json!({"type": "watch", "users": [alice.user]})).await;
    assert_eq!(laptop.expect("presence").await["state"], "online");
    bus.cut(true);
    let change = PrivacyChange {
        typing: Some(false),
        presence: Some(false),
        ..NOTHING
    };
    first.node.privacy.change(bob.user, change).await.unwrap();
    laptop.send(is_typing(place, true)).await;
    laptop.expect_nothing().await;
    assert_eq!(
        phone.expect("typing").await["active"],
        true,
        "the node has not heard"
    );
    second.node.repair.sweep().await.unwrap();
    for (connection, of) in [(&mut phone, &bob), (&mut laptop, &alice)] {
        let told = connection.expect("presence").await;
        assert_eq!(
            (&told["user"], &told["state"]),
            (&json!(of.user), &json!("offline"))
        );
    }
    laptop.send(is_typing(place, false)).await;
    laptop.expect_nothing().await;
    phone.expect_nothing().await;
}
