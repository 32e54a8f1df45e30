//! Sessions driven step by step, without sockets, on a clock that stands still: as a simulation drives them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pipit_bus::SingleNode;
use pipit_server::clock::{Clock, SystemRandom};
use pipit_server::context::Context;
use pipit_server::gateway::Settings;
use pipit_server::gateway::session::Session;
use pipit_server::node::{Authenticator, Node, Parts};
use pipit_store_sqlite::{Options, SqliteStore};
use pipit_wire::{Limits, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::{Person, World, hello};

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

fn start(world: &World, clock: &Arc<HandClock>) -> Arc<Node> {
    let context = Context {
        store: Arc::clone(&world.store),
        clock: Arc::<HandClock>::clone(clock),
        random: Arc::new(SystemRandom),
        limits: Limits::default(),
        message_requests: false,
    };
    let authenticator: Arc<dyn Authenticator> = world.tokens.clone();
    let parts = Parts {
        context,
        bus: Arc::new(SingleNode),
        authenticator,
        gateway: Settings::default(),
    };
    Node::start(parts, TaskTracker::new(), CancellationToken::new())
}

/// One device in the hands of a test.
struct Device(Session);

impl Device {
    async fn connect(node: &Arc<Node>, person: &Person) -> Self {
        let mut device = Self(Session::new(Arc::clone(node)));
        let frames = device.say(&hello(&person.token, &[])).await;
        assert_eq!(frames[0]["type"], "welcome");
        device
    }

    /// Gives a frame; everything that comes of it and was waiting.
    async fn say(&mut self, frame: &Value) -> Vec<Value> {
        let mut frames = self.0.handle(&frame.to_string()).await;
        frames.extend(self.0.settle().await);
        frames
            .iter()
            .map(|frame| serde_json::from_slice(frame).unwrap())
            .collect()
    }

    async fn hear(&mut self) -> Vec<Value> {
        let frames = self.0.settle().await;
        frames
            .iter()
            .map(|frame| serde_json::from_slice(frame).unwrap())
            .collect()
    }
}

fn types(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn two_devices_without_a_socket() {
    let world = World::new();
    let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000_000)));
    let node = start(&world, &clock);
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = node
        .conversations
        .create_direct(alice.caller(), bob.user, false)
        .await
        .unwrap()
        .id;
    let mut phone = Device::connect(&node, &alice).await;
    let mut laptop = Device::connect(&node, &bob).await;
    let message = json!({
        "id": world.uuid(), "conversation": conversation, "written_at": 1,
        "content": {"kind": "plain", "text": "by hand"},
    });
    let frames = phone
        .say(&json!({"type": "message", "id": 1, "message": message}))
        .await;
    assert_eq!(types(&frames), ["event", "ack"]);
    assert_eq!(
        frames[1]["at"], 1_800_000_000_000_i64,
        "the clock that was given counts"
    );
    assert_eq!(types(&laptop.hear().await), ["event"]);
    // Typing is throttled by that clock too.
    let typing = json!({"type": "typing", "conversation": conversation, "active": true});
    for (passed_ms, heard) in [(0, 1), (2_999, 0), (1, 1)] {
        clock.0.fetch_add(passed_ms, Ordering::Relaxed);
        assert_eq!(phone.say(&typing).await, Vec::<Value>::new());
        assert_eq!(laptop.hear().await.len(), heard, "after {passed_ms} ms");
    }
    // A session that is dropped is gone.
    drop(laptop);
    assert_eq!(node.stats.connections.get(), 1);
    node.hub.user_suspended(alice.user);
    assert_eq!(types(&phone.hear().await), ["error"]);
    assert!(phone.0.closing().is_some());
}

#[tokio::test]
async fn a_storage_that_fails_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.db");
    let store = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
    let mut world = World::over(store.clone());
    let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000_000)));
    let node = start(&world, &clock);
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let conversation = node
        .conversations
        .create_direct(alice.caller(), bob.user, false)
        .await
        .unwrap()
        .id;
    let mut phone = Device::connect(&node, &alice).await;
    let send = |id: u32, uuid: &str| {
        let content = json!({"kind": "plain", "text": "whatever happens"});
        let message = json!({"id": uuid, "conversation": conversation, "written_at": 1, "content": content});
        json!({"type": "message", "id": id, "message": message})
    };
    let (first, second) = (world.uuid(), world.uuid());
    let frames = phone.say(&send(1, &first)).await;
    assert_eq!(types(&frames), ["event", "ack"]);
    store.close().await;
    let frames = phone.say(&send(2, &second)).await;
    assert_eq!(types(&frames), ["error"]);
    let error = &frames[0];
    assert_eq!(
        (&error["code"], &error["retry"], &error["id"]),
        (&json!("unavailable"), &json!("later"), &json!(2))
    );
    assert!(error["retry_after_ms"].as_u64().unwrap() > 0);
    assert!(!error.to_string().contains("sql"), "no detail leaks: {error}");
    // The storage comes back, and the device sends both again.
    drop((phone, node, store));
    world.store = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
    let node = start(&world, &clock);
    let mut phone = Device::connect(&node, &alice).await;
    for (id, uuid, seq) in [(3, &first, 2), (4, &second, 3)] {
        let frames = phone.say(&send(id, uuid)).await;
        assert_eq!(frames.last().unwrap()["seq"], seq);
    }
}
