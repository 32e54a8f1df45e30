//! Who was away gets what they missed: all of it where it is little, a gap where it is much.

use serde_json::{Value, json};

use crate::world::World;

fn texts(events: &Value) -> Vec<&str> {
    let events = events.as_array().unwrap();
    events
        .iter()
        .filter_map(|event| event["body"]["content"]["text"].as_str())
        .collect()
}

#[tokio::test]
async fn who_was_offline_is_brought_up_to_date() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let laptop = server.connect(&bob).await;
    laptop.close().await;
    for text in ["one", "two", "three"] {
        phone.say(conversation, text).await;
    }
    let (mut laptop, frames) = server.resume(&bob, &[(conversation, 1)]).await;
    assert_eq!(frames.len(), 2, "welcome and one answer: {frames:?}");
    let welcome = &frames[0]["conversations"][0];
    assert_eq!((&welcome["unread"], &welcome["last_seq"]), (&json!(3), &json!(4)));
    assert_eq!(welcome["last_message"]["body"]["content"]["text"], "three");
    let catch_up = &frames[1];
    assert_eq!(
        (&catch_up["type"], &catch_up["gap"]),
        (&json!("catch_up"), &json!(false))
    );
    assert_eq!(
        (&catch_up["conversation"], &catch_up["last_seq"]),
        (&json!(conversation), &json!(4))
    );
    assert_eq!(texts(&catch_up["events"]), ["one", "two", "three"]);
    // From here on it is live.
    phone.say(conversation, "four").await;
    assert_eq!(laptop.expect("event").await["seq"], 5);
    // A cursor at the end, and one beyond it: nothing is missing.
    laptop
        .send(json!({"type": "sync", "id": 2, "cursors": [
            {"conversation": conversation, "seq": 5}, {"conversation": conversation, "seq": 1_000_000},
        ]}))
        .await;
    let (_, answers) = laptop.until("synced").await;
    for answer in answers {
        assert_eq!(
            (&answer["events"], &answer["gap"]),
            (&json!([]), &json!(false)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn much_is_a_gap_and_is_paged_in() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    for number in 0..150 {
        phone.say(conversation, &number.to_string()).await;
    }
    let (mut laptop, frames) = server.resume(&bob, &[(conversation, 1)]).await;
    assert_eq!(
        (&frames[1]["gap"], &frames[1]["events"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(frames[1]["last_seq"], 151);
    laptop
        .send(json!({"type": "history", "id": 2, "conversation": conversation, "limit": 100}))
        .await;
    let newest = laptop.expect("page").await;
    let first = newest["events"][0]["seq"].as_u64().unwrap();
    assert_eq!((newest["events"].as_array().unwrap().len(), first), (100, 52));
    laptop
        .send(json!({"type": "history", "id": 3, "conversation": conversation, "limit": 100, "before_seq": first}))
        .await;
    let older = laptop.expect("page").await;
    assert_eq!(
        (older["id"].as_u64(), older["events"].as_array().unwrap().len()),
        (Some(3), 51)
    );
    laptop
        .send(json!({"type": "history", "id": 4, "conversation": conversation, "limit": 2, "after_seq": 151}))
        .await;
    assert_eq!(laptop.expect("page").await["events"], json!([]));
}

#[tokio::test]
async fn many_cursors_are_answered_one_by_one() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.person("alice").await;
    let mut cursors = Vec::new();
    for _ in 0..70 {
        cursors.push((server.group(&alice, &[]).await, 0));
    }
    let (mut phone, frames) = server.resume(&alice, &cursors).await;
    let welcome = &frames[0];
    assert_eq!(welcome["conversations"].as_array().unwrap().len(), 30);
    let answered: Vec<_> = frames[1..]
        .iter()
        .map(|frame| frame["conversation"].clone())
        .collect();
    assert_eq!(
        answered,
        cursors
            .iter()
            .map(|(conversation, _)| json!(conversation))
            .collect::<Vec<_>>()
    );
    assert!(
        frames[1..]
            .iter()
            .all(|frame| frame["events"][0]["body"]["type"] == "created")
    );
    // The rest of the list comes page by page.
    let mut seen = 30;
    let mut after = welcome["next"].clone();
    while !after.is_null() {
        phone
            .send(json!({"type": "conversations", "id": 5, "after": after, "limit": 25}))
            .await;
        let page = phone.expect("conversations").await;
        seen += page["items"].as_array().unwrap().len();
        after = page["next"].clone();
    }
    assert_eq!(seen, 70);
}

#[tokio::test]
async fn what_one_has_left_is_gone() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let group = server.group(&alice, &[&bob]).await;
    let den = server.group(&alice, &[&bob]).await;
    server.remove(&alice, group, bob.user).await;
    server.remove(&bob, den, bob.user).await;
    let (_, frames) = server.resume(&bob, &[(group, 1), (den, 1)]).await;
    assert_eq!(frames[0]["conversations"], json!([]));
    assert_eq!(
        frames[1..=2],
        [
            json!({"type": "conversation_gone", "conversation": group, "removed": true}),
            json!({"type": "conversation_gone", "conversation": den}),
        ]
    );
}
