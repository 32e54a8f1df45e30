//! The schema's history, forwards only: `migrations/NNNN_name.sql`, one transaction each, counted in `user_version`.

use pipit_store::error::StoreError;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::store_error;
use crate::key_log;

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
    include_str!("../migrations/0009_hidden.sql"),
    include_str!("../migrations/0010_expiry.sql"),
    include_str!("../migrations/0011_search.sql"),
    include_str!("../migrations/0012_notes.sql"),
    include_str!("../migrations/0013_request.sql"),
    include_str!("../migrations/0014_picture.sql"),
    include_str!("../migrations/0015_poll.sql"),
    include_str!("../migrations/0016_scheduled.sql"),
    include_str!("../migrations/0017_push.sql"),
    include_str!("../migrations/0018_encryption.sql"),
    include_str!("../migrations/0019_privacy.sql"),
    include_str!("../migrations/0020_key_log.sql"),
    include_str!("../migrations/0021_archive.sql"),
    include_str!("../migrations/0022_scheduled_file.sql"),
    include_str!("../migrations/0023_shared_history.sql"),
    include_str!("../migrations/0024_report.sql"),
    include_str!("../migrations/0025_removal.sql"),
    include_str!("../migrations/0026_log_without_references.sql"),
];

/// The schema from which on there are key logs: those of the keys that were there before begin with it.
const KEY_LOG: u32 = 20;

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

/// A table that is made anew is dropped while others refer to it: references are checked again when all is in place, by those who write.
/// <https://www.sqlite.org/lang_altertable.html#otheralter>
fn apply(db: &mut Connection, sql: &str, version: u32) -> rusqlite::Result<()> {
    let checked: bool = db.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
    db.pragma_update(None, "foreign_keys", false)?;
    let applied = apply_unchecked(db, sql, version);
    db.pragma_update(None, "foreign_keys", checked)?;
    applied
}

fn apply_unchecked(db: &mut Connection, sql: &str, version: u32) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(sql)?;
    if version == KEY_LOG {
        key_log::begin(&tx)?;
    }
    // A migration that writes the schema's text itself does not say to others that it has.
    let schema: u32 = tx.pragma_query_value(None, "schema_version", |row| row.get(0))?;
    tx.pragma_update(None, "schema_version", schema.wrapping_add(1))?;
    tx.pragma_update(None, "user_version", version)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.commit()
}

