//! A disk that refuses, at any point.

use std::cell::Cell;
use std::rc::Rc;

use pipit_client::command::{Command, CommandId, Reply, ViewId};
use pipit_client::fold::{FoldRecord, Folded};
use pipit_client::io::{Input, Output};
use pipit_client::range::LogRange;
use pipit_client::storage::{
    ConversationRecord, LogEntry, MemberRecord, OutboxRecord, PersonalRecord, PictureOf, PictureRecord,
    PicturesMax, SearchHit, SessionRecord, ShelfRecord, ShelfState, Storage, StorageError, StorageSearch,
    Unsent, UploadRecord, WishRecord, WishTarget,
};
use pipit_client::view::{StorageView, Update};
use pipit_client::{Engine, io};
use pipit_client_store::SqliteStorage;
use pipit_wire::frame::{Cursor, Profile};
use pipit_wire::{BlobId, ConversationId, Event, EventId, MessageId, Seq, Timestamp, UserId, codec};

use crate::support::*;

/// The real storage, whose commits fail while the disk is full.
struct Full {
    inner: SqliteStorage,
    full: Rc<Cell<bool>>,
}

macro_rules! reads {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self $(, $argument: $type)*) -> Result<$answer, StorageError> { self.inner.$name($($argument),*) })*
    };
}

macro_rules! writes {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(fn $name(&mut self $(, $argument: $type)*) -> Result<(), StorageError> { self.inner.$name($($argument),*) })*
    };
}

impl Storage for Full {
    fn durable(&self) -> bool {
        true
    }

    fn commit(&mut self) -> Result<bool, StorageError> {
        if self.full.get() {
            return Err(StorageError::Full);
        }
        self.inner.commit()
    }

    reads! {
        secret(key: &[u8]) -> Option<Vec<u8>>;
        secrets(prefix: &[u8]) -> Vec<Vec<u8>>;
        session() -> Option<SessionRecord>;
        profile(user: UserId) -> Option<Profile>;
        conversation(id: ConversationId) -> Option<ConversationRecord>;
        recent_conversations(limit: u32) -> Vec<ConversationId>;
        encrypted_conversations() -> Vec<ConversationId>;
        log_entries(conversation: ConversationId, after: Seq, limit: u32) -> Vec<LogEntry>;
        count_entries(conversation: ConversationId, after: Seq) -> u32;
        shelf(conversation: ConversationId, after: Seq, limit: u32) -> Vec<ShelfRecord>;
        shelves() -> Vec<ShelfState>;
        cursors(limit: u32) -> Vec<Cursor>;
        unconfirmed(limit: u32) -> Vec<ConversationId>;
        members(conversation: ConversationId) -> Vec<MemberRecord>;
        ranges(conversation: ConversationId) -> Vec<LogRange>;
        entries(conversation: ConversationId, after: Seq, through: Seq) -> Vec<Event>;
        find_message(conversation: ConversationId, message: MessageId) -> Option<Event>;
        find_entry(conversation: ConversationId, id: EventId) -> Option<Event>;
        changes_of(conversation: ConversationId, message: MessageId, after: Seq) -> Vec<Event>;
        fold(conversation: ConversationId, seq: Seq) -> FoldRecord;
        folds(conversation: ConversationId, after: Seq, through: Seq) -> Vec<(Seq, Folded)>;
        pinned_messages(conversation: ConversationId, limit: u32) -> Vec<Event>;
        next_expiry() -> Option<Timestamp>;
        expired(now: Timestamp, limit: u32) -> Vec<(ConversationId, MessageId)>;
        count_messages_of_others(conversation: ConversationId, me: UserId, after: Seq, through: Seq, most: u32) -> u32;
        first_message_of_others(conversation: ConversationId, me: UserId, after: Seq) -> Option<Seq>;
        outbox(conversation: ConversationId) -> Vec<OutboxRecord>;
        outbox_conversations() -> Vec<ConversationId>;
        find_outbox(id: EventId) -> Option<OutboxRecord>;
        uploads() -> Vec<UploadRecord>;
        uploads_of(message: MessageId) -> Vec<UploadRecord>;
        upload(blob: BlobId) -> Option<UploadRecord>;
        picture(blob: BlobId) -> Option<PictureRecord>;
        kept_pictures(blobs: &[BlobId]) -> Vec<BlobId>;
        unsent() -> Vec<Unsent>;
        wish(target: WishTarget) -> Option<WishRecord>;
        wishes() -> Vec<WishRecord>;
        personal(conversation: ConversationId) -> PersonalRecord;
        pinned_conversations() -> Vec<ConversationId>;
        pending_personals(limit: u32) -> Vec<ConversationId>;
        requests(limit: u32) -> Vec<ConversationId>;
        draft(conversation: ConversationId) -> Option<String>;
        profiles(limit: u32) -> Vec<Profile>;
        search(search: &StorageSearch) -> Vec<SearchHit>;
    }

