//! What the keys of encrypted conversations are kept in.

use rusqlite::{Connection, OptionalExtension, params};

pub(crate) fn find(connection: &Connection, key: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM secret WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

/// Every key that begins with these bytes, in order.
pub(crate) fn keys(connection: &Connection, prefix: &[u8]) -> rusqlite::Result<Vec<Vec<u8>>> {
    connection
        .prepare_cached("SELECT key FROM secret WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 AND (?2 IS NULL OR key < ?2) ORDER BY key")?
        .query_map(params![prefix, after(prefix)], |row| row.get(0))?
        .collect()
}

/// The first key after all that begin with these bytes; none where there is no such key.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

pub(crate) fn save(connection: &Connection, key: &[u8], value: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO secret (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![key, value])?;
    Ok(())
}

/// The journal is not emptied for it: a ratchet that goes on replaces and removes keys with every message.
pub(crate) fn remove(connection: &Connection, key: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM secret WHERE key = ?1")?
        .execute([key])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_beginning() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                include_str!("schema/0015.sql")
                    .split("-- What was sealed")
                    .next()
                    .unwrap(),
            )
            .unwrap();
        for key in [&[1_u8, 2][..], &[1, 2, 0], &[1, 3], &[255], &[255, 255, 7], &[0]] {
            save(&connection, key, b"value").unwrap();
        }
        let found = |prefix: &[u8]| keys(&connection, prefix).unwrap();
        assert_eq!(found(&[1, 2]), [vec![1, 2], vec![1, 2, 0]]);
        assert_eq!(found(&[255]), [vec![255], vec![255, 255, 7]]);
        assert_eq!(found(&[255, 255]), [vec![255, 255, 7]]);
        assert_eq!(found(&[]).len(), 6);
        remove(&connection, &[0]).unwrap();
        assert_eq!(find(&connection, &[1, 3]).unwrap(), Some(b"value".to_vec()));
        assert_eq!(find(&connection, &[0]).unwrap(), None);
    }
}
