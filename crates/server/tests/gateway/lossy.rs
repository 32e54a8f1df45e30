//! Fan-out may lose, the log may not: whatever the bus drops, a sync brings back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use pipit_bus::{Bus, BusError, Exchange, LocalBus, Sink, Topic};
use pipit_wire::ConversationId;
use serde_json::{Value, json};

use crate::world::{Client, World};

/// Drops about half of what is published, by a seed.
struct Lossy {
    bus: LocalBus,
    state: AtomicU64,
    dropped: AtomicU64,
}

impl Lossy {
    /// The next number of `SplitMix64` (Steele, Lea and Flood, 2014).
    fn draw(&self) -> u64 {
        let mut number = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}

#[async_trait]
impl Bus for Lossy {
    fn attach(&self, sink: Weak<dyn Sink>) {
        self.bus.attach(sink);
    }

    fn publish(&self, topic: Topic, payload: Bytes) {
        if self.draw().is_multiple_of(2) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            self.bus.publish(topic, payload);
        }
    }

    fn subscribe(&self, topic: Topic) {
        self.bus.subscribe(topic);
    }

    fn unsubscribe(&self, topic: Topic) {
        self.bus.unsubscribe(topic);
    }

    async fn settled(&self) -> Result<(), BusError> {
        self.bus.settled().await
    }
}

/// What a client has of one conversation: every entry once, by its seq.
#[derive(Default, Debug, PartialEq)]
struct Log(BTreeMap<u64, Value>);

impl Log {
    fn take(&mut self, mut event: Value) {
        event.as_object_mut().unwrap().remove("type");
        let before = self.0.insert(event["seq"].as_u64().unwrap(), event.clone());
        assert!(
            before.is_none_or(|before| before == event),
            "an entry never changes"
        );
    }

    fn take_all(&mut self, frames: Vec<Value>) {
        for frame in frames {
            match frame["type"].as_str().unwrap() {
                "event" => self.take(frame),
                "catch_up" => {
                    assert_eq!(frame["gap"], false);
                    for event in frame["events"].as_array().unwrap() {
                        self.take(event.clone());
                    }
                }
                _ => {}
            }
        }
    }

    /// The last entry before the first gap.
    fn cursor(&self) -> u64 {
        (1..1_000).find(|seq| !self.0.contains_key(seq)).unwrap() - 1
    }
}

async fn sync(client: &mut Client, log: &mut Log, conversation: ConversationId) {
    let cursor = json!({"conversation": conversation, "seq": log.cursor()});
    client
        .send(json!({"type": "sync", "id": 5, "cursors": [cursor]}))
        .await;
    let (_, frames) = client.until("synced").await;
    log.take_all(frames);
}

async fn run(seed: u64) {
    let world = World::new();
    let exchange = Exchange::default();
    let lossy = |number: u64| {
        Arc::new(Lossy {
            bus: exchange.node(),
            state: AtomicU64::new(seed ^ number),
            dropped: AtomicU64::new(0),
        })
    };
    let buses = [lossy(1), lossy(2)];
    let servers = [
        world.server_on(buses[0].clone()).await,
        world.server_on(buses[1].clone()).await,
    ];
    let people = [
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    ];
    let group = servers[0].group(&people[0], &[&people[1], &people[2]]).await;
    let mut clients = Vec::new();
    for (place, person) in people.iter().enumerate() {
        clients.push(servers[place % 2].connect(person).await);
    }
    let mut logs = [Log::default(), Log::default(), Log::default()];
    for number in 0..30 {
        let speaker = number % 3;
        let (_, frames) = clients[speaker].say(group, &format!("{number}")).await;
        logs[speaker].take_all(frames);
    }
    for (client, log) in clients.iter_mut().zip(&mut logs) {
        sync(client, log, group).await;
        assert_eq!(log.cursor(), 31, "seed {seed}");
    }
    assert_eq!(logs[0], logs[1], "seed {seed}");
    assert_eq!(logs[0], logs[2], "seed {seed}");
    let dropped: u64 = buses.iter().map(|bus| bus.dropped.load(Ordering::Relaxed)).sum();
    assert!(dropped > 0, "seed {seed} dropped nothing");
}

#[tokio::test]
async fn what_the_bus_drops_a_sync_brings_back() {
    for seed in 0..20 {
        run(seed).await;
    }
}
