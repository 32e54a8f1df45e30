//! Anything in any order: lost lines, crashes, late and doubled frames, against a small server that keeps the rules.
//!
//! This is the engine's own check, of one device and one conversation of each kind of trouble; the simulation of several devices
//! on the real server's logic is a crate of its own.

use std::collections::{BTreeSet, VecDeque};

use pipit_client::command::{Command, Reply};
use pipit_client::fold::{self, Folded};
use pipit_client::storage::Storage;
use pipit_client::view::{ConnectionView, ItemBody};
use pipit_wire::event::{EventBody, MessageChange, MessageState};
use pipit_wire::frame::client::{Hello, SendChange, SendMessage};
use pipit_wire::frame::server::{Ack, Page, Pong, Synced};
use pipit_wire::frame::{ConversationSummary, Cursor};
use pipit_wire::{
    ClientFrame, Content, ErrorCode, Event, EventId, MessageId, RequestId, Seq, ServerFrame, UserId,
    WireError, rest,
};
use proptest::prelude::*;

use crate::changes::{change_id, changed, edit};
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
                let (after, through) = match (history.before_seq, history.after_seq) {
                    (Some(before), None) => {
                        let before = before.get();
                        (before.saturating_sub(1 + STREAMED_MAX), before - 1)
                    }
                    (None, Some(after)) => (after.get(), after.get() + STREAMED_MAX),
                    other => panic!("{other:?}"),
                };
                let events = self.part(after, through);
                let states = self.states(&events);
                self.on_the_way.push_back(ServerFrame::Page(Page {
                    id: history.id,
                    conversation: conversation(1),
                    events,
                    states,
                    first_seq: seq(1),
                    last_seq: seq(self.length()),
                }));
            }
            ClientFrame::Ping(ping) => self.on_the_way.push_back(ServerFrame::Pong(Pong { id: ping.id })),
            ClientFrame::Change(change) => self.change(&change),
            frame @ ClientFrame::Conversations(_) => panic!("{frame:?}"),
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

    /// What has become of a message, for Bob.
    fn folded(&self, message: MessageId) -> Folded {
        let mut folded = Folded::default();
        for event in &self.log {
            if fold::target(event) == Some(message) {
                folded.apply(event, user(BOB));
            }
        }
        folded
    }

    fn states(&self, events: &[Event]) -> Vec<MessageState> {
        let folds = events
            .iter()
            .map(|event| (event.id.into(), self.folded(event.id.into())));
        let told = folds.filter(|(_, folded)| !folded.deleted && !folded.is_nothing());
        let states = told.map(|(message, folded)| MessageState {
            message,
            edit: folded.edit,
            reactions: folded.reactions,
            pinned_seq: folded.pinned_seq,
            poll: folded.poll,
        });
        states.collect()
    }

    fn change(&mut self, sent: &SendChange) {
        if std::mem::take(&mut self.refuse_next) {
            let error = WireError::new(ErrorCode::Unavailable, "later").answering(Some(sent.id));
            return self.on_the_way.push_back(ServerFrame::Error(error));
        }
        let change = &sent.change;
        match self.append_change(change.id, BOB, change.message, &change.change) {
            Ok(seq) => self.on_the_way.push_back(ServerFrame::Ack(Ack {
                id: sent.id,
                message: change.id.into(),
                conversation: change.conversation,
                seq,
                at: START,
            })),
            Err(code) => {
                let error = WireError::new(code, "no").answering(Some(sent.id));
                self.on_the_way.push_back(ServerFrame::Error(error));
            }
        }
    }

    /// Appends a change, where it changes something; else says which entry did.
    fn append_change(
        &mut self,
        id: EventId,
        sender: u128,
        message: MessageId,
        change: &MessageChange,
    ) -> Result<Seq, ErrorCode> {
        if let Some(known) = self.log.iter().find(|event| event.id == id) {
            return Ok(known.seq);
        }
        let target = self.log.iter().find(|event| event.id == message.into());
        let target = target.ok_or(ErrorCode::NotFound)?.clone();
        let before = self.folded(message);
        let standing = self.log.iter().rev().find(|event| {
            let same = fold::target(event) == Some(message) && event.sender == user(sender);
            same && matches!(&event.body, EventBody::MessageChanged { change: known, .. } if known == change)
        });
        let is_so = match change {
            MessageChange::Delete {} if before.deleted => true,
            _ if before.deleted => return Err(ErrorCode::NotFound),
            MessageChange::Delete {} | MessageChange::Edit { .. } => false,
            MessageChange::React { emoji, on } => {
                let whose = before.reactions.iter().find(|known| known.emoji == *emoji);
                whose.is_some_and(|known| known.users.contains(&user(sender))) == *on
            }
            MessageChange::Pin { on } => (before.pinned_seq > Seq::ZERO) == *on,
            MessageChange::Vote { .. } | MessageChange::ClosePoll {} => {
                unreachable!("nobody asks anything here")
            }
        };
        if is_so {
            return Ok(standing.map_or(target.seq, |event| event.seq));
        }
        let seq = seq(self.length() + 1);
        if matches!(change, MessageChange::Delete {}) {
            for event in &mut self.log {
                if event.id == message.into() || fold::target(event) == Some(message) {
                    fold::erase(event);
                }
            }
        }
        self.append(Event {
            id,
            ..changed(seq.get(), sender, message, change.clone())
        });
        Ok(seq)
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
    /// Somebody changes a message that is there: how long ago it was said, and what happens.
    AliceChanges(u8, u8),
    BobChanges(u8, u8),
    OpenAt(u8),
    LoadNewer,
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
        4 => (any::<u8>(), any::<u8>()).prop_map(|(place, what)| Step::AliceChanges(place, what)),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(place, what)| Step::BobChanges(place, what)),
        1 => any::<u8>().prop_map(Step::OpenAt),
        1 => Just(Step::LoadNewer),
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
    /// Deleted by Bob, perhaps before they left.
    withdrawn: BTreeSet<EventId>,
    changes: u128,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            bob: Device::signed_in(),
            server: Server::default(),
            written: Vec::new(),
            withdrawn: BTreeSet::new(),
            changes: 0,
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

    /// A message of the log, counted from its end.
    fn some_message(&self, place: u8) -> Option<MessageId> {
        let messages = self.server.log.iter().rev();
        let mut messages = messages.filter(|event| matches!(event.body, EventBody::Message { .. }));
        messages.nth(usize::from(place) % 12).map(|event| event.id.into())
    }

    fn alice_changes(&mut self, place: u8, what: u8) {
        let Some(message) = self.some_message(place) else {
            return;
        };
        self.changes += 1;
        let id = change_id(0x1_0000 + self.changes);
        let sender = if what.is_multiple_of(2) { ALICE } else { CAROL };
        let on = !what.is_multiple_of(3);
        let change = match what / 16 {
            0..4 => edit(&format!("edit {}", self.changes)),
            4 => MessageChange::Delete {},
            5..8 => MessageChange::Pin { on },
            emoji => MessageChange::React {
                emoji: if emoji < 12 { "👍" } else { "❤️" }.to_owned(),
                on,
            },
        };
        self.server.append_change(id, sender, message, &change).ok();
    }

    fn bob_changes(&mut self, place: u8, what: u8) {
        // Also of what waits here.
        let waiting = self.written.last().map(|id| message(*id));
        let message = match (place, waiting) {
            (200.., Some(waiting)) => Some(waiting),
            _ => self.some_message(place),
        };
        let Some(message) = message else { return };
        self.changes += 1;
        let change = change_id(self.changes);
        let (conversation, on) = (conversation(1), !what.is_multiple_of(3));
        let command = match what / 16 {
            0..3 => Command::EditMessage {
                change,
                conversation,
                message,
                text: format!("edit {}", self.changes),
            },
            3 => {
                self.withdrawn.insert(message.into());
                Command::DeleteMessage {
                    change,
                    conversation,
                    message,
                }
            }
            4..7 => Command::PinMessage {
                change,
                conversation,
                message,
                on,
            },
            _ => Command::React {
                change,
                conversation,
                message,
                emoji: "👍".to_owned(),
                on,
            },
        };
        self.bob.tell(command);
    }

    fn open_at(&mut self, place: u8) {
        let length = self.server.length().max(1);
        let before = std::mem::take(&mut self.bob.screen.items);
        let reply = self.bob.tell(Command::OpenTimelineAt {
            conversation: conversation(1),
            seq: seq(1 + u64::from(place) % length),
        });
        // Refused without a line where the place is not here: then nothing has changed.
        if reply != Reply::Done {
            self.bob.screen.items = before;
        }
    }

    /// The next two frames change places.
    fn swap(&mut self) {
        let way = &mut self.server.on_the_way;
        // Not the welcome: nothing comes before it.
        if way.len() > 2 && !matches!(way[0], ServerFrame::Welcome(_)) {
            let synced = |frame: &ServerFrame| matches!(frame, ServerFrame::Synced(_));
            if !synced(&way[0]) && !synced(&way[1]) {
                way.swap(0, 1);
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Alice => self.alice(),
            Step::AliceChanges(place, what) => self.alice_changes(place, what),
            Step::BobChanges(place, what) => self.bob_changes(place, what),
            Step::OpenAt(place) => self.open_at(place),
            Step::LoadNewer => {
                self.bob.tell(Command::LoadNewer);
            }
            Step::Many => (0..STREAMED_MAX + 2).for_each(|_| self.alice()),
            Step::Bob => {
                let id = u128::try_from(self.written.len()).unwrap() + 1;
                if self.bob.write(id, 1, &format!("message {id}")) == Reply::Done {
                    self.written.push(id);
                }
            }
            Step::Deliver(count) => (0..count).for_each(|_| self.deliver()),
            Step::Swap => self.swap(),
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
            .filter(|event| event.sender == user(BOB) && fold::target(event).is_none())
            .map(|event| event.id)
            .collect();
        let mut written: Vec<EventId> = self.written.iter().map(|id| message(*id).into()).collect();
        // Deleted before they left.
        written.retain(|id| mine.contains(id) || !self.withdrawn.contains(id));
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
        let is_line = |event: &&Event| match &event.body {
            EventBody::MessageChanged { change, .. } => *change == MessageChange::Pin { on: true },
            _ => true,
        };
        let log: Vec<_> = self
            .server
            .log
            .iter()
            .filter(is_line)
            .map(|event| event.id.into())
            .collect();
        assert_eq!(shown, log, "the device does not show what the server has");
        for item in &self.bob.screen.items {
            let place = item.seq.unwrap().get() - 1;
            let event = &self.server.log[usize::try_from(place).unwrap()];
            if matches!(event.body, EventBody::Message { .. }) {
                same_as_folded(&item.body, event, &self.server.folded(item.key));
            }
        }
        let stored = self
            .bob
            .engine
            .storage()
            .entries(conversation(1), Seq::ZERO, Seq::MAX);
        assert_eq!(
            stored.unwrap(),
            self.server.log,
            "what is stored is not what the server has"
        );
        assert_eq!(self.bob.unread(1), self.server.unread());
        assert_eq!(
            self.server.delivered,
            self.server.length(),
            "everything is here and was not said to be"
        );
    }
}

/// What is shown of a message is what the log in order makes of it.
fn same_as_folded(body: &ItemBody, event: &Event, folded: &Folded) {
    let original = match &event.body {
        EventBody::Message {
            content: Content::Plain { text, .. },
            ..
        } => text.as_str(),
        _ => "",
    };
    match body {
        ItemBody::Deleted { .. } => assert!(folded.deleted, "{event:?}"),
        ItemBody::Message {
            text,
            edited_at,
            reactions,
            pinned,
            ..
        } => {
            assert!(!folded.deleted, "{event:?} is deleted");
            assert_eq!(text, folded.text().unwrap_or(original));
            assert_eq!(*edited_at, folded.edit.as_ref().map(|edit| edit.at));
            assert_eq!(*pinned, folded.pinned_seq > Seq::ZERO);
            let shown: Vec<_> = reactions
                .iter()
                .map(|shown| (shown.emoji.as_str(), shown.count, shown.mine))
                .collect();
            let expected: Vec<_> = folded
                .reactions
                .iter()
                .map(|known| (known.emoji.as_str(), known.count, known.mine))
                .collect();
            assert_eq!(shown, expected, "{event:?}");
        }
        other => panic!("{other:?}"),
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
