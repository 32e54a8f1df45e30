//! The storage port as the engine uses it, on real files.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pipit_client::fold::{self, FoldRecord, Folded};
use pipit_client::range::LogRange;
use pipit_client::storage::{
    ConversationRecord, Counted, LogEntry, MemberRecord, OutboxBody, OutboxRecord, OutboxState,
    SessionRecord, Storage, StorageSearch,
};
use pipit_client::{StorageError, range};
use pipit_client_store::{SCHEMA_VERSION, SqliteStorage};
use pipit_model::search::parse;
use pipit_wire::event::{ConversationKind, EventBody, LastEdit, MessageChange, MessageState, Role};
use pipit_wire::frame::Profile;
use pipit_wire::rest::Me;
use pipit_wire::{
    Attachment, BlobId, Content, ConversationId, DeviceId, Event, Limits, MessageId, Seq, Timestamp, UserId,
};
use proptest::prelude::*;

#[path = "storage/pictures.rs"]
mod pictures;
#[path = "storage/uploads.rs"]
mod uploads;

fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

fn conversation(number: u8) -> ConversationId {
    ConversationId::from_bytes([number; 16])
}

fn message(number: u8) -> MessageId {
    MessageId::from_bytes([number; 16])
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

fn record(number: u8, at: i64) -> ConversationRecord {
    ConversationRecord {
        id: conversation(number),
        kind: ConversationKind::Group,
        title: Some("Birds".to_owned()),
        peer: None,
        role: Role::Admin,
        member_count: 2,
        first_seq: seq(1),
        last_seq: seq(9),
        last_at: Timestamp(at),
        activity_at: Timestamp(at),
        state_seq: seq(9),
        last_message: None,
        delivered_seq: seq(8),
        read_seq: seq(7),
        delivered_confirmed: seq(8),
        read_confirmed: seq(7),
        counted: Counted {
            unread: 2,
            last_seq: seq(9),
            read_seq: seq(7),
        },
        settings: pipit_wire::event::GroupSettings {
            topic: "Birds".to_owned(),
            ..Default::default()
        },
        join_requests: 3,
        encrypted: true,
    }
}

fn said(place: u8, number: u64, sender: u8, text: &str) -> LogEntry {
    let mut id = [place; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    let event = Event {
        id: MessageId::from_bytes(id).into(),
        conversation: conversation(place),
        seq: seq(number),
        at: Timestamp(1_000),
        sender: user(sender),
        device: None,
        body: EventBody::Message {
            written_at: Timestamp(900),
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

/// A search of everything; of nothing, where there is nothing to look for.
fn search(query: &str) -> StorageSearch {
    let query = parse(query).ok();
    StorageSearch {
        within: query.is_none().then(Vec::new),
        has: query.as_ref().map(|query| query.has.clone()).unwrap_or_default(),
        terms: query.unwrap_or_default().terms,
        from: None,
        since: None,
        until: None,
        after: None,
        limit: 9,
    }
}

fn waiting(number: u8, place: u8) -> OutboxRecord {
    OutboxRecord {
        id: message(number).into(),
        conversation: conversation(place),
        written_at: Timestamp(5),
        body: OutboxBody::Message {
            text: format!("message {number}"),
            reply_to: Some(message(99)),
            files: Vec::new(),
            poll: None,
            preview: None,
        },
        sent: false,
        state: OutboxState::Queued,
        sealed: None,
    }
}

fn session() -> SessionRecord {
    SessionRecord {
        me: Me {
            profile: Profile {
                user: user(1),
                handle: "bob".to_owned(),
                name: "Bob".to_owned(),
                face: None,
            },
            admin: true,
        },
        device: DeviceId::from_bytes([3; 16]),
        limits: Limits::default(),
        server_name: "Home".to_owned(),
        access_token: "secret access".to_owned(),
        access_until: Timestamp(7),
        refresh_token: "secret refresh".to_owned(),
        clock_offset_ms: -3,
        list_loaded: true,
        list_complete: false,
    }
}

fn committed(storage: &mut SqliteStorage, write: impl FnOnce(&mut SqliteStorage)) -> bool {
    storage.begin().unwrap();
    write(storage);
    storage.commit().unwrap()
}

fn with_conversations(count: u8) -> SqliteStorage {
    let mut storage = SqliteStorage::open_in_memory().unwrap();
    committed(&mut storage, |storage| {
        for number in 1..=count {
            storage
                .save_conversation(&record(number, i64::from(number)))
                .unwrap();
        }
    });
    storage
}

/// As a device has it.
fn open(folder: &tempfile::TempDir) -> Result<SqliteStorage, StorageError> {
    let path = folder.path().join("store.db");
    SqliteStorage::open_sealed(path.to_str().unwrap(), None, &[7; 32])
}

#[test]
fn what_is_written_is_read_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let members = [
        MemberRecord {
            user: user(2),
            role: Role::Owner,
            delivered_seq: seq(4),
            read_seq: seq(3),
        },
        MemberRecord {
            user: user(1),
            role: Role::Member,
            delivered_seq: seq(2),
            read_seq: seq(1),
        },
    ];
    let ranges = [
        LogRange::empty_at(seq(2)),
        LogRange {
            after: seq(4),
            through: seq(6),
        },
    ];
    let mut full = record(1, 10);
    full.last_message = Some(said(1, 6, 2, "six").event);
    full.peer = Some(user(2));
    let entries = [said(1, 5, 2, "five"), said(1, 6, 2, "six")];
    {
        let mut storage = open(&folder).unwrap();
        assert!(storage.durable());
        let wrote = committed(&mut storage, |storage| {
            storage.save_session(&session()).unwrap();
            storage.save_conversation(&full).unwrap();
            storage.replace_members(full.id, &members).unwrap();
            storage.save_ranges(full.id, &ranges).unwrap();
            storage.save_entries(&entries).unwrap();
            storage.save_outbox(&waiting(9, 1)).unwrap();
            storage.save_draft(full.id, "dear").unwrap();
            storage.save_profile(&session().me.profile).unwrap();
        });
        assert!(wrote);
        assert!(
            !committed(&mut storage, |_| ()),
            "an empty transaction wrote something"
        );
    }
    let storage = open(&folder).unwrap();
    assert_eq!(storage.session().unwrap(), Some(session()));
    assert_eq!(storage.conversation(full.id).unwrap(), Some(full.clone()));
    assert_eq!(storage.members(full.id).unwrap(), members);
    assert_eq!(storage.ranges(full.id).unwrap(), ranges);
    let events: Vec<Event> = entries.iter().map(|entry| entry.event.clone()).collect();
    assert_eq!(storage.entries(full.id, seq(4), seq(6)).unwrap(), events);
    assert_eq!(storage.entries(full.id, seq(5), seq(6)).unwrap(), events[1..]);
    assert_eq!(storage.outbox(full.id).unwrap(), [waiting(9, 1)]);
    assert_eq!(storage.draft(full.id).unwrap().as_deref(), Some("dear"));
    assert_eq!(storage.profile(user(1)).unwrap(), Some(session().me.profile));
    assert_eq!(storage.cursors(9).unwrap()[0].seq, seq(6));
}

#[test]
fn a_transaction_that_is_rolled_back_or_cut_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    {
        let mut storage = open(&folder).unwrap();
        storage.begin().unwrap();
        storage.save_session(&session()).unwrap();
        storage.rollback().unwrap();
        storage.rollback().unwrap();
        assert_eq!(storage.session().unwrap(), None);
        storage.begin().unwrap();
        storage.save_session(&session()).unwrap();
        assert_eq!(
            storage.session().unwrap(),
            Some(session()),
            "a read sees the transaction's writes"
        );
    }
    let storage = open(&folder).unwrap();
    assert_eq!(storage.session().unwrap(), None);
}

#[test]
fn a_second_process_is_told_that_the_store_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(&folder).unwrap();
    assert!(matches!(open(&folder), Err(StorageError::Locked)));
    drop(first);
    open(&folder).unwrap();
}

#[test]
fn a_newer_schema_and_a_damaged_file_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("newer.db");
    let path = path.to_str().unwrap();
    drop(SqliteStorage::open(path, None).unwrap());
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
        .unwrap();
    drop(connection);
    match SqliteStorage::open(path, None) {
        Err(StorageError::Newer { found, known }) => {
            assert_eq!((found, known), (SCHEMA_VERSION + 1, SCHEMA_VERSION));
        }
        other => panic!("{other:?}"),
    }

    let path = folder.path().join("damaged.db");
    std::fs::write(&path, [b'x'; 8_192]).unwrap();
    assert!(matches!(
        SqliteStorage::open(path.to_str().unwrap(), None),
        Err(StorageError::Corrupt { .. })
    ));
    assert!(SqliteStorage::open("/nowhere/at/all.db", None).is_err());
}

#[test]
fn a_value_that_cannot_be_read_is_damage_not_a_guess() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let path = path.to_str().unwrap();
    {
        let mut storage = SqliteStorage::open(path, None).unwrap();
        committed(&mut storage, |storage| {
            storage.save_conversation(&record(1, 1)).unwrap();
            storage.save_entries(&[said(1, 1, 2, "one")]).unwrap();
        });
    }
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("UPDATE entry SET raw = 'not json'; UPDATE conversation SET role = 77;")
        .unwrap();
    drop(connection);
    let storage = SqliteStorage::open(path, None).unwrap();
    assert!(matches!(
        storage.entries(conversation(1), seq(0), seq(9)),
        Err(StorageError::Corrupt { .. })
    ));
    assert!(matches!(
        storage.conversation(conversation(1)),
        Err(StorageError::Corrupt { .. })
    ));
}

