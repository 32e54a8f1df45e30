//! A device's keys and groups, and how a call on it is carried out: on a storage that keeps what it writes until the call has succeeded.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use openmls::prelude::{GroupId, MlsGroup, SignatureScheme};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::signatures::Signer as _;
use pipit_wire::key_log::{KeyHolder, VouchBytes, vouch_bytes};
use pipit_wire::{ConversationId, DeviceId};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;
use crate::identity::{Identity, SignatureKey};
use crate::port::Port;
use crate::random::{Rand, Randomness};
use crate::storage::{Kind, Overlay, Writes, device_key, group_key};

/// How many groups are kept ready in memory. Reading one again costs what its tree costs to decode.
const HELD_MAX: usize = 64;

/// How a group's state on this device stands to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It is the device's own, as far as is known.
    Current,
    /// The log has entries of this device that the state does not know: it is an old copy that was restored. Nothing is sealed with it.
    OldCopy,
    /// A commit to rejoin is under way.
    Rejoining,
}

/// What is kept of a group beside what OpenMLS keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// How many messages, commits and proposals this device has sealed in it, in all epochs.
    pub(crate) count: u64,
    pub(crate) standing: Standing,
}

/// A group in memory, with its record.
pub(crate) struct Held {
    pub(crate) group: MlsGroup,
    pub(crate) record: Record,
}

/// This device, as it is stored.
#[derive(Serialize, Deserialize)]
struct DeviceRecord {
    identity: Identity,
    key: SignatureKey,
    secret: [u8; 32],
}

impl Drop for DeviceRecord {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// A device: its signature key, its key packages, its groups. Everything that lasts is behind the [`Port`]; groups are kept in
/// memory only to be at hand.
pub struct Device {
    pub(crate) identity: Identity,
    pub(crate) key: SignatureKey,
    signer: SignatureKeyPair,
    crypto: RustCrypto,
    groups: BTreeMap<ConversationId, Held>,
    pub(crate) confirmed: BTreeSet<ConversationId>,
}

/// What one call works with.
pub(crate) struct Step<'a> {
    pub(crate) provider: Provider<'a>,
    pub(crate) signer: &'a SignatureKeyPair,
    pub(crate) identity: Identity,
    pub(crate) key: SignatureKey,
}

/// OpenMLS's view of it.
pub(crate) struct Provider<'a> {
    crypto: &'a RustCrypto,
    rand: Rand<'a>,
    pub(crate) storage: Overlay<'a>,
}

impl<'a> OpenMlsProvider for Provider<'a> {
    type CryptoProvider = RustCrypto;
    type RandProvider = Rand<'a>;
    type StorageProvider = Overlay<'a>;

    fn storage(&self) -> &Self::StorageProvider {
        &self.storage
    }

    fn crypto(&self) -> &Self::CryptoProvider {
        self.crypto
    }

    fn rand(&self) -> &Self::RandProvider {
        &self.rand
    }
}

/// A conversation's group has the conversation's id.
pub(crate) fn group_id(conversation: ConversationId) -> GroupId {
    GroupId::from_slice(conversation.as_bytes())
}

/// Applies what a call has changed.
fn flush(port: &mut dyn Port, writes: Writes) -> Result<(), Error> {
    for (key, value) in writes {
        match value {
            Some(value) => port.put(&key, &value)?,
            None => port.delete(&key)?,
        }
    }
    Ok(())
}

impl Step<'_> {
    pub(crate) fn save_record(&self, conversation: ConversationId, record: &Record) -> Result<(), Error> {
        let key = group_key(&group_id(conversation), Kind::Record)?;
        Ok(self.provider.storage.write(key, record)?)
    }

    fn load(&self, conversation: ConversationId) -> Result<Held, Error> {
        let id = group_id(conversation);
        let record = self.provider.storage.read(&group_key(&id, Kind::Record)?)?;
        let group = MlsGroup::load(&self.provider.storage, &id)?;
        match (record, group) {
            (Some(record), Some(group)) => Ok(Held { group, record }),
            _ => Err(Error::NoGroup),
        }
    }
}

