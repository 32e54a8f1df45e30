//! Searching on the device, on a real database.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pipit_client::fold::{FoldRecord, Folded};
use pipit_client::storage::{ConversationRecord, Counted, LogEntry, Storage, StorageSearch};
use pipit_client_store::SqliteStorage;
use pipit_model::search::parse;
use pipit_wire::event::{ConversationKind, EventBody, GroupSettings, LastEdit, Role};
use pipit_wire::media::Attachment;
use pipit_wire::{BlobId, Content, ConversationId, Event, MessageId, Seq, Timestamp, UserId};

fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

fn conversation(number: u8) -> ConversationId {
    ConversationId::from_bytes([number; 16])
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
        settings: GroupSettings::default(),
        join_requests: 0,
        encrypted: false,
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

fn committed(storage: &mut SqliteStorage, write: impl FnOnce(&mut SqliteStorage)) -> bool {
    storage.begin().unwrap();
    write(storage);
    storage.commit().unwrap()
}

#[test]
fn search_finds_words_in_any_spelling_and_nothing_that_was_removed() {
    let mut storage = with_conversations(2);
    committed(&mut storage, |storage| {
        storage
            .save_entries(&[
                said(1, 1, 2, "Wir treffen uns im Café Müller, um acht."),
                said(1, 2, 2, "Der Kaffee war gut"),
                said(2, 1, 1, "café OR \"nothing\" AND NOT (crash)"),
            ])
            .unwrap();
    });
    let found = |query: &str| {
        let mut places: Vec<_> = storage
            .search(&search(query))
            .unwrap()
            .iter()
            .map(|hit| (hit.conversation, hit.seq.get()))
            .collect();
        places.sort_unstable();
        places
    };
    assert_eq!(found("cafe"), [(conversation(1), 1), (conversation(2), 1)]);
    assert_eq!(found("CAFÉ muller"), [(conversation(1), 1)]);
    assert_eq!(found("kaf"), [(conversation(1), 2)]);
    // What a person types is words, never an expression.
    for query in [
        "café OR",
        "\"nothing\" AND NOT (crash)",
        "crash)",
        "NEAR(",
        "text:crash",
        "-crash",
        "*",
        "",
        "^cafe",
    ] {
        storage
            .search(&search(query))
            .unwrap_or_else(|error| panic!("{query}: {error}"));
    }
    assert!(found("* ? \"").is_empty());
    let hit = &storage.search(&search("treffen")).unwrap()[0];
    assert_eq!((hit.sender, hit.at), (user(2), Timestamp(1_000)));
    assert!(hit.excerpt.iter().any(|part| part.hit && part.text == "treffen"));

    committed(&mut storage, |storage| {
        storage.truncate_entries(conversation(1), seq(1)).unwrap();
    });
    assert!(storage.search(&search("kaffee")).unwrap().is_empty());
    assert_eq!(storage.search(&search("treffen")).unwrap().len(), 1);
}

#[test]
fn the_device_finds_what_the_server_finds() {
    let mut storage = with_conversations(2);
    committed(&mut storage, |storage| {
        let mut link = said(2, 2, 1, "tea at https://example.org");
        link.event.at = Timestamp(2_000);
        let entries = [
            said(1, 1, 2, "今日は東京都へ"),
            said(1, 2, 2, "don't be late for tea"),
            said(2, 1, 1, "Straße, tea"),
            link,
        ];
        storage.save_entries(&entries).unwrap();
    });
    let places = |search: &StorageSearch| {
        let hits = storage.search(search).unwrap();
        hits.iter()
            .map(|hit| (hit.conversation, hit.seq.get()))
            .collect::<Vec<_>>()
    };
    let (one, other) = (conversation(1), conversation(2));
    assert_eq!(places(&search("京都")), [(one, 1)]);
    assert_eq!(places(&search("dont")), [(one, 2)]);
    assert_eq!(places(&search("strasse")), [(other, 1)]);
    assert_eq!(places(&search("\"late for\"")), [(one, 2)]);
    assert_eq!(places(&search("has:link")), [(other, 2)]);
    // Newest first, and pages that follow one another.
    assert_eq!(places(&search("tea")), [(other, 2), (other, 1), (one, 2)]);
    let after = |at: i64, place: u8, number: u64| StorageSearch {
        after: Some((Timestamp(at), conversation(place), seq(number))),
        ..search("tea")
    };
    assert_eq!(places(&after(2_000, 2, 2)), [(other, 1), (one, 2)]);
    assert_eq!(places(&after(1_000, 2, 1)), [(one, 2)]);
    let from = StorageSearch {
        from: Some(vec![user(2)]),
        ..search("tea")
    };
    assert_eq!(places(&from), [(one, 2)]);
    let since = StorageSearch {
        since: Some(Timestamp(1_001)),
        ..search("tea")
    };
    assert_eq!(places(&since), [(other, 2)]);
    let until = StorageSearch {
        until: Some(Timestamp(1_001)),
        within: Some(vec![other]),
        ..search("tea")
    };
    assert_eq!(places(&until), [(other, 1)]);
}

#[test]
fn a_message_with_files_is_found_by_them_and_by_what_it_says_now_until_it_is_deleted() {
    let mut storage = with_conversations(1);
    let mut entry = said(1, 1, 2, "First words");
    let photo = Attachment {
        name: "Lake view.jpg".to_owned(),
        media_type: "image/jpeg".to_owned(),
        caption: Some("At dawn".to_owned()),
        ..Attachment::of(BlobId::from_bytes([4; 16]))
    };
    entry.event.body = EventBody::Message {
        written_at: Timestamp(900),
        content: Content::Plain {
            text: "First words".to_owned(),
            attachments: vec![photo],
            poll: None,
            preview: None,
        },
        reply_to: None,
        expires_at: None,
    };
    entry.raw = serde_json::to_string(&entry.event).unwrap();
    let message = entry.event.id.into();
    let edit = LastEdit {
        seq: seq(2),
        at: Timestamp(2_000),
        content: Content::text("Other words"),
    };
    let edited = FoldRecord {
        folded: Folded {
            edit: Some(edit),
            ..Folded::default()
        },
        folded_seq: seq(2),
        ..FoldRecord::default()
    };
    let found = |storage: &SqliteStorage, queries: &[&str]| -> Vec<usize> {
        let count = |query: &&str| storage.search(&search(query)).unwrap().len();
        queries.iter().map(count).collect()
    };
    committed(&mut storage, |storage| storage.save_entries(&[entry]).unwrap());
    let of_file = ["lake", "\"at dawn\"", "has:image dawn"];
    let of_text = ["first", "other", "\"words lake\""];
    assert_eq!(found(&storage, &of_file), [1, 1, 1]);
    assert_eq!(found(&storage, &of_text), [1, 0, 0]);
    committed(&mut storage, |storage| {
        storage.save_fold(conversation(1), seq(1), &edited).unwrap();
    });
    assert_eq!(found(&storage, &of_file), [1, 1, 1]);
    assert_eq!(found(&storage, &of_text), [0, 1, 0]);
    let hit = &storage.search(&search("dawn")).unwrap()[0];
    assert!(hit.excerpt.iter().any(|part| part.hit && part.text == "dawn"));
    committed(&mut storage, |storage| {
        storage.erase_message(conversation(1), message).unwrap();
    });
    assert_eq!(found(&storage, &of_file), [0, 0, 0]);
    assert_eq!(found(&storage, &of_text), [0, 0, 0]);
}
