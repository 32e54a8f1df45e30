//! Polls: asking, voting and ending, by whoever may, and who is told of it.

use pipit_bus::Exchange;
use pipit_wire::event::Role;
use pipit_wire::{ConversationId, rest};
use serde_json::{Value, json};

use crate::world::{Client, Person, Server, World};

const CLOSES_AT: i64 = 4_000_000_000_000;

fn vote(options: &[u8]) -> Value {
    json!({"kind": "vote", "options": options})
}

fn close() -> Value {
    json!({"kind": "close_poll"})
}

/// The answer to a frame: an `ack` or an `error`, whatever comes before it.
async fn answer(client: &mut Client, frame: Value) -> Value {
    client.send(frame).await;
    loop {
        let frame = client.next().await;
        if matches!(frame["type"].as_str(), Some("ack" | "error")) {
            return frame;
        }
    }
}

fn message(client: &Client, place: ConversationId, content: &Value) -> Value {
    let mut message = client.message(place, "");
    message["content"] = content.clone();
    json!({"type": "message", "id": 9, "message": message})
}

fn poll(options: &[&str], anonymous: bool) -> Value {
    let poll = json!({"options": options, "multiple": true, "anonymous": anonymous, "closes_at": CLOSES_AT});
    json!({"kind": "plain", "text": "Where do we meet?", "poll": poll})
}

/// Alice, bob and carol in a group of alice's in which bob has asked something.
struct Scene {
    world: World,
    server: Server,
    people: [Person; 3],
    place: ConversationId,
    poll: Value,
}

impl Scene {
    async fn new(anonymous: bool) -> Self {
        let world = World::new();
        let server = world.server().await;
        let people = [
            world.person("alice").await,
            world.person("bob").await,
            world.person("carol").await,
        ];
        let place = server.group(&people[0], &[&people[1], &people[2]]).await;
        let mut phone = server.connect(&people[1]).await;
        let asked = message(&phone, place, &poll(&["Here", "There", "Nowhere"], anonymous));
        let ack = answer(&mut phone, asked).await;
        Self {
            poll: ack["message"].clone(),
            world,
            server,
            people,
            place,
        }
    }

    fn frame(&self, change: &Value) -> Value {
        json!({"type": "change", "id": 9, "change": {
            "id": self.world.uuid(), "conversation": self.place, "message": self.poll, "change": change,
        }})
    }

    /// What somebody is answered who makes a change on another device.
    async fn change(&self, who: &Person, change: &Value) -> Value {
        let tablet = self.world.another_device(who).await;
        let mut client = self.server.connect(&tablet).await;
        answer(&mut client, self.frame(change)).await
    }

    async fn page(&self, reader: &Person) -> Value {
        let tablet = self.world.another_device(reader).await;
        let mut client = self.server.connect(&tablet).await;
        client
            .send(json!({"type": "history", "id": 3, "conversation": self.place, "limit": 100}))
            .await;
        client.until("page").await.0
    }

    async fn standing(&self, reader: &Person) -> Value {
        self.page(reader).await["states"][0]["poll"].clone()
    }
}

#[tokio::test]
async fn votes_are_told_and_counted() {
    let scene = Scene::new(false).await;
    let [alice, bob, carol] = &scene.people;
    let mut phone = scene.server.connect(alice).await;
    let mut laptop = scene.server.connect(carol).await;
    let first = scene.frame(&vote(&[0, 2]));
    let ack = answer(&mut laptop, first.clone()).await;
    let event = phone.expect("event").await;
    assert_eq!(event["sender"], json!(carol.user));
    assert_eq!(
        event["body"]["change"],
        json!({"kind": "vote", "options": [0, 2], "tally": {"counts": [1, 0, 1], "voters": 1}})
    );
    assert_eq!(answer(&mut laptop, first).await["seq"], ack["seq"], "once");
    // What a client says of the tally counts for nothing.
    let lie = json!({"kind": "vote", "options": [1], "tally": {"counts": [9, 9, 9], "voters": 9}, "anonymous": true});
    answer(&mut laptop, scene.frame(&lie)).await;
    scene.change(bob, &vote(&[1])).await;
    assert_eq!(
        scene.standing(carol).await,
        json!({"tally": {"counts": [0, 2, 0], "voters": 2}, "mine": [1]})
    );
    answer(&mut laptop, scene.frame(&vote(&[]))).await;
    assert_eq!(
        scene.standing(carol).await,
        json!({"tally": {"counts": [0, 1, 0], "voters": 1}})
    );
    let (_, caught_up) = scene.server.resume(alice, &[(scene.place, 2)]).await;
    let last = caught_up[1]["events"].as_array().unwrap().last().unwrap();
    assert_eq!(
        last["body"]["change"]["tally"],
        json!({"counts": [0, 1, 0], "voters": 1})
    );
    let votes = scene
        .server
        .node
        .messaging
        .votes(alice.user, scene.place, scene.poll_id());
    let votes = votes.await.unwrap();
    assert_eq!(votes.len(), 1);
    assert_eq!((votes[0].profile.user, votes[0].places), (bob.user, 0b10));
    assert_eq!(scene.server.node.stats.votes_appended.get(), 4);
}