    writes! {
        put_on_shelf(records: &[ShelfRecord]);
        keep_picture(of: PictureOf, picture: &PictureRecord, most: PicturesMax);
        save_unsent(unsent: &Unsent);
        remove_unsent(message: MessageId);
        take_off_shelf(conversation: ConversationId, seq: Seq);
        empty_shelf(conversation: ConversationId);
        begin();
        rollback();
        erase();
        save_secret(key: &[u8], value: &[u8]);
        remove_secret(key: &[u8]);
        save_session(session: &SessionRecord);
        save_profile(profile: &Profile);
        save_conversation(conversation: &ConversationRecord);
        remove_conversation(id: ConversationId);
        replace_members(conversation: ConversationId, members: &[MemberRecord]);
        save_member(conversation: ConversationId, member: &MemberRecord);
        remove_member(conversation: ConversationId, user: UserId);
        save_ranges(conversation: ConversationId, ranges: &[LogRange]);
        save_entries(entries: &[LogEntry]);
        replace_entry(entry: &LogEntry);
        truncate_entries(conversation: ConversationId, after: Seq);
        save_fold(conversation: ConversationId, seq: Seq, fold: &FoldRecord);
        erase_message(conversation: ConversationId, message: MessageId);
        expire_message(conversation: ConversationId, message: MessageId);
        save_outbox(record: &OutboxRecord);
        remove_outbox(id: EventId);
        save_upload(upload: &UploadRecord);
        remove_upload(blob: BlobId);
        save_wish(wish: &WishRecord);
        remove_wish(target: WishTarget);
        save_personal(conversation: ConversationId, personal: &PersonalRecord);
        save_draft(conversation: ConversationId, text: &str);
    }
}

/// Bob's engine on a disk that may be full, with a view that shows the conversation with Alice.
struct Tab {
    engine: Engine<Full>,
    full: Rc<Cell<bool>>,
    view: ViewId,
    commands: u32,
}

impl Tab {
    fn new(device: Device) -> Self {
        let full = Rc::new(Cell::new(false));
        let storage = Full {
            inner: device.engine.into_storage(),
            full: Rc::clone(&full),
        };
        let mut tab = Self {
            engine: Engine::open(storage, config(), device.now).unwrap(),
            full,
            view: ViewId("tab".to_owned()),
            commands: 0,
        };
        let view = tab.view.clone();
        tab.engine.handle(Input::Attach { view }, device.now);
        tab.tell(Command::OpenTimeline {
            conversation: conversation(1),
        });
        tab
    }

    fn tell(&mut self, command: Command) -> Vec<Output> {
        self.commands += 1;
        let input = Input::Command {
            view: self.view.clone(),
            id: CommandId(self.commands),
            command,
        };
        self.engine.handle(input, START)
    }
}

fn says(outputs: &[Output], expected: StorageView) -> bool {
    outputs.iter().any(|output| {
        matches!(output, Output::Update { update: Update::Storage { storage }, .. } if *storage == expected)
    })
}

fn shows_timeline(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| {
        matches!(
            output,
            Output::Update {
                update: Update::Timeline { .. },
                ..
            }
        )
    })
}

