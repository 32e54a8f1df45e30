//! OpenMLS's storage, over a [`Port`]: reads go through, writes are gathered and applied when the whole call has succeeded.
//!
//! OpenMLS writes in the middle of its work, and what it holds in memory has changed too when it then refuses something. Gathering makes a
//! refused call one that has written nothing; the group in memory is dropped and read again. It also makes one write of what OpenMLS writes several
//! times in a call.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::codec::{self, CodecError};
use crate::port::{Port, PortError};

mod provider;

/// Why storage refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// What is to be written under each key; nothing where it is to be removed.
pub(crate) type Writes = BTreeMap<Vec<u8>, Option<Zeroizing<Vec<u8>>>>;

/// A port with what one call changes on top.
pub(crate) struct Overlay<'a> {
    port: &'a dyn Port,
    writes: RefCell<Writes>,
}

/// What a key is about. The numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    // Of a group, below its id.
    JoinConfig = 1,
    OwnLeafNodes = 2,
    ProposalRefs = 3,
    Proposal = 4,
    Tree = 5,
    InterimTranscriptHash = 6,
    Context = 7,
    ConfirmationTag = 8,
    GroupState = 9,
    MessageSecrets = 10,
    ResumptionPsks = 11,
    OwnLeafIndex = 12,
    EpochSecrets = 13,
    EpochKeyPairs = 14,
    Record = 15,
    Pending = 16,
    Goals = 17,
    // Of the device.
    SignatureKeyPair = 32,
    EncryptionKeyPair = 33,
    KeyPackage = 34,
    Psk = 35,
    Device = 36,
    Pool = 37,
}

/// The first byte of what belongs to a group, and of what belongs to the device.
const GROUP: u8 = b'g';
const DEVICE: u8 = b'd';

/// What every key of a group begins with. Group ids are written with their length: none is the beginning of another.
pub(crate) fn group_prefix(group: &impl Serialize) -> Result<Vec<u8>, CodecError> {
    postcard::to_extend(group, vec![GROUP]).map_err(|_| CodecError::Unstorable)
}

/// The key of something of a group.
pub(crate) fn group_key(group: &impl Serialize, kind: Kind) -> Result<Vec<u8>, CodecError> {
    let mut key = group_prefix(group)?;
    key.push(kind as u8);
    Ok(key)
}

/// The same, where there are several of the kind.
pub(crate) fn group_item_key(
    group: &impl Serialize,
    kind: Kind,
    item: &impl Serialize,
) -> Result<Vec<u8>, CodecError> {
    postcard::to_extend(item, group_key(group, kind)?).map_err(|_| CodecError::Unstorable)
}

/// The key of something of the device.
pub(crate) fn device_key(kind: Kind, item: &impl Serialize) -> Result<Vec<u8>, CodecError> {
    postcard::to_extend(item, vec![DEVICE, kind as u8]).map_err(|_| CodecError::Unstorable)
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(port: &'a dyn Port) -> Self {
        Self {
            port,
            writes: RefCell::default(),
        }
    }

    /// What is to be written.
    pub(crate) fn into_writes(self) -> Writes {
        self.writes.into_inner()
    }

    /// What is stored under a key.
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StorageError> {
        let written = self.writes.borrow().get(key).cloned();
        let bytes = match written {
            Some(written) => written,
            None => self.port.get(key)?.map(Zeroizing::new),
        };
        Ok(bytes.map(|bytes| codec::decode(&bytes)).transpose()?)
    }

    /// Whether something is stored under a key.
    pub(crate) fn has(&self, key: &[u8]) -> Result<bool, StorageError> {
        match self.writes.borrow().get(key) {
            Some(written) => Ok(written.is_some()),
            None => Ok(self.port.get(key)?.is_some()),
        }
    }

    /// A list; empty where nothing is stored.
    fn read_list<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Vec<T>, StorageError> {
        Ok(self.read(key)?.unwrap_or_default())
    }

    /// Stores or replaces.
    pub(crate) fn write<T: Serialize + ?Sized>(&self, key: Vec<u8>, value: &T) -> Result<(), StorageError> {
        let bytes = codec::encode(value)?;
        self.writes.borrow_mut().insert(key, Some(bytes));
        Ok(())
    }

    /// Adds to the end of a list.
    fn append<T: Serialize + DeserializeOwned>(&self, key: Vec<u8>, value: &T) -> Result<(), StorageError> {
        // Items are kept encoded, so that what is only borrowed can be added to what was read.
        let mut items: Vec<Vec<u8>> = self.read_list(&key)?;
        items.push(codec::encode(value)?.to_vec());
        self.write(key, &items)
    }

    /// A list that was appended to.
    fn appended<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Vec<T>, StorageError> {
        let items: Vec<Vec<u8>> = self.read_list(key)?;
        let items = items.iter().map(|item| codec::decode(item));
        Ok(items.collect::<Result<_, _>>()?)
    }

    /// Removes.
    pub(crate) fn remove(&self, key: Vec<u8>) {
        self.writes.borrow_mut().insert(key, None);
    }

    /// Removes everything of a group.
    pub(crate) fn remove_group(&self, group: &impl Serialize) -> Result<(), StorageError> {
        let prefix = group_prefix(group)?;
        let stored = self.port.keys(&prefix)?;
        let mut writes = self.writes.borrow_mut();
        writes.retain(|key, _| !key.starts_with(&prefix));
        writes.extend(stored.into_iter().map(|key| (key, None)));
        Ok(())
    }
}
