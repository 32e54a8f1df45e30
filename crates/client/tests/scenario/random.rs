//! Anything in any order: lost lines, crashes, late and doubled frames, against a small server that keeps the rules.
//!
//! This is the engine's own check, of one device and one conversation of each kind of trouble; the simulation of several devices
//! on the real server's logic is a crate of its own.

use std::collections::VecDeque;

use pipit_client::command::{Command, Reply};
use pipit_client::storage::Storage;
use pipit_client::view::ConnectionView;
use pipit_wire::event::EventBody;
use pipit_wire::frame::client::{Hello, SendMessage};
use pipit_wire::frame::server::{Pong, Synced};
use pipit_wire::frame::{ConversationSummary, Cursor};
use pipit_wire::{ClientFrame, ErrorCode, Event, RequestId, ServerFrame, UserId, WireError, rest};
use proptest::prelude::*;

use crate::support::*;

/// What is between two places is streamed up to so much, then a gap.
const STREAMED_MAX: u64 = 6;

/// The server: one log, Bob's markers, and the frames on their way to his device.
#[derive(Default)]
struct Server {
    log: Vec<Event>,
    delivered: u64,
    read: u64,
    on_the_way: VecDeque<ServerFrame>,
    connected: bool,
    refuse_next: bool,
    /// A live entry was lost on the way.
    lost: bool,
}

impl Server {
    fn length(&self) -> u64 {
        u64::try_from(self.log.len()).unwrap()
    }

    fn part(&self, after: u64, through: u64) -> Vec<Event> {
        let wanted = |event: &&Event| (after + 1..=through).contains(&event.seq.get());
        self.log.iter().filter(wanted).cloned().collect()
    }

    fn unread(&self) -> u32 {
        let me: UserId = user(BOB);
        let unread = |event: &&Event| {
            let message = matches!(event.body, EventBody::Message { .. });
            message && event.sender != me && event.seq.get() > self.read
        };
        u32::try_from(self.log.iter().filter(unread).count()).unwrap()
    }

    fn summary(&self) -> ConversationSummary {
        let mut summary = behind(direct(1, self.length()), self.delivered, self.read, self.unread());
        summary.last_message = self.log.last().cloned();
        summary
    }

    fn append(&mut self, event: Event) {
        self.log.push(event.clone());
        if self.connected {
            self.on_the_way.push_back(ServerFrame::Event(event));
        }
    }

    fn take(&mut self, frame: ClientFrame, now: pipit_wire::Timestamp) {
        match frame {
            ClientFrame::Hello(hello) => self.greet(&hello, now),
            ClientFrame::Message(message) => self.message(&message),
            ClientFrame::Receipt(receipt) => {
                assert!(receipt.delivered_seq.get() <= self.length(), "{receipt:?}");
                self.read = self.read.max(receipt.read_seq.get());
                self.delivered = self.delivered.max(receipt.delivered_seq.get()).max(self.read);
            }
            ClientFrame::Sync(sync) => self.catch_up(sync.id, &sync.cursors),
            ClientFrame::History(history) => {
                let before = history.before_seq.unwrap().get();
                let events = self.part(before.saturating_sub(1 + STREAMED_MAX), before - 1);
                self.on_the_way
                    .push_back(page(history.id, 1, events, self.length()));
            }
            ClientFrame::Ping(ping) => self.on_the_way.push_back(ServerFrame::Pong(Pong { id: ping.id })),
            frame @ (ClientFrame::Conversations(_) | ClientFrame::Change(_)) => panic!("{frame:?}"),
            ClientFrame::Typing(_)
            | ClientFrame::Presence(_)
            | ClientFrame::Watch(_)
            | ClientFrame::Personal(_) => {}
        }
    }

    fn greet(&mut self, hello: &Hello, now: pipit_wire::Timestamp) {
        self.connected = true;
        self.on_the_way
            .push_back(welcome(hello, now, vec![self.summary()]));
        self.catch_up(hello.id, &hello.cursors);
    }