#[test]
fn erased_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut storage = SqliteStorage::open(path.to_str().unwrap(), None).unwrap();
    committed(&mut storage, |storage| {
        storage.save_session(&session()).unwrap();
        storage.save_profile(&session().me.profile).unwrap();
        storage.save_conversation(&record(1, 1)).unwrap();
        storage.save_entries(&[said(1, 1, 2, "hippopotamus")]).unwrap();
        storage.save_outbox(&waiting(1, 1)).unwrap();
        storage.save_draft(conversation(1), "rhinoceros").unwrap();
    });
    committed(&mut storage, |storage| storage.erase().unwrap());
    assert_eq!(storage.session().unwrap(), None);
    assert!(storage.recent_conversations(9).unwrap().is_empty());
    assert!(storage.search(&search("hippopotamus")).unwrap().is_empty());
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for word in ["hippopotamus", "rhinoceros", "secret refresh", "message 1"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "`{word}` is still on the disk");
        }
    }
}

fn changed(number: u64, target: &LogEntry, change: MessageChange) -> LogEntry {
    let mut entry = said(1, number, 3, "");
    entry.event.body = EventBody::MessageChanged {
        message: target.event.id.into(),
        change,
    };
    entry.raw = serde_json::to_string(&entry.event).unwrap();
    entry
}

