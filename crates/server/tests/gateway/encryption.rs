//! Encrypted conversations over the socket: only what is sealed goes in, only in the log's epoch, and each device learns what it has sealed.

use pipit_wire::encryption::{HandshakeKind, Seal};
use pipit_wire::rest::encryption::NewHandshake;
use pipit_wire::{ConversationId, ErrorCode, rest};
use serde_json::{Value, json};

use crate::world::{Client, Person, Server, World};

async fn den(server: &Server, owner: &Person, members: &[&Person]) -> ConversationId {
    let group = rest::NewGroup {
        id: server.world.id(),
        title: None,
        members: members.iter().map(|member| member.user).collect(),
        encrypted: true,
    };
    let made = server
        .node
        .conversations
        .create_group(owner.caller(), group)
        .await;
    let made = made.unwrap();
    assert!(made.encrypted);
    made.id
}

async fn commit(server: &Server, by: &Person, den: ConversationId, epoch: u64, count: u64) {
    let new = NewHandshake {
        id: server.world.id(),
        kind: HandshakeKind::Commit,
        seal: Seal { epoch, count },
        bytes: "AAEC".to_owned(),
        welcome: None,
    };
    server
        .node
        .encryption
        .handshake(by.caller(), den, new)
        .await
        .unwrap();
}

fn sealed(client: &Client, den: ConversationId, epoch: u64, count: u64) -> Value {
    let mut message = client.message(den, "");
    message["content"] = json!({"kind": "sealed", "scheme": "mls1", "bytes": "AAEC/w==",
        "seal": {"epoch": epoch, "count": count}, "commitment": COMMITMENT});
    message
}

/// 32 bytes: what of is nobody's business here.
const COMMITMENT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

async fn send(client: &mut Client, message: &Value) {
    client
        .send(json!({"type": "message", "id": 7, "message": message}))
        .await;
}

#[tokio::test]
async fn handshakes_and_sealed_messages_are_ordered_by_epochs() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let den = den(&server, &alice, &[&bob]).await;
    let (mut phone, mut bobs) = (server.connect(&alice).await, server.connect(&bob).await);
    let early = sealed(&phone, den, 0, 1);
    send(&mut phone, &early).await;
    assert_eq!(phone.expect_error("stale_epoch").await["retry"], "never");
    commit(&server, &alice, den, 0, 2).await;
    for client in [&mut phone, &mut bobs] {
        let event = client.expect("event").await;
        assert_eq!(
            event["body"],
            json!({"type": "handshake", "kind": "commit", "seal": {"epoch": 0, "count": 2}, "bytes": "AAEC"})
        );
        assert_eq!(event["device"], json!(alice.device));
    }
    let message = sealed(&phone, den, 1, 3);
    send(&mut phone, &message).await;
    let (ack, _) = phone.until("ack").await;
    assert_eq!(ack["seq"], 3);
    assert_eq!(bobs.expect("event").await["body"]["content"], message["content"]);
    // The group moves on; what was sealed for the epoch before is sealed again, with the same id.
    commit(&server, &bob, den, 1, 1).await;
    let mut late = sealed(&phone, den, 1, 4);
    send(&mut phone, &late).await;
    let (_, _) = phone.until("error").await;
    late["content"]["seal"] = json!({"epoch": 2, "count": 5});
    send(&mut phone, &late).await;
    let (ack, _) = phone.until("ack").await;
    assert_eq!(ack["seq"], 5);
    // And what was acknowledged is acknowledged again, whatever the epoch is.
    send(&mut phone, &message).await;
    let (ack, _) = phone.until("ack").await;
    assert_eq!(ack["seq"], 3);
    assert_eq!(server.node.stats.stale_epochs.get(), 2);
    assert_eq!(server.node.stats.handshakes_appended.get(), 2);
}

