//! What was set on this device and the server is not known to have.

use pipit_client::storage::{WishRecord, WishTarget};
use rusqlite::{Connection, OptionalExtension};

use crate::value;

fn key(target: &WishTarget) -> &[u8] {
    match target {
        WishTarget::Me => &[],
        WishTarget::Group(conversation) => conversation.as_bytes(),
    }
}

pub(crate) fn find(connection: &Connection, target: WishTarget) -> rusqlite::Result<Option<WishRecord>> {
    connection
        .prepare_cached("SELECT wish FROM wish WHERE target = ?1")?
        .query_row([key(&target)], |row| value::json(row, 0))
        .optional()
}

pub(crate) fn list(connection: &Connection) -> rusqlite::Result<Vec<WishRecord>> {
    connection
        .prepare_cached("SELECT wish FROM wish ORDER BY target")?
        .query_map([], |row| value::json(row, 0))?
        .collect()
}

pub(crate) fn save(connection: &Connection, wish: &WishRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO wish (target, wish) VALUES (?1, ?2)")?
        .execute((key(&wish.target), value::to_json(wish)?))?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, target: WishTarget) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM wish WHERE target = ?1")?
        .execute([key(&target)])?;
    Ok(())
}