fn edit(text: &str) -> MessageChange {
    MessageChange::edit(Content::text(text))
}

#[test]
fn what_a_deleted_message_said_is_nowhere_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut storage = SqliteStorage::open(path.to_str().unwrap(), None).unwrap();
    let long = format!("hippopotamus {}", "and more of it ".repeat(400));
    let (original, other) = (said(1, 1, 2, &long), said(1, 2, 2, "flamingo"));
    let edits = [
        changed(3, &original, edit("rhinoceros")),
        changed(4, &original, edit("crocodile")),
    ];
    let fold = FoldRecord {
        base: Some(MessageState {
            message: original.event.id.into(),
            edit: Some(LastEdit {
                seq: seq(4),
                at: Timestamp(1),
                content: Content::text("crocodile"),
            }),
            reactions: Vec::new(),
            pinned_seq: seq(0),
            poll: None,
        }),
        ..FoldRecord::default()
    };
    let edited = FoldRecord {
        folded: Folded::from(fold.base.clone().unwrap()),
        ..fold
    };
    let id = original.event.id;
    committed(&mut storage, |storage| {
        storage.save_conversation(&record(1, 1)).unwrap();
        storage.save_entries(&[original, other]).unwrap();
        storage.save_entries(&edits).unwrap();
        storage.save_fold(conversation(1), seq(1), &edited).unwrap();
    });
    assert_eq!(storage.fold(conversation(1), seq(1)).unwrap(), edited);
    assert_eq!(
        storage.search(&search("crocodile")).unwrap().len(),
        1,
        "it is found by what it says now"
    );
    assert!(storage.search(&search("hippopotamus")).unwrap().is_empty());
    committed(&mut storage, |storage| {
        storage.erase_message(conversation(1), id.into()).unwrap();
    });
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for word in ["hippopotamus", "and more of it", "rhinoceros", "crocodile"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "`{word}` is still on the disk");
        }
    }
    for word in ["hippopotamus", "rhinoceros", "crocodile"] {
        assert!(storage.search(&search(word)).unwrap().is_empty(), "{word}");
    }
    assert_eq!(storage.search(&search("flamingo")).unwrap().len(), 1);
    let erased = storage.find_message(conversation(1), id.into()).unwrap().unwrap();
    assert!(fold::is_erased(&erased));
    let changes = storage.changes_of(conversation(1), id.into(), seq(0)).unwrap();
    assert_eq!((changes.len(), changes.iter().all(fold::is_erased)), (2, true));
}

