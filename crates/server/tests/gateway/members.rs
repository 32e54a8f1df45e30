//! Who is in a conversation decides who gets what.

use std::sync::Arc;

use pipit_bus::Exchange;
use pipit_wire::event::{ConversationKind, Role};
use pipit_wire::rest;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_new_conversation_is_shown_to_its_members() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let mut laptop = server.connect(&bob).await;
    let group = server.group(&alice, &[&bob]).await;
    let summary = laptop.expect("conversation").await;
    assert_eq!(
        (&summary["id"], &summary["title"]),
        (&json!(group), &json!("The group"))
    );
    let event = laptop.expect("event").await;
    assert_eq!(
        (&event["seq"], &event["body"]["type"]),
        (&json!(1), &json!("created"))
    );
    // And from now on it comes.
    let mut phone = server.connect(&alice).await;
    phone.say(group, "welcome").await;
    assert_eq!(laptop.expect("event").await["body"]["content"]["text"], "welcome");
}

#[tokio::test]
async fn newcomers_read_from_their_own_entry_on() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let group = server.group(&alice, &[]).await;
    let mut phone = server.connect(&alice).await;
    phone.say(group, "before bob").await;
    let mut laptop = server.connect(&bob).await;
    server.add(&alice, group, bob.user).await;
    let summary = laptop.expect("conversation").await;
    assert_eq!(summary["first_seq"], 3);
    assert_eq!(laptop.expect("event").await["body"]["type"], "member_added");
    laptop
        .send(json!({"type": "history", "id": 2, "conversation": group, "limit": 100}))
        .await;
    let page = laptop.expect("page").await;
    assert_eq!(
        (page["events"].as_array().unwrap().len(), &page["first_seq"]),
        (1, &json!(3))
    );
    // Adding who is there already changes nothing.
    server.add(&alice, group, bob.user).await;
    laptop.expect_nothing().await;
}

#[tokio::test]
async fn who_is_removed_gets_nothing_more_and_may_not_write() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol) = (
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    );
    let group = server.group(&alice, &[&bob, &carol]).await;
    let mut phone = server.connect(&alice).await;
    let mut laptop = server.connect(&bob).await;
    let mut tablet = server.connect(&carol).await;
    // Bob has written, so that the server has his access at hand.
    let (first, _) = laptop.say(group, "still here").await;
    phone.expect("event").await;
    tablet.expect("event").await;
    server.remove(&alice, group, bob.user).await;
    assert_eq!(
        laptop.expect("conversation_gone").await,
        json!({"type": "conversation_gone", "conversation": group, "removed": true})
    );
    assert_eq!(
        tablet.expect("event").await["body"],
        json!({"type": "member_removed", "user": bob.user})
    );
    phone.expect("event").await;
    let message = laptop.message(group, "not here");
    laptop
        .send(json!({"type": "message", "id": 3, "message": message}))
        .await;
    assert_eq!(laptop.expect_error("not_member").await["id"], 3);
    phone.say(group, "without bob").await;
    tablet.expect("event").await;
    laptop
        .send(json!({"type": "history", "id": 4, "conversation": group, "limit": 10}))
        .await;
    laptop.expect_error("not_member").await;
    laptop.expect_nothing().await;
    // What he had sent while he was a member is acknowledged still, the same.
    let sent = json!({
        "id": first["message"], "conversation": group, "written_at": 1,
        "content": {"kind": "plain", "text": "still here"},
    });
    laptop
        .send(json!({"type": "message", "id": 5, "message": sent}))
        .await;
    assert_eq!(laptop.expect("ack").await["seq"], first["seq"]);
}

#[tokio::test]
async fn roles_change_and_the_last_owner_stays() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let group = server.group(&alice, &[&bob]).await;
    let conversations = &server.node.conversations;
    let change = |role| rest::ChangeRole {
        event_id: world.id(),
        role,
    };
    let refused = conversations
        .change_role(bob.caller(), group, alice.user, change(Role::Member))
        .await;
    assert!(refused.is_err(), "a member makes nobody anything");
    let refused = conversations
        .remove_member(alice.caller(), group, alice.user, world.id())
        .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "OwnerRequired: a group must keep an owner"
    );
    conversations
        .change_role(alice.caller(), group, bob.user, change(Role::Owner))
        .await
        .unwrap();
    let event = world.id();
    conversations
        .remove_member(alice.caller(), group, alice.user, event)
        .await
        .unwrap();
    // Repeated after the answer was lost, though alice is no longer a member.
    conversations
        .remove_member(alice.caller(), group, alice.user, event)
        .await
        .unwrap();
    let refused = conversations
        .remove_member(alice.caller(), group, alice.user, world.id())
        .await;
    assert!(refused.is_err(), "with another id it is not the same");
    let rename = rest::ChangeConversation {
        event_id: world.id(),
        title: Some("  Bob's  ".to_owned()),
        topic: None,
        announcements: None,
        history: None,
        expire_after_ms: None,
        avatar: None,
    };
    let summary = conversations
        .change_conversation(bob.caller(), group, rename)
        .await
        .unwrap();
    assert_eq!(
        (summary.title.as_deref(), summary.member_count),
        (Some("Bob's"), 1)
    );
}

