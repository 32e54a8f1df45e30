//! What groups of devices cost: made, entered, changed, spoken in; and how large what travels and what is stored is. `benches/groups.rs` measures it natively, `npm run
//! groups` in `apps/web` in a browser's engine.
//!
//! The group is as it is right after all were added by one commit: no parent of the tree has a key yet, which is the dearest form.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it measures: it stops where something fails"
)]

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
    now: Timestamp,
    port: MemoryPort,
    device: Device,
    random: Seeded,
}

/// What tells the time.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Now, for the lifetimes of key packages.
    pub now: Timestamp,
    /// Milliseconds since any moment, with fractions.
    pub steady_ms: fn() -> f64,
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
    fn new(number: usize, now: Timestamp) -> Self {
        let number = u64::try_from(number).unwrap();
        let mut id = [0; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let identity = Identity {
            user: UserId::from_bytes(id),
            device: DeviceId::from_bytes(id),
        };
        let mut port = MemoryPort::default();
        let mut random = Seeded(ChaCha20Rng::seed_from_u64(number));
        let device = Device::create(&mut port, &mut random, identity).unwrap();
        Self {
            now,
            port,
            device,
            random,
        }
    }

    fn key_package(&mut self) -> Vec<u8> {
        let suite = Suite::ALL[0];
        let made = self
            .device
            .make_key_packages(&mut self.port, &mut self.random, suite, 1, self.now);
        made.unwrap().remove(0)
    }

    fn begin(&mut self) {
        self.device
            .create_group(
                &mut self.port,
                &mut self.random,
                CONVERSATION,
                Suite::ALL[0],
                self.now,
            )
            .unwrap();
    }

    fn want(&mut self, goals: &[Goal]) {
        self.device
            .want(
                &mut self.port,
                &mut self.random,
                &Anything,
                CONVERSATION,
                goals,
                self.now,
            )
            .unwrap();
    }

    fn commit(&mut self, number: u64) -> OutgoingCommit {
        let commit = self
            .device
            .commit(&mut self.port, &mut self.random, &Anything, log(number), self.now);
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

impl Clock {
    /// Milliseconds that something takes, and what came of it.
    fn timed<T>(self, work: impl FnOnce() -> T) -> (f64, T) {
        let begin = (self.steady_ms)();
        let done = work();
        ((self.steady_ms)() - begin, done)
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The medians of sealing and of opening a message, and how large one is.
fn talk(clock: Clock, writer: &mut Phone, reader: &mut Phone) -> (f64, f64, usize) {
    let (mut seals, mut opens, mut bytes) = (Vec::new(), Vec::new(), 0);
    for number in 100..100 + MESSAGES {
        let (seal, sealed) = clock.timed(|| writer.seal(number, &TEXT));
        let (open, received) = clock.timed(|| reader.receive(number, &sealed));
        let Received::Message { .. } = received else {
            panic!("not a message");
        };
        seals.push(seal);
        opens.push(open);
        bytes = sealed.len();
    }
    (median(seals), median(opens), bytes)
}

/// What a group of so many devices costs: times in milliseconds, sizes in bytes.
///
/// # Panics
/// Where something fails.
#[must_use]
pub fn measure(devices: usize, clock: Clock) -> Value {
    let mut others: Vec<Phone> = (1..devices).map(|number| Phone::new(number, clock.now)).collect();
    let (package_ms, packages) =
        clock.timed(|| others.iter_mut().map(Phone::key_package).collect::<Vec<_>>());
    let mut creator = Phone::new(0, clock.now);
    let goals: Vec<Goal> = packages
        .into_iter()
        .map(|key_package| Goal::Add { key_package })
        .collect();
    let (create_ms, first) = clock.timed(|| {
        creator.begin();
        creator.want(&goals);
        creator.commit(1)
    });
    let (accept_ms, _) = clock.timed(|| creator.receive(1, &first.commit));
    let welcome = first.welcome.unwrap();
    let joins = others
        .iter_mut()
        .take(ROUNDS)
        .map(|phone| clock.timed(|| phone.join(&welcome)).0);
    let join_ms = median(joins.collect());
    let mut reader = others.swap_remove(0);
    let (mut makes, mut takes, mut renewal_bytes) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS as u64 {
        reader.want(&[Goal::Refresh]);
        let (make, commit) = clock.timed(|| reader.commit(10 + round));
        reader.receive(10 + round, &commit.commit);
        let (take, _) = clock.timed(|| creator.receive(10 + round, &commit.commit));
        makes.push(make);
        takes.push(take);
        renewal_bytes = commit.commit.len();
    }
    let mut newcomer = Phone::new(devices, clock.now);
    let key_package = newcomer.key_package();
    let (add_ms, added) = clock.timed(|| {
        creator.want(&[Goal::Add { key_package }]);
        creator.commit(20)
    });
    for phone in [&mut creator, &mut reader] {
        phone.receive(20, &added.commit);
    }
    let (seal_ms, open_ms, message_bytes) = talk(clock, &mut creator, &mut reader);
    let stored = reader.port.size();
    reader.device.forget();
    let sealed = creator.seal(900, &TEXT);
    let (first_open_ms, _) = clock.timed(|| reader.receive(900, &sealed));
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

/// How long what is sealed is, for contents of some lengths.
///
/// # Panics
/// Where something fails.
#[must_use]
pub fn lengths(now: Timestamp) -> Vec<(usize, usize)> {
    let mut phone = Phone::new(0, now);
    phone.begin();
    let lengths = [20, 100, 250, 300, 1_000, 4_000, 16_000, 65_536];
    lengths
        .map(|length| (length, phone.seal(1, &vec![b'a'; length]).len()))
        .to_vec()
}
