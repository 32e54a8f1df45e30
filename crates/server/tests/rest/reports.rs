//! Reports: what they show is what was said, and who sees them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_model::commitment;
use pipit_server::service::access::{AccessCache, Caller};
use pipit_server::service::messaging::Submitted;
use pipit_wire::event::{Change, Content, EventBody, MessageChange, SealedPurpose};
use pipit_wire::poll::Poll;
use pipit_wire::report::{OPEN_REPORTS_MAX, Opening};
use pipit_wire::{ConversationId, EventId, MessageId, Timestamp};
use serde_json::{Value, json};

use crate::files::group;
use crate::sealed::{den, message, sealed, send};
use crate::world::{Person, Reply, World, nobody};

fn id(number: u8) -> String {
    format!("01999999-0000-7000-8000-0000000000{number:02x}")
}

async fn report(world: &World, by: &Person, number: u8, of: &Person, more: Value) -> Reply {
    let mut body = json!({"id": id(number), "user": of.user, "reason": "harassment"});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    world.post("/v1/reports", by, body).await
}

async fn listed(world: &World, admin: &Person, closed: bool) -> Vec<Value> {
    let page = world
        .get(&format!("/v1/reports?closed={closed}"), admin)
        .await
        .ok();
    page["items"].as_array().unwrap().clone()
}

async fn last_seq(world: &World, place: ConversationId, person: &Person) -> u64 {
    let path = format!("/v1/conversations/{place}");
    world.get(&path, person).await.ok()["conversation"]["last_seq"]
        .as_u64()
        .unwrap()
}

/// Says something sealed, and what opens it.
async fn say_sealed(world: &World, by: &Person, number: u8, place: ConversationId, said: &str) -> Opening {
    let (unsealed, made) = commitment::commit([number; commitment::KEY_BYTES], said.as_bytes());
    let opening = commitment::open(&made, &unsealed).unwrap();
    let mut content = sealed(u64::from(number), &[]);
    if let Content::Sealed { commitment, .. } = &mut content {
        *commitment = Some(made);
    }
    send(world, by, message(world, number, place, content))
        .await
        .unwrap();
    opening
}

fn body_of(text: &str) -> String {
    let body = EventBody::Message {
        written_at: Timestamp(1),
        content: Content::text(text),
        reply_to: None,
        expires_at: None,
    };
    serde_json::to_string(&body).unwrap()
}

async fn change(world: &World, by: &Person, place: ConversationId, of: MessageId, change: MessageChange) {
    let caller = Caller {
        user: by.user,
        device: Some(by.device),
    };
    let change = Change {
        id: EventId::new(world.now(), [8; 10]),
        conversation: place,
        message: of,
        change,
    };
    let (node, mut cache) = (world.node(), AccessCache::default());
    let submitted = node.messaging.submit_change(caller, change, &mut cache).await;
    if let Submitted::Pending(mut pending) = submitted.unwrap() {
        pending.outcome().await.unwrap();
    }
}

/// Who has voted in an anonymous poll is not told by how a report is refused either.
#[tokio::test]
async fn a_report_tells_nobody_who_voted() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    let place = group(&world, &bob, &[&eve]).await;
    let poll = Poll {
        options: vec!["yes".to_owned(), "no".to_owned()],
        anonymous: true,
        ..Poll::default()
    };
    let question = message(
        &world,
        1,
        place,
        Content::Plain {
            text: "Well?".to_owned(),
            attachments: Vec::new(),
            poll: Some(Box::new(poll)),
            preview: None,
        },
    );
    let asked = question.id;
    send(&world, &bob, question).await.unwrap();
    change(&world, &bob, place, asked, MessageChange::vote(vec![0])).await;
    let seq = last_seq(&world, place, &eve).await;
    let more = json!({"conversation": place, "entries": [{"seq": seq}]});
    let (of_voter, of_other) = (
        report(&world, &eve, 1, &bob, more.clone()).await,
        report(&world, &eve, 1, &ada, more).await,
    );
    assert_eq!(of_voter.refusal(), (400, "invalid_field"));
    assert_eq!(of_voter.body, of_other.body);
}

