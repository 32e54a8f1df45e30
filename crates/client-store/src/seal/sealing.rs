//! Sealing a database that was not sealed. SQLCipher does not do that where the file is: it copies all into a sealed file beside it, which then takes its place.
//!
//! Until it does, the store is the one that was there. Whatever is left of a copy that was not finished is made anew: it is sealed, so it tells nobody anything.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pipit_client::storage::StorageError;
use rusqlite::Connection;

use super::sqlcipher;
use crate::connect;
use crate::error::storage_error;

/// What the copy is called among the statements here.
const COPY: &str = "sealed";

/// What is written over what was there, at a time.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// A database that is being sealed. Nobody else can open it meanwhile.
pub(super) struct Sealing {
    plain: Connection,
    path: PathBuf,
    copy: PathBuf,
}

impl Sealing {
    /// Takes hold of a database that is not sealed. Fails with [`StorageError::Locked`] where another process has it.
    pub(super) fn begin(path: &str, vfs: Option<&str>) -> Result<Self, StorageError> {
        let plain = connect(path, vfs)?;
        sqlcipher::require(&plain)?;
        plain
            .pragma_update(None, "locking_mode", "exclusive")
            .map_err(storage_error)?;
        // Its journal is of no use to the copy, and would be taken for that of the sealed file: all goes into the database.
        let journal: String = plain
            .pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0))
            .map_err(storage_error)?;
        if journal != "delete" {
            return Err(StorageError::Locked);
        }
        // The lock is kept from here on, by the mode above.
        plain
            .execute_batch("BEGIN EXCLUSIVE; COMMIT")
            .map_err(storage_error)?;
        // What is replaced is the file, not a link to it.
        let path = fs::canonicalize(path).map_err(failed)?;
        let copy = beside(&path, "sealing");
        remove(&copy)?;
        Ok(Self { plain, path, copy })
    }

    pub(super) fn finish(self, key: &[u8; 32]) -> Result<(), StorageError> {
        if let Err(error) = self.copy(key) {
            // The disk may be full, of it. Where it cannot be removed, whoever tries again does that.
            let _ = remove(&self.copy);
            return Err(error);
        }
        let old = self.put_in_place()?;
        old.overwrite().map_err(failed)
    }

    /// Makes the copy, and looks whether all is in it.
    fn copy(&self, key: &[u8; 32]) -> Result<(), StorageError> {
        let name = self.copy.to_str().ok_or_else(|| {
            StorageError::Failed("the store's path has to be text that is valid UTF-8".into())
        })?;
        self.plain
            .execute(
                &format!("ATTACH DATABASE ?1 AS {COPY} KEY ?2"),
                [name, sqlcipher::raw(key).as_str()],
            )
            .map_err(storage_error)?;
        self.fill().map_err(storage_error)?;
        self.compare()?;
        self.plain
            .execute_batch(&format!("DETACH DATABASE {COPY}"))
            .map_err(storage_error)?;
        let file = File::options().write(true).open(&self.copy).map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    fn fill(&self) -> rusqlite::Result<()> {
        // A copy that was not finished is worth nothing, so nothing has to be undone in it, and it goes to the disk once.
        self.plain
            .pragma_update_and_check(Some(COPY), "journal_mode", "off", |_| Ok(()))?;
        self.plain.pragma_update(Some(COPY), "synchronous", "off")?;
        self.plain
            .query_row("SELECT sqlcipher_export(?1)", [COPY], |_| Ok(()))?;
        // It leaves out what belongs to the file rather than its tables.
        for mark in ["user_version", "application_id"] {
            let value: i64 = self.plain.pragma_query_value(None, mark, |row| row.get(0))?;
            self.plain.pragma_update(Some(COPY), mark, value)?;
        }
        Ok(())
    }

    /// Fails where the copy is not sound or lacks anything.
    fn compare(&self) -> Result<(), StorageError> {
        let sound: String = self
            .plain
            .query_row(&format!("PRAGMA {COPY}.quick_check(1)"), [], |row| row.get(0))
            .map_err(storage_error)?;
        if sound != "ok" {
            return Err(StorageError::Corrupt { detail: sound });
        }
        if self.counts("main").map_err(storage_error)? != self.counts(COPY).map_err(storage_error)? {
            return Err(StorageError::Failed("the sealed store is not whole".into()));
        }
        Ok(())
    }

    /// What there is, and how many rows each table has.
    fn counts(&self, database: &str) -> rusqlite::Result<Vec<(String, String, i64)>> {
        let mut things = self.plain.prepare(&format!(
            "SELECT type, name, rootpage > 0 FROM {database}.sqlite_schema ORDER BY type, name"
        ))?;
        let things = things.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let things: Vec<(String, String, bool)> = things.collect::<Result<_, _>>()?;
        let count = |(kind, name, is_stored): (String, String, bool)| {
            let rows = if kind == "table" && is_stored {
                let quoted = name.replace('"', "\"\"");
                let statement = format!("SELECT count(*) FROM {database}.\"{quoted}\"");
                self.plain.query_row(&statement, [], |row| row.get(0))?
            } else {
                0
            };
            Ok((kind, name, rows))
        };
        things.into_iter().map(count).collect()
    }

    /// The copy is the store from here on.
    fn put_in_place(self) -> Result<Old, StorageError> {
        let file = OpenOptions::new().write(true).open(&self.path).map_err(failed)?;
        // Windows replaces no file that SQLite has open. Elsewhere it is held until it has been replaced, so that nobody writes to it who would be writing to nothing.
        let plain = (!cfg!(windows)).then_some(self.plain);
        let permissions = file.metadata().map_err(failed)?.permissions();
        fs::set_permissions(&self.copy, permissions).map_err(failed)?;
        fs::rename(&self.copy, &self.path).map_err(failed)?;
        sync_folder_of(&self.path).map_err(failed)?;
        Ok(Old { plain, file })
    }
}

