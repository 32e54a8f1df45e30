//! Nodes are stopped and replaced in turn while people chat: all of them are elsewhere soon, and all have everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pipit_bus::Exchange;
use pipit_wire::ConversationId;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::world::{Client, Person, Server, World, hello};

const PEOPLE: usize = 50;
const EACH: usize = 6;
const NODES: usize = 3;

/// Who can be reached, and how far the talk is.
#[derive(Clone)]
struct Scene {
    nodes: Arc<Mutex<Vec<Server>>>,
    acknowledged: watch::Sender<usize>,
    group: ConversationId,
}

/// One client, which does what the protocol asks of clients: it keeps what is not acknowledged, and resumes from its cursor.
struct Chatter {
    scene: Scene,
    place: usize,
    person: Person,
    log: BTreeMap<u64, Value>,
    written: usize,
    unacknowledged: Option<Value>,
    /// When it was told to come back, each time.
    hints_ms: Vec<u64>,
}

impl Chatter {
    /// The last entry before the first gap.
    fn cursor(&self) -> u64 {
        let known = |seq: &u64| self.log.contains_key(seq);
        (1..=u64::MAX).take_while(known).last().unwrap_or(0)
    }

    fn take(&mut self, event: &Value) {
        let kept = json!({"sender": event["sender"], "id": event["id"], "body": event["body"]});
        let before = self.log.insert(event["seq"].as_u64().unwrap(), kept.clone());
        assert!(
            before.is_none_or(|before| before == kept),
            "an entry never changes"
        );
    }

    fn is_done(&self) -> bool {
        // The group's first entry, and what everybody says.
        self.cursor() == 1 + (PEOPLE * EACH) as u64 && self.unacknowledged.is_none()
    }

    /// Connects to some node that takes it.
    async fn connect(&mut self, attempt: usize) -> Option<Client> {
        let node = {
            let nodes = self.scene.nodes.lock().unwrap();
            nodes[(self.place + attempt) % nodes.len()].clone()
        };
        let mut client = node.try_socket().await?;
        let hello = hello(&self.person.token, &[(self.scene.group, self.cursor())]);
        client.try_send(hello).await.then_some(client)
    }

    async fn write(&mut self, client: &mut Client) {
        if self.unacknowledged.is_none() && self.written < EACH {
            let text = format!("{} of {}", self.written, self.place);
            let message = client.message(self.scene.group, &text);
            self.written += 1;
            self.unacknowledged = Some(json!({"type": "message", "id": 7, "message": message}));
            client.try_send(self.unacknowledged.clone().unwrap()).await;
        }
    }

    /// Chats on one connection until it ends, or everything is said.
    async fn chat(&mut self, client: &mut Client) {
        while let Some(frame) = client.try_next().await {
            match frame["type"].as_str().unwrap() {
                "synced" => match self.unacknowledged.clone() {
                    Some(again) => drop(client.try_send(again).await),
                    None => self.write(client).await,
                },
                "catch_up" | "page" => {
                    for event in frame["events"].as_array().unwrap() {
                        self.take(event);
                    }
                    let more = frame["type"] == "page" && self.cursor() < frame["last_seq"].as_u64().unwrap();
                    if more || frame["gap"] == true {
                        let (group, after) = (self.scene.group, self.cursor());
                        let history = json!({"type": "history", "id": 8, "conversation": group, "after_seq": after, "limit": 100});
                        client.try_send(history).await;
                    }
                }
                "event" => self.take(&frame),
                "ack" => {
                    self.unacknowledged = None;
                    self.scene.acknowledged.send_modify(|count| *count += 1);
                    self.write(client).await;
                }
                "goodbye" => {
                    assert_eq!(frame["reason"], "shutdown");
                    self.hints_ms.push(frame["reconnect_after_ms"].as_u64().unwrap());
                }
                // It came to a node that was stopping: there is another one.
                "error" if frame["code"] == "unavailable" => return,
                "error" => panic!("{frame}"),
                _ => {}
            }
            if self.is_done() {
                return;
            }
        }
    }

    async fn run(mut self) -> Self {
        for attempt in 0.. {
            if let Some(mut client) = self.connect(attempt).await {
                self.chat(&mut client).await;
            }
            if self.is_done() {
                break;
            }
        }
        self
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_nothing_and_spreads_the_return() {
    let world = World::new();
    let exchange = Exchange::default();
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(world.server_on(Arc::new(exchange.node())).await);
    }
    let mut people = Vec::new();
    for place in 0..PEOPLE {
        people.push(world.person(&format!("person{place}")).await);
    }
    let others: Vec<&Person> = people.iter().skip(1).collect();
    let group = nodes[0].group(&people[0], &others).await;
    let (acknowledged, mut progress) = watch::channel(0);
    let scene = Scene {
        nodes: Arc::new(Mutex::new(nodes)),
        acknowledged,
        group,
    };
    let tasks = TaskTracker::new();
    let mut chatters = Vec::new();
    for (place, person) in people.into_iter().enumerate() {
        let chatter = Chatter {
            scene: scene.clone(),
            place,
            person,
            log: BTreeMap::new(),
            written: 0,
            unacknowledged: None,
            hints_ms: Vec::new(),
        };
        chatters.push(tasks.spawn(chatter.run()));
    }
    // One after the other while they talk, each replaced by a new one once it has ended.
    for part in 1..=NODES {
        let until = PEOPLE * EACH * part / (NODES + 1);
        progress.wait_for(|count| *count >= until).await.unwrap();
        let stopping = scene.nodes.lock().unwrap().remove(0);
        stopping.stop().await;
        let fresh = world.server_on(Arc::new(exchange.node())).await;
        scene.nodes.lock().unwrap().push(fresh);
    }
    let mut logs = Vec::new();
    let mut hints_ms = Vec::new();
    for chatter in chatters {
        let chatter = chatter.await.unwrap();
        hints_ms.extend(chatter.hints_ms);
        logs.push(chatter.log);
    }
    let texts = |log: &BTreeMap<u64, Value>| {
        let mut texts: Vec<_> = log
            .values()
            .filter_map(|entry| entry["body"]["content"]["text"].as_str())
            .map(str::to_owned)
            .collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len()
    };
    assert_eq!(
        texts(&logs[0]),
        PEOPLE * EACH,
        "everything that was said, once each"
    );
    assert!(logs.iter().all(|log| *log == logs[0]), "all have the same log");
    // A third of them was on each node, and was told to come back within five seconds, no two of a node at once.
    assert!(hints_ms.len() >= PEOPLE / 2, "{hints_ms:?}");
    assert!(hints_ms.iter().all(|hint| *hint < 5_000), "{hints_ms:?}");
    hints_ms.sort_unstable();
    hints_ms.dedup();
    assert!(hints_ms.len() >= PEOPLE / NODES, "not spread: {hints_ms:?}");
}
