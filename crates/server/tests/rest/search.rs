//! Finding over HTTP: what the rules of tokens and storages are is tested where they are made; here, that it arrives.

use pipit_server::service::access::Caller;
use pipit_server::service::search::indexing::Indexing;
use pipit_wire::event::Message;
use pipit_wire::{Content, ConversationId, EventId, MessageId, Timestamp};
use serde_json::{Value, json};

use crate::world::{Person, World};

async fn direct(world: &World, one: &Person, other: &Person) -> ConversationId {
    let made = world
        .post("/v1/conversations/direct", one, json!({"user": other.user}))
        .await
        .ok();
    made["conversation"]["id"].as_str().unwrap().parse().unwrap()
}

async fn group(world: &World, owner: &Person, title: &str, members: &[&Person]) -> ConversationId {
    let members: Vec<_> = members.iter().map(|person| person.user).collect();
    let id = ConversationId::new(world.now(), [7; 10]);
    let body = json!({"id": id, "title": title, "members": members});
    world.post("/v1/conversations/group", owner, body).await.ok();
    id
}

async fn say(world: &World, person: &Person, place: ConversationId, number: u8, text: &str) {
    world.pass_ms(1_000);
    let caller = Caller {
        user: person.user,
        device: Some(person.device),
    };
    let message = Message {
        id: MessageId::new(Timestamp(1_790_000_000_000), [number; 10]),
        conversation: place,
        written_at: Timestamp(1_790_000_000_000),
        content: Content::text(text),
        reply_to: None,
    };
    world.node().messaging.send(caller, message).await.unwrap();
}

async fn find(world: &World, person: &Person, parameters: &[(&str, &str)]) -> Value {
    let request = world
        .request(&reqwest::Method::GET, "/v1/search")
        .query(parameters)
        .bearer_auth(&person.access);
    world.send(request).await.ok()
}

/// Excerpts, what was found in brackets.
fn excerpts(found: &Value) -> Vec<String> {
    let part = |part: &Value| {
        let text = part["text"].as_str().unwrap();
        if part["hit"] == true {
            format!("[{text}]")
        } else {
            text.to_owned()
        }
    };
    let messages = found["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["excerpt"].as_array().unwrap().iter().map(part).collect())
        .collect()
}

#[tokio::test]
async fn people_conversations_and_messages_are_found() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = direct(&world, &ada, &bob).await;
    let club = group(&world, &ada, "Bobsleigh club", &[&bob]).await;
    say(&world, &ada, place, 1, "Is Bob there?").await;
    say(&world, &bob, club, 2, "bob is me").await;
    let found = find(&world, &ada, &[("query", "bob")]).await;
    assert_eq!(found["people"][0]["handle"], "bob");
    let names: Vec<&Value> = found["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();
    assert_eq!(names, [&json!(club), &json!(place)]);
    assert_eq!(excerpts(&found), ["[bob] is me", "Is [Bob] there?"]);
    assert_eq!(found["messages"][1]["sender"]["handle"], "ada");
    assert_eq!(found["messages"][1]["conversation"], json!(place));
    assert_eq!(found["messages"][1]["seq"], 2);
    assert_eq!(found["complete"], true);
    assert_eq!(found["next"], Value::Null);
}

#[tokio::test]
async fn operators_narrow_it_down() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = direct(&world, &ada, &bob).await;
    let club = group(&world, &ada, "Book club", &[&bob]).await;
    say(&world, &ada, place, 1, "tea one").await;
    say(&world, &bob, club, 2, "tea two").await;
    say(&world, &bob, place, 3, "tea three https://example.org").await;
    for (query, expect) in [
        (
            "from:bob tea",
            vec!["[tea] three https://example.org", "[tea] two"],
        ),
        ("from:me tea", vec!["[tea] one"]),
        ("from:nobody tea", vec![]),
        ("in:book tea", vec!["[tea] two"]),
        ("in:\"Book club\" from:ada", vec![]),
        ("in:@bob has:link", vec!["tea three https://example.org"]),
        ("tea after:2000-01-01 before:2001-01-01", vec![]),
    ] {
        let found = find(&world, &ada, &[("query", query)]).await;
        assert_eq!(excerpts(&found), expect, "{query}");
        assert_eq!(found["people"], json!([]), "{query}");
    }
    let scope = club.to_string();
    let found = find(&world, &ada, &[("query", "tea"), ("conversation", &scope)]).await;
    assert_eq!(excerpts(&found), ["[tea] two"]);
}

