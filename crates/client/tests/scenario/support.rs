//! A device of Bob's under test: the real engine on the real storage, a screen that applies what it is shown, and a server
//! whose part the test plays frame by frame.

use std::collections::VecDeque;

use pipit_client::command::{Command, CommandId, Reply, ViewId};
use pipit_client::io::{HttpAnswer, HttpRequest, Input, Output};
use pipit_client::storage::{SessionRecord, Storage, StorageSearch};
use pipit_client::view::{
    ArchivesView, ConnectionView, ConversationItem, SessionView, Splice, StorageView, TimelineHeader,
    TimelineItem, Unsent, Update,
};
use pipit_client::{Config, Engine};
use pipit_client_store::SqliteStorage;
use pipit_model::search::parse;
use pipit_wire::event::{ConversationKind, EventBody, Role};
use pipit_wire::frame::client::{ClientInfo, Hello, SendMessage, SendReceipt};
use pipit_wire::frame::server::{Ack, CatchUp, Page, Synced, Welcome};
use pipit_wire::frame::{ConversationSummary, Member, Profile, Receipt};
use pipit_wire::privacy::Privacy;
use pipit_wire::rest::{Me, Session};
use pipit_wire::{
    BlobId, ClientFrame, Content, ConversationId, DeviceId, ErrorCode, Event, Limits, MessageId,
    PROTOCOL_VERSION, RequestId, Seq, ServerFrame, Timestamp, UserId, WireError, codec,
};
use serde::Serialize;
use uuid::Uuid;

pub(crate) const ALICE: u128 = 0xa11ce;
pub(crate) const BOB: u128 = 0xb0b;
pub(crate) const CAROL: u128 = 0xca401;
pub(crate) const START: Timestamp = Timestamp(1_800_000_000_000);

pub(crate) fn user(number: u128) -> UserId {
    Uuid::from_u128(number).into()
}

pub(crate) fn conversation(number: u128) -> ConversationId {
    Uuid::from_u128(0xc0_0000 + number).into()
}

pub(crate) fn message(number: u128) -> MessageId {
    Uuid::from_u128(0x3e_0000 + number).into()
}

pub(crate) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub(crate) fn profile(number: u128) -> Profile {
    let (handle, name) = match number {
        ALICE => ("alice", "Alice"),
        BOB => ("bob", "Bob"),
        CAROL => ("carol", "Carol"),
        _ => ("someone", "Someone"),
    };
    Profile {
        user: user(number),
        handle: handle.to_owned(),
        name: name.to_owned(),
        face: None,
    }
}

/// Somebody as views are shown them: with a face, be there nothing in it.
pub(crate) fn shown(profile: Profile) -> Profile {
    Profile {
        face: Some(profile.face.unwrap_or_default()),
        ..profile
    }
}

/// A screen: what a view has been shown.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    pub(crate) session: Option<SessionView>,
    pub(crate) connection: Option<ConnectionView>,
    pub(crate) storage: Option<StorageView>,
    pub(crate) list: Vec<ConversationItem>,
    pub(crate) has_more: bool,
    pub(crate) loaded: bool,
    pub(crate) requests: u32,
    pub(crate) header: Option<TimelineHeader>,
    pub(crate) items: Vec<TimelineItem>,
    pub(crate) gone: Vec<ConversationId>,
    /// What was said of conversations that are gone: how each was called, and whether somebody else has taken one out.
    pub(crate) left: Vec<(String, bool)>,
    pub(crate) unsent: Vec<Unsent>,
    /// Changes that were taken back, and why.
    pub(crate) refused: Vec<(MessageId, String)>,
    /// What was set here and taken back, and why.
    pub(crate) settings_refused: Vec<(Option<ConversationId>, String)>,
    /// What another device has changed.
    pub(crate) privacy: Option<Privacy>,
    /// Hand-overs.
    pub(crate) archives: ArchivesView,
}

fn splice<T: Clone>(list: &mut Vec<T>, splices: &[Splice<T>]) {
    for splice in splices {
        let at = splice.at as usize;
        list.splice(at..at + splice.remove as usize, splice.insert.iter().cloned());
    }
}

