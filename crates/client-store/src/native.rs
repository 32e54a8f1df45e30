//! The store of a native client: sealed, under a key that the system's key store keeps.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use pipit_client::storage::StorageError;
use zeroize::Zeroizing;

use crate::SqliteStorage;
use crate::key_store::{KeyStoreError, Keys, on_thread};
use crate::seal::{beside, failed, is_plain, remove};

/// Why a native store was not opened, or not erased.
#[derive(Debug, thiserror::Error)]
pub enum NativeError {
    /// The key could not be got, or not be kept. Nothing was opened, and nothing was changed.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// The store is sealed, and there is no key for it, or the key store has it where it is not open. Nothing was changed: only a person can say that the store is
    /// lost, and [`erase_native`] is not to be called before.
    #[error(
        "the store is sealed, and the system's key store shows no key for it: unlock all of the key store, then try again"
    )]
    KeyMissing,
    /// The store itself.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Opens the store at `path`, made where there is none, sealed under the key that the system's key store has for `account`: a name that no other store of this
/// person on this machine has. The key is made where there is neither a key nor a sealed store; a store that was not sealed before is sealed. Without a key store
/// nothing is opened.
///
/// Waits for the person where the key store has to be unlocked, so it is not for a thread that has other things to do.
pub fn open_native(
    path: &Path,
    account: &str,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<SqliteStorage, NativeError> {
    let name = path
        .to_str()
        .ok_or_else(|| StorageError::Failed("the store's path has to be text that is valid UTF-8".into()))?;
    let lock = lock(path)?;
    let key = on_thread(account, Keys::find)?;
    let key = match key {
        Some(key) => key,
        None if is_sealed(path)? => return Err(NativeError::KeyMissing),
        None => {
            let mut made = Zeroizing::new([0; 32]);
            random(&mut *made);
            // In the key store before anything is sealed with it.
            on_thread(account, |keys| keys.keep(&made))?;
            made
        }
    };
    let mut storage = SqliteStorage::open_sealed(name, None, &key)?;
    storage.lock = Some(lock);
    Ok(storage)
}

/// Erases the store at `path` and its key: for signing out, when the storage has been dropped. The key goes first, and with it all that was sealed; where it
/// cannot be removed, the files go all the same, and that is the error. Fails with [`StorageError::Locked`] while the store is open.
pub fn erase_native(path: &Path, account: &str) -> Result<(), NativeError> {
    let _lock = lock(path)?;
    let key_removed = on_thread(account, Keys::remove);
    remove(path)?;
    for what in ["journal", "wal", "shm", "sealing"] {
        remove(&beside(path, what))?;
    }
    Ok(key_removed?)
}

/// Held for as long as the store is open, so that of two processes one makes the key, and none is removed that is in use. The file has nothing in it, and stays.
fn lock(path: &Path) -> Result<File, StorageError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, "lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Whether there is something that a key is needed for.
fn is_sealed(path: &Path) -> Result<bool, StorageError> {
    match path.metadata() {
        Ok(file) => Ok(file.len() > 0 && !is_plain(path)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        // It may be there, and a key that is made now would take the place of its own.
        Err(error) => Err(failed(error)),
    }
}
