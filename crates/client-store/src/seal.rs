//! Sealing the database's file, page by page, in the file and its journal: in the browser by
//! [SQLite3 Multiple Ciphers](https://utelle.github.io/SQLite3MultipleCiphers/), natively by [SQLCipher](https://www.zetetic.net/sqlcipher/).
//!
//! What the two are asked, and what they cannot, is in a module for each. What is asked of a SQLite that can do neither is refused: it would take the key, say nothing,
//! and write in the clear.

#[cfg(target_family = "wasm")]
mod multiple_ciphers;
#[cfg(not(target_family = "wasm"))]
mod sealing;
#[cfg(not(target_family = "wasm"))]
mod sqlcipher;

use std::fmt::Write as _;

use pipit_client::storage::StorageError;
use rusqlite::Connection;
use zeroize::Zeroizing;

#[cfg(target_family = "wasm")]
pub(crate) use self::multiple_ciphers::open;
#[cfg(feature = "native")]
pub(crate) use self::sealing::{beside, failed, remove};
#[cfg(feature = "native")]
pub(crate) use self::sqlcipher::is_plain;
#[cfg(not(target_family = "wasm"))]
pub(crate) use self::sqlcipher::open;
use crate::error::storage_error;

/// The key as digits: no password, from which a key would have to be derived. What stands around them says so.
fn raw(before: &str, key: &[u8; 32], after: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(before.len() + 2 * key.len() + after.len()));
    text.push_str(before);
    for byte in key {
        // Writing to a string does not fail.
        let _ = write!(*text, "{byte:02x}");
    }
    text.push_str(after);
    text
}

fn read(connection: &Connection) -> Result<(), StorageError> {
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(storage_error)
}
