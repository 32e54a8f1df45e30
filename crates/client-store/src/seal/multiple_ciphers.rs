//! In the browser: ChaCha20-Poly1305 by SQLite3 Multiple Ciphers, which seals a file where it is (`docs/adr/0047-sealed-store.md`).

use pipit_client::storage::StorageError;
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::read;
use crate::connect;
use crate::error::storage_error;

/// The library's default, named so that it stays the same.
const CIPHER: &str = "chacha20";

/// Opens the database with its key. One that was not sealed before is sealed first.
pub(crate) fn open(path: &str, vfs: Option<&str>, key: &[u8; 32]) -> Result<Connection, StorageError> {
    let connection = connect(path, vfs)?;
    if unlock(&connection, key)? {
        return Ok(connection);
    }
    drop(connection);
    let connection = connect(path, vfs)?;
    seal(&connection, key)?;
    Ok(connection)
}

fn raw(key: &[u8; 32]) -> Zeroizing<String> {
    super::raw("raw:", key, "")
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
fn unlock(connection: &Connection, key: &[u8; 32]) -> Result<bool, StorageError> {
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
fn seal(connection: &Connection, key: &[u8; 32]) -> Result<(), StorageError> {
    read(connection)?;
    choose(connection)?;
    connection
        .pragma_update_and_check(None, "rekey", raw(key).as_str(), |_| Ok(()))
        .map_err(storage_error)
}
