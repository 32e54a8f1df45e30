//! One of every frame.

use pipit_wire::encryption::{GroupHead, HandshakeKind, Seal};
use pipit_wire::event::{
    AvatarChange, Change, ConversationKind, Event, EventBody, GroupSettings, HistoryPolicy, LastEdit,
    MemberRole, Message, MessageChange, MessageState, Reaction, Role, SealedPurpose, SettingsChange,
};
use pipit_wire::frame::client::{
    ClientInfo, Hello, History, ListConversations, Ping, SendChange, SendMessage, SendReceipt, SendTyping,
    SetPersonal, SetPresence, Sync, Watch,
};
use pipit_wire::frame::server::{
    Ack, CatchUp, ConversationGone, ConversationsPage, Goodbye, GoodbyeReason, Page, PersonalChanged, Pong,
    Presence, Synced, Typing, Welcome,
};
use pipit_wire::frame::{
    ConversationSummary, Cursor, ListPosition, Member, Personal, PersonalChange, PresenceState, Profile,
    Receipt, RequestState,
};
use pipit_wire::person::{Face, Status};
use pipit_wire::poll::{Poll, PollState, Tally};
use pipit_wire::privacy::{Circle, Privacy};
use pipit_wire::push::NotifyRule;
use pipit_wire::scheduled::Scheduled;
use pipit_wire::{
    Attachment, BlobId, ClientFrame, Content, ConversationId, DeviceId, ErrorCode, EventId, Limits,
    MessageId, PROTOCOL_VERSION, RequestId, Seq, ServerFrame, Timestamp, UserId, WireError,
};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn conversation() -> ConversationId {
    ConversationId::new(NOW, [1; 10])
}

fn alice() -> UserId {
    UserId::new(NOW, [2; 10])
}

fn bob() -> UserId {
    UserId::new(NOW, [3; 10])
}

fn device() -> DeviceId {
    DeviceId::new(NOW, [4; 10])
}

