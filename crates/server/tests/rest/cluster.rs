//! Three nodes of one database, which reach each other by a real Redis.

use std::time::Duration;

use pipit_bus::testing::TestRedis;
use pipit_store_postgres::testing::{TestDatabase, TestPostgres};
use pipit_wire::UserId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::push::{PushService, local, subscribe};
use crate::sockets::Socket;
use crate::world::{PASSWORD, Person, World, sign_in};

/// The longest that anything may take before a test fails.
const PATIENCE: Duration = Duration::from_mins(1);

struct Cluster {
    nodes: [World; 3],
    redis: TestRedis,
    _database: TestDatabase,
}

impl Cluster {
    async fn start() -> Self {
        Self::start_with(0).await
    }

    async fn start_with(stop_delay_ms: u32) -> Self {
        let redis = TestRedis::start().unwrap();
        let database = TestPostgres::start()
            .await
            .unwrap()
            .empty_database()
            .await
            .unwrap();
        let node = || {
            World::start_with(|config| {
                config.general.database = Some(database.url().to_owned());
                config.general.redis = Some(redis.address());
                config.general.stop_delay_ms = stop_delay_ms;
                config.limits.attempts_per_minute_account = 1;
                local(config);
            })
        };
        let nodes = [node().await, node().await, node().await];
        Self {
            nodes,
            redis,
            _database: database,
        }
    }

    /// Ada, Bob and Carol, and a socket of each, on a node of its own.
    async fn people(&self) -> ([Person; 3], [Connected; 3]) {
        let [first, second, third] = &self.nodes;
        let ada = first.set_up("ada").await;
        // Each is known on every node, wherever it came from.
        let bob = second.join(&ada, "bob").await;
        let carol = third.join(&ada, "carol").await;
        let sockets = [
            Connected::open(first, &ada).await,
            Connected::open(second, &bob).await,
            Connected::open(third, &carol).await,
        ];
        ([ada, bob, carol], sockets)
    }

    async fn group(&self, people: &[Person; 3]) -> Value {
        let [owner, others @ ..] = people;
        let members: Vec<UserId> = others.iter().map(|person| person.user).collect();
        let body =
            json!({"id": "01999999-0000-7000-8000-00000000000a", "title": "Birds", "members": members});
        let made = self.nodes[0]
            .post("/v1/conversations/group", owner, body)
            .await
            .ok();
        made["conversation"]["id"].clone()
    }

    async fn direct(&self, one: &Person, other: &Person) -> Value {
        let body = json!({"user": other.user});
        let made = self.nodes[0]
            .post("/v1/conversations/direct", one, body)
            .await
            .ok();
        made["conversation"]["id"].clone()
    }

    /// Stops every node. Whoever is still connected goes first: a server waits a while for them to say goodbye.
    async fn stop<Others>(self, connected: Others) {
        drop(connected);
        for node in self.nodes {
            node.stop().await;
        }
    }
}

