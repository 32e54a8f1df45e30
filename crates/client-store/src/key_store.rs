//! Keys in the system's key store: the Secret Service on the session's D-Bus (Linux and others), the Keychain (macOS), the Credential Manager (Windows).

use std::sync::Arc;

use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

/// What the keys of this program are filed under.
const SERVICE: &str = "pipit";

/// Why a key could not be got from the system's key store, kept or removed.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// There is none. Without it the store is not opened: it would lie in the clear.
    #[error(
        "this system has no key store that answers, and the store is not opened without: on Linux run a Secret Service \
         (gnome-keyring, KWallet or KeePassXC) on the session's D-Bus, which DBUS_SESSION_BUS_ADDRESS names"
    )]
    Absent(#[source] Error),
    /// It is locked, and nobody has unlocked it; or nobody has ever given it a password.
    #[error(
        "the system's key store is locked: unlock it (by its own program, or by signing in to the desktop), then try again"
    )]
    Locked(#[source] Error),
    /// What it has for this account is no key of this program, or not what it was given.
    #[error("the system's key store has something else in place of this store's key")]
    NotOurs,
    /// Anything else.
    #[error("the system's key store failed")]
    Failed(#[source] Error),
}

/// The key of one account.
pub(crate) struct Keys {
    entry: Entry,
}

/// Does something with the key of this account, on a thread of its own: some of what carries it waits in ways that an asynchronous runtime's threads must not.
pub(crate) fn on_thread<T: Send>(
    account: &str,
    work: impl FnOnce(&Keys) -> Result<T, KeyStoreError> + Send,
) -> Result<T, KeyStoreError> {
    let done = std::thread::scope(|scope| {
        let thread = scope.spawn(|| work(&Keys::of(account)?));
        thread.join()
    });
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Keys {
    fn of(account: &str) -> Result<Self, KeyStoreError> {
        let store = system().map_err(KeyStoreError::Absent)?;
        let entry = store.build(SERVICE, account, None).map_err(sort)?;
        Ok(Self { entry })
    }

    /// The key, where there is one.
    pub(crate) fn find(&self) -> Result<Option<Zeroizing<[u8; 32]>>, KeyStoreError> {
        let found = match self.entry.get_secret() {
            Ok(found) => Zeroizing::new(found),
            Err(Error::NoEntry) => return Ok(None),
            Err(error) => return Err(sort(error)),
        };
        let mut key = Zeroizing::new([0; 32]);
        if found.len() != key.len() {
            return Err(KeyStoreError::NotOurs);
        }
        key.copy_from_slice(&found);
        Ok(Some(key))
    }

    /// Keeps a key, and looks whether it is kept: what is sealed under another one is lost.
    pub(crate) fn keep(&self, key: &[u8; 32]) -> Result<(), KeyStoreError> {
        self.entry.set_secret(key).map_err(sort)?;
        match self.find()? {
            Some(kept) if *kept == *key => Ok(()),
            _ => Err(KeyStoreError::NotOurs),
        }
    }

    /// Removes the key. There need not be one.
    pub(crate) fn remove(&self) -> Result<(), KeyStoreError> {
        match self.entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(sort(error)),
        }
    }
}

fn system() -> Result<Arc<CredentialStore>, Error> {
    #[cfg(target_os = "macos")]
    let store = apple_native_keyring_store::keychain::Store::new()?;
    #[cfg(windows)]
    let store = windows_native_keyring_store::Store::new()?;
    #[cfg(all(unix, not(target_os = "macos")))]
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

/// Two errors have in them what the key store has; they are not passed on.
fn sort(error: Error) -> KeyStoreError {
    match error {
        Error::NoStorageAccess(_) => KeyStoreError::Locked(error),
        Error::BadEncoding(bytes) | Error::BadDataFormat(bytes, _) => {
            drop(Zeroizing::new(bytes));
            KeyStoreError::NotOurs
        }
        error => KeyStoreError::Failed(error),
    }
}