    fn catch_up(&mut self, id: RequestId, cursors: &[Cursor]) {
        for cursor in cursors {
            assert!(
                cursor.seq.get() <= self.length(),
                "a cursor in the future: {cursor:?}"
            );
            let missing = self.length() - cursor.seq.get();
            let gap = missing > STREAMED_MAX;
            let events = if gap {
                Vec::new()
            } else {
                self.part(cursor.seq.get(), self.length())
            };
            self.on_the_way
                .push_back(catch_up(id, 1, events, self.length(), gap));
        }
        self.on_the_way.push_back(ServerFrame::Synced(Synced { id }));
    }

    fn message(&mut self, sent: &SendMessage) {
        if std::mem::take(&mut self.refuse_next) {
            let error = WireError::new(ErrorCode::Unavailable, "later").answering(Some(sent.id));
            return self.on_the_way.push_back(ServerFrame::Error(error));
        }
        let known = self.log.iter().find(|event| event.id == sent.message.id.into());
        let seq = known.map_or(self.length() + 1, |event| event.seq.get());
        if known.is_none() {
            self.append(echo(sent, seq));
        }
        self.on_the_way.push_back(ack(sent, seq));
    }
}

/// Something happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    Alice,
    Many,
    Bob,
    Deliver(u8),
    /// The next two frames change places: fan-out and answers take different ways.
    Swap,
    Double,
    LoseEvent,
    Read,
    OtherDeviceReads,
    Pass,
    Open,
    LoadOlder,
    RefuseNext,
    Cut,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Alice),
        1 => Just(Step::Many),
        4 => Just(Step::Bob),
        9 => (1_u8..6).prop_map(Step::Deliver),
        2 => Just(Step::Swap),
        1 => Just(Step::Double),
        2 => Just(Step::LoseEvent),
        2 => Just(Step::Read),
        1 => Just(Step::OtherDeviceReads),
        3 => Just(Step::Pass),
        1 => Just(Step::Open),
        1 => Just(Step::LoadOlder),
        1 => Just(Step::RefuseNext),
        2 => Just(Step::Cut),
        2 => Just(Step::Crash),
    ]
}