#[tokio::test]
async fn what_was_said_openly_is_shown_and_stays() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    let place = group(&world, &bob, &[&eve]).await;
    let insult = message(&world, 1, place, Content::text("you fool"));
    let insult_id = insult.id;
    send(&world, &bob, insult).await.unwrap();
    let seq = last_seq(&world, place, &eve).await;
    let more = json!({"conversation": place, "entries": [{"seq": seq}], "note": "again"});
    report(&world, &eve, 1, &bob, more.clone()).await.ok();
    // The same again is one report, and nobody else's.
    report(&world, &eve, 1, &bob, more).await.ok();
    assert_eq!(
        report(&world, &bob, 1, &eve, json!({})).await.refusal(),
        (400, "invalid_field")
    );

    change(&world, &bob, place, insult_id, MessageChange::Delete {}).await;
    let found = listed(&world, &ada, false).await;
    assert_eq!(found.len(), 1);
    let found = &found[0];
    assert_eq!(found["reporter"]["handle"], "eve");
    assert_eq!(found["user"]["handle"], "bob");
    assert_eq!(
        (&found["reason"], &found["note"]),
        (&json!("harassment"), &json!("again"))
    );
    let shown = &found["evidence"][0];
    assert_eq!(shown["text"], "you fool", "though it was deleted");
    assert_eq!(shown["message"], json!(insult_id));
    assert_eq!((&shown["sealed"], &shown["edit"]), (&json!(false), &json!(false)));
    // What is deleted can be shown no more.
    let more = json!({"conversation": place, "entries": [{"seq": seq}]});
    // But what was reported was.
    report(&world, &eve, 1, &bob, more.clone()).await.ok();
    assert_eq!(
        report(&world, &eve, 2, &bob, more).await.refusal(),
        (400, "invalid_field")
    );
}

#[tokio::test]
async fn what_was_sealed_is_shown_as_it_was_committed_to() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    let place = den(&world, &bob, &[&eve]).await;
    let opening = say_sealed(&world, &bob, 2, place, &body_of("you fool")).await;
    let bobs = last_seq(&world, place, &eve).await;
    let own = say_sealed(&world, &eve, 3, place, &body_of("stop it")).await;
    let eves = last_seq(&world, place, &eve).await;
    let junk = say_sealed(&world, &bob, 4, place, "not JSON").await;
    let junks = last_seq(&world, place, &eve).await;
    // Nothing gets in that could not be shown.
    for wrong in [None, Some(String::new()), Some("AAEC".to_owned())] {
        let mut content = sealed(5, &[]);
        if let Content::Sealed { commitment, .. } = &mut content {
            *commitment = wrong;
        }
        let refused = send(&world, &bob, message(&world, 5, place, content)).await;
        assert_eq!(refused, Err("InvalidField".to_owned()));
    }

    // Beside what nobody has sealed for a group there is nothing to open.
    let opaque = Content::Sealed {
        scheme: "other".to_owned(),
        bytes: "AAEC".to_owned(),
        seal: None,
        commitment: Some("clear".to_owned()),
        blobs: Vec::new(),
        purpose: SealedPurpose::Message,
    };
    let open = group(&world, &bob, &[&eve]).await;
    let refused = send(&world, &bob, message(&world, 6, open, opaque)).await;
    assert_eq!(refused, Err("InvalidField".to_owned()));

    let entry = |seq: u64, opening: &Opening| json!([{"seq": seq, "opening": opening}]);
    let lie = Opening {
        said: body_of("you wise one"),
        ..opening.clone()
    };
    let other_key = Opening {
        key: STANDARD.encode([9; 32]),
        ..opening.clone()
    };
    for (entries, what) in [
        (json!([{"seq": bobs}]), "without what opens it"),
        (entry(bobs, &lie), "not what was said"),
        (entry(bobs, &other_key), "another key"),
        (entry(bobs, &own), "what opens something else"),
        (entry(eves, &own), "somebody else's"),
        (entry(junks, &junk), "no body"),
        (entry(99, &opening), "not in the log"),
        (entry(1, &opening), "not sealed"),
    ] {
        let more = json!({"conversation": place, "entries": entries});
        let reply = report(&world, &eve, 1, &bob, more).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{what}");
    }
    assert!(
        listed(&world, &ada, false).await.is_empty(),
        "nothing is left of what was refused"
    );

    let more = json!({"conversation": place, "entries": entry(bobs, &opening)});
    report(&world, &eve, 1, &bob, more.clone()).await.ok();
    let found = listed(&world, &ada, false).await;
    let shown = &found[0]["evidence"][0];
    assert_eq!(
        (&shown["text"], &shown["sealed"]),
        (&json!("you fool"), &json!(true))
    );
    // Whoever is not in it shows nothing of it, though they have what opens it.
    assert_eq!(
        report(&world, &ada, 2, &bob, more).await.refusal(),
        (403, "not_member")
    );
}

