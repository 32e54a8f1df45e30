//! The schema's history, forwards only: `migrations/NNNN_name.sql`, one transaction each, counted in `user_version`.

use pipit_store::error::StoreError;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::store_error;

/// In order; the schema's number is how many of them have run. One that has been released never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_server_key.sql"),
    include_str!("../migrations/0003_blob.sql"),
    include_str!("../migrations/0004_no_unread_index.sql"),
    include_str!("../migrations/0005_personal.sql"),
    include_str!("../migrations/0006_pruning.sql"),
    include_str!("../migrations/0007_message_change.sql"),
    include_str!("../migrations/0008_group.sql"),
    include_str!("../migrations/0009_group_avatar.sql"),
];

/// Says in the file's header whose database it is: "Pipi" in ASCII.
const APPLICATION_ID: i32 = 0x5069_7069;

/// The newest schema that this binary knows.
fn known_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Refuses a newer schema, and a file that is somebody else's. Writes nothing.
pub(crate) fn check(db: &Connection) -> Result<u32, StoreError> {
    let found: u32 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(store_error)?;
    let known = known_version();
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    refuse_foreign(db, found)?;
    Ok(found)
}

/// Brings the database to the newest schema, where [`check`] lets it.
pub(crate) fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let found = check(db)?;
    for (sql, version) in MIGRATIONS.iter().zip(1_u32..).skip(found as usize) {
        apply(db, sql, version).map_err(store_error)?;
    }
    Ok(())
}

fn refuse_foreign(db: &Connection, found: u32) -> Result<(), StoreError> {
    let application: i32 = db
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(store_error)?;
    let tables: u32 = db
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(store_error)?;
    let empty = found == 0 && tables == 0 && application == 0;
    if empty || (found > 0 && application == APPLICATION_ID) {
        return Ok(());
    }
    Err(StoreError::Corrupt {
        detail: format!("not a database of Pipit's: schema {found}, application {application:#x}"),
    })
}

fn apply(db: &mut Connection, sql: &str, version: u32) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(sql)?;
    tx.pragma_update(None, "user_version", version)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.commit()
}

/// The SQL of a freshly migrated database: every table and index, sorted by kind and name.
pub(crate) fn dump() -> Result<String, StoreError> {
    let mut db = Connection::open_in_memory().map_err(store_error)?;
    migrate(&mut db)?;
    let mut statement = db
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
        .map_err(store_error)?;
    let all = statement
        .query_map([], |row| row.get::<_, String>(0))
        .map_err(store_error)?;
    let mut dump = String::new();
    for sql in all {
        dump.push_str(&sql.map_err(store_error)?);
        dump.push_str(";\n\n");
    }
    Ok(dump)
}
