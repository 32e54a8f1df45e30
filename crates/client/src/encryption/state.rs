//! What is kept of groups and keys, beside what the layer of groups keeps by itself: in the same map, under keys of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipit_e2ee::{Device, Identity, Port, PortError, Randomness, SignatureKey};
use pipit_wire::{ConversationId, DeviceId, Seq, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::sorted;
use crate::engine::{Engine, RandomSource, Stored};
use crate::profile::Profile;
use crate::storage::{Storage, StorageError};

/// The first byte of what this module keeps: the layer of groups begins with letters.
const POOL: u8 = 1;
const GROUP: u8 = 2;
const PIN: u8 = 3;
const PROFILE: u8 = 7;

/// The engine's storage, as the layer of groups sees it.
pub(super) struct PortOf<'a, S>(pub(super) &'a mut S);

fn port_error(error: StorageError) -> PortError {
    PortError(Box::new(error))
}

impl<S: Storage> Port for PortOf<'_, S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, PortError> {
        self.0.secret(key).map_err(port_error)
    }

    fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, PortError> {
        self.0.secrets(prefix).map_err(port_error)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), PortError> {
        self.0.save_secret(key, value).map_err(port_error)
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), PortError> {
        self.0.remove_secret(key).map_err(port_error)
    }
}

/// The engine's randomness, as the layer of groups sees it.
pub(crate) struct RandomOf<'a>(pub(crate) &'a mut RandomSource);

impl Randomness for RandomOf<'_> {
    fn fill(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }
}

/// How this device stands to a conversation's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Its commit to come in anew is under way.
    Entering,
    /// It is in.
    In,
    /// It was in, and has to come in anew.
    Astray,
}

/// A group that this device has ever been in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupRecord {
    pub(super) stage: Stage,
    /// Everything up to here was taken in.
    pub(super) cursor: Seq,
    /// What was sealed up to here was not sealed for this device.
    pub(super) since: Seq,
    /// Somebody has come in who has not been told what the group is called.
    #[serde(default)]
    pub(super) to_tell: bool,
    /// What was sealed after this was sealed for this device, though it may have lost what opens it. None where it is not in, or was not noted.
    #[serde(default)]
    pub(super) stay_from: Option<Seq>,
}

impl GroupRecord {
    /// Everything up to here was taken in.
    pub(crate) const fn cursor(&self) -> Seq {
        self.cursor
    }

    /// What was sealed up to here was not sealed for this device.
    pub(crate) const fn since(&self) -> Seq {
        self.since
    }

    /// From here on this device knows when others have come in: who is in, and did not come in after this, was there.
    pub(super) fn met(&self) -> Option<Seq> {
        self.stay_from.map(|from| from.max(self.since))
    }

    pub(super) const fn is_in(&self) -> bool {
        matches!(self.stage, Stage::In | Stage::Entering)
    }
}

/// What this device has said of its own keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PoolRecord {
    /// The server has its public key.
    pub(super) is_published: bool,
    /// The last publication of key packages that the server is known to have taken, and the last that was sent.
    pub(super) taken: u64,
    pub(super) tried: u64,
    /// The server's generation then.
    pub(super) generation: String,
}

/// The keys of devices, as the server told them first.
pub(super) type Pins = BTreeMap<Identity, SignatureKey>;

fn group_key(conversation: ConversationId) -> Vec<u8> {
    [&[GROUP], conversation.as_bytes().as_slice()].concat()
}

fn profile_key(conversation: ConversationId) -> Vec<u8> {
    [&[PROFILE], conversation.as_bytes().as_slice()].concat()
}

fn pin_key(device: Identity) -> Vec<u8> {
    [
        &[PIN],
        device.user.as_bytes().as_slice(),
        device.device.as_bytes(),
    ]
    .concat()
}

/// The device that something is kept of: its bytes are the end of the key.
pub(super) fn identity_of(key: &[u8]) -> Option<Identity> {
    let (user, device) = key.split_at_checked(16)?;
    Some(Identity {
        user: UserId::from_bytes(user.try_into().ok()?),
        device: DeviceId::from_bytes(device.try_into().ok()?),
    })
}

