//! Devices in memory, and what the server's log does with what they send.

use std::collections::{BTreeMap, BTreeSet};

use pipit_e2ee::{
    Authority, Device, Error, Goal, Identity, Log, LogHead, MemoryPort, OutgoingCommit, Randomness, Received,
    Sealed, SignatureKey, Suite,
};
use pipit_wire::{ConversationId, DeviceId, EventId, Timestamp, UserId};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

/// The one conversation of most tests.
pub(crate) const CONVERSATION: ConversationId = ConversationId::from_bytes([7; 16]);
/// The person who may add and remove everybody.
pub(crate) const ADMIN: u8 = 1;

/// The system's time: OpenMLS compares lifetimes of key packages with it.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "OpenMLS reads the same clock")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

pub(crate) struct Seeded(pub(crate) ChaCha20Rng);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }
}

impl Randomness for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

pub(crate) fn identity(person: u8, device: u8) -> Identity {
    Identity {
        user: user(person),
        device: DeviceId::from_bytes([person.wrapping_mul(16) + device; 16]),
    }
}

/// Whose keys are whose, and who may do what.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    pub(crate) keys: BTreeMap<Identity, SignatureKey>,
    pub(crate) admins: BTreeSet<UserId>,
    pub(crate) members: BTreeSet<UserId>,
}

impl Authority for Directory {
    fn vouches(&self, device: Identity, key: &SignatureKey) -> bool {
        self.keys.get(&device) == Some(key)
    }

    fn may_add(&self, actor: UserId, _: UserId) -> bool {
        self.admins.contains(&actor)
    }

    fn may_remove(&self, actor: UserId, _: UserId) -> bool {
        self.admins.contains(&actor)
    }

    fn may_join(&self, newcomer: UserId) -> bool {
        self.members.contains(&newcomer)
    }
}

/// Who lets everything pass, as a program that was tampered with.
pub(crate) struct Anything;

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

/// A device with its store.
pub(crate) struct Phone {
    pub(crate) port: MemoryPort,
    pub(crate) device: Device,
    pub(crate) random: Seeded,
}

impl Phone {
    pub(crate) fn new(identity: Identity) -> Self {
        let mut port = MemoryPort::default();
        let seed = u64::from(identity.device.as_bytes()[0]);
        let mut random = Seeded::new(seed);
        let device = Device::create(&mut port, &mut random, identity).unwrap();
        Self { port, device, random }
    }

    pub(crate) fn id(&self) -> Identity {
        self.device.identity()
    }

    pub(crate) fn create(&mut self) {
        self.create_with(Suite::ALL[0]);
    }

    pub(crate) fn create_with(&mut self, suite: Suite) {
        self.device
            .create_group(&mut self.port, &mut self.random, CONVERSATION, suite, now())
            .unwrap();
    }

    pub(crate) fn key_package(&mut self) -> Vec<u8> {
        self.key_package_of(Suite::ALL[0])
    }

    pub(crate) fn make_key_package(&mut self) -> Result<Vec<u8>, Error> {
        let suite = Suite::ALL[0];
        let mut made = self
            .device
            .make_key_packages(&mut self.port, &mut self.random, suite, 1, now())?;
        Ok(made.remove(0))
    }

    pub(crate) fn key_package_of(&mut self, suite: Suite) -> Vec<u8> {
        self.device
            .make_key_packages(&mut self.port, &mut self.random, suite, 1, now())
            .unwrap()
            .remove(0)
    }

    pub(crate) fn want(&mut self, authority: &dyn Authority, goals: &[Goal]) -> Result<(), Error> {
        self.device.want(
            &mut self.port,
            &mut self.random,
            authority,
            CONVERSATION,
            goals,
            now(),
        )
    }

    pub(crate) fn commit(
        &mut self,
        authority: &dyn Authority,
        entry: EventId,
    ) -> Result<Option<OutgoingCommit>, Error> {
        self.device
            .commit(&mut self.port, &mut self.random, authority, log(entry), now())
    }

    pub(crate) fn seal(&mut self, entry: EventId, text: &[u8]) -> Result<Sealed, Error> {
        self.device
            .seal(&mut self.port, &mut self.random, CONVERSATION, entry, text)
    }

    pub(crate) fn receive(
        &mut self,
        authority: &dyn Authority,
        entry: EventId,
        bytes: &[u8],
    ) -> Result<Received, Error> {
        self.device
            .receive(&mut self.port, &mut self.random, authority, log(entry), bytes)
    }

    pub(crate) fn join(&mut self, authority: &dyn Authority, welcome: &[u8]) -> Result<(), Error> {
        self.device
            .join(&mut self.port, &mut self.random, authority, CONVERSATION, welcome)
            .map(drop)
    }

