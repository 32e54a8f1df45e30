//! A store that is sealed, natively: by the files that it leaves.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;
use std::path::Path;

use pipit_client::StorageError;
use pipit_client::storage::{ConversationRecord, Counted, LogEntry, Storage, StorageSearch};
use pipit_client_store::SqliteStorage;
use pipit_model::search::parse;
use pipit_wire::event::{ConversationKind, EventBody, GroupSettings, Role};
use pipit_wire::{Content, ConversationId, Event, MessageId, Seq, Timestamp, UserId};

const KEY: [u8; 32] = [7; 32];
const OTHER_KEY: [u8; 32] = [8; 32];

/// What stands at the beginning of every database, how tables are described, and what somebody wrote: in the log, in the index over its words, as a draft, as a name,
/// as a key.
const WORDS: [&str; 6] = [
    "SQLite format 3",
    "CREATE TABLE",
    "marzipan",
    "gooseberry",
    "Ornithologists",
    "ratchet of alice",
];

/// How many messages there are.
const MESSAGES: u64 = 300;

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

fn group() -> ConversationId {
    ConversationId::from_bytes([1; 16])
}

fn record() -> ConversationRecord {
    ConversationRecord {
        id: group(),
        kind: ConversationKind::Group,
        title: Some("Ornithologists".to_owned()),
        peer: None,
        role: Role::Admin,
        member_count: 2,
        settings: GroupSettings::default(),
        join_requests: 0,
        encrypted: true,
        first_seq: seq(1),
        last_seq: seq(MESSAGES),
        last_at: Timestamp(1),
        activity_at: Timestamp(1),
        state_seq: seq(1),
        last_message: None,
        delivered_seq: seq(1),
        read_seq: seq(1),
        delivered_confirmed: seq(1),
        read_confirmed: seq(1),
        counted: Counted {
            unread: 0,
            last_seq: seq(MESSAGES),
            read_seq: seq(MESSAGES),
        },
    }
}

fn message(number: u64) -> MessageId {
    let mut id = [1; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    MessageId::from_bytes(id)
}

fn said(number: u64) -> LogEntry {
    let text = format!("marzipan under stair {number} {}", "and so on ".repeat(40));
    let event = Event {
        id: message(number).into(),
        conversation: group(),
        seq: seq(number),
        at: Timestamp(1),
        sender: UserId::from_bytes([2; 16]),
        device: None,
        body: EventBody::Message {
            written_at: Timestamp(1),
            content: Content::text(text),
            reply_to: None,
            expires_at: None,
        },
    };
    LogEntry {
        raw: serde_json::to_string(&event).unwrap(),
        event,
    }
}

fn write(storage: &mut SqliteStorage) {
    storage.begin().unwrap();
    storage.save_conversation(&record()).unwrap();
    let entries: Vec<_> = (1..=MESSAGES).map(said).collect();
    storage.save_entries(&entries).unwrap();
    storage.save_draft(group(), "gooseberry").unwrap();
    storage.save_secret(b"key", b"ratchet of alice").unwrap();
    storage.commit().unwrap();
}

fn search(storage: &SqliteStorage, text: &str) -> usize {
    let search = StorageSearch {
        terms: parse(text).unwrap().terms,
        from: None,
        within: None,
        has: Vec::new(),
        since: None,
        until: None,
        after: None,
        limit: 1_000,
    };
    storage.search(&search).unwrap().len()
}

#[track_caller]
fn is_whole(storage: &SqliteStorage) {
    assert_eq!(storage.conversation(group()).unwrap(), Some(record()));
    let found = storage.entries(group(), seq(0), seq(MESSAGES)).unwrap();
    let expected: Vec<_> = (1..=MESSAGES).map(|number| said(number).event).collect();
    assert_eq!(found, expected);
    assert_eq!(search(storage, "marzipan"), 300);
    assert_eq!(search(storage, "\"stair 77\""), 1);
    assert_eq!(storage.draft(group()).unwrap().as_deref(), Some("gooseberry"));
    assert_eq!(
        storage.secret(b"key").unwrap().as_deref(),
        Some(&b"ratchet of alice"[..])
    );
}

/// Every file of the folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    });
    read.collect()
}

/// Which words are to be read in any of the files.
fn readable(folder: &Path) -> Vec<&'static str> {
    let files = files(folder);
    let has = |word: &str| {
        let mut files = files.values();
        files.any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    WORDS.into_iter().filter(|word| has(word)).collect()
}

/// What a process leaves that ends in the middle of things: the files as they are while the store is open.
fn left_behind(folder: &Path) -> tempfile::TempDir {
    let left = tempfile::tempdir().unwrap();
    for (name, bytes) in files(folder) {
        std::fs::write(left.path().join(name), bytes).unwrap();
    }
    left
}

fn store(folder: &Path) -> String {
    folder.join("store.db").to_str().unwrap().to_owned()
}

fn open(folder: &Path, key: &[u8; 32]) -> Result<SqliteStorage, StorageError> {
    SqliteStorage::open_sealed(&store(folder), None, key)
}

fn open_plain(folder: &Path) -> Result<SqliteStorage, StorageError> {
    SqliteStorage::open(&store(folder), None)
}