impl Screen {
    fn apply(&mut self, update: Update) {
        match update {
            Update::Session { session } => self.session = Some(session),
            Update::Connection { connection } => self.connection = Some(connection),
            Update::Storage { storage } => self.storage = Some(storage),
            Update::Conversations {
                splices,
                has_more,
                loaded,
                requests,
            } => {
                splice(&mut self.list, &splices);
                (self.has_more, self.loaded, self.requests) = (has_more, loaded, requests);
            }
            Update::Timeline { header, splices } => {
                splice(&mut self.items, &splices);
                self.header = Some(*header);
            }
            Update::ChangeRefused { message, code, .. } => self.refused.push((message, code)),
            Update::SettingRefused { conversation, code } => self.settings_refused.push((conversation, code)),
            Update::Privacy { privacy } => self.privacy = Some(privacy),
            Update::Trust { .. } => {}
            Update::Archives { archives } => self.archives = *archives,
            Update::ConversationGone { name, removed, .. } => self.left.push((name, removed)),
            Update::Unsent { items } => self.unsent = items,
            Update::TimelineGone { conversation } => {
                self.gone.push(conversation);
                self.header = None;
                self.items.clear();
            }
        }
    }

    /// The texts of the open timeline, each with where it stands.
    pub(crate) fn texts(&self) -> Vec<String> {
        let lines = self.items.iter().map(|item| {
            let text = match &item.body {
                pipit_client::view::ItemBody::Message { text, .. } => text.clone(),
                other => format!("{other:?}"),
            };
            match &item.delivery {
                Some(state) => format!("{text} [{state:?}]"),
                None => text,
            }
        });
        lines.collect()
    }
}

/// Bob's device.
pub(crate) struct Device {
    pub(crate) engine: Engine<SqliteStorage>,
    pub(crate) now: Timestamp,
    pub(crate) screen: Screen,
    pub(crate) replies: Vec<(CommandId, Reply)>,
    pub(crate) frames: VecDeque<ClientFrame>,
    pub(crate) calls: VecDeque<HttpRequest>,
    pub(crate) dropped_files: Vec<BlobId>,
    /// What the driver was told last to keep.
    pub(crate) kept_files: Option<Vec<BlobId>>,
    /// `Connect` and `Disconnect`, in order.
    pub(crate) line: Vec<&'static str>,
    /// The server is one from before encrypted conversations.
    pub(crate) has_no_keys: bool,
    view: ViewId,
    commands: u32,
}

/// What requests about this device's keys begin with.
const KEYS: &str = "/v1/devices/current/";

pub(crate) fn config() -> Config {
    let mut state = 7_u64;
    Config {
        client: ClientInfo {
            name: "test".to_owned(),
            version: "1".to_owned(),
        },
        random: Box::new(move |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = state.to_le_bytes()[4];
            }
        }),
    }
}

impl Device {
    /// A device on which nobody is signed in.
    pub(crate) fn new() -> Self {
        Self::on(SqliteStorage::open_in_memory().unwrap(), START)
    }

    pub(crate) fn on(storage: SqliteStorage, now: Timestamp) -> Self {
        let engine = Engine::open(storage, config(), now).unwrap();
        let mut device = Self {
            engine,
            now,
            screen: Screen::default(),
            replies: Vec::new(),
            frames: VecDeque::new(),
            calls: VecDeque::new(),
            dropped_files: Vec::new(),
            kept_files: None,
            line: Vec::new(),
            has_no_keys: true,
            view: ViewId("tab".to_owned()),
            commands: 0,
        };
        device.input(Input::Attach {
            view: device.view.clone(),
        });
        device
    }

    /// A device on which Bob is signed in; the line is not made yet.
    pub(crate) fn signed_in() -> Self {
        Self::signed_in_at(START)
    }

    /// The same, started at this time; the access token ends a quarter of an hour after the start of time.
    pub(crate) fn signed_in_at(now: Timestamp) -> Self {
        let mut storage = SqliteStorage::open_in_memory().unwrap();
        storage.begin().unwrap();
        storage.save_session(&session_record()).unwrap();
        storage.commit().unwrap();
        Self::on(storage, now)
    }

    /// A device of Bob's whose line stands and that has everything of these conversations.
    pub(crate) fn online(conversations: Vec<ConversationSummary>) -> Self {
        let mut device = Self::signed_in();
        device.go_online(conversations);
        device
    }

    /// The program ends at this point, whatever it was doing, and is started again on what is on disk.
    pub(crate) fn crash(self) -> Self {
        Self::on(self.engine.into_storage(), self.now)
    }

