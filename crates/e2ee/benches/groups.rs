//! What groups of 10, 100 and 999 devices (one more is added: 1,000) cost: made, entered, changed, spoken in; and how large what travels and what is stored is.
//!
//! `cargo bench -p pipit-e2ee` prints a table and one line of JSON. The group is as it is right after all were added by one commit: no parent of the tree has a
//! key yet, which is the dearest form. `PIPIT_BENCH_DEVICES` asks for other sizes (`10,100`).
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::time::Instant;

use pipit_e2ee::{
    Authority, Device, Goal, Identity, Log, MemoryPort, OutgoingCommit, Randomness, Received, SignatureKey,
    Suite,
};
use pipit_wire::{ConversationId, DeviceId, EventId, Timestamp, UserId};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const CONVERSATION: ConversationId = ConversationId::from_bytes([7; 16]);
const MESSAGES: u64 = 100;
const TEXT: [u8; 100] = [b'a'; 100];
const ROUNDS: usize = 5;

struct Anything;

impl Authority for Anything {
    fn vouches(&self, _: Identity, _: &SignatureKey) -> bool {
        true
    }

    fn may_add(&self, _: UserId, _: UserId) -> bool {
        true
    }

    fn may_remove(&self, _: UserId, _: UserId) -> bool {
        true
    }

    fn may_join(&self, _: UserId) -> bool {
        true
    }
}

struct Seeded(ChaCha20Rng);

impl Randomness for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

struct Phone {
    port: MemoryPort,
    device: Device,
    random: Seeded,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(i64::try_from(since.unwrap().as_millis()).unwrap())
}

fn log(number: u64) -> Log {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Log {
        conversation: CONVERSATION,
        entry: EventId::from_bytes(bytes),
    }
}

impl Phone {
    fn new(number: usize) -> Self {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let identity = Identity {
            user: UserId::from_bytes(id),
            device: DeviceId::from_bytes(id),
        };
        let mut port = MemoryPort::default();
        let mut random = Seeded(ChaCha20Rng::seed_from_u64(number as u64));
        let device = Device::create(&mut port, &mut random, identity).unwrap();
        Self { port, device, random }
    }

    fn key_package(&mut self) -> Vec<u8> {
        let suite = Suite::ALL[0];
        let made = self
            .device
            .make_key_packages(&mut self.port, &mut self.random, suite, 1, now());
        made.unwrap().remove(0)
    }

    fn want(&mut self, goals: &[Goal]) {
        self.device
            .want(
                &mut self.port,
                &mut self.random,
                &Anything,
                CONVERSATION,
                goals,
                now(),
            )
            .unwrap();
    }

    fn commit(&mut self, number: u64) -> OutgoingCommit {
        let commit = self
            .device
            .commit(&mut self.port, &mut self.random, &Anything, log(number), now());
        commit.unwrap().unwrap()
    }

    fn receive(&mut self, number: u64, bytes: &[u8]) -> Received {
        self.device
            .receive(&mut self.port, &mut self.random, &Anything, log(number), bytes)
            .unwrap()
    }

    fn join(&mut self, welcome: &[u8]) {
        self.device
            .join(&mut self.port, &mut self.random, &Anything, CONVERSATION, welcome)
            .unwrap();
    }

    fn seal(&mut self, number: u64, content: &[u8]) -> Vec<u8> {
        let log = log(number);
        let sealed = self.device.seal(
            &mut self.port,
            &mut self.random,
            log.conversation,
            log.entry,
            content,
        );
        sealed.unwrap().bytes
    }
}

/// Milliseconds that something takes, and what came of it.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begin = Instant::now();
    let done = work();
    (begin.elapsed().as_secs_f64() * 1_000.0, done)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The medians of sealing and of opening a message, and how large one is.
fn talk(writer: &mut Phone, reader: &mut Phone) -> (f64, f64, usize) {
    let (mut seals, mut opens, mut bytes) = (Vec::new(), Vec::new(), 0);
    for number in 100..100 + MESSAGES {
        let (seal, sealed) = timed(|| writer.seal(number, &TEXT));
        let (open, received) = timed(|| reader.receive(number, &sealed));
        let Received::Message { .. } = received else {
            panic!("not a message");
        };
        seals.push(seal);
        opens.push(open);
        bytes = sealed.len();
    }
    (median(seals), median(opens), bytes)
}

