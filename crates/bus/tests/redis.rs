//! The bus over Redis, while Redis is restarted, killed, stopped and replaced.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pipit_bus::testing::{TestRedis, TestRedisSentinel};
use pipit_bus::{Bus, NodeId, RedisBus, Shared, Sink, Taken, Topic};
use pipit_wire::frame::PresenceState;
use pipit_wire::{ConversationId, UserId};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Payload(Topic, Bytes),
    Resumed,
}

struct Ear(mpsc::Sender<Heard>);

impl Sink for Ear {
    fn deliver(&self, topic: Topic, payload: Bytes) {
        self.0.try_send(Heard::Payload(topic, payload)).unwrap();
    }

    fn resumed(&self) {
        self.0.try_send(Heard::Resumed).unwrap();
    }
}

struct Node {
    bus: Arc<RedisBus>,
    heard: mpsc::Receiver<Heard>,
    _ear: Arc<dyn Sink>,
    _stop: DropGuard,
}

impl Node {
    fn start(address: &str, number: u8) -> Self {
        let stop = CancellationToken::new();
        let bus = RedisBus::start(
            address.parse().unwrap(),
            NodeId([number; 16]),
            &TaskTracker::new(),
            stop.clone(),
        );
        let (sender, heard) = mpsc::channel(100_000);
        let ear: Arc<dyn Sink> = Arc::new(Ear(sender));
        bus.attach(Arc::downgrade(&ear));
        Self {
            bus,
            heard,
            _ear: ear,
            _stop: stop.drop_guard(),
        }
    }

    async fn connected(address: &str, number: u8) -> Self {
        let node = Self::start(address, number);
        assert!(node.bus.connected_within(PATIENCE).await);
        node
    }

    async fn next(&mut self) -> Heard {
        tokio::time::timeout(PATIENCE, self.heard.recv())
            .await
            .unwrap()
            .unwrap()
    }

    /// Waits until the word comes that something may have been missed.
    async fn resumed(&mut self) {
        while self.next().await != Heard::Resumed {}
    }