/// A change of what was said is nothing unread, and may be made where only admins write; a change of what the group is called is for those who may change that.
#[tokio::test]
async fn what_something_sealed_is_for_says_who_may_and_who_is_told() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let den = den(&server, &alice, &[&bob]).await;
    commit(&server, &alice, den, 0, 1).await;
    let (mut phone, mut bobs) = (server.connect(&alice).await, server.connect(&bob).await);
    let unread = async || {
        let found = world.store.find_summary(den, bob.user).await.unwrap();
        let summary = found.unwrap();
        (summary.unread, summary.last_message.map(|last| last.seq.get()))
    };
    let for_what = |client: &Client, count: u64, purpose: &str| {
        let mut message = sealed(client, den, 1, count);
        message["content"]["purpose"] = json!(purpose);
        message
    };
    let said = for_what(&phone, 2, "message");
    send(&mut phone, &said).await;
    phone.until("ack").await;
    assert_eq!(unread().await, (1, Some(3)));
    for (count, purpose) in [(3, "change"), (4, "profile")] {
        let change = for_what(&phone, count, purpose);
        send(&mut phone, &change).await;
        phone.until("ack").await;
        assert_eq!(unread().await, (1, Some(3)), "{purpose}");
    }
    let renamed = for_what(&bobs, 1, "profile");
    send(&mut bobs, &renamed).await;
    let (error, _) = bobs.until("error").await;
    assert_eq!(error["code"], "forbidden");
    server
        .node
        .conversations
        .change_conversation(
            alice.caller(),
            den,
            rest::ChangeConversation {
                event_id: world.id(),
                title: None,
                topic: None,
                announcements: Some(true),
                history: None,
                expire_after_ms: None,
                avatar: None,
            },
        )
        .await
        .unwrap();
    let written = for_what(&bobs, 2, "message");
    send(&mut bobs, &written).await;
    let (error, _) = bobs.until("error").await;
    assert_eq!(error["code"], "forbidden");
    let reacted = for_what(&bobs, 3, "change");
    send(&mut bobs, &reacted).await;
    bobs.until("ack").await;
    // Elsewhere there is nothing to be told apart.
    let open = server.group(&alice, &[&bob]).await;
    let mut opaque = for_what(&phone, 5, "change");
    opaque["conversation"] = json!(open);
    opaque["content"]["seal"] = Value::Null;
    opaque["content"]["commitment"] = Value::Null;
    send(&mut phone, &opaque).await;
    let (error, _) = phone.until("error").await;
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("invalid_field"), &json!("purpose"))
    );
}

/// For one's other devices. What is no draft that was sealed is refused (`nothing_plain_goes_in`).
#[tokio::test]
async fn a_sealed_draft_is_kept() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let den = den(&server, &alice, &[&bob]).await;
    let mut phone = server.connect(&alice).await;
    let change = |draft: &str| {
        let change = json!({ "draft": draft });
        json!({"type": "personal", "id": 9, "conversation": den, "change": change})
    };
    let draft = format!("AQ{}", "A".repeat(66));
    phone.send(change(&draft)).await;
    let (kept, _) = phone.until("personal").await;
    assert_eq!(kept["personal"]["draft"], draft);
    // It may be longer than a text, and is not without a limit.
    let text_max = usize::try_from(server.node.context.limits.message_text_bytes_max).unwrap();
    let long = format!("AQ{}", "A".repeat(text_max * 2 - 2));
    phone.send(change(&long)).await;
    phone.until_quiet().await;
    let too_long = format!("AQ{}", "A".repeat(text_max * 2 + 1_024 + 2));
    phone.send(change(&too_long)).await;
    phone.expect_error("too_large").await;
}

/// Everything that the server could read, by every way in.
#[tokio::test]
async fn nothing_plain_goes_in() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let den = den(&server, &alice, &[&bob]).await;
    commit(&server, &alice, den, 0, 1).await;
    let mut phone = server.connect(&alice).await;
    let message = sealed(&phone, den, 1, 2);
    send(&mut phone, &message).await;
    phone.until("ack").await;
    let mut poll = phone.message(den, "Where?");
    poll["content"]["poll"] = json!({"options": ["Here", "There"]});
    let mut opaque = phone.message(den, "");
    opaque["content"] = json!({"kind": "sealed", "scheme": "mls1", "bytes": "AAEC"});
    let mut answer = phone.message(den, "Hello");
    answer["reply_to"] = message["id"].clone();
    for message in [phone.message(den, "Hello"), answer, poll, opaque] {
        send(&mut phone, &message).await;
        phone.expect_error("sealed_only").await;
    }
    let plain_edit = json!({"kind": "edit", "content": {"kind": "plain", "text": "Hello"}});
    let sealed_edit = json!({"kind": "edit", "content": message["content"]});
    let changes = [
        (plain_edit, "sealed_only"),
        // Edits are sealed messages: one with a seal of its own is malformed anywhere.
        (sealed_edit, "invalid_field"),
        (json!({"kind": "react", "emoji": "👍", "on": true}), "sealed_only"),
        (json!({"kind": "vote", "options": [0]}), "sealed_only"),
        (json!({"kind": "close_poll"}), "sealed_only"),
    ];
    for (change, code) in changes {
        let id: String = world.uuid();
        let change = json!({"id": id, "conversation": den, "message": message["id"], "change": change});
        phone
            .send(json!({"type": "change", "id": 8, "change": change}))
            .await;
        phone.expect_error(code).await;
    }
    let later = world.uuid();
    for change in [
        json!({"draft": "Hello"}),
        json!({"schedule": {later: {"text": "Hello", "send_at": 1_790_000_000_000_i64}}}),
    ] {
        phone
            .send(json!({"type": "personal", "id": 9, "conversation": den, "change": change}))
            .await;
        phone.expect_error("sealed_only").await;
    }
    // What says nothing is done as elsewhere.
    phone
        .send(json!({"type": "personal", "id": 9, "conversation": den, "change": {"draft": "", "pin": 1}}))
        .await;
    phone.until("personal").await;
    for kind in [json!({"kind": "pin", "on": true}), json!({"kind": "delete"})] {
        let id: String = world.uuid();
        let change = json!({"id": id, "conversation": den, "message": message["id"], "change": kind});
        phone
            .send(json!({"type": "change", "id": 8, "change": change}))
            .await;
        phone.until("ack").await;
    }
    let mut beside = sealed(&phone, den, 1, 3);
    beside["reply_to"] = message["id"].clone();
    send(&mut phone, &beside).await;
    let (error, _) = phone.until("error").await;
    assert_eq!(error["code"], "invalid_field");
    assert_eq!(error["field"], "reply_to");
    // And what is sealed for a group goes into no other conversation.
    let open = server.group(&alice, &[&bob]).await;
    let stray = sealed(&phone, open, 0, 1);
    send(&mut phone, &stray).await;
    let (error, _) = phone.until("error").await;
    assert_eq!(error["code"], "forbidden");
}

