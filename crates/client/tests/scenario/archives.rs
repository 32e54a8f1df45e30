//! What came in an archive gets its place where the log has that entry, and nowhere else.

use pipit_client::Engine;
use pipit_client::command::{Command, Reply};
use pipit_client::io::{HttpAnswer, HttpMethod, Input};
use pipit_client::range::LogRange;
use pipit_client::storage::{ConversationRecord, Counted, LogEntry, ShelfRecord, Storage};
use pipit_client::view::BackupState;
use pipit_client_store::SqliteStorage;
use pipit_model::commitment;
use pipit_wire::encryption::Seal;
use pipit_wire::event::{ConversationKind, EventBody, GroupSettings, MessageChange, Role, SealedPurpose};
use pipit_wire::frame::ConversationSummary;
use pipit_wire::rest::archive::{Archive, ArchivePurpose, Archives};
use pipit_wire::rest::encryption::{ReportUnreadable, UnreadableCause, UnreadableCount};
use pipit_wire::{ArchiveId, Content, Event, EventId, MessageId, Seq, ServerFrame};

use crate::support::*;

/// Everything up to here is in the store, and was taken in.
const HELD: u64 = 10;

fn id(number: u64) -> EventId {
    message(u128::from(number)).into()
}

fn event(number: u64, sender: u128, body: EventBody) -> LogEntry {
    let event = Event {
        conversation: conversation(1),
        seq: seq(number),
        id: id(number),
        sender: user(sender),
        device: Some(device_id(sender)),
        at: START,
        body,
    };
    LogEntry {
        raw: serde_json::to_string(&event).unwrap(),
        event,
    }
}

fn says(content: Content) -> EventBody {
    EventBody::Message {
        written_at: START,
        content,
        reply_to: None,
        expires_at: None,
    }
}

fn sealed() -> EventBody {
    sealed_for(SealedPurpose::Message)
}

fn sealed_for(purpose: SealedPurpose) -> EventBody {
    says(Content::Sealed {
        scheme: "mls1".to_owned(),
        bytes: "AAEC".to_owned(),
        seal: Some(Seal { epoch: 1, count: 1 }),
        commitment: None,
        blobs: Vec::new(),
        purpose,
    })
}

/// Something sealed that says this, and what opens it.
fn committed(purpose: SealedPurpose, said: &EventBody) -> (EventBody, String) {
    let said = serde_json::to_vec(said).unwrap();
    let (unsealed, made) = commitment::commit([7; commitment::KEY_BYTES], &said);
    let opening = commitment::open(&made, &unsealed).unwrap();
    let mut body = sealed_for(purpose);
    if let EventBody::Message {
        content: Content::Sealed { commitment, .. },
        ..
    } = &mut body
    {
        *commitment = Some(made);
    }
    (body, serde_json::to_string(&opening).unwrap())
}

fn edit_of(number: u64, text: &str) -> EventBody {
    EventBody::MessageChanged {
        message: message(u128::from(number)),
        change: MessageChange::edit(Content::text(text)),
    }
}

fn shelved(number: u64, sender: u128, body: &EventBody) -> ShelfRecord {
    let target: Option<MessageId> = match body {
        EventBody::MessageChanged { message, .. } => Some(*message),
        _ => None,
    };
    ShelfRecord {
        conversation: conversation(1),
        seq: seq(number),
        event: id(number),
        sender: user(sender),
        target,
        body: serde_json::to_string(body).unwrap(),
    }
}

fn record() -> ConversationRecord {
    ConversationRecord {
        id: conversation(1),
        kind: ConversationKind::Group,
        title: Some("Den".to_owned()),
        peer: None,
        role: Role::Member,
        member_count: 3,
        first_seq: seq(1),
        last_seq: seq(HELD + 5),
        last_at: START,
        activity_at: START,
        state_seq: seq(HELD + 5),
        last_message: None,
        delivered_seq: seq(HELD),
        read_seq: seq(HELD),
        delivered_confirmed: seq(HELD),
        read_confirmed: seq(HELD),
        counted: Counted::default(),
        settings: GroupSettings::default(),
        join_requests: 0,
        encrypted: true,
    }
}

/// Bob's device, which came in at the end of what it holds.
fn device(entries: &[LogEntry], waiting: &[ShelfRecord]) -> SqliteStorage {
    device_at(HELD, entries, waiting)
}

