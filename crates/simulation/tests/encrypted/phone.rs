//! The devices: their stores, what they believe, and what was seen of them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{Authority, Device, Identity, MemoryPort, Randomness, SignatureKey};
use pipit_server::error::ServiceError;
use pipit_server::service::access::Caller;
use pipit_simulation::server::Server;
use pipit_store::Store as _;
use pipit_store::account::NewDevice;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::rest::encryption as keys;
use pipit_wire::{ErrorCode, EventId, Seq, Timestamp, UserId};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The system's time: OpenMLS compares lifetimes of key packages with it.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "OpenMLS reads the same clock")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

pub(crate) struct Seeded(pub(crate) ChaCha8Rng);

impl Randomness for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

/// What devices believe: keys as the server has ever told them, for they read commits about those who have gone since.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    pub(crate) keys: BTreeMap<Identity, SignatureKey>,
    pub(crate) owner: Option<UserId>,
    pub(crate) members: BTreeSet<UserId>,
}

impl Authority for Directory {
    fn vouches(&self, device: Identity, key: &SignatureKey) -> bool {
        self.keys.get(&device) == Some(key)
    }

    fn may_add(&self, actor: UserId, _: UserId) -> bool {
        self.owner == Some(actor)
    }

    fn may_remove(&self, actor: UserId, _: UserId) -> bool {
        self.owner == Some(actor)
    }

    fn may_join(&self, newcomer: UserId) -> bool {
        self.members.contains(&newcomer)
    }
}

/// What a copy of a device's store has, and where it was then.
pub(crate) struct OldCopy {
    pub(crate) port: MemoryPort,
    pub(crate) publications: u64,
    pub(crate) cursor: Option<Seq>,
    pub(crate) reads_after: Seq,
}

pub(crate) struct Phone {
    pub(crate) caller: Caller,
    pub(crate) me: Identity,
    pub(crate) port: MemoryPort,
    pub(crate) device: Device,
    pub(crate) random: Seeded,
    /// How many times it has published key packages, as it knows.
    pub(crate) publications: u64,
    /// The last entry that it has read; none where it has been in no group.
    pub(crate) cursor: Option<Seq>,
    /// It must be able to read what comes after this.
    pub(crate) reads_after: Seq,
    /// Said, and not in the log yet.
    pub(crate) waiting: Option<(EventId, String)>,
    pub(crate) copy: Option<OldCopy>,
    /// It has to come in anew.
    pub(crate) astray: bool,
    pub(crate) signed_out: bool,
}

/// An entry, as the one who watches everything knows it.
pub(crate) struct Entry {
    pub(crate) from: Identity,
    pub(crate) text: Option<String>,
    pub(crate) members: BTreeSet<Identity>,
}

#[derive(Default, Debug)]
pub(crate) struct Counts {
    pub(crate) read: u32,
    pub(crate) stale: u32,
    pub(crate) races_lost: u32,
    pub(crate) restored: u32,
    pub(crate) came_back: u32,
    pub(crate) refused_outside: u32,
    pub(crate) joined: u32,
}

pub(crate) async fn phone(server: &Server, number: usize, user: UserId) -> Phone {
    let device = server.new_device_id(now());
    let new = NewDevice {
        id: device,
        user,
        name: "a device".to_owned(),
        client: ClientInfo {
            name: "simulation".to_owned(),
            version: "1".to_owned(),
        },
        refresh: server.new_refresh_token().1,
        now: now(),
    };
    server.truth.create_device(new).await.unwrap();
    let me = Identity { user, device };
    let mut port = MemoryPort::default();
    let mut random = Seeded(ChaCha8Rng::seed_from_u64(u64::try_from(number).unwrap()));
    let made = Device::create(&mut port, &mut random, me).unwrap();
    let key = keys::NewDeviceKey {
        signature_key: STANDARD.encode(made.signature_key().0),
        vouch: None,
    };
    let caller = Caller {
        user,
        device: Some(device),
    };
    let encryption = &server.running(0).unwrap().node.encryption;
    encryption.publish_key(caller, key).await.unwrap();
    Phone {
        caller,
        me,
        port,
        device: made,
        random,
        publications: 0,
        cursor: None,
        reads_after: Seq::ZERO,
        waiting: None,
        copy: None,
        astray: false,
        signed_out: false,
    }
}

pub(crate) fn user(number: usize) -> UserId {
    UserId::from_bytes([u8::try_from(number + 1).unwrap(); 16])
}

pub(crate) fn code(error: ServiceError) -> ErrorCode {
    error.into_wire([0; 8]).code
}