/// A device is told, when it comes, how far the group is and what it has sealed itself, refused or not.
#[tokio::test]
async fn a_device_is_told_what_it_has_sealed() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let den = den(&server, &alice, &[&bob]).await;
    let open = server.group(&alice, &[&bob]).await;
    commit(&server, &alice, den, 0, 1).await;
    let mut phone = server.connect(&alice).await;
    let refused = sealed(&phone, den, 7, 12);
    send(&mut phone, &refused).await;
    phone.expect_error("stale_epoch").await;
    phone.close().await;
    for (person, count) in [(&alice, 12), (&world.another_device(&alice).await, 0), (&bob, 0)] {
        let mut client = server.socket().await;
        client
            .send(crate::world::hello(&person.token, &[(den, 0), (open, 0)]))
            .await;
        let (first, _) = client.until("catch_up").await;
        let (second, _) = client.until("catch_up").await;
        let (of_den, of_open) = if first["conversation"] == json!(den) {
            (first, second)
        } else {
            (second, first)
        };
        assert_eq!(of_den["group"], json!({"epoch": 1, "count": count}));
        assert!(of_open.get("group").is_none(), "{of_open}");
        client.close().await;
    }
    // Also what was refused for who they are: it has left the device.
    let announce = rest::ChangeConversation {
        event_id: world.id(),
        announcements: Some(true),
        title: None,
        topic: None,
        history: None,
        expire_after_ms: None,
        avatar: None,
    };
    let conversations = &server.node.conversations;
    conversations
        .change_conversation(alice.caller(), den, announce)
        .await
        .unwrap();
    let mut bobs = server.connect(&bob).await;
    let refused = sealed(&bobs, den, 1, 5);
    send(&mut bobs, &refused).await;
    bobs.expect_error("forbidden").await;
    let group = server.node.encryption.group(bob.caller(), den).await.unwrap();
    assert_eq!((group.epoch, group.count), (1, 5));
}

/// In an encrypted direct conversation a block ends what is new; in another's nobody learns anything.
#[tokio::test]
async fn strangers_and_the_blocked_change_nothing() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let mallory = world.person("mallory").await;
    let conversations = &server.node.conversations;
    let made = conversations
        .create_direct(alice.caller(), bob.user, true)
        .await
        .unwrap();
    assert_ne!(made.id, server.direct(&alice, &bob).await);
    commit(&server, &alice, made.id, 0, 1).await;
    let now = world
        .store
        .find_summary(made.id, bob.user)
        .await
        .unwrap()
        .unwrap()
        .last_at;
    world
        .store
        .set_blocked(bob.user, alice.user, true, now)
        .await
        .unwrap();
    let handshake = |epoch| NewHandshake {
        id: server.world.id(),
        kind: HandshakeKind::Commit,
        seal: Seal { epoch, count: 9 },
        bytes: "AAEC".to_owned(),
        welcome: None,
    };
    let encryption = &server.node.encryption;
    for (who, code) in [(&alice, ErrorCode::Blocked), (&mallory, ErrorCode::NotMember)] {
        let refused = encryption
            .handshake(who.caller(), made.id, handshake(1))
            .await
            .unwrap_err();
        assert_eq!(refused.into_wire([0; 8]).code, code);
    }
    let group = encryption.group(alice.caller(), made.id).await.unwrap();
    assert_eq!((group.epoch, group.count), (1, 9), "it has left the device");
}
