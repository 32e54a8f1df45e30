//! The schema, its migrations, and how the database is set up.

use pipit_client::StorageError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::storage_error;

/// One step a version, forwards only. A step that was ever released is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
    include_str!("schema/0011.sql"),
    include_str!("schema/0012.sql"),
    include_str!("schema/0013.sql"),
    include_str!("schema/0014.sql"),
    include_str!("schema/0015.sql"),
    include_str!("schema/0016.sql"),
    include_str!("schema/0017.sql"),
    include_str!("schema/0018.sql"),
];

/// The newest version that this program knows.
pub(crate) const VERSION: u32 = 18;

/// Marks the file as Pipit's: "Ppit".
const APPLICATION_ID: i32 = 0x5070_6974;

/// What holds for the connection rather than the file.
pub(crate) fn configure(connection: &Connection, durable: bool) -> rusqlite::Result<()> {
    // A plan does not depend on what is bound. Without it, SQLite compares what is bound with the conditions of partial indexes, and
    // plans anew each time that something else is bound: two fifths of all that a client's core did (2026-11-28).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // One process, one connection: the lock is taken once and kept, which also says at once that somebody else has it.
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    if durable {
        let journal = if cfg!(target_family = "wasm") {
            "persist"
        } else {
            "wal"
        };
        connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(()))?;
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", "on")?;
    // Erased is erased: freed pages are overwritten.
    connection.pragma_update(None, "secure_delete", "on")
}

/// Whether the rollback journal keeps its length, and with it old pages, after a commit. That is what makes it cheap.
pub(crate) fn keep_journal(connection: &Connection, keep: bool) -> rusqlite::Result<()> {
    let bytes_max = if keep { -1 } else { 0 };
    connection.pragma_update_and_check(None, "journal_size_limit", bytes_max, |_| Ok(()))
}

/// Brings the schema up to date. All steps are one transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StorageError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(storage_error)?;
    let found: u32 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(storage_error)?;
    if found > VERSION {
        return Err(StorageError::Newer {
            found,
            known: VERSION,
        });
    }
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    for step in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(step).map_err(storage_error)?;
    }
    if found < VERSION {
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .and_then(|()| transaction.pragma_update(None, "user_version", VERSION))
            .map_err(storage_error)?;
    }
    transaction.commit().map_err(storage_error)
}

/// Removes all content. Conversations take with them what belongs to them.
pub(crate) fn erase(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DELETE FROM conversation;
         DELETE FROM entry;
         DELETE FROM upload;
         DELETE FROM outbox;
         DELETE FROM secret;
         DELETE FROM shelf;
         DELETE FROM draft;
         DELETE FROM personal;
         DELETE FROM wish;
         DELETE FROM unsent;
         DELETE FROM picture;
         DELETE FROM profile;
         DELETE FROM session;",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_number_of_steps() {
        assert_eq!(usize::try_from(VERSION).unwrap(), MIGRATIONS.len());
    }
}