#[tokio::test]
async fn reports_are_limited_listed_and_closed() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    for (more, code) in [
        (json!({"note": "x".repeat(2_001)}), "invalid_field"),
        (json!({"reason": "boredom"}), "invalid_field"),
        (json!({"user": eve.user}), "invalid_field"),
        (json!({"user": nobody()}), "not_found"),
        (json!({"entries": [{"seq": 1}]}), "invalid_field"),
        (
            json!({"conversation": nobody(), "entries": [{"seq": 1}]}),
            "not_member",
        ),
    ] {
        let reply = report(&world, &eve, 1, &bob, more.clone()).await;
        assert_eq!(reply.refusal().1, code, "{more}");
    }
    let most = u8::try_from(OPEN_REPORTS_MAX).unwrap();
    for number in 1..=most {
        world.pass_ms(1);
        report(&world, &eve, number, &bob, json!({})).await.ok();
    }
    let refused = report(&world, &eve, most + 1, &bob, json!({})).await;
    assert_eq!(refused.refusal().1, "limit_reached");
    report(&world, &bob, most + 2, &eve, json!({})).await.ok();

    // The oldest first, in pages.
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = world
            .get(&format!("/v1/reports?closed=false{after}"), &ada)
            .await
            .ok();
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let expect: Vec<_> = (1..=most).chain([most + 2]).map(id).collect();
    assert_eq!(found, expect);
    let bad = world.get("/v1/reports?after=x", &ada).await;
    assert_eq!(bad.refusal(), (400, "invalid_field"));

    let close = |number: u8, by: &Person, note: &str| {
        let path = format!("/v1/reports/{}/close", id(number));
        let (body, by) = (json!({"note": note}), by.clone());
        let world = &world;
        async move { world.post(&path, &by, body).await }
    };
    assert_eq!(close(1, &eve, "").await.refusal(), (403, "forbidden"));
    assert_eq!(close(200, &ada, "").await.refusal(), (404, "not_found"));
    close(2, &ada, "warned").await.ok();
    world.pass_ms(1);
    close(2, &ada, "again").await.ok();
    close(1, &ada, "").await.ok();
    let closed = listed(&world, &ada, true).await;
    let ids: Vec<_> = closed.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, [id(1), id(2)], "the latest first");
    assert_eq!(closed[1]["closed"]["note"], "warned", "the first time counts");
    assert_eq!(closed[1]["closed"]["by"]["handle"], "ada");
    // There is room again.
    report(&world, &eve, most + 3, &bob, json!({})).await.ok();
    let forbidden = world.get("/v1/reports", &eve).await;
    assert_eq!(forbidden.refusal(), (403, "forbidden"));
}