#[test]
fn an_entry_that_comes_again_erased_is_erased() {
    let mut storage = with_conversations(1);
    let original = said(1, 1, 2, "hippopotamus");
    let mut erased = original.clone();
    fold::erase(&mut erased.event);
    erased.raw = serde_json::to_string(&erased.event).unwrap();
    committed(&mut storage, |storage| {
        storage.save_entries(std::slice::from_ref(&original)).unwrap();
        storage.save_entries(&[erased.clone()]).unwrap();
        // An older page that was under way.
        storage.save_entries(&[original]).unwrap();
    });
    let found = storage.entries(conversation(1), seq(0), seq(9)).unwrap();
    assert_eq!(found, [erased.event]);
    assert!(storage.search(&search("hippopotamus")).unwrap().is_empty());
}

#[test]
fn what_has_become_of_messages_is_listed() {
    let mut storage = with_conversations(1);
    let entries: Vec<_> = (1..=4).map(|number| said(1, number, 2, "hello")).collect();
    let pinned = |by: u64| FoldRecord {
        folded: Folded {
            pinned_seq: seq(by),
            ..Folded::default()
        },
        folded_seq: seq(by),
        ..FoldRecord::default()
    };
    committed(&mut storage, |storage| {
        storage.save_entries(&entries).unwrap();
        for (message, by) in [(1, 8), (2, 6), (3, 7), (4, 0)] {
            storage
                .save_fold(conversation(1), seq(message), &pinned(by))
                .unwrap();
        }
    });
    let pins = storage.pinned_messages(conversation(1), 2).unwrap();
    let order: Vec<u64> = pins.iter().map(|event| event.seq.get()).collect();
    assert_eq!(order, [1, 3]);
    let folds = storage.folds(conversation(1), seq(1), seq(4)).unwrap();
    let places: Vec<u64> = folds.iter().map(|(seq, _)| seq.get()).collect();
    assert_eq!(places, [2, 3]);
    assert_eq!(
        storage.fold(conversation(1), seq(9)).unwrap(),
        FoldRecord::default()
    );
}