struct World {
    bob: Device,
    server: Server,
    written: Vec<u128>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            bob: Device::signed_in(),
            server: Server::default(),
            written: Vec::new(),
        };
        world.settle();
        world
    }

    /// What the device has to say reaches the server; what it asks over HTTP is answered.
    fn carry(&mut self) {
        let line: Vec<_> = self.bob.line.drain(..).collect();
        for word in line {
            self.server.connected = false;
            self.server.on_the_way.clear();
            self.bob.frames.clear();
            if word == "connect" {
                self.bob.input(pipit_client::io::Input::Connected);
            }
        }
        while let Some(frame) = self.bob.frames.pop_front() {
            let now = self.bob.now;
            self.server.take(frame, now);
        }
        while !self.bob.calls.is_empty() {
            let conversation = self.server.summary();
            self.bob.answer(200, &rest::Conversation { conversation });
        }
    }

    fn deliver(&mut self) {
        if let Some(frame) = self.server.on_the_way.pop_front() {
            self.bob.receive(&frame);
            self.carry();
        }
    }

    fn alice(&mut self) {
        let seq = self.server.length() + 1;
        self.server.append(said(1, seq, ALICE, &format!("line {seq}")));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Alice => self.alice(),
            Step::Many => (0..STREAMED_MAX + 2).for_each(|_| self.alice()),
            Step::Bob => {
                let id = u128::try_from(self.written.len()).unwrap() + 1;
                if self.bob.write(id, 1, &format!("message {id}")) == Reply::Done {
                    self.written.push(id);
                }
            }
            Step::Deliver(count) => (0..count).for_each(|_| self.deliver()),
            Step::Swap => {
                let way = &mut self.server.on_the_way;
                // Not the welcome: nothing comes before it.
                if way.len() > 2 && !matches!(way[0], ServerFrame::Welcome(_)) {
                    let synced = |frame: &ServerFrame| matches!(frame, ServerFrame::Synced(_));
                    if !synced(&way[0]) && !synced(&way[1]) {
                        way.swap(0, 1);
                    }
                }
            }
            Step::Double => {
                let first = self.server.on_the_way.front().cloned();
                if let Some(event @ ServerFrame::Event(_)) = first {
                    self.server.on_the_way.push_back(event);
                }
            }
            Step::LoseEvent => {
                let event = |frame: &ServerFrame| matches!(frame, ServerFrame::Event(_));
                if self.server.on_the_way.front().is_some_and(event) {
                    self.server.on_the_way.pop_front();
                    self.server.lost = true;
                }
            }
            Step::Read => {
                let seq = pipit_wire::Seq::new(self.server.length()).unwrap();
                let conversation = conversation(1);
                self.bob.tell(Command::MarkRead { conversation, seq });
            }
            Step::OtherDeviceReads => {
                self.server.read = self.server.read.max(self.server.length() / 2);
                self.server.delivered = self.server.delivered.max(self.server.read);
                if self.server.connected {
                    let (delivered, read) = (self.server.delivered, self.server.read);
                    self.server.on_the_way.push_back(receipt(1, BOB, delivered, read));
                }
            }
            Step::Pass => self.bob.pass(400),
            Step::Open => {
                self.bob.screen.items.clear();
                self.bob.command(Command::OpenTimeline {
                    conversation: conversation(1),
                });
            }
            Step::LoadOlder => {
                self.bob.tell(Command::LoadOlder);
            }
            Step::RefuseNext => self.server.refuse_next = true,
            Step::Cut => {
                self.server.connected = false;
                self.server.on_the_way.clear();
                self.bob.cut();
            }
            Step::Crash => {
                self.server.connected = false;
                self.server.on_the_way.clear();
                let unused = Device::new();
                self.bob = std::mem::replace(&mut self.bob, unused).crash();
            }
        }
        self.carry();
    }

    /// Everything calms down: lines stand, frames arrive.
    fn settle(&mut self) {
        self.server.refuse_next = false;
        for _ in 0..2_000 {
            self.carry();
            if self.server.on_the_way.is_empty() {
                let done = self.bob.screen.connection == Some(ConnectionView::UpToDate)
                    && self
                        .bob
                        .engine
                        .storage()
                        .outbox_conversations()
                        .unwrap()
                        .is_empty();
                self.bob.pass(300);
                self.carry();
                if done && self.server.on_the_way.is_empty() {
                    return;
                }
            }
            self.deliver();
        }
        panic!("it does not come to rest: {:?}", self.bob.engine);
    }

    fn check(&mut self) {
        let mine: Vec<_> = self
            .server
            .log
            .iter()
            .filter(|event| event.sender == user(BOB))
            .map(|event| event.id)
            .collect();
        let written: Vec<_> = self.written.iter().map(|id| message(*id).into()).collect();
        assert_eq!(mine, written, "lost, doubled or out of order on the server");
        self.bob.open(1);
        for _ in 0..200 {
            if !self.bob.screen.header.as_ref().unwrap().has_older {
                break;
            }
            self.bob.tell(Command::LoadOlder);
            self.settle();
        }
        let shown: Vec<_> = self.bob.screen.items.iter().map(|item| item.key).collect();
        let log: Vec<_> = self.server.log.iter().map(|event| event.id.into()).collect();
        assert_eq!(shown, log, "the device does not show what the server has");
        assert_eq!(self.bob.unread(1), self.server.unread());
        assert_eq!(
            self.server.delivered,
            self.server.length(),
            "everything is here and was not said to be"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_out_of_order(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        if world.server.lost {
            // A lost last entry shows by the next one (or by asking now and then, which has a test of its own).
            world.settle();
            world.alice();
        }
        world.settle();
        world.check();
    }
}