#[tokio::test]
async fn pages_follow_one_another() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = direct(&world, &ada, &bob).await;
    for number in 0..5 {
        say(&world, &ada, place, number, &format!("tea {number}")).await;
    }
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let mut parameters = vec![("query", "tea"), ("limit", "2")];
        if !after.is_empty() {
            parameters.push(("after", &after));
        }
        let found = find(&world, &bob, &parameters).await;
        all.extend(excerpts(&found));
        match found["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(all, ["[tea] 4", "[tea] 3", "[tea] 2", "[tea] 1", "[tea] 0"]);
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_read() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let carol = world.join(&ada, "carol").await;
    let club = group(&world, &ada, "Club", &[&bob]).await;
    say(&world, &ada, club, 1, "the secret word").await;
    assert_eq!(
        excerpts(&find(&world, &carol, &[("query", "secret")]).await),
        [""; 0]
    );
    let outside = format!("/v1/search?query=secret&conversation={club}");
    assert_eq!(world.get(&outside, &carol).await.refusal(), (403, "not_member"));
    assert_eq!(
        excerpts(&find(&world, &bob, &[("query", "secret")]).await).len(),
        1
    );
    let removed = format!("/v1/conversations/{club}/members/{}", bob.user);
    world.delete(&removed, &ada).await.ok();
    assert_eq!(
        excerpts(&find(&world, &bob, &[("query", "secret")]).await),
        [""; 0]
    );
    assert_eq!(world.get(&outside, &bob).await.refusal(), (403, "not_member"));
}

#[tokio::test]
async fn nobody_finds_what_has_expired_though_it_is_still_indexed() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let club = group(&world, &ada, "Club", &[&bob]).await;
    let timer = json!({"event_id": EventId::new(world.now(), [9; 10]), "expire_after_ms": 60_000});
    world
        .patch(&format!("/v1/conversations/{club}"), &ada, timer)
        .await
        .ok();
    say(&world, &ada, club, 1, "a fleeting word").await;
    let found = find(&world, &bob, &[("query", "fleeting")]).await;
    assert_eq!(excerpts(&found), ["a [fleeting] word"]);
    world.pass_ms(60_000);
    for query in ["fleeting", "club"] {
        let found = find(&world, &bob, &[("query", query)]).await;
        assert!(!found.to_string().contains("fleeting"), "{query}: {found}");
    }
}

#[tokio::test]
async fn what_is_not_a_question_is_refused() {
    let (world, ada) = World::with_ada().await;
    let long = "x".repeat(513);
    for (parameters, field) in [
        ("query=".to_owned(), "query"),
        (format!("query={long}"), "query"),
        (format!("query={}", "a+".repeat(17)), "query"),
        ("query=a&limit=0".to_owned(), "limit"),
        ("query=a&limit=51".to_owned(), "limit"),
        ("query=a&after=nonsense".to_owned(), "after"),
        ("query=a&utc_offset_min=841".to_owned(), "utc_offset_min"),
    ] {
        let reply = world.get(&format!("/v1/search?{parameters}"), &ada).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{parameters}");
        assert_eq!(reply.body["field"], field, "{parameters}");
    }
}

#[tokio::test]
async fn the_index_is_kept_in_quiet_moments() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = direct(&world, &ada, &bob).await;
    say(&world, &ada, place, 1, "tea").await;
    let node = world.node();
    assert_eq!(
        node.context.store.list_unindexed(bob.user, 9).await.unwrap(),
        [place]
    );
    let mut indexing = Indexing::new(node.context.clone(), node.stats.clone());
    indexing.look().await.unwrap();
    assert_eq!(node.context.store.list_unindexed(bob.user, 9).await.unwrap(), []);
    assert_eq!(node.stats.entries_indexed.get(), 2);
}