impl Scene {
    fn poll_id(&self) -> pipit_wire::MessageId {
        serde_json::from_value(self.poll.clone()).unwrap()
    }
}

/// Nothing that anybody else is given says who voted in an anonymous poll, or for what; one's other devices know one's own vote.
#[tokio::test]
async fn an_anonymous_vote_is_told_the_voter_alone() {
    let scene = Scene::new(true).await;
    let [alice, bob, carol] = &scene.people;
    let mut phone = scene.server.connect(alice).await;
    let tablet = scene.world.another_device(carol).await;
    let mut tablet = scene.server.connect(&tablet).await;
    scene.change(carol, &vote(&[2])).await;
    let tally = json!({"counts": [0, 0, 1], "voters": 1});
    let nobody = json!({"kind": "vote", "options": [], "tally": tally, "anonymous": true});
    let told = phone.expect("event").await;
    assert_eq!(told["body"]["change"], nobody);
    let own = tablet.expect("event").await;
    assert_eq!(
        (&own["sender"], &own["body"]["change"]["options"]),
        (&json!(carol.user), &json!([2]))
    );
    // By a page, and to a device that was away.
    for reader in [alice, bob] {
        let page = scene.page(reader).await;
        let (_, caught_up) = scene.server.resume(reader, &[(scene.place, 2)]).await;
        for event in [&page["events"][2], &caught_up[1]["events"][0]] {
            assert_eq!(event["body"]["change"], nobody);
            assert_eq!(event["sender"], "00000000-0000-0000-0000-000000000000");
            assert!(event.get("device").is_none(), "{event}");
        }
        assert_eq!(page["states"][0]["poll"], json!({"tally": tally}));
    }
    assert_eq!(scene.standing(carol).await["mine"], json!([2]));
    let asked = scene
        .server
        .node
        .messaging
        .votes(bob.user, scene.place, scene.poll_id());
    assert!(
        asked.await.is_err(),
        "whoever asked the question does not know either"
    );
}

/// Nor does it when the others are connected to another node, which hears of it over the bus.
#[tokio::test]
async fn other_nodes_veil_votes_too() {
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
    let tablet = world.another_device(&alice).await;
    let mut tablet = second.connect(&tablet).await;
    let asked = message(&phone, place, &poll(&["Here", "There"], true));
    let ack = answer(&mut phone, asked).await;
    laptop.expect("event").await;
    tablet.expect("event").await;
    let change =
        json!({"id": world.uuid(), "conversation": place, "message": ack["message"], "change": vote(&[1])});
    answer(&mut phone, json!({"type": "change", "id": 9, "change": change})).await;
    let told = laptop.expect("event").await;
    assert_eq!(told["body"]["change"]["options"], json!([]));
    assert_ne!(told["sender"], json!(alice.user));
    assert_eq!(
        tablet.expect("event").await["body"]["change"]["options"],
        json!([1])
    );
}

#[tokio::test]
async fn what_is_no_poll_is_refused_by_name() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let place = server.direct(&alice, &bob).await;
    let mut phone = server.connect(&alice).await;
    let many: Vec<String> = (0..13).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut wordless = poll(&["a", "b"], false);
    wordless["text"] = json!(" ");
    let mut with_file = poll(&["a", "b"], false);
    with_file["attachments"] = json!([{"blob": world.uuid()}]);
    for (content, field) in [
        (poll(&["a"], false), "poll"),
        (poll(&many, false), "poll"),
        (poll(&["a", "a"], false), "poll"),
        (poll(&["a", ""], false), "poll"),
        (poll(&["a", &"b".repeat(101)], false), "poll"),
        (wordless, "text"),
        (with_file, "attachments"),
    ] {
        let refused = message(&phone, place, &content);
        let refused = answer(&mut phone, refused).await;
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("invalid_field"), &json!(field)),
            "{content}"
        );
    }
}

#[tokio::test]
async fn votes_that_are_none_are_refused() {
    let scene = Scene::new(false).await;
    let [_, bob, carol] = &scene.people;
    for (options, code) in [
        (&[3][..], "invalid_field"),
        (&[1, 0], "invalid_field"),
        (&[1, 1], "invalid_field"),
    ] {
        assert_eq!(
            scene.change(carol, &vote(options)).await["code"],
            code,
            "{options:?}"
        );
    }
    let edit = json!({"kind": "edit", "content": {"kind": "plain", "text": "When?"}});
    assert_eq!(scene.change(bob, &edit).await["code"], "invalid_field");
    // What is no poll, is not there, or is gone.
    let mut phone = scene.server.connect(bob).await;
    let said = phone.say(scene.place, "no poll").await.0;
    for (of, change) in [(&said["message"], vote(&[0])), (&said["message"], close())] {
        let mut frame = scene.frame(&change);
        frame["change"]["message"] = of.clone();
        assert_eq!(answer(&mut phone, frame).await["field"], "message");
    }
    answer(&mut phone, scene.frame(&json!({"kind": "delete"}))).await;
    assert_eq!(scene.change(carol, &vote(&[0])).await["code"], "not_found");
    assert_eq!(scene.change(carol, &close()).await["code"], "not_found");
}