fn measure(devices: usize) -> Value {
    let mut others: Vec<Phone> = (1..devices).map(Phone::new).collect();
    let (package_ms, packages) = timed(|| others.iter_mut().map(Phone::key_package).collect::<Vec<_>>());
    let mut creator = Phone::new(0);
    let goals: Vec<Goal> = packages
        .into_iter()
        .map(|key_package| Goal::Add { key_package })
        .collect();
    let (create_ms, first) = timed(|| {
        let Phone { port, device, random } = &mut creator;
        device
            .create_group(port, random, CONVERSATION, Suite::ALL[0], now())
            .unwrap();
        creator.want(&goals);
        creator.commit(1)
    });
    let (accept_ms, _) = timed(|| creator.receive(1, &first.commit));
    let welcome = first.welcome.unwrap();
    let joins = others
        .iter_mut()
        .take(ROUNDS)
        .map(|phone| timed(|| phone.join(&welcome)).0);
    let join_ms = median(joins.collect());
    let mut reader = others.swap_remove(0);
    let (mut makes, mut takes, mut renewal_bytes) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS as u64 {
        reader.want(&[Goal::Refresh]);
        let (make, commit) = timed(|| reader.commit(10 + round));
        reader.receive(10 + round, &commit.commit);
        let (take, _) = timed(|| creator.receive(10 + round, &commit.commit));
        makes.push(make);
        takes.push(take);
        renewal_bytes = commit.commit.len();
    }
    let mut newcomer = Phone::new(devices);
    let key_package = newcomer.key_package();
    let (add_ms, added) = timed(|| {
        creator.want(&[Goal::Add { key_package }]);
        creator.commit(20)
    });
    for phone in [&mut creator, &mut reader] {
        phone.receive(20, &added.commit);
    }
    let (seal_ms, open_ms, message_bytes) = talk(&mut creator, &mut reader);
    let stored = reader.port.size();
    reader.device.forget();
    let sealed = creator.seal(900, &TEXT);
    let (first_open_ms, _) = timed(|| reader.receive(900, &sealed));
    json!({
        "devices": devices,
        "key_package_ms": package_ms / f64::from(u32::try_from(devices - 1).unwrap()),
        "create_ms": create_ms,
        "accept_ms": accept_ms,
        "first_commit_bytes": first.commit.len(),
        "welcome_bytes": welcome.len(),
        "join_ms": join_ms,
        "renew_make_ms": median(makes),
        "renew_take_ms": median(takes),
        "renew_bytes": renewal_bytes,
        "add_one_ms": add_ms,
        "add_one_bytes": added.commit.len(),
        "add_one_welcome_bytes": added.welcome.unwrap().len(),
        "seal_ms": seal_ms,
        "open_ms": open_ms,
        "open_after_start_ms": first_open_ms,
        "message_bytes": message_bytes,
        "stored_bytes": stored,
    })
}

fn main() {
    let sizes = std::env::var("PIPIT_BENCH_DEVICES").unwrap_or_else(|_| "10,100,999".to_owned());
    let rows: Vec<Value> = sizes
        .split(',')
        .map(|size| measure(size.parse().unwrap()))
        .collect();
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    for name in names {
        let values = rows.iter().map(|row| match &row[name] {
            Value::Number(number) if number.is_f64() => format!("{:>12.2}", number.as_f64().unwrap()),
            other => format!("{:>12}", other.to_string()),
        });
        println!("{name:<24}{}", values.collect::<String>());
    }
    let mut phone = Phone::new(0);
    phone
        .device
        .create_group(
            &mut phone.port,
            &mut phone.random,
            CONVERSATION,
            Suite::ALL[0],
            now(),
        )
        .unwrap();
    let lengths = [20, 100, 250, 300, 1_000, 4_000, 16_000, 65_536].map(|length| {
        let sealed = phone.seal(1, &vec![b'a'; length]).len();
        println!("content of {length:>6} bytes: sealed {sealed:>6}");
        json!({"content": length, "sealed": sealed})
    });
    println!("{}", json!({"groups": rows, "lengths": lengths}));
}