/// The SQL of a freshly migrated database: every table and index, sorted by kind and name, but for the tables that SQLite makes for its
/// own full-text index.
pub(crate) fn dump() -> Result<String, StoreError> {
    let mut db = Connection::open_in_memory().map_err(store_error)?;
    migrate(&mut db)?;
    let mut statement = db
        .prepare(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
            AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
            ORDER BY type DESC, name",
        )
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

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::*;

    const NOTES: usize = 12;
    const REFERENCES: usize = 26;

    /// Every device that had a key is in its account's log, as nobody has vouched for it.
    #[test]
    fn key_logs_begin_with_the_keys_that_there_are() {
        let mut db = Connection::open_in_memory().unwrap();
        for (sql, version) in MIGRATIONS.iter().zip(1_u32..).take(KEY_LOG as usize - 1) {
            apply(&mut db, sql, version).unwrap();
        }
        let id = |number: u8| [number; 16];
        for user in [id(1), id(2)] {
            db.execute(
                "INSERT INTO user (id, handle, name, password, admin, created_at) VALUES (?1, ?2, 'A', '', 0, 0)",
                params![user, format!("user{}", user[0])],
            )
            .unwrap();
        }
        for (device, user, at) in [(4, 1, 50), (3, 1, 60), (5, 2, 70)] {
            db.execute(
                "INSERT INTO device (id, user, name, client_name, client_version, signed_in_at, last_seen_at)
                VALUES (?1, ?2, '', '', '', ?3, ?3)",
                params![id(device), id(user), at],
            )
            .unwrap();
            db.execute(
                "INSERT INTO device_key (device, user, signature_key) VALUES (?1, ?2, ?3)",
                params![id(device), id(user), [device; 32]],
            )
            .unwrap();
        }
        migrate(&mut db).unwrap();
        let log = |user: u8| key_log::read(&db, pipit_wire::UserId::from_bytes(id(user)), 0, 9).unwrap();
        let devices: Vec<_> = log(1)
            .iter()
            .map(|record| *record.entry.device.as_bytes())
            .collect();
        assert_eq!(devices, [id(4), id(3)], "by their sign-in");
        let all = log(1);
        assert_eq!(
            all[1].hash,
            pipit_store::key_log::hash(&all[1].entry, &all[0].hash)
        );
        assert_eq!(all[1].entry.at.as_ms(), 60);
        assert_eq!(log(2).len(), 1);
    }

    #[test]
    fn a_table_that_is_made_anew_keeps_its_rows_and_what_refers_to_them() {
        let mut db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "foreign_keys", true).unwrap();
        for (sql, version) in MIGRATIONS.iter().zip(1_u32..).take(NOTES - 1) {
            apply(&mut db, sql, version).unwrap();
        }
        let id = |number: u8| [number; 16];
        for user in [id(1), id(2)] {
            db.execute(
                "INSERT INTO user (id, handle, name, password, admin, created_at) VALUES (?1, ?2, 'A', '', 0, 0)",
                params![user, format!("user{}", user[0])],
            )
            .unwrap();
        }
        let direct = |db: &Connection, number: u8, low: u8, high: u8| {
            db.execute(
                "INSERT INTO conversation (id, kind, low, high, last_seq, last_at, last_message_seq, member_count, owner_count, topic)
                VALUES (?1, 0, ?2, ?3, 1, 5, 0, 2, 0, 'kept')",
                params![id(number), id(low), id(high)],
            )
        };
        direct(&db, 7, 1, 2).unwrap();
        direct(&db, 8, 1, 1).unwrap_err();
        db.execute(
            "INSERT INTO member (conversation, user, role, first_seq, delivered_seq, read_seq) VALUES (?1, ?2, 0, 1, 0, 0)",
            params![id(7), id(1)],
        )
        .unwrap();

        migrate(&mut db).unwrap();

        direct(&db, 8, 1, 1).unwrap();
        direct(&db, 9, 1, 1).unwrap_err();
        direct(&db, 9, 2, 1).unwrap_err();
        let kept: (String, u32) = db
            .query_row(
                "SELECT topic, (SELECT count(*) FROM member WHERE member.conversation = conversation.id)
                FROM conversation WHERE id = ?1",
                [id(7)],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(kept, ("kept".to_owned(), 1));
        let broken: u32 = db
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(broken, 0);
        db.execute("DELETE FROM conversation WHERE id = ?1", [id(7)])
            .expect_err("a member refers to it, and that is checked again");
    }

    /// Only the text of the log's table changes: its entries and its indexes are where they were.
    #[test]
    fn the_log_loses_its_references_and_nothing_else() {
        let mut db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "foreign_keys", true).unwrap();
        for (sql, version) in MIGRATIONS.iter().zip(1_u32..).take(REFERENCES - 1) {
            apply(&mut db, sql, version).unwrap();
        }
        let insert = |db: &Connection, seq: u8| {
            db.execute(
                "INSERT INTO event (conversation, seq, id, kind, sender, at, body) VALUES (?1, ?2, ?3, 1, ?1, 0, '{}')",
                params![[7_u8; 16], seq, [seq; 16]],
            )
        };
        insert(&db, 1).expect_err("there are no such conversation and sender");
        db.pragma_update(None, "foreign_keys", false).unwrap();
        insert(&db, 1).unwrap();
        db.pragma_update(None, "foreign_keys", true).unwrap();

        let cookie = |db: &Connection| -> u32 {
            db.pragma_query_value(None, "schema_version", |row| row.get(0))
                .unwrap()
        };
        let before = cookie(&db);

        migrate(&mut db).unwrap();

        assert!(
            cookie(&db) > before,
            "whoever has the database open reads its schema anew"
        );
        insert(&db, 2).unwrap();
        insert(&db, 2).expect_err("a place is given once");
        let read = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(read("SELECT group_concat(seq) FROM event"), "1,2");
        assert_eq!(read("PRAGMA integrity_check"), "ok");
        let references = "SELECT CAST(count(*) AS TEXT) FROM pragma_foreign_key_list";
        assert_eq!(read(&format!("{references}('event')")), "0");
        assert_eq!(read(&format!("{references}('member')")), "2");
        let writable: bool = db
            .pragma_query_value(None, "writable_schema", |row| row.get(0))
            .unwrap();
        assert!(!writable);
    }
}