fn message_id(number: u8) -> MessageId {
    MessageId::new(NOW, [number; 10])
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

fn profile(user: UserId, handle: &str, name: &str) -> Profile {
    Profile {
        user,
        handle: handle.to_owned(),
        name: name.to_owned(),
        face: None,
    }
}

/// A `message` frame with this text.
pub(crate) fn message(id: u32, text: &str) -> ClientFrame {
    ClientFrame::Message(SendMessage {
        id: RequestId(id),
        message: Message {
            id: message_id(9),
            conversation: conversation(),
            written_at: NOW,
            content: Content::text(text),
            reply_to: None,
        },
    })
}

/// An `event` frame with this text.
pub(crate) fn event(number: u64, text: &str) -> ServerFrame {
    ServerFrame::Event(message_event(number, text))
}

fn message_event(number: u64, text: &str) -> Event {
    log_entry(
        number,
        EventBody::Message {
            written_at: NOW,
            content: Content::text(text),
            reply_to: Some(message_id(8)),
            expires_at: Some(NOW.plus_ms(3_600_000)),
        },
    )
}

fn log_entry(number: u64, body: EventBody) -> Event {
    Event {
        id: EventId::from(message_id(9)),
        conversation: conversation(),
        seq: seq(number),
        at: NOW,
        sender: alice(),
        device: Some(device()),
        body,
    }
}

fn reaction() -> ClientFrame {
    ClientFrame::Change(SendChange {
        id: RequestId(3),
        change: Change {
            id: EventId::from(message_id(10)),
            conversation: conversation(),
            message: message_id(9),
            change: MessageChange::React {
                emoji: "👍".to_owned(),
                on: true,
            },
        },
    })
}

/// One of every frame from a client, in the order of `ClientFrame::TYPES`.
fn sealed() -> Content {
    Content::Sealed {
        scheme: "mls1".to_owned(),
        bytes: "AAEC".to_owned(),
        seal: Some(Seal { epoch: 3, count: 17 }),
        commitment: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        blobs: vec![BlobId::from_bytes([7; 16])],
        purpose: SealedPurpose::Message,
    }
}

pub(crate) fn client_frames() -> Vec<ClientFrame> {
    let sealed = ClientFrame::Message(SendMessage {
        id: RequestId(2),
        message: Message {
            id: message_id(9),
            conversation: conversation(),
            written_at: NOW,
            content: sealed(),
            reply_to: None,
        },
    });
    let cursors = vec![Cursor {
        conversation: conversation(),
        seq: seq(41),
    }];
    vec![
        ClientFrame::Hello(Hello {
            id: RequestId(1),
            protocol: PROTOCOL_VERSION,
            token: "an access token".to_owned(),
            client: ClientInfo {
                name: "pipit-web".to_owned(),
                version: "0.1.0".to_owned(),
            },
            cursors: cursors.clone(),
            presence: PresenceState::Online,
        }),
        message(2, "Hello, Bob"),
        sealed,
        reaction(),
        ClientFrame::Receipt(SendReceipt {
            conversation: conversation(),
            delivered_seq: seq(42),
            read_seq: seq(41),
        }),
        ClientFrame::Typing(SendTyping {
            conversation: conversation(),
            active: true,
        }),
        ClientFrame::Presence(SetPresence {
            state: PresenceState::Away,
        }),
        ClientFrame::Watch(Watch { users: vec![bob()] }),
        ClientFrame::Sync(Sync {
            id: RequestId(3),
            cursors,
        }),
        ClientFrame::History(History {
            id: RequestId(4),
            conversation: conversation(),
            before_seq: Some(seq(41)),
            after_seq: None,
            limit: 50,
        }),
        ClientFrame::Conversations(ListConversations {
            id: RequestId(5),
            after: Some(ListPosition {
                last_at: NOW,
                conversation: conversation(),
            }),
            limit: 50,
        }),
        personal_change(),
        ClientFrame::Ping(Ping { id: RequestId(6) }),
    ]
}

/// One of every frame from the server, with one `event` for every kind of entry.
pub(crate) fn server_frames() -> Vec<ServerFrame> {
    let mut frames = vec![
        ServerFrame::Welcome(Box::new(Welcome {
            id: RequestId(1),
            protocol: PROTOCOL_VERSION,
            server_version: "0.1.0".to_owned(),
            now: NOW,
            device: device(),
            profile: profile(alice(), "alice", "Alice"),
            limits: Limits::default(),
            features: Vec::new(),
            conversations: vec![summary()],
            next: Some(ListPosition {
                last_at: NOW,
                conversation: conversation(),
            }),
        })),
        ServerFrame::Ack(Ack {
            id: RequestId(2),
            message: message_id(9),
            conversation: conversation(),
            seq: seq(42),
            at: NOW,
        }),
    ];
    frames.extend(
        bodies()
            .into_iter()
            .chain([handshake()])
            .chain(poll_bodies())
            .map(|body| ServerFrame::Event(log_entry(42, body))),
    );
    frames.extend(live_frames());
    frames.extend(answer_frames());
    frames
}

fn picture() -> AvatarChange {
    AvatarChange {
        blob: Some(BlobId::from_bytes([7; 16])),
    }
}

fn bodies() -> Vec<EventBody> {
    let member = MemberRole {
        user: bob(),
        role: Role::Member,
    };
    vec![
        EventBody::Created {
            kind: ConversationKind::Group,
            title: Some("Birdwatchers".to_owned()),
            members: vec![
                MemberRole {
                    user: alice(),
                    role: Role::Owner,
                },
                member,
            ],
            encrypted: true,
        },
        EventBody::Message {
            written_at: NOW,
            content: Content::text("Hello, Bob"),
            reply_to: None,
            expires_at: None,
        },
        EventBody::MemberAdded { member },
        EventBody::MemberRemoved {
            user: bob(),
            banned: false,
        },
        EventBody::MemberRemoved {
            user: bob(),
            banned: true,
        },
        EventBody::SettingsChanged {
            change: SettingsChange {
                topic: Some("Birds of the harbour".to_owned()),
                announcements: Some(true),
                history: Some(HistoryPolicy::All),
                expire_after_ms: Some(86_400_000),
                avatar: Some(picture()),
            },
        },
        EventBody::SettingsChanged {
            change: SettingsChange {
                announcements: Some(false),
                ..SettingsChange::default()
            },
        },
        EventBody::RoleChanged {
            member: MemberRole {
                user: bob(),
                role: Role::Admin,
            },
        },
        EventBody::TitleChanged {
            title: "Birders".to_owned(),
        },
        EventBody::Message {
            written_at: NOW,
            content: Content::Erased {},
            reply_to: None,
            expires_at: None,
        },
        changed(MessageChange::edit(Content::text("Hello, Bob!"))),
        changed(MessageChange::Delete {}),
        changed(MessageChange::React {
            emoji: "👍".to_owned(),
            on: true,
        }),
        changed(MessageChange::Pin { on: false }),
    ]
}

fn handshake() -> EventBody {
    EventBody::Handshake {
        kind: HandshakeKind::Commit,
        seal: Seal { epoch: 3, count: 18 },
        bytes: "AAEC".to_owned(),
    }
}

fn poll_bodies() -> [EventBody; 3] {
    [
        EventBody::Message {
            written_at: NOW,
            content: Content::Plain {
                text: "Where?".to_owned(),
                attachments: Vec::new(),
                poll: Some(Box::new(Poll {
                    options: vec!["Here".to_owned(), "There".to_owned()],
                    multiple: true,
                    anonymous: true,
                    closes_at: Some(NOW),
                })),
                preview: None,
            },
            reply_to: None,
            expires_at: None,
        },
        changed(MessageChange::Vote {
            options: vec![0],
            tally: Some(Tally {
                counts: vec![2, 1],
                voters: 2,
            }),
            anonymous: true,
        }),
        changed(MessageChange::ClosePoll {}),
    ]
}

fn changed(change: MessageChange) -> EventBody {
    EventBody::MessageChanged {
        message: message_id(9),
        change,
    }
}

fn live_frames() -> Vec<ServerFrame> {
    vec![
        ServerFrame::Receipt(Receipt {
            conversation: conversation(),
            user: bob(),
            delivered_seq: seq(42),
            read_seq: seq(41),
        }),
        ServerFrame::Typing(Typing {
            conversation: conversation(),
            user: bob(),
            active: true,
        }),
        ServerFrame::Presence(Presence {
            user: bob(),
            state: PresenceState::Offline,
            last_seen: Some(NOW),
        }),
        ServerFrame::Profile(Profile {
            face: Some(Face {
                avatar: Some(BlobId::from_bytes([8; 16])),
                about: "Rows before breakfast".to_owned(),
                status: Some(Status {
                    emoji: "🚣".to_owned(),
                    text: "on the water".to_owned(),
                    until: Some(NOW),
                }),
            }),
            ..profile(bob(), "bob", "Bob")
        }),
        ServerFrame::Privacy(Privacy {
            receipts: false,
            added_by: Circle::Known,
            changed_at: NOW,
            ..Privacy::default()
        }),
        ServerFrame::ArchivesChanged,
        ServerFrame::Conversation(Box::new(summary())),
        ServerFrame::ConversationGone(ConversationGone {
            conversation: conversation(),
            removed: false,
        }),
        ServerFrame::ConversationGone(ConversationGone {
            conversation: conversation(),
            removed: true,
        }),
        ServerFrame::Goodbye(Goodbye {
            reason: GoodbyeReason::Shutdown,
            reconnect_after_ms: 1_500,
        }),
    ]
}

fn answer_frames() -> Vec<ServerFrame> {
    vec![
        ServerFrame::CatchUp(CatchUp {
            id: RequestId(3),
            conversation: conversation(),
            events: vec![message_event(42, "Hello, Bob")],
            last_seq: seq(42),
            gap: false,
            group: Some(GroupHead { epoch: 4, count: 18 }),
        }),
        ServerFrame::Synced(Synced { id: RequestId(3) }),
        ServerFrame::Page(Page {
            id: RequestId(4),
            conversation: conversation(),
            events: vec![message_event(40, "Are you there?")],
            states: vec![MessageState {
                message: message_id(9),
                edit: Some(LastEdit {
                    seq: seq(41),
                    at: NOW,
                    content: Content::text("Are you here?"),
                }),
                reactions: vec![Reaction {
                    emoji: "👍".to_owned(),
                    count: 2,
                    mine: true,
                    users: vec![alice(), bob()],
                }],
                pinned_seq: seq(42),
                poll: Some(PollState {
                    tally: Tally {
                        counts: vec![2, 1],
                        voters: 2,
                    },
                    mine: vec![0],
                    closed: true,
                }),
            }],
            first_seq: seq(1),
            last_seq: seq(42),
        }),
        ServerFrame::Conversations(ConversationsPage {
            id: RequestId(5),
            items: vec![summary()],
            next: None,
        }),
        ServerFrame::Personal(PersonalChanged {
            id: Some(RequestId(8)),
            conversation: conversation(),
            personal: personal(),
        }),
        ServerFrame::Pong(Pong { id: RequestId(6) }),
        ServerFrame::Error(
            WireError::new(ErrorCode::RateLimited, "too many frames")
                .about("message")
                .answering(Some(RequestId(7)))
                .after_ms(2_000),
        ),
    ]
}

fn personal_change() -> ClientFrame {
    ClientFrame::Personal(SetPersonal {
        id: RequestId(8),
        conversation: conversation(),
        change: PersonalChange {
            archived_seq: Some(seq(42)),
            pin: Some(2),
            muted_until: Some(NOW),
            marked_unread: Some(true),
            draft: Some("Dear".to_owned()),
            hide: [seq(40)].into(),
            request: Some(RequestState::Accepted),
            schedule: [(message_id(7), Some(scheduled(None))), (message_id(8), None)].into(),
            notify: Some(NotifyRule::Mentions),
        },
    })
}

fn scheduled(failed: Option<ErrorCode>) -> Scheduled {
    Scheduled {
        text: "Good morning".to_owned(),
        reply_to: Some(message_id(9)),
        attachments: vec![Attachment::of(BlobId::from_bytes([6; 16]))],
        send_at: NOW.plus_ms(3_600_000),
        failed,
    }
}

fn personal() -> Personal {
    Personal {
        changed_at: NOW,
        archived_seq: seq(42),
        pin: 2,
        muted_until: NOW.plus_ms(3_600_000),
        marked_unread: true,
        draft: "Dear".to_owned(),
        hidden: [seq(12), seq(40)].into(),
        request: RequestState::Waiting,
        asked_by: Some(alice()),
        scheduled: [(message_id(7), scheduled(Some(ErrorCode::Forbidden)))].into(),
        notify: NotifyRule::Nothing,
    }
}

fn summary() -> ConversationSummary {
    let member = |user, handle: &str, name: &str| Member {
        profile: profile(user, handle, name),
        role: Role::Member,
        delivered_seq: seq(42),
        read_seq: seq(41),
    };
    ConversationSummary {
        id: conversation(),
        kind: ConversationKind::Direct,
        title: None,
        encrypted: true,
        member_count: 2,
        members: vec![member(alice(), "alice", "Alice"), member(bob(), "bob", "Bob")],
        first_seq: seq(1),
        last_seq: seq(42),
        last_at: NOW,
        last_message: Some(message_event(42, "Hello, Bob")),
        unread: 1,
        settings: GroupSettings {
            topic: "Birds".to_owned(),
            announcements: true,
            history: HistoryPolicy::All,
            expire_after_ms: 86_400_000,
            avatar: None,
        },
        join_requests: 2,
        personal: personal(),
    }
}