#[test]
fn a_conversation_goes_with_all_that_belongs_to_it() {
    let mut storage = with_conversations(2);
    committed(&mut storage, |storage| {
        for place in [1, 2] {
            storage.save_entries(&[said(place, 1, 2, "hello")]).unwrap();
            storage
                .save_ranges(conversation(place), &[LogRange::empty_at(seq(0))])
                .unwrap();
            storage.save_outbox(&waiting(place, place)).unwrap();
            storage.save_draft(conversation(place), "dear").unwrap();
        }
        storage.remove_conversation(conversation(1)).unwrap();
    });
    assert!(
        storage
            .entries(conversation(1), seq(0), seq(9))
            .unwrap()
            .is_empty()
    );
    assert!(storage.ranges(conversation(1)).unwrap().is_empty());
    assert_eq!(storage.outbox_conversations().unwrap(), [conversation(2)]);
    assert_eq!(storage.draft(conversation(1)).unwrap(), None);
    assert_eq!(storage.search(&search("hello")).unwrap().len(), 1);
}

#[test]
fn the_list_is_in_order_of_activity() {
    let mut storage = with_conversations(5);
    let order = |storage: &SqliteStorage| storage.recent_conversations(3).unwrap();
    assert_eq!(
        order(&storage),
        [conversation(5), conversation(4), conversation(3)]
    );
    committed(&mut storage, |storage| {
        storage.save_conversation(&record(1, 5)).unwrap();
    });
    assert_eq!(
        order(&storage),
        [conversation(5), conversation(1), conversation(4)]
    );
}

#[test]
fn what_the_server_may_not_have_is_found() {
    let mut storage = with_conversations(3);
    assert!(storage.unconfirmed(9).unwrap().is_empty());
    committed(&mut storage, |storage| {
        let read = ConversationRecord {
            read_seq: seq(8),
            ..record(1, 1)
        };
        let delivered = ConversationRecord {
            delivered_seq: seq(9),
            ..record(3, 3)
        };
        storage.save_conversation(&read).unwrap();
        storage.save_conversation(&delivered).unwrap();
    });
    assert_eq!(
        storage.unconfirmed(9).unwrap(),
        [conversation(3), conversation(1)]
    );
}

#[test]
fn the_outbox_keeps_its_order_through_changes_of_state() {
    let mut storage = with_conversations(1);
    committed(&mut storage, |storage| {
        for number in 1..=4 {
            storage.save_outbox(&waiting(number, 1)).unwrap();
        }
        let failed = OutboxRecord {
            state: OutboxState::Failed {
                code: "blocked".to_owned(),
            },
            ..waiting(2, 1)
        };
        let acknowledged = OutboxRecord {
            state: OutboxState::Acknowledged {
                seq: seq(4),
                at: Timestamp(8),
            },
            ..waiting(1, 1)
        };
        storage.save_outbox(&failed).unwrap();
        storage.save_outbox(&acknowledged).unwrap();
        storage.remove_outbox(message(3).into()).unwrap();
        storage.save_outbox(&waiting(3, 1)).unwrap();
    });
    let order: Vec<_> = storage
        .outbox(conversation(1))
        .unwrap()
        .into_iter()
        .map(|waiting| MessageId::from(waiting.id))
        .collect();
    assert_eq!(order, [message(1), message(2), message(4), message(3)]);
    let failed = storage.find_outbox(message(2).into()).unwrap().unwrap();
    assert!(matches!(failed.state, OutboxState::Failed { .. }));
}

#[test]
fn what_is_held_for_later_may_be_said_differently() {
    let mut storage = with_conversations(1);
    let held = |until: i64, failed: Option<&str>| OutboxRecord {
        state: OutboxState::Held {
            until: Timestamp(until),
            failed: failed.map(str::to_owned),
        },
        ..waiting(1, 1)
    };
    let changed = OutboxRecord {
        written_at: Timestamp(77),
        body: OutboxBody::Message {
            text: "later still".to_owned(),
            reply_to: Some(message(8)),
            files: Vec::new(),
            poll: None,
            preview: None,
        },
        ..held(9_000, Some("limit_reached"))
    };
    for record in [held(5_000, None), changed] {
        committed(&mut storage, |storage| storage.save_outbox(&record).unwrap());
        assert_eq!(storage.outbox(conversation(1)).unwrap(), [record]);
    }
}

