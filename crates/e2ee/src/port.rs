//! What this crate asks of the device's storage: a synchronous map of bytes to bytes, in the caller's transaction.
//!
//! Each call on a [`crate::Device`] reads through the port, gathers what it changes, and writes it at its end: nothing is written
//! by a call that is refused. The port has no commit of its own. The caller puts the message, its cursor and these writes into
//! one transaction (`docs/adr/0007-client-core-sans-io.md`), sends nothing before that is on disk, and calls
//! [`crate::Device::forget`] when it was rolled back: the ratchets roll back with it.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

/// Why the port could not do something. The caller rolls its transaction back.
#[derive(Debug, thiserror::Error)]
#[error("the store of keys failed")]
pub struct PortError(#[from] pub Box<dyn std::error::Error + Send + Sync>);

/// A map of bytes to bytes. Reads see the writes of the same transaction. Keys are at most 100 bytes, values at most a few
/// hundred kilobytes (the tree of a group of 1,000 devices); values are secret.
pub trait Port {
    /// What is stored under this key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, PortError>;
    /// Every key that begins with these bytes.
    fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, PortError>;
    /// Stores or replaces.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), PortError>;
    /// Removes, and overwrites the bytes where the medium allows it. Nothing happens where there is nothing.
    fn delete(&mut self, key: &[u8]) -> Result<(), PortError>;
}

/// A port in memory, for tests: it can be copied (a snapshot), put back (a rollback, or an old copy that was restored), and made
/// to fail at a write.
#[derive(Clone, Default)]
pub struct MemoryPort {
    entries: BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>>,
    writes: u64,
    fail_at: Option<u64>,
}

impl MemoryPort {
    /// Writes and removals so far.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// The `nth` write from now on fails, and every one after it; 0 is the next one. None: no longer.
    pub fn fail_at(&mut self, nth: Option<u64>) {
        self.fail_at = nth.map(|nth| self.writes + nth);
    }

    /// How many bytes are stored, keys included.
    pub fn size(&self) -> usize {
        self.entries
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum()
    }

    /// Whether both hold the same.
    pub fn same(&self, other: &Self) -> bool {
        self.entries == other.entries
    }

    fn count(&mut self) -> Result<(), PortError> {
        if self.fail_at.is_some_and(|at| self.writes >= at) {
            return Err(PortError("this write was to fail".into()));
        }
        self.writes += 1;
        Ok(())
    }
}

impl Port for MemoryPort {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.entries.get(key).map(|value| value.to_vec()))
    }

    fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, PortError> {
        let from = self.entries.range(prefix.to_vec()..);
        let keys = from.map(|(key, _)| key).take_while(|key| key.starts_with(prefix));
        Ok(keys.cloned().collect())
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), PortError> {
        self.count()?;
        self.entries.insert(key.to_vec(), Zeroizing::new(value.to_vec()));
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), PortError> {
        self.count()?;
        self.entries.remove(key);
        Ok(())
    }
}