/// One node pushes what is said, not all; what is read on any node is cleared.
#[tokio::test]
async fn one_node_pushes() {
    let cluster = Cluster::start().await;
    let (people, mut sockets) = cluster.people().await;
    let group = cluster.group(&people).await;
    let mut service = PushService::start().await;
    let [first, second, third] = &cluster.nodes;
    let phone = third.sign_in("bob", PASSWORD).await.person();
    subscribe(third, &phone, &service.endpoint("phone")).await;
    sockets[0].say(&group, 1, "one").await;
    let pushed = service.next().await.open();
    assert_eq!(pushed["text"], "one");
    let sent = || [first, second, third].map(|node| node.node().stats.push_sent.get());
    let waiting = async {
        while sent() != [1, 0, 0] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it was taken");
    let shown = || first.node().stats.push_waiting.get();
    let waiting = async {
        while shown() != 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it was noted");
    let read = json!({
        "type": "receipt", "conversation": group, "delivered_seq": pushed["seq"], "read_seq": pushed["seq"],
    });
    sockets[1].0.send(&read).await;
    assert_eq!(service.next().await.open()["type"], "read");
    sockets[2].say(&group, 2, "two").await;
    assert_eq!(service.next().await.open()["text"], "two");
    cluster.stop(sockets).await;
}

struct Connected(Socket);

impl Connected {
    async fn open(world: &World, person: &Person) -> Self {
        let mut connected = Self(Socket::open(world, person).await);
        connected.until("synced").await;
        connected
    }

    async fn next(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.0.next())
            .await
            .expect("something comes")
            .expect("the connection stands")
    }

    async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Says something, and waits until it is acknowledged.
    async fn say(&mut self, conversation: &Value, number: u64, text: &str) -> Value {
        self.0.send(&message(conversation, number, text)).await;
        self.until("ack").await
    }

    /// The next messages are these, in this order.
    async fn hears(&mut self, texts: &[&str]) {
        for text in texts {
            let event = loop {
                let event = self.until("event").await;
                if event["body"]["type"] == "message" {
                    break event;
                }
            };
            assert_eq!(event["body"]["content"]["text"], *text, "{event}");
        }
    }
}

fn message(conversation: &Value, number: u64, text: &str) -> Value {
    json!({"type": "message", "id": number, "message": {
        "id": format!("01999999-0000-7000-8000-1{number:011x}"), "conversation": conversation, "written_at": 1,
        "content": {"kind": "plain", "text": text},
    }})
}

#[tokio::test]
async fn a_message_reaches_people_on_every_node_and_a_token_is_good_on_each() {
    let cluster = Cluster::start().await;
    let (people, [mut ada, mut bob, mut carol]) = cluster.people().await;
    let group = cluster.group(&people).await;
    ada.say(&group, 1, "one").await;
    bob.hears(&["one"]).await;
    carol.hears(&["one"]).await;
    bob.say(&group, 2, "two").await;
    ada.hears(&["two"]).await;
    carol.hears(&["two"]).await;
    for node in &cluster.nodes {
        for person in &people {
            assert_eq!(
                node.get("/v1/me", person).await.ok()["profile"]["user"],
                json!(person.user)
            );
        }
        let text = node.call(reqwest::Method::GET, "/metrics", None, None).await.body;
        let text = text.as_str().unwrap();
        assert!(text.lines().any(|line| line == "pipit_bus_connected 1"), "{text}");
    }
    cluster.stop((ada, bob, carol)).await;
}

#[tokio::test]
async fn what_was_said_while_redis_was_gone_comes_when_it_is_back_without_a_new_connection() {
    let mut cluster = Cluster::start().await;
    let (people, [mut ada, mut bob, mut carol]) = cluster.people().await;
    let group = cluster.group(&people).await;
    ada.say(&group, 1, "before").await;
    bob.hears(&["before"]).await;
    carol.hears(&["before"]).await;
    cluster.redis.kill();
    ada.say(&group, 2, "one").await;
    ada.say(&group, 3, "two").await;
    cluster.redis.restart().unwrap();
    bob.hears(&["one", "two"]).await;
    carol.hears(&["one", "two"]).await;
    bob.say(&group, 4, "after").await;
    ada.hears(&["after"]).await;
    carol.hears(&["after"]).await;
    cluster.stop((ada, bob, carol)).await;
}

#[tokio::test]
async fn a_device_signed_out_on_one_node_is_cut_on_another() {
    let cluster = Cluster::start().await;
    let ([_ada, _bob, carol], [at_adas, at_bobs, at_carols]) = cluster.people().await;
    let path = format!("/v1/devices/{}", carol.device);
    assert_eq!(cluster.nodes[0].delete(&path, &carol).await.status, 204);
    let ended = tokio::time::timeout(PATIENCE, at_carols.0.ends_signed_out()).await;
    assert_eq!(ended, Ok(true));
    assert_eq!(
        cluster.nodes[1].get("/v1/me", &carol).await.refusal(),
        (401, "signed_out")
    );
    cluster.stop((at_adas, at_bobs)).await;
}

#[tokio::test]
async fn who_was_removed_on_one_node_gets_nothing_more_on_another() {
    let cluster = Cluster::start().await;
    let (people, [mut ada, mut bob, mut carol]) = cluster.people().await;
    let group = cluster.group(&people).await;
    let direct = cluster.direct(&people[0], &people[2]).await;
    ada.say(&group, 1, "all of us").await;
    carol.hears(&["all of us"]).await;
    let path = format!(
        "/v1/conversations/{}/members/{}?event_id=01999999-0000-7000-8000-00000000000b",
        group.as_str().unwrap(),
        people[2].user
    );
    let removed = cluster.nodes[0].delete(&path, &people[0]).await;
    assert!(removed.status.is_success(), "{removed:?}");
    ada.say(&group, 2, "between us").await;
    bob.hears(&["all of us", "between us"]).await;
    // One Redis keeps the order of what one node publishes: what is for others would have come before this.
    ada.say(&direct, 3, "to you alone").await;
    carol.hears(&["to you alone"]).await;
    cluster.stop((ada, bob, carol)).await;
}

#[tokio::test]
async fn one_message_sent_to_two_nodes_is_there_once() {
    let cluster = Cluster::start().await;
    let (people, [mut ada, mut bob, mut carol]) = cluster.people().await;
    let group = cluster.group(&people).await;
    let tablet = cluster.nodes[1]
        .sign_in("ada", crate::world::PASSWORD)
        .await
        .person();
    let mut on_tablet = Connected::open(&cluster.nodes[1], &tablet).await;
    ada.0.send(&message(&group, 1, "once")).await;
    on_tablet.0.send(&message(&group, 1, "once")).await;
    let (one, other) = (ada.until("ack").await, on_tablet.until("ack").await);
    assert_eq!(one["seq"], other["seq"]);
    bob.say(&group, 2, "then").await;
    carol.hears(&["once", "then"]).await;
    cluster.stop((ada, bob, carol, on_tablet)).await;
}

#[tokio::test]
async fn attempts_are_counted_on_all_nodes_together_and_by_each_while_redis_is_away() {
    let mut cluster = Cluster::start().await;
    cluster.nodes[0].set_up("ada").await;
    let attempts = async |nodes: &[World; 3]| {
        let mut answers = Vec::new();
        for node in nodes {
            let request = node.request(&Method::POST, "/v1/sessions");
            let reply = node.send(request.json(&sign_in("ada", "not the password"))).await;
            answers.push(reply.refusal().0);
        }
        answers
    };
    // One a minute, wherever it comes in.
    assert_eq!(attempts(&cluster.nodes).await, [401, 429, 429]);
    let keys = cluster.redis.cli(&["keys", "pipit:l:account:*"]).unwrap();
    assert!(!keys.is_empty() && !keys.contains("ada"), "{keys}");
    // Then each node counts for itself, and nobody waits for Redis.
    cluster.redis.kill();
    assert_eq!(attempts(&cluster.nodes).await, [401, 401, 401]);
}

#[tokio::test]
async fn a_node_that_stops_sends_new_people_elsewhere_before_it_closes() {
    // Longer than the test lasts: the nodes are not waited for.
    let cluster = Cluster::start_with(60_000).await;
    let (people, [mut ada, mut bob, _carol]) = cluster.people().await;
    let group = cluster.group(&people).await;
    let [first, second, _third] = &cluster.nodes;
    let ready = async |node: &World| {
        node.call(Method::GET, "/readyz", None, None)
            .await
            .status
            .as_u16()
    };
    assert_eq!(ready(first).await, 200);
    first.begin_to_stop().await;
    assert_eq!((ready(first).await, ready(second).await), (503, 200));
    // Whoever is on it, and whoever a balancer sends there before it has asked, is served all the same.
    ada.say(&group, 1, "still here").await;
    bob.hears(&["still here"]).await;
    let mut late = Connected::open(first, &people[2]).await;
    late.say(&group, 2, "just come").await;
    bob.hears(&["just come"]).await;
}