#[test]
fn a_full_disk_refuses_says_so_and_recovers() {
    let mut device = Device::online(vec![direct(1, 0)]);
    device.receive(&event(said(1, 1, ALICE, "one")));
    let mut tab = Tab::new(device);
    let write = Command::SendMessage {
        message: message(1),
        conversation: conversation(1),
        text: "hello".to_owned(),
        reply_to: None,
        attachments: Vec::new(),
        preview: None,
    };
    tab.full.set(true);
    let outputs = tab.tell(write.clone());
    let refused = |output: &Output| matches!(output, Output::Reply { reply: Reply::Failed { error }, .. } if error.code == "storage");
    assert!(outputs.iter().any(refused), "{outputs:?}");
    assert!(says(&outputs, StorageView::Failing), "{outputs:?}");
    assert!(
        !shows_timeline(&outputs),
        "showed what is not on disk: {outputs:?}"
    );

    tab.full.set(false);
    let outputs = tab.tell(write);
    assert!(says(&outputs, StorageView::Durable), "{outputs:?}");
    assert!(shows_timeline(&outputs), "{outputs:?}");
    assert!(
        tab.engine
            .storage()
            .find_outbox(message(1).into())
            .unwrap()
            .is_some()
    );
}

#[test]
fn an_entry_that_could_not_be_written_comes_again() {
    let mut device = Device::online(vec![direct(1, 0)]);
    let now = device.now;
    device.line.clear();
    let full = Rc::new(Cell::new(false));
    let storage = Full {
        inner: device.engine.into_storage(),
        full: Rc::clone(&full),
    };
    let mut engine = Engine::open(storage, config(), now).unwrap();
    engine.handle(Input::Tick, now);
    let outputs = engine.handle(Input::Connected, now);
    let Some(Output::Send { text }) = outputs.last() else {
        panic!("{outputs:?}");
    };
    let hello = match codec::decode_client(text).unwrap() {
        pipit_wire::ClientFrame::Hello(hello) => hello,
        other => panic!("{other:?}"),
    };
    let text = codec::encode_server(&welcome(&hello, now, vec![direct(1, 0)]));
    engine.handle(Input::Received { text }, now);
    full.set(true);
    let text = codec::encode_server(&event(said(1, 1, ALICE, "one")));
    let outputs = engine.handle(Input::Received { text }, now);
    assert!(outputs.contains(&Output::Disconnect), "{outputs:?}");
    full.set(false);
    let at = engine.wake_at().unwrap();
    let outputs = engine.handle(Input::Tick, at);
    assert!(outputs.contains(&io::Output::Connect), "{outputs:?}");
    let outputs = engine.handle(Input::Connected, at);
    let Some(Output::Send { text }) = outputs.last() else {
        panic!("{outputs:?}");
    };
    assert!(text.contains(r#""seq":0"#), "{text}");
}

#[test]
fn an_answer_that_could_not_be_kept_fails_its_command_and_a_request_that_never_left_does_too() {
    let mut tab = Tab::new(Device::online(vec![direct(1, 0)]));
    let create = Command::CreateDirect {
        user: user(CAROL),
        encrypted: false,
    };
    let outputs = tab.tell(create.clone());
    let Some(Output::Http(request)) = outputs.iter().find(|output| matches!(output, Output::Http(_))) else {
        panic!("{outputs:?}");
    };
    tab.full.set(true);
    let failed = |output: &&Output| matches!(output, Output::Reply { reply: Reply::Failed { error }, .. } if error.code == "storage");
    let answer = Input::HttpDone {
        id: request.id,
        answer: io::HttpAnswer::Answered {
            status: 200,
            body: serde_json::to_string(&pipit_wire::rest::Conversation {
                conversation: direct(2, 1),
            })
            .unwrap(),
        },
    };
    let outputs = tab.engine.handle(answer, START);
    assert_eq!(outputs.iter().filter(failed).count(), 1, "{outputs:?}");
    let outputs = tab.tell(create);
    assert_eq!(outputs.iter().filter(failed).count(), 1, "{outputs:?}");
    tab.full.set(false);
    // No second reply comes when the request that never left runs out of time.
    let outputs = tab.engine.handle(Input::Tick, START.plus_ms(60_000));
    let reply = |output: &&Output| matches!(output, Output::Reply { .. });
    assert_eq!(outputs.iter().filter(reply).count(), 0, "{outputs:?}");
}
