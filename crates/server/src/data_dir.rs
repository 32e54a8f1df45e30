//! The folder that keeps everything: made private, locked against a second process, with the key that signs tokens.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::clock::Random;

const LOCK_FILE: &str = "lock";
const KEY_FILE: &str = "token.key";
const KEY_BYTES: usize = 32;

/// The key that signs access tokens. Does not show itself.
#[derive(Clone)]
pub struct SigningKey(pub [u8; KEY_BYTES]);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Something else has its name.
    #[error("{} is not a directory", path.display())]
    NotADirectory {
        /// Where.
        path: PathBuf,
    },
    /// Its file system is read-only.
    #[error("{} is read-only", path.display())]
    ReadOnly {
        /// Where.
        path: PathBuf,
    },
    /// Its disk is full.
    #[error("the disk that holds {} is full", path.display())]
    Full {
        /// Where.
        path: PathBuf,
    },
    /// Whoever runs the server may not use it.
    #[error("there is no permission to use {}", path.display())]
    Forbidden {
        /// Where.
        path: PathBuf,
    },
    /// Another process uses it.
    #[error("another Pipit uses {} already", path.display())]
    Locked {
        /// Where.
        path: PathBuf,
    },
    /// Others may read the key.
    #[error("others may read {} (its mode is {mode:03o})", path.display())]
    KeyExposed {
        /// Where.
        path: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// The key file is not what was written.
    #[error("{} is damaged: it has {bytes} bytes in place of {KEY_BYTES}", path.display())]
    KeyDamaged {
        /// Where.
        path: PathBuf,
        /// How long it is.
        bytes: usize,
    },
    /// Anything else that the system refuses.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataDirError {
    fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path },
            ErrorKind::PermissionDenied => Self::Forbidden { path },
            ErrorKind::NotADirectory => Self::NotADirectory { path },
            _ => Self::Io { path, source },
        }
    }
}

/// The folder, while it is in use. Dropping it lets another process have it.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder where it is missing (for its owner only), and locks it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::from_io(path, source);
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => {
                return Err(DataDirError::NotADirectory {
                    path: path.to_owned(),
                });
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(path)
                    .map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join(LOCK_FILE))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Locked {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Where the embedded database is.
    pub fn database(&self) -> PathBuf {
        self.path.join("pipit.db")
    }

    /// Where files are, unless they are elsewhere.
    pub fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// The key that signs access tokens, made on first use. One that others may read is refused.
    pub fn signing_key(&self, random: &dyn Random) -> Result<SigningKey, DataDirError> {
        let path = self.path.join(KEY_FILE);
        let failed = |source| DataDirError::from_io(&path, source);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.make_key(random).map_err(failed);
            }
            Err(error) => return Err(failed(error)),
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(DataDirError::KeyExposed { path, mode });
        }
        let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
        file.take(KEY_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let bytes_found = bytes.len();
        let key = bytes
            .try_into()
            .map_err(|_wrong_length: Vec<u8>| DataDirError::KeyDamaged {
                path,
                bytes: bytes_found,
            })?;
        Ok(SigningKey(key))
    }

    /// Written beside and renamed, so that a crash leaves either no key or a whole one.
    fn make_key(&self, random: &dyn Random) -> io::Result<SigningKey> {
        let mut key = [0; KEY_BYTES];
        random.fill(&mut key);
        let draft = self.path.join("token.key.new");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&draft, self.path.join(KEY_FILE))?;
        File::open(&self.path)?.sync_all()?;
        Ok(SigningKey(key))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::clock::SystemRandom;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn everything_is_private_and_the_key_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let key = {
            let dir = DataDir::open(&path).unwrap();
            dir.signing_key(&SystemRandom).unwrap()
        };
        let dir = DataDir::open(&path).unwrap();
        assert_eq!(dir.signing_key(&SystemRandom).unwrap().0, key.0);
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join(KEY_FILE)), 0o600);
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
    }

    #[test]
    fn a_second_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _dir = DataDir::open(folder.path()).unwrap();
        assert!(matches!(
            DataDir::open(folder.path()),
            Err(DataDirError::Locked { .. })
        ));
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        dir.signing_key(&SystemRandom).unwrap();
        let path = folder.path().join(KEY_FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            dir.signing_key(&SystemRandom),
            Err(DataDirError::KeyExposed { mode: 0o640, .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for damaged in [0, 31, 33, 10_000] {
            fs::write(&path, vec![7; damaged]).unwrap();
            assert!(
                matches!(
                    dir.signing_key(&SystemRandom),
                    Err(DataDirError::KeyDamaged { .. })
                ),
                "{damaged}"
            );
        }
    }

    #[test]
    fn a_key_that_a_crash_left_half_written_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token.key.new"), b"half").unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        assert!(dir.signing_key(&SystemRandom).is_ok());
    }

    #[test]
    fn a_file_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"").unwrap();
        assert!(matches!(
            DataDir::open(&path),
            Err(DataDirError::NotADirectory { .. })
        ));
        assert!(matches!(
            DataDir::open(&path.join("below")),
            Err(DataDirError::NotADirectory { .. })
        ));
    }
}
