//! Who may send which frame, as a table: every frame about a conversation by everybody who could send it.

use pipit_wire::ConversationId;
use pipit_wire::event::Role;
use pipit_wire::rest;
use serde_json::{Value, json};

use crate::world::{Client, Person, Server, World};

const SENDERS: [&str; 7] = [
    "owner",
    "admin",
    "moderator",
    "member",
    "left",
    "banned",
    "stranger",
];

/// A frame without its conversation and ids, the type of its answer (none where it has none), and what each sender gets in an open group
/// and in one for announcements: `y` it is done, `f` forbidden, `n` not a member.
const TABLE: &[(&str, Option<&str>, &str, &str)] = &[
    ("message", Some("ack"), "yyyynnn", "yyffnnn"),
    ("history", Some("page"), "yyyynnn", "yyyynnn"),
    ("personal", Some("personal"), "yyyynnn", "yyyynnn"),
    // What asks nobody is answered by nobody.
    ("answer", Some("personal"), "ffffnnn", "ffffnnn"),
    ("typing", None, "yyyynnn", "yyffnnn"),
    ("receipt", None, "yyyynnn", "yyyynnn"),
];

fn frame(client: &Client, kind: &str, conversation: ConversationId) -> Value {
    match kind {
        "message" => json!({"type": kind, "id": 7, "message": client.message(conversation, "hi")}),
        "history" => json!({"type": kind, "id": 7, "conversation": conversation, "limit": 10}),
        "personal" => {
            json!({"type": kind, "id": 7, "conversation": conversation, "change": {"draft": "Dear"}})
        }
        "answer" => {
            json!({"type": "personal", "id": 7, "conversation": conversation, "change": {"request": "refused"}})
        }
        "typing" => json!({"type": kind, "conversation": conversation, "active": true}),
        _ => json!({"type": kind, "conversation": conversation, "delivered_seq": 1, "read_seq": 1}),
    }
}

/// What comes of a frame: its answer, an error, or neither before the answer to a ping.
async fn outcome(
    client: &mut Client,
    kind: &str,
    answer: Option<&str>,
    conversation: ConversationId,
) -> char {
    let sent = frame(client, kind, conversation);
    client.send(sent).await;
    client.send(json!({"type": "ping", "id": 99})).await;
    let (mut done, mut refused, mut answered) = (answer.is_none(), None, false);
    // What has an answer may get it after the pong: it waits for its commit.
    while !(answered && (done || refused.is_some())) {
        let frame = client.next().await;
        match frame["type"].as_str().unwrap() {
            "error" => refused = frame["code"].as_str().map(str::to_owned),
            "pong" => answered = true,
            other if Some(other) == answer => done = true,
            _ => {}
        }
    }
    match refused.as_deref() {
        None => 'y',
        Some("forbidden") => 'f',
        Some("not_member") => 'n',
        Some(other) => panic!("{kind}: {other}"),
    }
}

async fn people(world: &World) -> Vec<Person> {
    let mut people = Vec::new();
    for name in SENDERS {
        people.push(world.person(name).await);
    }
    people
}

/// A group in which everybody is what their name says.
async fn group(server: &Server, people: &[Person]) -> ConversationId {
    let [owner, admin, moderator, member, left, banned, _] = people else {
        panic!("everybody is there");
    };
    let world = &server.world;
    let conversations = &server.node.conversations;
    let group = server
        .group(owner, &[admin, moderator, member, left, banned])
        .await;
    for (person, role) in [(admin, Role::Admin), (moderator, Role::Moderator)] {
        let change = rest::ChangeRole {
            event_id: world.id(),
            role,
        };
        conversations
            .change_role(owner.caller(), group, person.user, change)
            .await
            .unwrap();
    }
    server.remove(left, group, left.user).await;
    let ban = rest::NewBan {
        event_id: world.id(),
        user: banned.user,
    };
    conversations.ban(owner.caller(), group, ban).await.unwrap();
    group
}

async fn announce_only(server: &Server, admin: &Person, group: ConversationId, on: bool) {
    let change = rest::ChangeConversation {
        event_id: server.world.id(),
        title: None,
        topic: None,
        announcements: Some(on),
        history: None,
        expire_after_ms: None,
        avatar: None,
    };
    server
        .node
        .conversations
        .change_conversation(admin.caller(), group, change)
        .await
        .unwrap();
}

#[tokio::test]
async fn everybody_may_send_what_the_table_says() {
    let world = World::new();
    let server = world.server().await;
    let people = people(&world).await;
    for announcements in [false, true] {
        let group = group(&server, &people).await;
        announce_only(&server, &people[0], group, announcements).await;
        for (kind, answer, open, announced) in TABLE {
            let mut got = String::new();
            for person in &people {
                let mut client = server.connect(person).await;
                got.push(outcome(&mut client, kind, *answer, group).await);
                client.close().await;
            }
            let expect = if announcements { announced } else { open };
            assert_eq!(got, *expect, "{kind}, announcements: {announcements}");
        }
    }
}

/// What one connection remembers of what it may do does not outlive the change of it.
#[tokio::test]
async fn announcements_begin_and_end_at_once() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let group = server.group(&alice, &[&bob]).await;
    let mut phone = server.connect(&bob).await;
    for round in 0..2 {
        assert_eq!(outcome(&mut phone, "message", Some("ack"), group).await, 'y');
        announce_only(&server, &alice, group, true).await;
        assert_eq!(outcome(&mut phone, "message", Some("ack"), group).await, 'f');
        // A second one within three seconds is dropped before anybody decides on it.
        if round == 0 {
            assert_eq!(outcome(&mut phone, "typing", None, group).await, 'f');
        }
        announce_only(&server, &alice, group, false).await;
    }
}

/// Those who decide learn at once that somebody waits, and nobody else does.
#[tokio::test]
async fn admins_are_told_who_waits() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let carol = world.person("carol").await;
    let group = server.group(&alice, &[&bob]).await;
    let conversations = &server.node.conversations;
    let link = rest::NewGroupInvite {
        expires_in_s: 3_600,
        uses: 3,
        approval: true,
    };
    let link = conversations
        .create_invite(alice.caller(), group, link)
        .await
        .unwrap();
    let (mut phone, mut laptop) = (server.connect(&alice).await, server.connect(&bob).await);
    let join = rest::JoinGroup {
        token: link.token.unwrap(),
        event_id: world.id(),
    };
    conversations.join(carol.caller(), join).await.unwrap();
    assert_eq!(phone.expect("conversation").await["join_requests"], 1);
    laptop.expect_nothing().await;
    let mut desk = server.connect(&carol).await;
    conversations
        .approve(alice.caller(), group, carol.user, world.id())
        .await
        .unwrap();
    assert_eq!(phone.expect("event").await["body"]["type"], "member_added");
    let told = phone.expect("conversation").await;
    assert!(told.get("join_requests").is_none(), "{told}");
    assert_eq!(laptop.expect("event").await["body"]["type"], "member_added");
    assert_eq!(desk.expect("conversation").await["member_count"], 3);
}