    pub(crate) fn input(&mut self, input: Input) {
        let outputs = self.engine.handle(input, self.now);
        let mut about_keys = Vec::new();
        for output in outputs {
            match output {
                Output::Connect => self.line.push("connect"),
                Output::Disconnect => self.line.push("disconnect"),
                Output::Send { text } => {
                    let frame = codec::decode_client(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
                    self.frames.push_back(frame);
                }
                Output::Http(request) if self.has_no_keys && request.path.starts_with(KEYS) => {
                    about_keys.push(request.id);
                }
                Output::Http(request) => self.calls.push_back(request),
                Output::AbortHttp { id } => self.calls.retain(|call| call.id != id),
                // No file is sealed in these scenes.
                Output::HashFile { .. } => {}
                Output::DropFile { blob } => self.dropped_files.push(blob),
                Output::KeepFiles { blobs, .. } => self.kept_files = Some(blobs),
                Output::Update { view, update } => {
                    if view == self.view {
                        self.screen.apply(update);
                    }
                }
                Output::Reply { id, reply, .. } => self.replies.push((id, reply)),
            }
        }
        for id in about_keys {
            let refusal = WireError::new(ErrorCode::NotFound, "there is no such endpoint");
            let body = serde_json::to_string(&refusal).unwrap();
            let answer = HttpAnswer::Answered { status: 404, body };
            self.input(Input::HttpDone { id, answer });
        }
    }

    pub(crate) fn command(&mut self, command: Command) -> CommandId {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.input(Input::Command {
            view: self.view.clone(),
            id,
            command,
        });
        id
    }

    /// Gives a command that is done on the device, and its reply.
    pub(crate) fn tell(&mut self, command: Command) -> Reply {
        let id = self.command(command);
        self.reply_to(id).expect("no reply")
    }

    pub(crate) fn reply_to(&mut self, id: CommandId) -> Option<Reply> {
        let place = self.replies.iter().position(|(answered, _)| *answered == id)?;
        Some(self.replies.remove(place).1)
    }

    /// Time passes; what falls due is done when it does.
    pub(crate) fn pass(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while let Some(wake_at) = self.engine.wake_at().filter(|wake_at| *wake_at <= end) {
            self.now = self.now.max(wake_at);
            self.input(Input::Tick);
            assert!(
                self.engine.wake_at().is_none_or(|next| next > self.now),
                "the engine wants to be woken at {:?}, now, again and again",
                self.now
            );
        }
        self.now = end;
        self.input(Input::Tick);
    }

    pub(crate) fn receive(&mut self, frame: &ServerFrame) {
        self.input(Input::Received {
            text: codec::encode_server(frame),
        });
    }

    pub(crate) fn open(&mut self, number: u128) {
        self.screen.items.clear();
        let reply = self.tell(Command::OpenTimeline {
            conversation: conversation(number),
        });
        assert_eq!(reply, Reply::Done);
    }

    pub(crate) fn write(&mut self, id: u128, place: u128, text: &str) -> Reply {
        self.tell(Command::SendMessage {
            message: message(id),
            conversation: conversation(place),
            text: text.to_owned(),
            reply_to: None,
            attachments: Vec::new(),
            preview: None,
        })
    }

    /// Makes the line up to the `hello`.
    pub(crate) fn connect(&mut self) -> Hello {
        let connecting = |device: &Self| device.screen.connection == Some(ConnectionView::Connecting);
        for _ in 0..1_000 {
            if self.line.last() == Some(&"connect") && connecting(self) {
                break;
            }
            self.pass(100);
        }
        assert_eq!(self.line.last(), Some(&"connect"), "{:?}", self.screen.connection);
        self.input(Input::Connected);
        match self.frames.pop_back() {
            Some(ClientFrame::Hello(hello)) => hello,
            other => panic!("not a hello: {other:?}"),
        }
    }

    pub(crate) fn go_online(&mut self, conversations: Vec<ConversationSummary>) {
        let hello = self.connect();
        self.receive(&welcome(&hello, self.now, conversations));
        self.receive(&ServerFrame::Synced(Synced { id: hello.id }));
        assert_eq!(self.screen.connection, Some(ConnectionView::UpToDate));
    }

    pub(crate) fn cut(&mut self) {
        self.line.clear();
        self.frames.clear();
        self.input(Input::Disconnected);
    }

    /// The frames that were sent since the last look, without what concerns presence.
    pub(crate) fn sent(&mut self) -> Vec<ClientFrame> {
        let quiet = |frame: &ClientFrame| matches!(frame, ClientFrame::Presence(_) | ClientFrame::Watch(_));
        self.frames.drain(..).filter(|frame| !quiet(frame)).collect()
    }

    pub(crate) fn sent_messages(&mut self) -> Vec<SendMessage> {
        let frames = self.sent();
        let messages = frames.into_iter().filter_map(|frame| match frame {
            ClientFrame::Message(message) => Some(message),
            _ => None,
        });
        messages.collect()
    }

    pub(crate) fn sent_receipts(&mut self) -> Vec<SendReceipt> {
        let frames = self.sent();
        let receipts = frames.into_iter().filter_map(|frame| match frame {
            ClientFrame::Receipt(receipt) => Some(receipt),
            _ => None,
        });
        receipts.collect()
    }

    /// Answers the oldest HTTP request that waits.
    pub(crate) fn answer<T: Serialize>(&mut self, status: u16, body: &T) -> HttpRequest {
        let request = self.calls.pop_front().expect("no request");
        self.input(Input::HttpDone {
            id: request.id,
            answer: HttpAnswer::Answered {
                status,
                body: serde_json::to_string(body).unwrap(),
            },
        });
        request
    }

    /// The oldest HTTP request that waits, for whoever answers it.
    pub(crate) fn take_call(&mut self) -> Option<HttpRequest> {
        self.calls.pop_front()
    }

    pub(crate) fn answer_unreachable(&mut self) -> HttpRequest {
        let request = self.calls.pop_front().expect("no request");
        self.input(Input::HttpDone {
            id: request.id,
            answer: HttpAnswer::Unreachable,
        });
        request
    }

    pub(crate) fn unread(&self, number: u128) -> u32 {
        let id = conversation(number);
        let item = self.screen.list.iter().find(|item| item.id == id);
        item.expect("not in the list").unread
    }
}

pub(crate) fn session_record() -> SessionRecord {
    SessionRecord {
        me: Me {
            profile: profile(BOB),
            admin: false,
        },
        device: device_id(1),
        limits: Limits::default(),
        server_name: "Home".to_owned(),
        access_token: "access-1".to_owned(),
        access_until: START.plus_ms(15 * 60_000),
        refresh_token: "refresh-1".to_owned(),
        clock_offset_ms: 0,
        list_loaded: false,
        list_complete: false,
    }
}

pub(crate) fn device_id(number: u128) -> DeviceId {
    Uuid::from_u128(0xde_0000 + number).into()
}

pub(crate) fn session(number: u32, now: Timestamp) -> Session {
    Session {
        me: Me {
            profile: profile(BOB),
            admin: false,
        },
        device: device_id(1),
        access_token: format!("access-{number}"),
        access_expires_at: now.plus_ms(15 * 60_000),
        refresh_token: format!("refresh-{number}"),
    }
}

pub(crate) fn welcome(hello: &Hello, now: Timestamp, conversations: Vec<ConversationSummary>) -> ServerFrame {
    ServerFrame::Welcome(Box::new(Welcome {
        id: hello.id,
        protocol: PROTOCOL_VERSION,
        server_version: "0.1.0".to_owned(),
        now,
        device: device_id(1),
        profile: profile(BOB),
        limits: Limits::default(),
        features: Vec::new(),
        conversations,
        next: None,
    }))
}

/// A direct conversation of Alice and Bob, of which Bob's devices have and have read everything.
pub(crate) fn direct(number: u128, last: u64) -> ConversationSummary {
    ConversationSummary {
        id: conversation(number),
        kind: ConversationKind::Direct,
        title: None,
        encrypted: false,
        member_count: 2,
        members: vec![
            member(ALICE, Role::Member, last, last),
            member(BOB, Role::Member, last, last),
        ],
        first_seq: seq(1),
        last_seq: seq(last),
        last_at: START,
        last_message: None,
        unread: 0,
        settings: pipit_wire::event::GroupSettings::default(),
        join_requests: 0,
        personal: pipit_wire::frame::Personal::default(),
    }
}

pub(crate) fn group(number: u128, last: u64, people: &[u128]) -> ConversationSummary {
    let members: Vec<Member> = people
        .iter()
        .map(|person| {
            let role = if *person == ALICE {
                Role::Owner
            } else {
                Role::Member
            };
            member(*person, role, last, last)
        })
        .collect();
    ConversationSummary {
        kind: ConversationKind::Group,
        title: Some("Birds".to_owned()),
        member_count: u32::try_from(members.len()).unwrap(),
        members,
        ..direct(number, last)
    }
}

pub(crate) fn member(number: u128, role: Role, delivered: u64, read: u64) -> Member {
    Member {
        profile: profile(number),
        role,
        delivered_seq: seq(delivered),
        read_seq: seq(read),
    }
}

/// Sets Bob's markers in a summary, and how much he has not read.
pub(crate) fn behind(
    mut summary: ConversationSummary,
    delivered: u64,
    read: u64,
    unread: u32,
) -> ConversationSummary {
    for member in &mut summary.members {
        if member.profile.user == user(BOB) {
            (member.delivered_seq, member.read_seq) = (seq(delivered), seq(read));
        }
    }
    ConversationSummary { unread, ..summary }
}

pub(crate) fn entry(place: u128, number: u64, sender: u128, body: EventBody) -> Event {
    Event {
        id: Uuid::from_u128(0xe0_0000 + place * 0x10_0000 + u128::from(number)).into(),
        conversation: conversation(place),
        seq: seq(number),
        at: START.plus_ms(i64::try_from(number).unwrap() * 1_000),
        sender: user(sender),
        device: None,
        body,
    }
}

pub(crate) fn said(place: u128, number: u64, sender: u128, text: &str) -> Event {
    let body = EventBody::Message {
        written_at: START,
        content: Content::text(text),
        reply_to: None,
        expires_at: None,
    };
    entry(place, number, sender, body)
}

pub(crate) fn lines(place: u128, numbers: std::ops::RangeInclusive<u64>) -> Vec<Event> {
    numbers
        .map(|number| said(place, number, ALICE, &format!("line {number}")))
        .collect()
}

pub(crate) fn event(event: Event) -> ServerFrame {
    ServerFrame::Event(event)
}

/// One's own message as the log has it.
pub(crate) fn echo(sent: &SendMessage, number: u64) -> Event {
    Event {
        id: sent.message.id.into(),
        device: Some(device_id(1)),
        body: EventBody::Message {
            written_at: sent.message.written_at,
            content: sent.message.content.clone(),
            reply_to: sent.message.reply_to,
            expires_at: None,
        },
        ..said(0, number, BOB, "")
    }
    .in_conversation(sent.message.conversation)
}

pub(crate) trait InConversation {
    fn in_conversation(self, conversation: ConversationId) -> Self;
}

impl InConversation for Event {
    fn in_conversation(self, conversation: ConversationId) -> Self {
        Self { conversation, ..self }
    }
}

pub(crate) fn ack(sent: &SendMessage, number: u64) -> ServerFrame {
    ServerFrame::Ack(Ack {
        id: sent.id,
        message: sent.message.id,
        conversation: sent.message.conversation,
        seq: seq(number),
        at: START.plus_ms(i64::try_from(number).unwrap() * 1_000),
    })
}

pub(crate) fn catch_up(id: RequestId, place: u128, events: Vec<Event>, last: u64, gap: bool) -> ServerFrame {
    ServerFrame::CatchUp(CatchUp {
        group: None,
        id,
        conversation: conversation(place),
        events,
        last_seq: seq(last),
        gap,
    })
}

pub(crate) fn page(id: RequestId, place: u128, events: Vec<Event>, last: u64) -> ServerFrame {
    ServerFrame::Page(Page {
        id,
        conversation: conversation(place),
        events,
        states: Vec::new(),
        first_seq: seq(1),
        last_seq: seq(last),
    })
}

pub(crate) fn receipt(place: u128, person: u128, delivered: u64, read: u64) -> ServerFrame {
    ServerFrame::Receipt(Receipt {
        conversation: conversation(place),
        user: user(person),
        delivered_seq: seq(delivered),
        read_seq: seq(read),
    })
}

/// A search of everything on the device.
pub(crate) fn words(query: &str) -> StorageSearch {
    StorageSearch {
        terms: parse(query).unwrap().terms,
        from: None,
        within: None,
        has: Vec::new(),
        since: None,
        until: None,
        after: None,
        limit: 9,
    }
}
