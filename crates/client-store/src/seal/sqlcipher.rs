//! Natively: AES-256 with an HMAC over each page by SQLCipher (`docs/adr/0053-native-sealed-store.md`).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pipit_client::storage::StorageError;
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use super::read;
use super::sealing::Sealing;
use crate::connect;
use crate::error::storage_error;

/// What a database begins with that is not sealed. In place of it a sealed one has 16 bytes of salt.
const PLAIN: &[u8; 16] = b"SQLite format 3\0";

/// The form of sealed files that this version of the library makes unless it is told otherwise: AES-256 in CBC mode and HMAC-SHA512, over pages of 4,096 bytes. Named so that it
/// stays the same.
const FORMAT: u32 = 4;

/// Opens the database with its key. One that was not sealed before is sealed first. Fails with [`StorageError::Corrupt`] where it is sealed under another key: that
/// looks like no database, and is left as it was.
pub(crate) fn open(path: &str, vfs: Option<&str>, key: &[u8; 32]) -> Result<Connection, StorageError> {
    if is_plain(Path::new(path))? {
        Sealing::begin(path, vfs)?.finish(key)?;
    }
    let connection = connect(path, vfs)?;
    require(&connection)?;
    connection
        .pragma_update_and_check(None, "key", raw(key).as_str(), |_| Ok(()))
        .map_err(storage_error)?;
    read(&connection)?;
    Ok(connection)
}

/// Whether there is a database that is not sealed. Closing it takes from this process the locks that SQLite has of it, so this is for who does not have it open: `open_native` sees
/// to that, by a lock of another kind.
pub(crate) fn is_plain(path: &Path) -> Result<bool, StorageError> {
    let mut start = Vec::with_capacity(PLAIN.len());
    match File::open(path) {
        Ok(file) => file.take(PLAIN.len() as u64).read_to_end(&mut start),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => Err(error),
    }
    .map_err(|error| StorageError::Failed(Box::new(error)))?;
    Ok(start == PLAIN)
}

/// A literal of SQL: 32 bytes as they are.
pub(super) fn raw(key: &[u8; 32]) -> Zeroizing<String> {
    super::raw("x'", key, "'")
}

/// Fails where this SQLite is not SQLCipher: it does not answer this. Asked in a pragma, for which no key is needed.
pub(super) fn require(connection: &Connection) -> Result<(), StorageError> {
    let version: Option<String> = connection
        .query_row("PRAGMA cipher_version", [], |row| row.get(0))
        .optional()
        .map_err(storage_error)?;
    able(version.as_deref())?;
    // It would write to the terminal that a key does not fit, which the error says.
    connection
        .pragma_update_and_check(None, "cipher_log_level", "NONE", |_| Ok(()))
        .map_err(storage_error)?;
    connection
        .pragma_update(None, "cipher_default_compatibility", FORMAT)
        .map_err(storage_error)
}

fn able(version: Option<&str>) -> Result<(), StorageError> {
    match version {
        Some(_) => Ok(()),
        None => Err(StorageError::Failed(
            "this program was built with a SQLite that cannot seal".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_seal_does_not_pretend_to() {
        assert!(matches!(able(None), Err(StorageError::Failed(_))));
        assert!(able(Some("4.20.0 community")).is_ok());
    }

    /// The tests of the server run on it too, where all are built at once, and tell something about a server that was built by itself, without the cipher.
    #[test]
    fn it_is_the_sqlite_that_the_server_has() {
        require(&Connection::open_in_memory().unwrap()).unwrap();
        assert_eq!(rusqlite::version(), "3.54.1");
    }
}