    pub(crate) fn rejected(&mut self) {
        self.device
            .rejected(&mut self.port, &mut self.random, CONVERSATION)
            .unwrap();
    }

    pub(crate) fn confirm(&mut self, head: LogHead) -> Result<(), Error> {
        self.device
            .confirm(&mut self.port, &mut self.random, CONVERSATION, head)
    }

    pub(crate) fn group_info(&mut self) -> Result<Vec<u8>, Error> {
        self.device
            .group_info(&mut self.port, &mut self.random, CONVERSATION)
    }

    pub(crate) fn rejoin(
        &mut self,
        authority: &dyn Authority,
        entry: EventId,
        info: &[u8],
        head: LogHead,
    ) -> Result<OutgoingCommit, Error> {
        self.device.rejoin(
            &mut self.port,
            &mut self.random,
            authority,
            log(entry),
            info,
            head,
        )
    }

    pub(crate) fn members(&mut self) -> BTreeSet<Identity> {
        let view = self.view();
        view.members.into_iter().map(|(identity, _)| identity).collect()
    }

    pub(crate) fn view(&mut self) -> pipit_e2ee::GroupView {
        self.device
            .group(&mut self.port, &mut self.random, CONVERSATION)
            .unwrap()
    }

    /// The process ends and starts again on what is stored.
    pub(crate) fn restart(&mut self) {
        self.device = Device::open(&self.port).unwrap().unwrap();
    }
}

pub(crate) fn log(entry: EventId) -> Log {
    Log {
        conversation: CONVERSATION,
        entry,
    }
}

/// The entry with this number.
pub(crate) fn entry(number: u64) -> EventId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    EventId::from_bytes(bytes)
}

/// Several devices, all in one group, and a directory that knows them. The first one's person may add and remove.
pub(crate) struct Scene {
    pub(crate) directory: Directory,
    pub(crate) phones: Vec<Phone>,
    pub(crate) next: u64,
}

impl Scene {
    /// Devices of these people, which know of each other and share nothing yet.
    pub(crate) fn strangers(people: &[(u8, u8)]) -> Self {
        let phones: Vec<Phone> = people
            .iter()
            .map(|(person, device)| Phone::new(identity(*person, *device)))
            .collect();
        let mut directory = Directory::default();
        directory.admins.insert(user(ADMIN));
        for phone in &phones {
            directory.keys.insert(phone.id(), phone.device.signature_key());
            directory.members.insert(phone.id().user);
        }
        Self {
            directory,
            phones,
            next: 1,
        }
    }

    /// The same, with all of them in the first one's group.
    pub(crate) fn group(people: &[(u8, u8)]) -> Self {
        let mut scene = Self::strangers(people);
        scene.phones[0].create();
        let added: Vec<usize> = (1..people.len()).collect();
        scene.add(0, &added, &[]);
        scene
    }

    pub(crate) fn id(&mut self) -> EventId {
        self.next += 1;
        entry(self.next)
    }

    /// One device adds others by one commit, which these take in too.
    pub(crate) fn add(&mut self, by: usize, added: &[usize], others: &[usize]) {
        let goals: Vec<Goal> = added
            .iter()
            .map(|at| Goal::Add {
                key_package: self.phones[*at].key_package(),
            })
            .collect();
        if goals.is_empty() {
            return;
        }
        let directory = self.directory.clone();
        self.phones[by].want(&directory, &goals).unwrap();
        let outgoing = self.commit(by, others);
        let welcome = outgoing.welcome.unwrap();
        for at in added {
            self.phones[*at].join(&directory, &welcome).unwrap();
        }
    }

    /// One device commits what is to be done, and it and the others take that in.
    pub(crate) fn commit(&mut self, by: usize, others: &[usize]) -> OutgoingCommit {
        let id = self.id();
        let directory = self.directory.clone();
        let outgoing = self.phones[by].commit(&directory, id).unwrap().unwrap();
        for at in std::iter::once(&by).chain(others) {
            let received = self.phones[*at].receive(&directory, id, &outgoing.commit);
            assert!(matches!(received.unwrap(), Received::Changed(_)));
        }
        outgoing
    }

    /// One device says something, and these read it.
    pub(crate) fn say(&mut self, by: usize, text: &str, readers: &[usize]) {
        let id = self.id();
        let directory = self.directory.clone();
        let sealed = self.phones[by].seal(id, text.as_bytes()).unwrap();
        let sender = self.phones[by].id();
        for at in readers {
            let received = self.phones[*at].receive(&directory, id, &sealed.bytes).unwrap();
            let expected = Received::Message {
                late: false,
                sender,
                epoch: sealed.epoch,
                content: text.as_bytes().to_vec(),
            };
            assert_eq!(received, expected);
        }
        assert_eq!(
            self.phones[by].receive(&directory, id, &sealed.bytes).unwrap(),
            Received::Own
        );
    }
}