/// Bob's device, which came in here and has taken in nothing since.
fn device_at(since: u64, entries: &[LogEntry], waiting: &[ShelfRecord]) -> SqliteStorage {
    let mut storage = SqliteStorage::open_in_memory().unwrap();
    storage.begin().unwrap();
    storage.save_session(&session_record()).unwrap();
    storage.save_conversation(&record()).unwrap();
    storage.save_entries(entries).unwrap();
    let held = LogRange {
        after: Seq::ZERO,
        through: seq(since),
    };
    storage.save_ranges(conversation(1), &[held]).unwrap();
    let group = format!(r#"{{"stage":"In","cursor":{since},"since":{since}}}"#);
    let key = [&[2], conversation(1).as_bytes().as_slice()].concat();
    storage.save_secret(&key, group.as_bytes()).unwrap();
    storage.put_on_shelf(waiting).unwrap();
    storage.commit().unwrap();
    storage
}

fn run(storage: SqliteStorage) -> SqliteStorage {
    let mut engine = Engine::open(storage, config(), START).unwrap();
    engine.handle(Input::Tick, START);
    engine.into_storage()
}

fn body_at(storage: &SqliteStorage, number: u64) -> EventBody {
    let found = storage
        .entries(conversation(1), seq(number).previous(), seq(number))
        .unwrap();
    found[0].body.clone()
}

fn log() -> Vec<LogEntry> {
    let created = EventBody::TitleChanged {
        title: "Den".to_owned(),
    };
    vec![
        event(1, ALICE, created),
        event(2, ALICE, sealed()),
        event(3, ALICE, sealed()),
        event(4, ALICE, sealed()),
        event(5, ALICE, sealed()),
        event(6, ALICE, sealed()),
        event(7, CAROL, sealed()),
        event(8, ALICE, sealed()),
        event(9, BOB, says(Content::text("as it was opened here"))),
        event(10, ALICE, says(Content::Erased {})),
    ]
}

#[test]
fn an_archive_says_only_what_the_log_has_room_for() {
    let words = says(Content::text("words"));
    let title = EventBody::TitleChanged {
        title: "Another".to_owned(),
    };
    let waiting = [
        // In the clear for the server: nothing was ever sealed there.
        shelved(1, ALICE, &words),
        shelved(2, ALICE, &says(Content::text("the truth"))),
        ShelfRecord {
            event: id(77),
            ..shelved(3, ALICE, &words)
        },
        // Not who the log says.
        shelved(4, CAROL, &words),
        // Not what is said sealed, and no text at all.
        shelved(5, ALICE, &title),
        shelved(6, ALICE, &says(Content::text(""))),
        // Somebody else's message is nobody's to edit.
        shelved(7, CAROL, &edit_of(2, "a lie")),
        shelved(8, ALICE, &edit_of(2, "the whole truth")),
        shelved(9, BOB, &words),
        shelved(10, ALICE, &words),
    ];
    let before = log();
    let storage = run(device(&before, &waiting));
    assert_eq!(body_at(&storage, 2), says(Content::text("the truth")));
    assert_eq!(body_at(&storage, 8), edit_of(2, "the whole truth"));
    for number in [1, 3, 4, 5, 6, 7, 9, 10] {
        let at = usize::try_from(number).unwrap() - 1;
        assert_eq!(body_at(&storage, number), before[at].event.body, "at {number}");
    }
    let folded = storage.fold(conversation(1), seq(2)).unwrap().folded;
    assert_eq!(folded.text(), Some("the whole truth"));
    assert!(
        storage.shelves().unwrap().is_empty(),
        "nothing is left of what has no place"
    );
}

/// What its sender has committed to is said, whoever hands it over, and nothing else; only what the group is called comes without what opens it.
#[test]
fn an_archive_says_what_was_committed_to() {
    let truth = says(Content::text("the truth"));
    let edited = edit_of(2, "the whole truth");
    let title = EventBody::TitleChanged {
        title: "Den of thieves".to_owned(),
    };
    let (spoken, opens) = committed(SealedPurpose::Message, &truth);
    let (change, opens_change) = committed(SealedPurpose::Change, &edited);
    let (named, _) = committed(SealedPurpose::Profile, &title);
    let (_, opens_lie) = committed(SealedPurpose::Message, &says(Content::text("a lie")));
    let mut before = log();
    for (number, body) in [
        (2, &spoken),
        (3, &spoken),
        (4, &spoken),
        (5, &spoken),
        (6, &change),
        (8, &named),
    ] {
        before[number - 1] = event(number as u64, ALICE, body.clone());
    }
    let opened = |number, opening: &str, target: Option<u64>| ShelfRecord {
        target: target.map(|target| message(u128::from(target))),
        body: opening.to_owned(),
        ..shelved(number, ALICE, &truth)
    };
    let waiting = [
        opened(2, &opens, None),
        // Not what opens it: the words alone, others, and what opens something else.
        shelved(3, ALICE, &truth),
        opened(4, &opens_lie, None),
        opened(5, &opens.replace("truth", "lie"), None),
        opened(6, &opens_change, Some(2)),
        shelved(8, ALICE, &title),
    ];
    let storage = run(device(&before, &waiting));
    assert_eq!(body_at(&storage, 2), truth);
    assert_eq!(body_at(&storage, 6), edited);
    assert_eq!(body_at(&storage, 8), title);
    for number in [3, 4, 5] {
        let at = usize::try_from(number).unwrap() - 1;
        assert_eq!(body_at(&storage, number), before[at].event.body, "at {number}");
    }
    // It is kept, for whom this device shows it to.
    let kept = storage.log_entries(conversation(1), seq(1), 1).unwrap().remove(0);
    assert!(kept.raw.contains("\"opening\""), "{}", kept.raw);
}

/// Whoever makes an archive changes nothing that came after the entries in it, and says in nobody's name that they show something.
#[test]
fn an_archive_says_nothing_of_what_came_later() {
    let mut before = log();
    before[2] = event(3, ALICE, sealed_for(SealedPurpose::Change));
    before[6] = event(7, BOB, sealed());
    let shown = EventBody::HistoryShown {
        archive: ArchiveId::new(START, [1; 10]),
        key: format!("{}=", "A".repeat(43)),
        users: vec![user(BOB)],
    };
    let waiting = [
        shelved(3, ALICE, &shown),
        shelved(7, BOB, &edit_of(9, "never said")),
    ];
    let storage = run(device(&before, &waiting));
    for number in [3, 7] {
        let at = usize::try_from(number).unwrap() - 1;
        assert_eq!(body_at(&storage, number), before[at].event.body, "at {number}");
    }
    let folded = storage.fold(conversation(1), seq(9)).unwrap().folded;
    assert_eq!(folded.text(), None);
}

/// What belongs to entries that are not here, or that this device has not come to, waits for them.
#[test]
fn what_has_no_place_yet_waits() {
    let words = says(Content::text("words"));
    let waiting = [
        shelved(2, ALICE, &words),
        shelved(HELD + 1, ALICE, &words),
        shelved(HELD + 3, ALICE, &words),
    ];
    let storage = run(device(&log(), &waiting));
    assert_eq!(body_at(&storage, 2), words);
    let left = storage.shelf(conversation(1), Seq::ZERO, 9).unwrap();
    assert_eq!(left, waiting[1..]);
    // However often the device is started meanwhile.
    let storage = run(storage);
    assert_eq!(
        storage.shelf(conversation(1), Seq::ZERO, 9).unwrap(),
        waiting[1..]
    );
}

/// What came is not kept for conversations that the account is not in, and goes with the deletion of its message.
#[test]
fn what_waits_goes_with_its_conversation_and_its_message() {
    let words = says(Content::text("words"));
    let elsewhere = ShelfRecord {
        conversation: conversation(2),
        ..shelved(2, ALICE, &words)
    };
    let waiting = [
        elsewhere,
        shelved(HELD + 1, ALICE, &words),
        shelved(HELD + 2, ALICE, &edit_of(HELD + 1, "other words")),
        shelved(HELD + 3, ALICE, &words),
    ];
    let mut storage = device(&log(), &waiting);
    storage.begin().unwrap();
    storage
        .erase_message(conversation(1), message(u128::from(HELD + 1)))
        .unwrap();
    let mut session = session_record();
    session.list_complete = true;
    storage.save_session(&session).unwrap();
    storage.commit().unwrap();
    let mut storage = run(storage);
    let left = storage.shelf(conversation(1), Seq::ZERO, 9).unwrap();
    assert_eq!(left, waiting[3..]);
    assert!(storage.shelf(conversation(2), Seq::ZERO, 9).unwrap().is_empty());
    storage.begin().unwrap();
    storage.remove_conversation(conversation(1)).unwrap();
    storage.commit().unwrap();
    assert!(storage.shelves().unwrap().is_empty());
}

/// The same again changes nothing.
#[test]
fn what_comes_twice_is_there_once() {
    let words = says(Content::text("words"));
    let later = says(Content::text("other words"));
    let mut storage = device(
        &log(),
        &[shelved(2, ALICE, &words), shelved(HELD + 1, ALICE, &words)],
    );
    storage.begin().unwrap();
    storage
        .put_on_shelf(&[shelved(2, ALICE, &later), shelved(HELD + 1, ALICE, &later)])
        .unwrap();
    storage.commit().unwrap();
    let mut storage = run(storage);
    assert_eq!(body_at(&storage, 2), words);
    storage.begin().unwrap();
    storage.put_on_shelf(&[shelved(2, ALICE, &later)]).unwrap();
    storage.commit().unwrap();
    let storage = run(storage);
    assert_eq!(body_at(&storage, 2), words, "it is open, and stays as it is");
    assert_eq!(
        storage.shelf(conversation(1), Seq::ZERO, 9).unwrap(),
        [shelved(HELD + 1, ALICE, &words)]
    );
}

/// "Unable to decrypt" is a defect: how often it happens is told, and nothing else of it.
#[test]
fn what_cannot_be_read_is_counted_and_told() {
    let mut bob = Device::on(device_at(HELD - 1, &log()[..9], &[]), START);
    let place = ConversationSummary {
        encrypted: true,
        ..group(1, HELD - 1, &[ALICE, BOB])
    };
    bob.go_online(vec![place]);
    let mut own = event(HELD, BOB, sealed()).event;
    own.device = Some(device_id(1));
    bob.receive(&crate::support::event(own));
    let mut told = Vec::new();
    for _ in 0..150 {
        bob.pass(1_000);
        while let Some(request) = bob.take_call() {
            if request.path == "/v1/me/unreadable" {
                told.push(request.body.unwrap());
            }
        }
    }
    let told: Vec<ReportUnreadable> = told
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    let expect = ReportUnreadable {
        client: config().client,
        counts: vec![UnreadableCount {
            reason: UnreadableCause::NotOpened,
            count: 1,
        }],
        repaired: 0,
    };
    assert_eq!(told, [expect]);
}

fn waiting_tablet() -> Archive {
    Archive {
        id: ArchiveId::new(START, [1; 10]),
        purpose: ArchivePurpose::Handover,
        device: device_id(9),
        device_name: "tablet".to_owned(),
        signature_key: None,
        proof: String::new(),
        giver: None,
        salt: None,
        parts: 0,
        size: 0,
        complete: false,
        made_at: START,
        changed_at: START,
        expires_at: None,
    }
}

fn listing(bob: &mut Device, items: Vec<Archive>) {
    let asked = bob.answer(200, &Archives { items });
    assert_eq!(
        (asked.method, asked.path.as_str()),
        (HttpMethod::Get, "/v1/me/archives")
    );
}

/// What the server says while it is asked already may be newer than the answer: it is asked again, once.
#[test]
fn an_answer_that_may_be_old_is_asked_for_again() {
    let mut bob = Device::online(vec![]);
    bob.receive(&ServerFrame::ArchivesChanged);
    bob.receive(&ServerFrame::ArchivesChanged);
    bob.receive(&ServerFrame::ArchivesChanged);
    assert_eq!(bob.calls.len(), 1);
    listing(&mut bob, vec![waiting_tablet()]);
    assert_eq!(bob.screen.archives.waiting.len(), 1);
    listing(&mut bob, vec![]);
    assert_eq!(bob.screen.archives.waiting, vec![]);
    assert_eq!(bob.take_call(), None);
}

/// A backup that another device has erased, or replaced, before the server's answer to its beginning was here is not begun again.
#[test]
fn what_has_gone_before_it_was_known_to_be_there_stays_gone() {
    let mut bob = Device::online(vec![]);
    let Reply::RecoveryCode { code } = bob.tell(Command::NewRecoveryCode) else {
        panic!("no code");
    };
    listing(&mut bob, vec![]);
    assert_eq!(bob.tell(Command::BeginBackup { code }), Reply::Done);
    let begun = bob.take_call().unwrap();
    assert_eq!(
        (begun.method, begun.path.as_str()),
        (HttpMethod::Post, "/v1/me/archives")
    );
    bob.receive(&ServerFrame::ArchivesChanged);
    listing(&mut bob, vec![]);
    let answer = HttpAnswer::Answered {
        status: 204,
        body: String::new(),
    };
    bob.input(Input::HttpDone { id: begun.id, answer });
    listing(&mut bob, vec![]);
    assert_eq!(bob.take_call(), None);
    let backup = bob.screen.archives.backup.as_ref();
    assert_eq!(backup.map(|backup| &backup.state), Some(&BackupState::Off));
}