#[test]
fn changes_of_messages_wait_like_messages_and_may_be_rewritten() {
    let mut storage = with_conversations(1);
    let edit = |text: &str, sent: bool| OutboxRecord {
        body: OutboxBody::Change {
            message: message(1),
            change: MessageChange::edit(Content::text(text)),
        },
        sent,
        ..waiting(2, 1)
    };
    let rewritten = OutboxRecord {
        body: OutboxBody::Message {
            text: "rewritten".to_owned(),
            reply_to: Some(message(99)),
            files: vec![Attachment::of(BlobId::from_bytes([9; 16]))],
            poll: None,
            preview: None,
        },
        ..waiting(1, 1)
    };
    committed(&mut storage, |storage| {
        storage.save_outbox(&waiting(1, 1)).unwrap();
        storage.save_outbox(&edit("first", false)).unwrap();
        storage.save_outbox(&waiting(3, 1)).unwrap();
        storage.save_outbox(&edit("second", true)).unwrap();
        storage.save_outbox(&rewritten).unwrap();
    });
    assert_eq!(
        storage.outbox(conversation(1)).unwrap(),
        [rewritten, edit("second", true), waiting(3, 1)]
    );
}

#[test]
fn messages_of_others_are_counted() {
    let mut storage = with_conversations(1);
    let title = EventBody::TitleChanged {
        title: "Owls".to_owned(),
    };
    let mut renamed = said(1, 3, 2, "");
    renamed.event.body = title;
    renamed.raw = serde_json::to_string(&renamed.event).unwrap();
    committed(&mut storage, |storage| {
        let entries = [
            said(1, 1, 1, "mine"),
            said(1, 2, 2, "theirs"),
            renamed,
            said(1, 4, 2, "theirs"),
        ];
        storage.save_entries(&entries).unwrap();
        storage.save_entries(&entries).unwrap();
    });
    let count = |after, through| {
        storage
            .count_messages_of_others(conversation(1), user(1), seq(after), seq(through), 10)
            .unwrap()
    };
    let one = storage.count_messages_of_others(conversation(1), user(1), seq(0), seq(4), 1);
    assert_eq!(one.unwrap(), 1);
    assert_eq!((count(0, 4), count(2, 4), count(4, 4), count(0, 3)), (2, 1, 0, 1));
    let first = |after| {
        storage
            .first_message_of_others(conversation(1), user(1), seq(after))
            .unwrap()
    };
    assert_eq!((first(0), first(2), first(4)), (Some(seq(2)), Some(seq(4)), None));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_a_log_are_kept_as_they_are(parts in prop::collection::vec((0_u64..90, 0_u64..9), 0..20)) {
        let mut storage = with_conversations(1);
        let mut ranges = Vec::new();
        for (after, length) in parts {
            let part = LogRange { after: seq(after), through: seq(after + length) };
            ranges = range::insert(&ranges, part);
            committed(&mut storage, |storage| storage.save_ranges(conversation(1), &ranges).unwrap());
            prop_assert_eq!(&storage.ranges(conversation(1)).unwrap(), &ranges);
            prop_assert_eq!(storage.cursors(1).unwrap()[0].seq, ranges.last().unwrap().through);
        }
    }

    /// No text, whatever is in it, breaks the index or a search for it.
    #[test]
    fn any_text_can_be_searched_for(text in ".{1,60}") {
        let mut storage = with_conversations(1);
        committed(&mut storage, |storage| storage.save_entries(&[said(1, 1, 2, &text)]).unwrap());
        storage.search(&search(&text)).unwrap();
    }
}