impl Device {
    /// Makes this device's signature key and keeps it. Call it once, when the account is signed in; there is one device in a store.
    pub fn create(
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        identity: Identity,
    ) -> Result<Self, Error> {
        let mut secret = Zeroizing::new([0; 32]);
        random.fill(secret.as_mut());
        let key = SignatureKey(SigningKey::from_bytes(&secret).verifying_key().to_bytes());
        let record = DeviceRecord {
            identity,
            key,
            secret: *secret,
        };
        let overlay = Overlay::new(port);
        overlay.write(device_key(Kind::Device, &())?, &record)?;
        let writes = overlay.into_writes();
        flush(port, writes)?;
        Ok(Self::from_record(&record))
    }

    /// The device of this store; none where none was made.
    pub fn open(port: &dyn Port) -> Result<Option<Self>, Error> {
        let record: Option<DeviceRecord> = Overlay::new(port).read(&device_key(Kind::Device, &())?)?;
        Ok(record.as_ref().map(Self::from_record))
    }

    fn from_record(record: &DeviceRecord) -> Self {
        let (secret, public) = (record.secret.to_vec(), record.key.0.to_vec());
        Self {
            identity: record.identity,
            key: record.key,
            signer: SignatureKeyPair::from_raw(SignatureScheme::ED25519, secret, public),
            crypto: RustCrypto::default(),
            groups: BTreeMap::new(),
            confirmed: BTreeSet::new(),
        }
    }

    /// Who this device is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Its public signature key, for the account's list of devices.
    pub fn signature_key(&self) -> SignatureKey {
        self.key
    }

    /// Vouches for another key of the same person: a device's, or a recovery key's.
    pub fn vouch(
        &self,
        holder: KeyHolder,
        device: DeviceId,
        key: &SignatureKey,
    ) -> Result<VouchBytes, Error> {
        let by = self.identity.device;
        let signed = vouch_bytes(self.identity.user, holder, device, &key.0, by);
        let signature = self.signer.sign(&signed).map_err(|_| Error::Malformed)?;
        let signature = signature.try_into().map_err(|_| Error::Malformed)?;
        Ok(VouchBytes { by, signature })
    }

    /// Forgets what is in memory. To be called whenever the transaction around a call was rolled back: what is on disk counts.
    pub fn forget(&mut self) {
        self.groups.clear();
    }

    /// Carries out a call that is about no group, or that makes one.
    pub(crate) fn step<T>(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        work: impl FnOnce(&Step<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let step = self.begin(port, random);
        let done = work(&step)?;
        let writes = step.provider.storage.into_writes();
        flush(port, writes)?;
        Ok(done)
    }

    /// Carries out a call on a group. When it is refused, or cannot be written, the group in memory is dropped: it may be ahead of the disk.
    pub(crate) fn step_in<T>(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
        work: impl FnOnce(&Step<'_>, &mut Held) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let held = self.groups.remove(&conversation);
        let step = self.begin(port, random);
        let mut held = match held {
            Some(held) => held,
            None => step.load(conversation)?,
        };
        let done = work(&step, &mut held)?;
        let writes = step.provider.storage.into_writes();
        flush(port, writes)?;
        self.hold(conversation, held);
        Ok(done)
    }

    /// Keeps a group at hand.
    pub(crate) fn hold(&mut self, conversation: ConversationId, held: Held) {
        if self.groups.len() >= HELD_MAX {
            self.groups.pop_first();
        }
        self.groups.insert(conversation, held);
    }

    fn begin<'a>(&'a self, port: &'a dyn Port, random: &'a mut dyn Randomness) -> Step<'a> {
        Step {
            provider: Provider {
                crypto: &self.crypto,
                rand: Rand::new(random),
                storage: Overlay::new(port),
            },
            signer: &self.signer,
            identity: self.identity,
            key: self.key,
        }
    }
}