#[tokio::test]
async fn who_has_left_does_not_vote() {
    let scene = Scene::new(false).await;
    let [alice, _, carol] = &scene.people;
    scene.change(carol, &vote(&[0])).await;
    scene.server.remove(alice, scene.place, carol.user).await;
    for late in [vote(&[1]), vote(&[]), close()] {
        assert_eq!(scene.change(carol, &late).await["code"], "not_member");
    }
    assert_eq!(
        scene.standing(alice).await["tally"]["voters"],
        1,
        "what was voted stays"
    );
}

#[tokio::test]
async fn a_poll_ends_by_its_author_by_who_keeps_order_and_by_its_time() {
    let scene = Scene::new(false).await;
    let [alice, bob, carol] = &scene.people;
    assert_eq!(scene.change(carol, &close()).await["code"], "forbidden");
    scene.change(carol, &vote(&[0])).await;
    // The one member who may write no more may still end what they have asked.
    let settings = json!({"event_id": scene.world.uuid(), "announcements": true});
    let settings: rest::ChangeConversation = serde_json::from_value(settings).unwrap();
    let conversations = &scene.server.node.conversations;
    conversations
        .change_conversation(alice.caller(), scene.place, settings)
        .await
        .unwrap();
    let closed = scene.change(bob, &close()).await;
    assert_eq!(closed["type"], "ack");
    assert_eq!(
        scene.change(bob, &close()).await["seq"],
        closed["seq"],
        "it is closed already"
    );
    for late in [vote(&[1]), vote(&[])] {
        assert_eq!(scene.change(carol, &late).await["code"], "poll_closed");
    }
    assert_eq!(scene.standing(carol).await["closed"], true);

    let scene = Scene::new(false).await;
    let [alice, bob, carol] = &scene.people;
    let event_id = scene.world.id();
    let request = rest::ChangeRole {
        event_id,
        role: Role::Moderator,
    };
    let conversations = &scene.server.node.conversations;
    conversations
        .change_role(alice.caller(), scene.place, carol.user, request)
        .await
        .unwrap();
    assert_eq!(scene.change(carol, &close()).await["type"], "ack");
    assert_eq!(scene.change(bob, &vote(&[0])).await["code"], "poll_closed");

    // One whose time has passed, as it has when it was written long before it could be sent.
    let mut phone = scene.server.connect(bob).await;
    let mut content = poll(&["Here", "There"], false);
    content["poll"]["closes_at"] = json!(1);
    let asked = message(&phone, scene.place, &content);
    let ack = answer(&mut phone, asked).await;
    assert_eq!(ack["type"], "ack");
    let mut late = scene.frame(&vote(&[0]));
    late["change"]["message"] = ack["message"].clone();
    assert_eq!(answer(&mut phone, late).await["code"], "poll_closed");
}

/// Everybody who is in a group may vote, whatever they are in it and whoever may write; only those who keep order end others' polls.
#[tokio::test]
async fn who_may_vote_and_end_a_poll() {
    let world = World::new();
    let server = world.server().await;
    let names = [
        "owner",
        "admin",
        "moderator",
        "member",
        "author",
        "left",
        "stranger",
    ];
    let mut people = Vec::new();
    for name in names {
        people.push(world.person(name).await);
    }
    let members: Vec<&Person> = people.iter().skip(1).take(5).collect();
    let place = server.group(&people[0], &members).await;
    let conversations = &server.node.conversations;
    for (person, role) in [(&people[1], Role::Admin), (&people[2], Role::Moderator)] {
        let event_id = world.id();
        let request = rest::ChangeRole { event_id, role };
        conversations
            .change_role(people[0].caller(), place, person.user, request)
            .await
            .unwrap();
    }
    server.remove(&people[5], place, people[5].user).await;
    for (what, expect) in [(vote(&[0]), "yyyyynn"), (close(), "yyyfynn")] {
        let mut got = String::new();
        for person in &people {
            let mut author = server.connect(&people[4]).await;
            let asked = message(&author, place, &poll(&["Here", "There"], false));
            let asked = answer(&mut author, asked).await["message"].clone();
            let mut phone = server.connect(person).await;
            let change = json!({"id": world.uuid(), "conversation": place, "message": asked, "change": what});
            let answer = answer(&mut phone, json!({"type": "change", "id": 9, "change": change})).await;
            got.push(match answer["code"].as_str() {
                None => 'y',
                Some("forbidden") => 'f',
                Some("not_member") => 'n',
                Some(other) => panic!("{other}"),
            });
        }
        assert_eq!(got, expect, "{what}");
    }
}
