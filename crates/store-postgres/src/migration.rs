//! The schema's history, forwards only: `migrations/NNNN_name.sql`, counted in the table `schema_version`.
//!
//! Several nodes may start at once: whoever gets the advisory lock migrates, in one transaction (PostgreSQL can undo DDL), and
//! the others find it done.

use pipit_store::error::StoreError;
use tokio_postgres::Client;

use crate::error::{Error, corrupt, store_error};
use crate::key_log;

/// In order; the schema's number is how many of them have run. One that has been released never changes.
pub(crate) const MIGRATIONS: &[(&str, &str)] = &[
    ("initial", include_str!("../migrations/0001_initial.sql")),
    ("server_key", include_str!("../migrations/0002_server_key.sql")),
    ("blob", include_str!("../migrations/0003_blob.sql")),
    (
        "no_unread_index",
        include_str!("../migrations/0004_no_unread_index.sql"),
    ),
    ("personal", include_str!("../migrations/0005_personal.sql")),
    ("pruning", include_str!("../migrations/0006_pruning.sql")),
    (
        "message_change",
        include_str!("../migrations/0007_message_change.sql"),
    ),
    ("group", include_str!("../migrations/0008_group.sql")),
    ("hidden", include_str!("../migrations/0009_hidden.sql")),
    ("expiry", include_str!("../migrations/0010_expiry.sql")),
    ("search", include_str!("../migrations/0011_search.sql")),
    ("notes", include_str!("../migrations/0012_notes.sql")),
    ("request", include_str!("../migrations/0013_request.sql")),
    ("picture", include_str!("../migrations/0014_picture.sql")),
    ("poll", include_str!("../migrations/0015_poll.sql")),
    ("scheduled", include_str!("../migrations/0016_scheduled.sql")),
    ("push", include_str!("../migrations/0017_push.sql")),
    ("encryption", include_str!("../migrations/0018_encryption.sql")),
    ("privacy", include_str!("../migrations/0019_privacy.sql")),
    ("key_log", include_str!("../migrations/0020_key_log.sql")),
    ("archive", include_str!("../migrations/0021_archive.sql")),
    (
        "scheduled_file",
        include_str!("../migrations/0022_scheduled_file.sql"),
    ),
    (
        "shared_history",
        include_str!("../migrations/0023_shared_history.sql"),
    ),
    ("report", include_str!("../migrations/0024_report.sql")),
    ("removal", include_str!("../migrations/0025_removal.sql")),
];

/// The schema from which on there are key logs: those of the keys that were there before begin with it.
const KEY_LOG: i32 = 20;

/// "Pipit" in ASCII: the key of the lock under which schemas change.
const LOCK_KEY: i64 = 0x50_6970_6974;

/// The newest schema that this binary knows.
fn known_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Brings the database to the newest schema; refuses a newer one. Writes nothing where there is nothing to do, so that it also
/// works where only reading is allowed.
pub(crate) async fn migrate(db: &mut Client) -> Result<(), StoreError> {
    let known = known_version();
    let found = find_version(db).await.map_err(store_error)?;
    let found = if found < known {
        apply(db).await.map_err(store_error)?
    } else {
        found
    };
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(())
}

async fn find_version(db: &impl tokio_postgres::GenericClient) -> Result<u32, Error> {
    let table: Option<String> = db
        .query_one("SELECT to_regclass('schema_version')::text", &[])
        .await?
        .try_get(0)?;
    if table.is_none() {
        return Ok(0);
    }
    let version: i32 = db
        .query_one("SELECT coalesce(max(version), 0) FROM schema_version", &[])
        .await?
        .try_get(0)?;
    u32::try_from(version).map_err(|_| corrupt(format!("the schema's version is {version}")))
}

/// Applies what is missing, and returns the version that there is then: a newer one, where another node was faster.
async fn apply(db: &mut Client) -> Result<u32, Error> {
    let tx = db.transaction().await?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK_KEY])
        .await?;
    let found = find_version(&tx).await?;
    if found == 0 {
        tx.batch_execute("CREATE TABLE schema_version (version integer PRIMARY KEY, name text NOT NULL)")
            .await?;
    }
    for ((name, sql), version) in MIGRATIONS.iter().zip(1_i32..).skip(found as usize) {
        tx.batch_execute(sql).await?;
        if version == KEY_LOG {
            key_log::begin(&tx).await?;
        }
        tx.execute(
            "INSERT INTO schema_version (version, name) VALUES ($1, $2)",
            &[&version, name],
        )
        .await?;
        tracing::info!(version, name, "the schema was migrated");
    }
    tx.commit().await?;
    Ok(found.max(known_version()))
}

