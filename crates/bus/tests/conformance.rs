//! What [`pipit_bus::Bus`] promises, asked of every bus that connects nodes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use pipit_bus::testing::{TestRedis, TestRedisCluster};
use pipit_bus::{Bus, Exchange, NodeId, RedisBus, Sink, Topic};
use pipit_wire::{ConversationId, UserId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

struct Inbox {
    sender: mpsc::Sender<(Topic, Bytes)>,
}

impl Sink for Inbox {
    fn deliver(&self, topic: Topic, payload: Bytes) {
        self.sender
            .try_send((topic, payload))
            .expect("the inbox of a case is large enough");
    }

    fn resumed(&self) {}
}

struct Node {
    bus: Arc<dyn Bus>,
    inbox: tokio::sync::Mutex<mpsc::Receiver<(Topic, Bytes)>>,
    _sink: Arc<dyn Sink>,
}

impl Node {
    fn new(bus: Arc<dyn Bus>) -> Self {
        let (sender, receiver) = mpsc::channel(1_024);
        let sink: Arc<dyn Sink> = Arc::new(Inbox { sender });
        bus.attach(Arc::downgrade(&sink));
        Self {
            bus,
            inbox: tokio::sync::Mutex::new(receiver),
            _sink: sink,
        }
    }

    async fn subscribe(&self, topic: Topic) {
        self.bus.subscribe(topic);
        self.bus.settled().await.unwrap();
    }

    async fn next(&self) -> (Topic, Bytes) {
        let mut inbox = self.inbox.lock().await;
        tokio::time::timeout(Duration::from_mins(1), inbox.recv())
            .await
            .expect("it arrives")
            .unwrap()
    }
}

fn conversation(number: u8) -> Topic {
    Topic::Conversation(ConversationId::from_bytes([number; 16]))
}

async fn reaches_the_others_and_not_oneself(first: Node, second: Node) {
    first.subscribe(conversation(1)).await;
    second.subscribe(conversation(1)).await;
    first
        .bus
        .publish(conversation(1), Bytes::from_static(b"from the first"));
    second
        .bus
        .publish(conversation(1), Bytes::from_static(b"from the second"));
    assert_eq!(
        second.next().await,
        (conversation(1), Bytes::from_static(b"from the first"))
    );
    assert_eq!(
        first.next().await,
        (conversation(1), Bytes::from_static(b"from the second"))
    );
}

async fn keeps_the_order_of_one_publisher(first: Node, second: Node) {
    second.subscribe(conversation(1)).await;
    for number in 0..100_u8 {
        first
            .bus
            .publish(conversation(1), Bytes::copy_from_slice(&[number]));
    }
    for number in 0..100_u8 {
        assert_eq!(second.next().await.1.as_ref(), &[number]);
    }
}

async fn brings_only_what_is_subscribed(first: Node, second: Node) {
    let user = Topic::User(UserId::from_bytes([1; 16]));
    second.subscribe(user).await;
    second.subscribe(conversation(2)).await;
    second.subscribe(conversation(2)).await;
    first
        .bus
        .publish(conversation(1), Bytes::from_static(b"not wanted"));
    first.bus.publish(user, Bytes::from_static(b"wanted"));
    assert_eq!(second.next().await, (user, Bytes::from_static(b"wanted")));
    second.bus.unsubscribe(conversation(2));
    second.bus.settled().await.unwrap();
    first
        .bus
        .publish(conversation(2), Bytes::from_static(b"no longer wanted"));
    first.bus.publish(user, Bytes::from_static(b"still wanted"));
    assert_eq!(second.next().await, (user, Bytes::from_static(b"still wanted")));
}

async fn does_not_mind_a_node_that_is_gone(first: Node, second: Node) {
    second.subscribe(conversation(1)).await;
    drop(second);
    first
        .bus
        .publish(conversation(1), Bytes::from_static(b"to nobody"));
}

/// What goes with the two nodes: they are on it.
type Ground = Box<dyn std::any::Any>;

async fn in_process() -> (Node, Node, Ground) {
    let exchange = Exchange::default();
    (
        Node::new(Arc::new(exchange.node())),
        Node::new(Arc::new(exchange.node())),
        Box::new(exchange),
    )
}

async fn on_redis() -> (Node, Node, Ground) {
    let redis = TestRedis::start().unwrap();
    let address = redis.address();
    over_redis(&address, Box::new(redis)).await
}

async fn on_redis_cluster() -> (Node, Node, Ground) {
    let redis = TestRedisCluster::start().unwrap();
    let address = redis.address();
    over_redis(&address, Box::new(redis)).await
}

async fn over_redis(address: &str, redis: Ground) -> (Node, Node, Ground) {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mut nodes = Vec::new();
    for number in [1, 2] {
        let bus = RedisBus::start(
            address.parse().unwrap(),
            NodeId([number; 16]),
            &tasks,
            stop.clone(),
        );
        assert!(bus.connected_within(Duration::from_mins(1)).await);
        nodes.push(Node::new(bus));
    }
    let (second, first) = (nodes.pop().unwrap(), nodes.pop().unwrap());
    warm_up(&first, &second).await;
    warm_up(&second, &first).await;
    (first, second, Box::new((stop.drop_guard(), redis)))
}

/// Speaks until it is heard: a cluster that has just begun may lose something while its members come to know each other.
async fn warm_up(from: &Node, to: &Node) {
    to.subscribe(conversation(0)).await;
    let mut every = tokio::time::interval(Duration::from_millis(10));
    let mut inbox = to.inbox.lock().await;
    loop {
        tokio::select! {
            _ = every.tick() => from.bus.publish(conversation(0), Bytes::from_static(b"warm up")),
            _ = inbox.recv() => break,
        }
    }
    to.bus.unsubscribe(conversation(0));
    to.bus.settled().await.unwrap();
    while inbox.try_recv().is_ok() {}
}

macro_rules! conformance_tests {
    ($make:ident: $($case:ident),* $(,)?) => {
        mod $make {
            $(#[tokio::test]
            async fn $case() {
                let (first, second, _ground) = super::$make().await;
                super::$case(first, second).await;
            })*
        }
    };
}

macro_rules! every_bus {
    ($cases:tt) => {
        every_bus!(@ in_process $cases);
        every_bus!(@ on_redis $cases);
        every_bus!(@ on_redis_cluster $cases);
    };
    (@ $make:ident { $($case:ident),* $(,)? }) => {
        conformance_tests!($make: $($case),*);
    };
}

every_bus!({
    reaches_the_others_and_not_oneself,
    keeps_the_order_of_one_publisher,
    brings_only_what_is_subscribed,
    does_not_mind_a_node_that_is_gone,
});

#[tokio::test]
async fn an_announcement_may_lead_to_a_subscription() {
    struct Subscriber(Mutex<Option<pipit_bus::LocalBus>>);
    impl Sink for Subscriber {
        fn deliver(&self, _topic: Topic, _payload: Bytes) {
            self.0
                .lock()
                .unwrap()
                .as_ref()
                .unwrap()
                .subscribe(conversation(9));
        }

        fn resumed(&self) {}
    }
    let exchange = Exchange::default();
    let subscriber = Arc::new(Subscriber(Mutex::new(None)));
    let bus = exchange.node();
    let sink: Arc<dyn Sink> = subscriber.clone();
    bus.attach(Arc::downgrade(&sink));
    bus.subscribe(conversation(1));
    *subscriber.0.lock().unwrap() = Some(bus);
    exchange.node().publish(conversation(1), Bytes::new());
}
