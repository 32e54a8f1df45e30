//! Changes of messages: edits, deletions, reactions and pins, by whoever may, within their time, and to whoever is concerned.

use pipit_bus::Exchange;
use pipit_server::gateway::Settings;
use pipit_store::Facts;
use pipit_store::log::Append;
use pipit_wire::event::{Content, EventBody, Role};
use pipit_wire::{ConversationId, EventId, Limits, Timestamp, rest};
use serde_json::{Value, json};

use crate::world::{Client, Person, Server, World};

fn edit(text: &str) -> Value {
    json!({"kind": "edit", "content": {"kind": "plain", "text": text}})
}

fn react(emoji: &str, on: bool) -> Value {
    json!({"kind": "react", "emoji": emoji, "on": on})
}

fn pin(on: bool) -> Value {
    json!({"kind": "pin", "on": on})
}

fn delete() -> Value {
    json!({"kind": "delete"})
}

/// A `change` frame with a new id.
fn frame(world: &World, place: ConversationId, message: &Value, change: &Value) -> Value {
    json!({"type": "change", "id": 9, "change": {
        "id": world.uuid(), "conversation": place, "message": message, "change": change,
    }})
}

/// The answer to a frame: an `ack` or an `error`, whatever comes before it.
async fn answer(client: &mut Client, frame: Value) -> Value {
    client.send(frame).await;
    loop {
        let frame = client.next().await;
        if matches!(frame["type"].as_str(), Some("ack" | "error")) {
            assert_eq!(frame["id"], 9);
            return frame;
        }
    }
}