/// What the database has: every table with its columns and constraints, then every index, function and trigger, sorted by name. Of the partitions the
/// first stands for all.
pub(crate) async fn dump(db: &Client) -> Result<String, Error> {
    const COLUMNS: &str = "
        SELECT class.relname::text, attribute.attname || ' ' || format_type(attribute.atttypid, attribute.atttypmod)
            || CASE WHEN type.typcollation <> attribute.attcollation THEN ' COLLATE \"' || sort.collname || '\"' ELSE '' END
            || CASE WHEN attribute.attnotnull THEN ' NOT NULL' ELSE '' END
        FROM pg_class AS class JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
            JOIN pg_type AS type ON type.oid = attribute.atttypid
            LEFT JOIN pg_collation AS sort ON sort.oid = attribute.attcollation
        WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind IN ('r', 'p')
            AND NOT class.relispartition AND attribute.attnum > 0 AND NOT attribute.attisdropped
        ORDER BY class.relname, attribute.attnum";
    const CONSTRAINTS: &str = "
        SELECT class.relname::text, pg_get_constraintdef(definition.oid)
        FROM pg_constraint AS definition JOIN pg_class AS class ON class.oid = definition.conrelid
        WHERE class.relnamespace = current_schema()::regnamespace AND NOT class.relispartition
        ORDER BY class.relname, definition.contype <> 'p', definition.conname";
    const OPTIONS: &str = "
        SELECT class.relname::text, coalesce(pg_get_partkeydef(class.oid), array_to_string(class.reloptions, ', '))
        FROM pg_class AS class WHERE class.relnamespace = current_schema()::regnamespace
            AND class.relkind IN ('r', 'p') AND NOT class.relispartition
            AND (class.relkind = 'p' OR class.reloptions IS NOT NULL) ORDER BY class.relname";
    const OTHERS: &str = "
        SELECT CASE WHEN class.relkind IN ('i', 'I') THEN pg_get_indexdef(class.oid) ELSE
            'PARTITION ' || class.relname || ' ' || pg_get_expr(class.relpartbound, class.oid)
            || coalesce(' WITH (' || array_to_string(class.reloptions, ', ') || ')', '') END
        FROM pg_class AS class WHERE class.relnamespace = current_schema()::regnamespace
            AND ((class.relkind IN ('i', 'I') AND NOT class.relispartition) OR (class.relkind = 'r' AND class.relispartition))
        ORDER BY class.relkind = 'r', class.relname";
    // Whose schema it is depends on who runs it.
    const FUNCTIONS: &str = "
        SELECT replace(pg_get_functiondef(oid), current_schema() || '.', '') FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace ORDER BY proname";
    const TRIGGERS: &str = "
        SELECT replace(pg_get_triggerdef(definition.oid), current_schema() || '.', '')
        FROM pg_trigger AS definition JOIN pg_class AS class ON class.oid = definition.tgrelid
        WHERE class.relnamespace = current_schema()::regnamespace AND NOT definition.tgisinternal
        ORDER BY definition.tgname";
    let mut tables: std::collections::BTreeMap<String, (Vec<String>, String)> =
        std::collections::BTreeMap::new();
    for sql in [COLUMNS, CONSTRAINTS] {
        for row in db.query(sql, &[]).await? {
            tables.entry(row.try_get(0)?).or_default().0.push(row.try_get(1)?);
        }
    }
    for row in db.query(OPTIONS, &[]).await? {
        tables.entry(row.try_get(0)?).or_default().1 = format!(" -- {}", row.try_get::<_, String>(1)?);
    }
    let mut dump = String::new();
    for (table, (lines, options)) in tables {
        let lines = lines.join(",\n    ");
        dump.extend(["TABLE ", &table, " (", &options, "\n    ", &lines, "\n);\n\n"]);
    }
    for sql in [OTHERS, FUNCTIONS, TRIGGERS] {
        for row in db.query(sql, &[]).await? {
            dump.push_str(row.try_get::<_, String>(0)?.trim_end());
            dump.push_str(";\n");
        }
    }
    Ok(dump)
}