    /// Publishes until the other hears it: the two come back each in its own time.
    async fn reach(&self, other: &mut Self, topic: Topic) {
        let said = Bytes::from_static(b"are you there?");
        let mut every = tokio::time::interval(Duration::from_millis(20));
        let heard = async {
            loop {
                tokio::select! {
                    _ = every.tick() => self.bus.publish(topic, said.clone()),
                    heard = other.heard.recv() => if heard.unwrap() == Heard::Payload(topic, said.clone()) { return },
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.unwrap();
    }
}

fn topic(number: u32) -> Topic {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Topic::Conversation(ConversationId::from_bytes(bytes))
}

fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

#[tokio::test]
async fn a_restart_is_said_and_everything_is_subscribed_to_again() {
    let mut redis = TestRedis::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let mut other = Node::connected(&redis.address(), 2).await;
    other.bus.subscribe(topic(1));
    other.bus.settled().await.unwrap();
    redis.kill();
    redis.restart().unwrap();
    other.resumed().await;
    one.reach(&mut other, topic(1)).await;
    assert!(other.bus.stats().connects >= 2);
}

#[tokio::test]
async fn while_it_is_away_nobody_waits_and_the_others_learn_what_was_dropped() {
    let mut redis = TestRedis::start().unwrap();
    let mut one = Node::connected(&redis.address(), 1).await;
    one.bus.subscribe(topic(1));
    redis.kill();
    // It notices by itself, and then says so at once instead of waiting.
    while one.bus.stats().connected {
        tokio::task::yield_now().await;
    }
    assert!(one.bus.settled().await.is_err());
    assert!(one.bus.take("bucket", 1).await.is_err());
    for _ in 0..20_000 {
        one.bus.publish(topic(1), Bytes::from_static(b"lost"));
    }
    redis.restart().unwrap();
    one.resumed().await;
    assert_eq!(one.bus.stats().dropped, 20_000);
}

#[tokio::test]
async fn a_flood_is_bounded_and_the_others_learn_of_what_was_dropped() {
    let redis = TestRedis::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let mut other = Node::connected(&redis.address(), 2).await;
    other.bus.subscribe(topic(1));
    other.bus.settled().await.unwrap();
    // The carrier does not run while this does: there is one thread.
    for number in 0..20_000_u32 {
        one.bus
            .publish(topic(1), Bytes::copy_from_slice(&number.to_be_bytes()));
    }
    let mut expected = 0;
    while let Heard::Payload(_, payload) = other.next().await {
        assert_eq!(
            payload.as_ref(),
            u32::to_be_bytes(expected),
            "in order, from the first on"
        );
        expected += 1;
    }
    let stats = one.bus.stats();
    assert!(stats.dropped > 0 && stats.dropped < 20_000, "{stats:?}");
    one.reach(&mut other, topic(1)).await;
}

#[tokio::test]
async fn ten_thousand_subscriptions_come_back_after_a_restart() {
    let mut redis = TestRedis::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let mut other = Node::connected(&redis.address(), 2).await;
    for number in 0..10_000 {
        other.bus.subscribe(topic(number));
    }
    other.bus.settled().await.unwrap();
    redis.restart().unwrap();
    other.resumed().await;
    assert_eq!(other.bus.stats().subscriptions, 10_000);
    for number in [0, 5_000, 9_999] {
        one.reach(&mut other, topic(number)).await;
    }
    for number in 0..10_000 {
        other.bus.unsubscribe(topic(number));
    }
    other.bus.settled().await.unwrap();
    assert_eq!(
        redis.cli(&["pubsub", "shardnumsub", "pipit:dropped"]).unwrap(),
        "pipit:dropped\n2"
    );
    assert_eq!(redis.cli(&["pubsub", "shardchannels"]).unwrap(), "pipit:dropped");
}

#[tokio::test]
async fn one_that_stands_still_is_given_up_and_taken_up_again() {
    let redis = TestRedis::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let mut other = Node::connected(&redis.address(), 2).await;
    other.bus.subscribe(topic(1));
    other.bus.settled().await.unwrap();
    redis.pause().unwrap();
    one.bus.publish(topic(1), Bytes::from_static(b"into the void"));
    let called = tokio::time::timeout(PATIENCE, one.bus.take("bucket", 1)).await;
    assert!(called.unwrap().is_err(), "a call ends in time");
    while one.bus.stats().connected || other.bus.stats().connected {
        tokio::task::yield_now().await;
    }
    redis.resume().unwrap();
    other.resumed().await;
    one.reach(&mut other, topic(1)).await;
}

#[tokio::test]
async fn a_subscriber_that_redis_cuts_off_comes_back() {
    let redis = TestRedis::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let mut other = Node::connected(&redis.address(), 2).await;
    other.bus.subscribe(topic(1));
    other.bus.settled().await.unwrap();
    redis.cli(&["client", "kill", "type", "pubsub"]).unwrap();
    other.resumed().await;
    one.reach(&mut other, topic(1)).await;
}

#[tokio::test]
async fn sentinels_lead_to_the_new_master() {
    let mut redis = TestRedisSentinel::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let mut other = Node::connected(&redis.address(), 2).await;
    other.bus.subscribe(topic(1));
    other.bus.settled().await.unwrap();
    one.reach(&mut other, topic(1)).await;
    redis.kill_master();
    other.resumed().await;
    one.reach(&mut other, topic(1)).await;
}

#[tokio::test]
async fn who_may_not_enter_is_not_connected() {
    let redis = TestRedis::start_with(&["--requirepass", "secret"]).unwrap();
    let stranger = Node::start(&redis.address(), 1);
    assert!(!stranger.bus.connected_within(Duration::from_millis(300)).await);
    let friend = Node::start(&format!("{}?pass=secret", redis.address()), 2);
    assert!(friend.bus.connected_within(PATIENCE).await);
    assert_eq!(stranger.bus.stats().connects, 0);
}

#[tokio::test]
async fn what_is_not_redis_is_not_connected() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}", listener.local_addr().unwrap());
    let node = Node::start(&address, 1);
    let (mut stream, _) = listener.accept().await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
        .await
        .unwrap();
    assert!(!node.bus.connected_within(Duration::from_millis(300)).await);
}

#[tokio::test]
async fn a_bucket_is_one_for_all_nodes() {
    let redis = TestRedis::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let other = Node::connected(&redis.address(), 2).await;
    let mut waits = HashSet::new();
    for _ in 0..3 {
        assert_eq!(one.bus.take("ada", 6).await.unwrap(), Taken::Yes);
        assert_eq!(other.bus.take("ada", 6).await.unwrap(), Taken::Yes);
    }
    for node in [&one, &other] {
        match node.bus.take("ada", 6).await.unwrap() {
            Taken::No { wait_ms } => waits.insert(wait_ms),
            Taken::Yes => panic!("a seventh of six"),
        };
    }
    assert!(
        waits.iter().all(|wait_ms| (1..=10_000).contains(wait_ms)),
        "{waits:?}"
    );
    assert_eq!(one.bus.take("bob", 6).await.unwrap(), Taken::Yes);
    // It is forgotten once it is full again.
    let ttl: i64 = redis.cli(&["pttl", "pipit:l:ada"]).unwrap().parse().unwrap();
    assert!((1..=60_001).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn presence_is_seen_on_the_other_nodes_until_it_is_taken_back() {
    let redis = TestRedis::start().unwrap();
    let one = Node::connected(&redis.address(), 1).await;
    let other = Node::connected(&redis.address(), 2).await;
    let third = Node::connected(&redis.address(), 3).await;
    let (ada, bob) = (user(1), user(2));
    one.bus
        .show_presence(&[(ada, PresenceState::Away)])
        .await
        .unwrap();
    other
        .bus
        .show_presence(&[(ada, PresenceState::Online), (bob, PresenceState::Away)])
        .await
        .unwrap();
    let both = [ada, bob];
    assert_eq!(
        third.bus.presence(&both).await.unwrap(),
        [(ada, PresenceState::Online), (bob, PresenceState::Away)]
    );
    assert_eq!(
        other.bus.presence(&both).await.unwrap(),
        [(ada, PresenceState::Away)],
        "the others' alone"
    );
    other
        .bus
        .show_presence(&[(ada, PresenceState::Offline)])
        .await
        .unwrap();
    assert_eq!(
        third.bus.presence(&both).await.unwrap(),
        [(ada, PresenceState::Away), (bob, PresenceState::Away)]
    );
    let ttl: i64 = redis
        .cli(&["pttl", &format!("pipit:p:{bob}")])
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30_000).contains(&ttl), "{ttl}");
}