/// Notes are a conversation with oneself: one, and only one's own.
#[tokio::test]
async fn notes_are_written_to_oneself() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let notes = server.direct(&alice, &alice).await;
    assert_eq!(server.direct(&alice, &alice).await, notes);
    let conversations = &server.node.conversations;
    let summary = conversations.summary(alice.user, notes).await.unwrap();
    assert_eq!(
        (summary.kind, summary.member_count),
        (ConversationKind::Direct, 1)
    );
    let seen = conversations.summary(bob.user, notes).await.unwrap_err();
    assert!(seen.to_string().starts_with("NotMember"), "{seen}");
    let tablet = world.another_device(&alice).await;
    let mut tablet = server.connect(&tablet).await;
    let mut phone = server.connect(&alice).await;
    let (ack, _) = phone.say(notes, "milk").await;
    let (event, _) = tablet.until("event").await;
    assert_eq!(
        (&event["seq"], &event["body"]["content"]["text"]),
        (&ack["seq"], &json!("milk"))
    );
    let mut other = server.connect(&bob).await;
    let message = other.message(notes, "bread");
    other
        .send(json!({"type": "message", "id": 7, "message": message}))
        .await;
    other.expect_error("not_member").await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversations = &server.node.conversations;
    let refused = conversations
        .create_direct(alice.caller(), world.id(), false)
        .await
        .unwrap_err();
    assert!(refused.to_string().starts_with("NotFound"), "{refused}");
    let direct = server.direct(&alice, &bob).await;
    assert_eq!(
        server.direct(&bob, &alice).await,
        direct,
        "there is one for each pair"
    );
    let group = |title: &str, members: Vec<_>| rest::NewGroup {
        id: world.id(),
        title: Some(title.to_owned()),
        members,
        encrypted: false,
    };
    for (title, members) in [
        ("", vec![]),
        ("turns \u{202e}round", vec![]),
        ("fine", vec![bob.user, bob.user]),
        ("fine", vec![alice.user]),
    ] {
        let refused = conversations
            .create_group(alice.caller(), group(title, members))
            .await
            .unwrap_err();
        assert!(refused.to_string().starts_with("InvalidField"), "{refused}");
    }
    let request = rest::AddMembers {
        event_ids: vec![world.id()],
        users: vec![world.id()],
    };
    let refused = conversations
        .add_members(alice.caller(), direct, request)
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Forbidden: not possible in a direct conversation"
    );
}

#[tokio::test]
async fn two_nodes_serve_one_conversation() {
    let world = World::new();
    let exchange = Exchange::default();
    let first = world.server_on(Arc::new(exchange.node())).await;
    let second = world.server_on(Arc::new(exchange.node())).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let mut phone = first.connect(&alice).await;
    let mut laptop = second.connect(&bob).await;
    let conversation = first.direct(&alice, &bob).await;
    phone.expect("conversation").await;
    phone.expect("event").await;
    laptop.expect("conversation").await;
    laptop.expect("event").await;
    phone.say(conversation, "across").await;
    assert_eq!(laptop.expect("event").await["body"]["content"]["text"], "across");
    laptop
        .send(json!({"type": "typing", "conversation": conversation, "active": true}))
        .await;
    phone.expect("typing").await;
    laptop
        .send(json!({"type": "receipt", "conversation": conversation, "delivered_seq": 2, "read_seq": 2}))
        .await;
    assert_eq!(phone.expect("receipt").await["read_seq"], 2);
    laptop.expect("receipt").await;
    // The same device connects to the other node, and the first connection ends.
    let mut moved = first.connect(&bob).await;
    assert_eq!(laptop.expect("goodbye").await["reason"], "replaced");
    // A device that was signed out is cut wherever it is.
    second.node.hub.device_signed_out(bob.user, bob.device);
    moved.expect_error("signed_out").await;
    moved.expect_close(1008).await;
    // And so is an account that was suspended.
    second.node.hub.user_suspended(alice.user);
    phone.expect_error("suspended").await;
    phone.expect_close(1008).await;
}