#[track_caller]
fn is_refused(opened: &Result<SqliteStorage, StorageError>) {
    assert!(matches!(opened, Err(StorageError::Corrupt { .. })), "{opened:?}");
}

#[test]
fn nothing_is_to_be_read_in_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut storage = open(folder.path(), &KEY).unwrap();
    write(&mut storage);
    let journal = &files(folder.path())["store.db-wal"];
    assert!(journal.len() > 200_000, "{} bytes", journal.len());
    assert_eq!(readable(folder.path()), Vec::<&str>::new());
    is_whole(&storage);
    assert_eq!(readable(folder.path()), Vec::<&str>::new());

    // Erasing empties the journal into the database.
    storage.begin().unwrap();
    storage.erase_message(group(), message(1)).unwrap();
    storage.commit().unwrap();
    assert_eq!(search(&storage, "marzipan"), 299);
    let database = &files(folder.path())["store.db"];
    assert!(database.len() > 200_000, "{} bytes", database.len());
    assert_eq!(readable(folder.path()), Vec::<&str>::new());

    drop(storage);
    assert_eq!(files(folder.path()).keys().collect::<Vec<_>>(), ["store.db"]);
    assert_eq!(readable(folder.path()), Vec::<&str>::new());

    // The other way round: this finds what there is.
    let folder = tempfile::tempdir().unwrap();
    write(&mut open_plain(folder.path()).unwrap());
    assert_eq!(readable(folder.path()), WORDS);
}

/// What does not fit into memory while it is sorted, and what a statement may have to undo, would go to the system's folder for temporary files.
#[test]
fn nothing_goes_to_temporary_files() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let used = "SELECT sqlite_compileoption_used('TEMP_STORE=2')";
    assert!(
        connection
            .query_row(used, [], |row| row.get::<_, bool>(0))
            .unwrap()
    );
}

#[test]
fn another_key_and_none_are_refused_and_harm_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut storage = open(folder.path(), &KEY).unwrap();
    write(&mut storage);
    let left = left_behind(folder.path());
    drop(storage);

    let before = files(folder.path());
    is_refused(&open(folder.path(), &OTHER_KEY));
    is_refused(&open_plain(folder.path()));
    assert_eq!(files(folder.path()), before);
    is_whole(&open(folder.path(), &KEY).unwrap());

    // All that was written is in the journal yet, which whoever opens the store folds into it.
    assert!(files(left.path())["store.db-wal"].len() > 200_000);
    is_refused(&open(left.path(), &OTHER_KEY));
    is_refused(&open_plain(left.path()));
    is_whole(&open(left.path(), &KEY).unwrap());
}

#[test]
fn what_was_changed_in_its_file_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    write(&mut open(folder.path(), &KEY).unwrap());
    let mut bytes = std::fs::read(store(folder.path())).unwrap();
    for page in bytes.chunks_mut(4_096).skip(1) {
        page[2_000] ^= 1;
    }
    std::fs::write(store(folder.path()), bytes).unwrap();
    is_refused(&open(folder.path(), &KEY).and_then(|storage| {
        storage.entries(group(), seq(0), seq(MESSAGES))?;
        Ok(storage)
    }));
}

#[test]
fn two_stores_under_one_key_have_nothing_in_common() {
    let one = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let pages = |folder: &Path| {
        write(&mut open(folder, &KEY).unwrap());
        let bytes = files(folder).remove("store.db").unwrap();
        bytes.chunks(16).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let (one, other) = (pages(one.path()), pages(other.path()));
    assert_eq!(
        one.iter().zip(&other).filter(|(one, other)| one == other).count(),
        0
    );
}

#[test]
fn a_store_that_was_not_sealed_is_sealed_and_nothing_of_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut storage = open_plain(folder.path()).unwrap();
    write(&mut storage);
    // As a process leaves it that has ended well, and as one does that has not.
    let left = left_behind(folder.path());
    drop(storage);
    assert!(files(left.path())["store.db-wal"].len() > 200_000);
    for folder in [folder, left] {
        assert_eq!(readable(folder.path()), WORDS);
        let storage = open(folder.path(), &KEY).unwrap();
        is_whole(&storage);
        assert_eq!(readable(folder.path()), Vec::<&str>::new());
        drop(storage);
        assert_eq!(files(folder.path()).keys().collect::<Vec<_>>(), ["store.db"]);
        is_refused(&open_plain(folder.path()));
        is_whole(&open(folder.path(), &KEY).unwrap());
    }
}

/// The file that was replaced, which somebody may have a hold of, is one of zeros.
#[test]
fn what_was_in_the_clear_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    write(&mut open_plain(folder.path()).unwrap());
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::hard_link(store(folder.path()), elsewhere.path().join("old")).unwrap();
    assert_eq!(readable(elsewhere.path()), WORDS);
    is_whole(&open(folder.path(), &KEY).unwrap());
    let old = &files(elsewhere.path())["old"];
    assert!(old.len() > 200_000 && old.iter().all(|byte| *byte == 0));
}

#[test]
fn a_store_that_somebody_has_open_is_not_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let mut storage = open_plain(folder.path()).unwrap();
    assert!(matches!(open(folder.path(), &KEY), Err(StorageError::Locked)));
    write(&mut storage);
    is_whole(&storage);
    drop(storage);
    is_whole(&open(folder.path(), &KEY).unwrap());
}