/// Alice, bob and carol in a group with a message of alice's.
struct Scene {
    world: World,
    server: Server,
    people: [Person; 3],
    place: ConversationId,
    message: Value,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let world = World::new();
        let bus = std::sync::Arc::new(pipit_bus::SingleNode);
        let server = world.server_with(bus, Settings::default(), limits).await;
        let people = [
            world.person("alice").await,
            world.person("bob").await,
            world.person("carol").await,
        ];
        let place = server.group(&people[0], &[&people[1], &people[2]]).await;
        let mut phone = server.connect(&people[0]).await;
        let (ack, _) = phone.say(place, "first words").await;
        Self {
            message: ack["message"].clone(),
            world,
            server,
            people,
            place,
        }
    }

    /// What somebody is answered who makes a change on another device.
    async fn change(&self, who: &Person, change: &Value) -> Value {
        let tablet = self.world.another_device(who).await;
        let mut client = self.server.connect(&tablet).await;
        answer(&mut client, frame(&self.world, self.place, &self.message, change)).await
    }

    async fn page(&self, reader: &Person) -> Value {
        let tablet = self.world.another_device(reader).await;
        let mut client = self.server.connect(&tablet).await;
        client
            .send(json!({"type": "history", "id": 3, "conversation": self.place, "limit": 100}))
            .await;
        client.until("page").await.0
    }

    async fn last_seq(&self) -> u64 {
        self.world
            .store
            .last_seq(self.place)
            .await
            .unwrap()
            .unwrap()
            .get()
    }

    /// Makes somebody else something.
    async fn make(&self, who: &Person, role: Role) {
        let event_id = self.world.id();
        let owner = self.people[0].caller();
        let request = rest::ChangeRole { event_id, role };
        let conversations = &self.server.node.conversations;
        conversations
            .change_role(owner, self.place, who.user, request)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_message_is_edited_reacted_to_pinned_and_deleted() {
    let scene = Scene::new().await;
    let [alice, bob, _] = &scene.people;
    let mut phone = scene.server.connect(alice).await;
    let mut laptop = scene.server.connect(bob).await;
    let of = |change: &Value| frame(&scene.world, scene.place, &scene.message, change);
    for (number, (by_alice, change)) in [
        (true, edit("second words")),
        (false, react("👍", true)),
        (true, pin(true)),
    ]
    .into_iter()
    .enumerate()
    {
        let (one, other) = if by_alice {
            (&mut phone, &mut laptop)
        } else {
            (&mut laptop, &mut phone)
        };
        let sent = of(&change);
        one.send(sent.clone()).await;
        let (ack, before) = one.until("ack").await;
        assert_eq!(
            (&ack["id"], &ack["message"], &ack["seq"]),
            (&json!(9), &sent["change"]["id"], &json!(number + 3))
        );
        assert_eq!(before.len(), 1, "one's own device gets the event too");
        let event = other.expect("event").await;
        assert_eq!(event, before[0]);
        assert_eq!(
            event["body"],
            json!({"type": "message_changed", "message": scene.message, "change": change})
        );
    }
    let page = scene.page(bob).await;
    let state = &page["states"][0];
    assert_eq!(state["edit"]["content"]["text"], "second words");
    assert_eq!(
        state["reactions"],
        json!([{"emoji": "👍", "count": 1, "mine": true, "users": [bob.user]}])
    );
    assert_eq!((&state["pinned_seq"], &page["last_seq"]), (&json!(5), &json!(5)));

    answer(&mut phone, of(&delete())).await;
    laptop.expect("event").await;
    let page = scene.page(bob).await;
    assert_eq!(page["states"], Value::Null, "nothing is left of it");
    assert_eq!(page["events"][1]["body"]["content"], json!({"kind": "erased"}));
    assert!(!page.to_string().contains("words"), "{page}");
    let (_, welcome) = scene.server.resume(bob, &[]).await;
    assert_eq!(
        welcome[0]["conversations"][0]["last_message"]["body"]["content"],
        json!({"kind": "erased"})
    );
    let (_, caught_up) = scene.server.resume(bob, &[(scene.place, 1)]).await;
    assert!(!caught_up[1].to_string().contains("words"), "{:?}", caught_up[1]);
    let counters = &scene.server.node.stats;
    let counted = [
        &counters.edits_appended,
        &counters.reactions_appended,
        &counters.pins_appended,
        &counters.deletions_appended,
    ];
    assert_eq!(counted.map(pipit_server::stats::Counter::get), [1; 4]);
}

#[tokio::test]
async fn a_change_sent_again_is_acknowledged_again_whatever_has_become_of_it() {
    let scene = Scene::new().await;
    let [alice, bob, _] = &scene.people;
    let mut phone = scene.server.connect(alice).await;
    let message = phone.message(scene.place, "to be deleted");
    let said = json!({"type": "message", "id": 9, "message": message});
    let first = answer(&mut phone, said.clone()).await;
    let of = |change: &Value| frame(&scene.world, scene.place, &message["id"], change);
    let (changed, deleted) = (of(&edit("changed")), of(&delete()));
    let edited = answer(&mut phone, changed.clone()).await;
    let gone = answer(&mut phone, deleted.clone()).await;
    for (sent, expect) in [(said, &first), (changed.clone(), &edited), (deleted, &gone)] {
        assert_eq!(&answer(&mut phone, sent).await, expect);
    }
    assert_eq!(
        answer(&mut phone, of(&delete())).await["seq"],
        gone["seq"],
        "it is deleted already"
    );
    // Somebody else's id is no way to learn of it.
    let mut laptop = scene.server.connect(bob).await;
    assert_eq!(answer(&mut laptop, changed).await["code"], "forbidden");
    assert_eq!(scene.last_seq().await, 5);
}

#[tokio::test]
async fn what_is_sent_and_changed_without_waiting_is_done_in_order() {
    let scene = Scene::new().await;
    let mut phone = scene.server.connect(&scene.people[0]).await;
    let message = phone.message(scene.place, "quick");
    phone
        .send(json!({"type": "message", "id": 1, "message": message}))
        .await;
    for change in [
        edit("quicker"),
        react("👍", true),
        react("👍", false),
        react("👍", true),
    ] {
        phone
            .send(frame(&scene.world, scene.place, &message["id"], &change))
            .await;
    }
    for seq in 3..=7 {
        assert_eq!(phone.until("ack").await.0["seq"], seq);
    }
    let page = scene.page(&scene.people[0]).await;
    assert_eq!(page["states"][0]["reactions"][0]["count"], 1);
}

#[tokio::test]
async fn what_is_so_already_is_acknowledged_and_appends_nothing() {
    let scene = Scene::new().await;
    let owner = &scene.people[0];
    for (on, off) in [(react("👍", true), react("👍", false)), (pin(true), pin(false))] {
        assert_eq!(
            scene.change(owner, &off).await["seq"],
            2,
            "the message's own entry"
        );
        let first = scene.change(owner, &on).await;
        assert_eq!(scene.change(owner, &on).await["seq"], first["seq"]);
    }
    assert_eq!(scene.last_seq().await, 4);
}

/// Changes that are wrong, with the code and field that say so.
fn bad_changes(scene: &Scene, elsewhere: &Value) -> [(Value, Value, &'static str, &'static str); 15] {
    let long = "👍\u{200d}".repeat(200);
    let file = json!([{"blob": scene.world.uuid()}]);
    let ours = || scene.message.clone();
    let theirs = || elsewhere.clone();
    [
        (ours(), react("👍👍", true), "invalid_field", "emoji"),
        (ours(), react("ok", true), "invalid_field", "emoji"),
        (ours(), react("", true), "invalid_field", "emoji"),
        (ours(), react(&long, true), "invalid_field", "emoji"),
        (ours(), edit(""), "invalid_field", "text"),
        (ours(), edit(" \n"), "invalid_field", "text"),
        (ours(), edit("\u{0}"), "invalid_field", "text"),
        (ours(), edit(&"x".repeat(32 * 1024 + 1)), "too_large", "text"),
        (
            ours(),
            json!({"kind": "edit", "content": {"kind": "erased"}}),
            "invalid_field",
            "content",
        ),
        (
            ours(),
            json!({"kind": "edit", "content": {"kind": "sealed", "scheme": "x", "bytes": "aGk="}}),
            "invalid_field",
            "content",
        ),
        (
            ours(),
            json!({"kind": "edit", "content": {"kind": "plain", "text": "x", "attachments": file}}),
            "invalid_field",
            "attachments",
        ),
        (
            json!(scene.world.uuid()),
            edit("not there yet"),
            "not_found",
            "message",
        ),
        (theirs(), edit("of another conversation"), "not_found", "message"),
        (theirs(), delete(), "not_found", "message"),
        (theirs(), react("👍", true), "not_found", "message"),
    ]
}

/// Everything wrong that a change can be: an error that stays the same, and nothing left behind.
#[tokio::test]
async fn bad_changes_are_refused_and_leave_nothing() {
    let scene = Scene::new().await;
    let [alice, bob, _] = &scene.people;
    let elsewhere = scene.server.direct(alice, bob).await;
    let mut phone = scene.server.connect(alice).await;
    let (there, _) = phone.say(elsewhere, "elsewhere").await;
    let before = scene.page(alice).await;
    for (message, change, code, field) in bad_changes(&scene, &there["message"]) {
        let sent = frame(&scene.world, scene.place, &message, &change);
        for _ in 0..2 {
            let error = answer(&mut phone, sent.clone()).await;
            assert_eq!(
                (&error["code"], &error["field"]),
                (&json!(code), &json!(field)),
                "{change}"
            );
        }
    }
    assert_eq!(scene.page(alice).await, before);
    scene.change(alice, &delete()).await;
    for change in [edit("x"), react("👍", true), pin(true)] {
        assert_eq!(
            scene.change(alice, &change).await["code"],
            "not_found",
            "{change}"
        );
    }
    assert_eq!(scene.last_seq().await, 3);
}

#[tokio::test]
async fn the_windows_close() {
    let minute_ms = 60_000;
    let limits = Limits {
        edit_window_ms: minute_ms,
        delete_window_ms: 2 * minute_ms,
        ..Limits::default()
    };
    let scene = Scene::with(limits).await;
    let [alice, bob, _] = &scene.people;
    let context = &scene.server.node.context;
    assert_eq!(
        (context.limits.edit_window_ms, context.limits.delete_window_ms),
        (minute_ms, 2 * minute_ms)
    );
    let mut phone = scene.server.connect(bob).await;
    // The clock runs on while the test does, so that the last moment itself is for the rules' own test.
    for (age_ms, may_edit, may_delete) in [
        (minute_ms / 2, true, true),
        (minute_ms + 1_000, false, true),
        (2 * minute_ms + 1_000, false, false),
    ] {
        let now = context.now();
        let message = past(&scene, bob, Timestamp(now.as_ms() - age_ms)).await;
        for (change, may) in [(edit("late"), may_edit), (delete(), may_delete)] {
            let answer = answer(&mut phone, frame(&scene.world, scene.place, &message, &change)).await;
            let code = answer["code"].as_str().unwrap_or("ack");
            assert_eq!(
                code,
                if may { "ack" } else { "window_closed" },
                "{change} after {age_ms}"
            );
        }
        if !may_delete {
            let mut owner = scene.server.connect(alice).await;
            let by_owner = frame(&scene.world, scene.place, &message, &delete());
            assert_eq!(
                answer(&mut owner, by_owner).await["type"],
                "ack",
                "who keeps order may always"
            );
        }
    }
}

/// A message that was sent at another time.
async fn past(scene: &Scene, sender: &Person, at: Timestamp) -> Value {
    let id: EventId = scene.world.id();
    let append = Append {
        id,
        conversation: scene.place,
        sender: sender.user,
        device: None,
        at,
        body: EventBody::Message {
            written_at: at,
            content: Content::text("from the past"),
            reply_to: None,
            expires_at: None,
        },
        asks: false,
        facts: Facts::default(),
    };
    scene
        .world
        .store
        .append_batch(vec![append])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    json!(id)
}

/// Each change by each role, by who has left, and by a stranger, of one's own message, a member's, and that of each other role.
#[tokio::test]
async fn who_may_change_which_message() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let owner = scene.people[0].clone();
    let roles = [Role::Member, Role::Moderator, Role::Admin, Role::Owner];
    let mut people = Vec::new();
    let mut authors = Vec::new();
    for (number, role) in roles.into_iter().enumerate() {
        for (list, name) in [(&mut people, "actor"), (&mut authors, "author")] {
            let person = world.person(&format!("{name}{number}")).await;
            scene.server.add(&owner, scene.place, person.user).await;
            if role != Role::Member {
                scene.make(&person, role).await;
            }
            list.push(person);
        }
    }
    let left = world.person("left").await;
    scene.server.add(&owner, scene.place, left.user).await;
    scene.server.remove(&left, scene.place, left.user).await;
    people.extend([left, world.person("stranger").await]);
    let now = scene.server.node.context.now();
    // One letter for each actor: member, moderator, admin, owner, who has left, stranger.
    let table = [
        (edit("x"), ["ffffnn"; 4], "yyyynn"),
        (react("👍", true), ["yyyynn"; 4], "yyyynn"),
        (react("👍", false), ["yyyynn"; 4], "yyyynn"),
        (pin(true), ["fyyynn"; 4], "fyyynn"),
        (pin(false), ["fyyynn"; 4], "fyyynn"),
        (delete(), ["fyyynn", "ffyynn", "fffynn", "ffffnn"], "yyyynn"),
    ];
    for (change, others, own) in table {
        for (number, actor) in people.iter().enumerate() {
            let mut client = scene.server.connect(actor).await;
            for (author, expect) in authors.iter().zip(others).chain([(actor, own)]) {
                let message = past(&scene, author, now).await;
                let before = scene.last_seq().await;
                let given = answer(&mut client, frame(world, scene.place, &message, &change)).await;
                let letter = match given["code"].as_str() {
                    None => 'y',
                    Some("forbidden") => 'f',
                    Some("not_member") => 'n',
                    Some(other) => panic!("{other}: {given}"),
                };
                assert_eq!(
                    Some(letter),
                    expect.chars().nth(number),
                    "{change} by {number}, {given}"
                );
                if letter != 'y' {
                    assert_eq!(scene.last_seq().await, before);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_blocked_person_takes_back_and_adds_nothing() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let (ack, _) = phone.say(place, "hello").await;
    let now = server.node.context.now();
    world
        .store
        .set_blocked(bob.user, alice.user, true, now)
        .await
        .unwrap();
    for change in [edit("x"), react("👍", true), pin(true)] {
        let refused = answer(&mut phone, frame(&world, place, &ack["message"], &change)).await;
        assert_eq!(refused["code"], "blocked", "{change}");
    }
    let deleted = answer(&mut phone, frame(&world, place, &ack["message"], &delete())).await;
    assert_eq!(deleted["seq"], 3);
    // In a direct conversation nobody keeps order.
    let mut laptop = server.connect(&bob).await;
    world
        .store
        .set_blocked(bob.user, alice.user, false, now)
        .await
        .unwrap();
    let (said, _) = phone.say(place, "again").await;
    let refused = answer(&mut laptop, frame(&world, place, &said["message"], &delete())).await;
    assert_eq!(refused["code"], "forbidden");
}

#[tokio::test]
async fn newcomers_change_nothing_from_before_they_came() {
    let scene = Scene::new().await;
    let dave = scene.world.person("dave").await;
    scene.server.add(&scene.people[0], scene.place, dave.user).await;
    for change in [react("👍", true), react("👍", false)] {
        assert_eq!(scene.change(&dave, &change).await["code"], "not_found");
    }
}

#[tokio::test]
async fn limits_are_told() {
    let scene = Scene::new().await;
    let owner = &scene.people[0];
    let mut phone = scene.server.connect(owner).await;
    for number in 0..20_u32 {
        let emoji = char::from_u32(0x1F600 + number).unwrap().to_string();
        let given = answer(
            &mut phone,
            frame(&scene.world, scene.place, &scene.message, &react(&emoji, true)),
        )
        .await;
        assert_eq!(given["type"], "ack", "{given}");
    }
    let refused = answer(
        &mut phone,
        frame(&scene.world, scene.place, &scene.message, &react("👍", true)),
    )
    .await;
    assert_eq!(refused["code"], "limit_reached");
}

#[tokio::test]
async fn a_change_reaches_other_nodes() {
    let world = World::new();
    let exchange = Exchange::default();
    let (first, second) = (
        world.server_on(std::sync::Arc::new(exchange.node())).await,
        world.server_on(std::sync::Arc::new(exchange.node())).await,
    );
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = first.direct(&alice, &bob).await;
    let mut phone = first.connect(&alice).await;
    let mut laptop = second.connect(&bob).await;
    let (ack, _) = phone.say(place, "hello").await;
    laptop.expect("event").await;
    answer(
        &mut phone,
        frame(&world, place, &ack["message"], &edit("hello there")),
    )
    .await;
    let event = laptop.expect("event").await;
    assert_eq!(event["body"]["change"]["content"]["text"], "hello there");
    let reacted = answer(
        &mut laptop,
        frame(&world, place, &ack["message"], &react("👍", true)),
    )
    .await;
    assert_eq!(reacted["seq"], 4);
    assert_eq!(phone.expect("event").await["body"]["change"]["emoji"], "👍");
}

#[tokio::test]
async fn a_new_role_counts_at_once() {
    let scene = Scene::new().await;
    let bob = &scene.people[1];
    let mut laptop = scene.server.connect(bob).await;
    laptop.say(scene.place, "may I pin?").await;
    let of = |change: &Value| frame(&scene.world, scene.place, &scene.message, change);
    assert_eq!(answer(&mut laptop, of(&pin(true))).await["code"], "forbidden");
    scene.make(bob, Role::Moderator).await;
    assert_eq!(answer(&mut laptop, of(&pin(true))).await["type"], "ack");
    scene.make(bob, Role::Member).await;
    assert_eq!(answer(&mut laptop, of(&pin(false))).await["code"], "forbidden");
}