/// What was there, and has no name any more.
struct Old {
    plain: Option<Connection>,
    file: File,
}

impl Old {
    /// Writes zeros over it: as far as the disk overwrites where something is.
    fn overwrite(mut self) -> io::Result<()> {
        // Not before nobody needs it. What is left of its journal goes with it.
        drop(self.plain);
        let mut left = self.file.metadata()?.len();
        while left > 0 {
            let part = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
            self.file.write_all(ZEROS.get(..part).unwrap_or(&ZEROS))?;
            left -= part as u64;
        }
        self.file.sync_all()
    }
}

/// Only then a rename has happened for good. Windows has no handles of folders for that.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The file of this name with something more behind it.
pub(crate) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-");
    name.push(what);
    PathBuf::from(name)
}

/// Removes a file that need not be there.
pub(crate) fn remove(file: &Path) -> Result<(), StorageError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

pub(crate) fn failed(error: io::Error) -> StorageError {
    StorageError::Failed(Box::new(error))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::process::Command;

    use super::*;
    use crate::SqliteStorage;

    const KEY: [u8; 32] = [7; 32];

    /// In the environment of a process that dies while it seals: the store's path, and after what.
    const PATH: &str = "PIPIT_CLIENT_STORE_TEST_DIES_AT";
    const AFTER: &str = "PIPIT_CLIENT_STORE_TEST_DIES_AFTER";

    /// Of the work of copying, which is counted in thousands of steps of SQLite's machine.
    const COPIED: u32 = 1_000;
    const IN_PLACE: u32 = 1_001;

    /// Seals the store and dies, without a word to anybody, after so much of it.
    fn die_while_sealing(path: &str, after: u32) -> ! {
        let mut sealing = Sealing::begin(path, None).unwrap();
        let steps = Cell::new(0);
        let handler = move || {
            steps.set(steps.get() + 1);
            if steps.get() == after {
                std::process::abort();
            }
            false
        };
        sealing.plain.progress_handler(1_000, Some(handler)).unwrap();
        sealing.copy(&KEY).unwrap();
        if after == COPIED {
            std::process::abort();
        }
        let _old = sealing.put_in_place().unwrap();
        assert_eq!(after, IN_PLACE);
        std::process::abort();
    }

    fn rows(path: &str, key: &[u8; 32]) -> i64 {
        let storage = SqliteStorage::open_sealed(path, None, key).unwrap();
        let count = "SELECT count(*) FROM draft WHERE text LIKE 'marzipan%'";
        storage.connection.query_row(count, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn who_dies_while_sealing_loses_nothing() {
        if let (Ok(path), Ok(after)) = (std::env::var(PATH), std::env::var(AFTER)) {
            die_while_sealing(&path, after.parse().unwrap());
        }
        for after in [1, 2, 5, 10, 20, COPIED, IN_PLACE] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("store.db");
            let path = path.to_str().unwrap();
            let storage = SqliteStorage::open(path, None).unwrap();
            let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                INSERT INTO draft (conversation, text) SELECT CAST(printf('%016d', i) AS BLOB), 'marzipan ' || i FROM n";
            storage
                .connection
                .execute_batch("PRAGMA foreign_keys = off")
                .unwrap();
            storage.connection.execute_batch(fill).unwrap();
            drop(storage);

            let died = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "seal::sealing::tests::who_dies_while_sealing_loses_nothing",
                ])
                .env(PATH, path)
                .env(AFTER, after.to_string())
                .output()
                .unwrap();
            assert!(!died.status.success());
            let copy = beside(Path::new(path), "sealing");
            assert_eq!(copy.exists(), after < IN_PLACE, "after {after}");
            assert_eq!(
                sqlcipher::is_plain(Path::new(path)).unwrap(),
                after < IN_PLACE,
                "after {after}"
            );
            assert_eq!(rows(path, &KEY), 5_000, "after {after}");
            let left = fs::read_dir(folder.path()).unwrap();
            let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, ["store.db"], "after {after}");
        }
    }
}