impl<S: Storage> Engine<S> {
    pub(super) fn kept<T: DeserializeOwned>(&self, key: &[u8]) -> Stored<Option<T>> {
        let Some(bytes) = self.storage.secret(key)? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|error| StorageError::Corrupt {
            detail: error.to_string(),
        })
    }

    pub(super) fn keep_value<T: Serialize>(&mut self, key: &[u8], value: &T) -> Stored {
        let bytes = serde_json::to_vec(value).map_err(|error| StorageError::Failed(Box::new(error)))?;
        self.storage.save_secret(key, &bytes)
    }

    /// How this device stands to a conversation's group; none where it was never in.
    pub(crate) fn group_record(&self, conversation: ConversationId) -> Stored<Option<GroupRecord>> {
        self.kept(&group_key(conversation))
    }

    pub(super) fn save_group_record(&mut self, conversation: ConversationId, record: GroupRecord) -> Stored {
        self.dirty.conversation(conversation);
        self.archives.look_at_shelf(conversation);
        self.keep_value(&group_key(conversation), &record)
    }

    pub(super) fn forget_group_record(&mut self, conversation: ConversationId) -> Stored {
        self.dirty.conversation(conversation);
        self.storage.remove_secret(&group_key(conversation))
    }

    /// What is known of what an encrypted group is called.
    pub(crate) fn group_profile(&self, conversation: ConversationId) -> Stored<Profile> {
        Ok(self.kept(&profile_key(conversation))?.unwrap_or_default())
    }

    pub(crate) fn keep_profile(&mut self, conversation: ConversationId, profile: &Profile) -> Stored {
        self.keep_value(&profile_key(conversation), profile)
    }

    pub(super) fn forget_profile(&mut self, conversation: ConversationId) -> Stored {
        self.storage.remove_secret(&profile_key(conversation))
    }

    pub(super) fn pool_record(&self) -> Stored<PoolRecord> {
        Ok(self.kept(&[POOL])?.unwrap_or_default())
    }

    pub(super) fn save_pool_record(&mut self, record: &PoolRecord) -> Stored {
        self.keep_value(&[POOL], record)
    }

    /// The keys that the server has told of devices.
    pub(super) fn pins(&mut self) -> Stored<&Arc<Pins>> {
        if self.encryption.pins.is_none() {
            let mut pins = Pins::new();
            for key in self.storage.secrets(&[PIN])? {
                let value = self.storage.secret(&key)?;
                let read = value.and_then(|value| Some(SignatureKey(value.try_into().ok()?)));
                if let (Some(device), Some(said)) = (key.get(1..).and_then(identity_of), read) {
                    pins.insert(device, said);
                }
            }
            self.encryption.pins = Some(Arc::new(pins));
        }
        Ok(self.encryption.pins.get_or_insert_default())
    }

    /// The key that the server has told of a device first.
    pub(crate) fn pinned_key(&mut self, device: Identity) -> Stored<Option<SignatureKey>> {
        Ok(self.pins()?.get(&device).copied())
    }

    /// This device's public key, once the server has it.
    pub(crate) fn published_key(&mut self) -> Stored<Option<SignatureKey>> {
        if !self.pool_record()?.is_published {
            return Ok(None);
        }
        self.own_key()
    }

    /// This device's public key, made where there is none yet.
    pub(crate) fn own_key(&mut self) -> Stored<Option<SignatureKey>> {
        self.require_device()?;
        Ok(self.encryption.device.as_ref().map(Device::signature_key))
    }

    /// Keeps what the server says of a device's key, where it has said nothing before. False where it has said something else.
    pub(super) fn pin(&mut self, device: Identity, said: SignatureKey) -> Stored<bool> {
        if let Some(known) = self.pins()?.get(&device) {
            return Ok(*known == said);
        }
        self.storage.save_secret(&pin_key(device), &said.0)?;
        Arc::make_mut(self.encryption.pins.get_or_insert_default()).insert(device, said);
        Ok(true)
    }

    /// This device's own keys, made with the first use.
    pub(super) fn require_device(&mut self) -> Stored {
        if self.encryption.device.is_some() {
            return Ok(());
        }
        let Some(session) = &self.session else {
            return Ok(());
        };
        let identity = Identity {
            user: session.me.profile.user,
            device: session.device,
        };
        let mut port = PortOf(&mut self.storage);
        let opened = match sorted(Device::open(&port))? {
            Ok(Some(device)) => Ok(device),
            Ok(None) => {
                let mut random = RandomOf(&mut self.config.random);
                sorted(Device::create(&mut port, &mut random, identity))?
            }
            Err(error) => Err(error),
        };
        let device = opened.map_err(|error| StorageError::Corrupt {
            detail: error.to_string(),
        })?;
        self.encryption.device = Some(device);
        Ok(())
    }
}
