//! Sealing the database's file, by [SQLite3 Multiple Ciphers](https://utelle.github.io/SQLite3MultipleCiphers/): ChaCha20-Poly1305 over each page, in the file and its journal.
//!
//! The build for the browser has it. What is asked of a SQLite that has not is refused: it would take the key, say nothing, and write in the clear.

use std::fmt::Write as _;

use pipit_client::storage::StorageError;
use rusqlite::Connection;
use zeroize::Zeroizing;

use crate::error::storage_error;

/// The library's default, named so that it stays the same.
const CIPHER: &str = "chacha20";

/// The key as it is: no password, from which a key would have to be derived.
fn raw(key: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(4 + 2 * key.len()));
    text.push_str("raw:");
    for byte in key {
        // Writing to a string does not fail.
        let _ = write!(*text, "{byte:02x}");
    }
    text
}

/// Says which cipher comes, which plain SQLite does not answer. It is asked in a pragma: a query would read the schema, for which the key is needed.
fn choose(connection: &Connection) -> Result<(), StorageError> {
    let chosen: rusqlite::Result<String> =
        connection.pragma_update_and_check(None, "cipher", CIPHER, |row| row.get(0));
    match chosen {
        Ok(name) if name == CIPHER => Ok(()),
        Ok(name) => Err(StorageError::Failed(
            format!("the store is sealed by {name}").into(),
        )),
        Err(error) => Err(StorageError::Failed(Box::new(error))),
    }
}

/// Opens the file with its key, before anything else is asked of it. False where it is not sealed with this one.
pub(crate) fn unlock(connection: &Connection, key: &[u8; 32]) -> Result<bool, StorageError> {
    choose(connection)?;
    connection
        .pragma_update_and_check(None, "key", raw(key).as_str(), |_| Ok(()))
        .map_err(storage_error)?;
    match read(connection) {
        Ok(()) => Ok(true),
        Err(StorageError::Corrupt { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Seals a file that was not sealed. Fails with [`StorageError::Corrupt`] where it is none, which is what a file under another key looks like.
pub(crate) fn seal(connection: &Connection, key: &[u8; 32]) -> Result<(), StorageError> {
    read(connection)?;
    choose(connection)?;
    connection
        .pragma_update_and_check(None, "rekey", raw(key).as_str(), |_| Ok(()))
        .map_err(storage_error)
}

fn read(connection: &Connection) -> Result<(), StorageError> {
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(storage_error)
}

#[cfg(test)]
mod tests {
    use pipit_client::storage::StorageError;

    use crate::SqliteStorage;

    #[test]
    fn what_cannot_seal_does_not_pretend_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.db");
        let opened = SqliteStorage::open_sealed(path.to_str().unwrap(), None, &[7; 32]);
        assert!(matches!(opened, Err(StorageError::Failed(_))), "{opened:?}");
    }
}
