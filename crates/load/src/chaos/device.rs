//! One simulated device.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use pipit_wire::event::{Change, Message, MessageChange};
use pipit_wire::frame::client::{Hello, History, Ping, SendChange, SendMessage, SendReceipt, Sync};
use pipit_wire::frame::{Cursor, PresenceState};
use pipit_wire::rest::Session;
use pipit_wire::{
    ClientFrame, Content, ConversationId, ErrorCode, Event, EventId, MessageId, PROTOCOL_VERSION, RequestId,
    Retry, Seq, ServerFrame, WireError, codec,
};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message as Text;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::people::{Phase, Progress, Shared, client, hash_of};
use crate::record::{ConversationNumber, DeviceNumber, Micros, Tape, What};

/// How often it looks what there is to do.
const TICK: Duration = Duration::from_millis(25);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A line on which nothing has come for so long, although something was asked, is left.
const PATIENCE_US: u64 = 4_000_000;
/// After so long without a word it asks whether the line is alive.
const PING_AFTER_US: u64 = 1_500_000;
/// How long after one receipt the next is sent.
const RECEIPT_EVERY_US: u64 = 300_000;
const PAGE: u32 = 100;
/// One in so many of what is written edits the last message of one's own.
const EDITS_EACH: u32 = 6;
/// A line is left after about so long, half or twice, for any other node: a node that was away gets its people back.
const STAY_US: u64 = 6_000_000;

/// A WebSocket to a node.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What somebody wrote.
enum Written {
    Message(Message),
    /// Of a message of theirs.
    Edit(Change),
}

impl Written {
    /// Under which id it is acknowledged.
    fn id(&self) -> MessageId {
        match self {
            Self::Message(message) => message.id,
            Self::Edit(change) => change.id.into(),
        }
    }

    fn frame(&self, id: RequestId) -> ClientFrame {
        match self {
            Self::Message(message) => ClientFrame::Message(SendMessage {
                id,
                message: message.clone(),
            }),
            Self::Edit(change) => ClientFrame::Change(SendChange {
                id,
                change: change.clone(),
            }),
        }
    }
}

/// Something written that is not acknowledged.
struct Waiting {
    written: Written,
    /// The request that it is under way with on this line.
    request: Option<RequestId>,
    /// It is not sent before this.
    not_before: Micros,
}

/// A conversation as this device has it.
struct Own {
    number: ConversationNumber,
    id: ConversationId,
    /// Everything up to here.
    have: Seq,
    /// What came beyond it.
    beyond: BTreeSet<Seq>,
    /// It has asked for what is missing.
    asked: bool,
    waiting: Option<Waiting>,
    /// The last message of its own that was acknowledged.
    said: Option<MessageId>,
    /// The next message is written at this time.
    write_at: Micros,
    receipt: Seq,
}

/// A device.
pub(super) struct Device {
    shared: Arc<Shared>,
    session: Session,
    own: Vec<Own>,
    progress: Arc<Vec<Progress>>,
    random: ChaCha8Rng,
    tape: Tape,
    requests: u32,
    receipt_at: Micros,
    written: u32,
}

/// Why a line ended.
enum End {
    /// It broke, or the server is busy: connect again after so long.
    Broke { after_ms: u64 },
    /// The token has expired.
    Expired,
    /// It is over.
    Over,
}

impl Device {
    pub(super) fn new(
        number: DeviceNumber,
        shared: Arc<Shared>,
        session: Session,
        own: Vec<(ConversationNumber, ConversationId)>,
        progress: Arc<Vec<Progress>>,
        random: ChaCha8Rng,
    ) -> Self {
        let own = own.into_iter().map(|(number, id)| Own {
            number,
            id,
            have: Seq::ZERO,
            beyond: BTreeSet::new(),
            asked: false,
            waiting: None,
            said: None,
            write_at: Micros(0),
            receipt: Seq::ZERO,
        });
        Self {
            tape: shared.recorder.tape(number),
            own: own.collect(),
            shared,
            session,
            progress,
            random,
            requests: 1,
            receipt_at: Micros(0),
            written: 0,
        }
    }

    /// Lives until it is told to stop.
    pub(super) async fn run(mut self, mut phase: watch::Receiver<Phase>) {
        while *phase.borrow() < Phase::Stop {
            let node = self.random.random_range(0..self.shared.addresses.len().max(1));
            let end = match connect(&self.shared, node).await {
                Some(socket) => {
                    let end = Box::pin(self.line(socket, node, &mut phase)).await;
                    self.tape.write(self.tape.now(), What::Disconnected);
                    end
                }
                None => End::Broke { after_ms: 50 },
            };
            match end {
                End::Over => return,
                End::Expired => {
                    if let Ok(session) = self.shared.refresh(node, &self.session.refresh_token).await {
                        self.session = session;
                    } else {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
                End::Broke { after_ms } => {
                    let after_ms = self.random.random_range(after_ms / 2..=after_ms + 100);
                    tokio::time::sleep(Duration::from_millis(after_ms)).await;
                }
            }
        }
    }

    /// From `hello` to the end of the line.
    async fn line(&mut self, mut socket: Socket, node: usize, phase: &mut watch::Receiver<Phase>) -> End {
        for own in &mut self.own {
            own.asked = false;
            if let Some(waiting) = &mut own.waiting {
                waiting.request = None;
            }
        }
        let cursors = self.own.iter().map(Own::cursor).collect();
        if !send(&mut socket, &hello(&self.session, cursors)).await {
            return End::Broke { after_ms: 50 };
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut heard = self.tape.now();
        let mut pinged = heard;
        let leave = Micros(heard.0 + self.random.random_range(STAY_US / 2..STAY_US * 2));
        let mut welcome = false;
        let mut asked = *phase.borrow() >= Phase::Ask;
        loop {
            tokio::select! {
                frame = socket.next() => {
                    let Some(Ok(frame)) = frame else { return End::Broke { after_ms: 50 } };
                    heard = self.tape.now();
                    let Text::Text(text) = frame else { continue };
                    let Ok(frame) = codec::decode_server(&text) else { return End::Broke { after_ms: 50 } };
                    if matches!(frame, ServerFrame::Welcome(_)) {
                        welcome = true;
                        let node = u16::try_from(node).unwrap_or(u16::MAX);
                        self.tape.write(heard, What::Connected { node });
                    }
                    if let Some(end) = self.take(&mut socket, frame, heard).await {
                        return end;
                    }
                }
                _ = ticks.tick() => {
                    let now = self.tape.now();
                    if now.since(heard) > PATIENCE_US {
                        return End::Broke { after_ms: 10 };
                    }
                    let phase = *phase.borrow();
                    if phase == Phase::Stop {
                        return End::Over;
                    }
                    if !welcome {
                        continue;
                    }
                    if phase == Phase::Chat && now >= leave {
                        return End::Broke { after_ms: 0 };
                    }
                    if phase == Phase::Ask && !asked {
                        asked = true;
                        self.ask_for_everything();
                    }
                    let ping = now.since(heard.max(pinged)) > PING_AFTER_US;
                    if ping {
                        pinged = now;
                    }
                    if !self.act(&mut socket, now, phase, ping).await {
                        return End::Broke { after_ms: 50 };
                    }
                }
            }
        }
    }

    fn ask_for_everything(&mut self) {
        for own in &mut self.own {
            // Something beyond is what makes `act` ask.
            own.beyond.insert(Seq::MAX);
            own.asked = false;
        }
    }

    /// Writes, sends, asks and says how far it is; false where the line broke.
    async fn act(&mut self, socket: &mut Socket, now: Micros, phase: Phase, ping: bool) -> bool {
        let mut frames = Vec::new();
        let receipts = now.since(self.receipt_at) >= RECEIPT_EVERY_US;
        for place in 0..self.own.len() {
            if phase == Phase::Chat {
                self.write(place, now);
            }
            let request = self.next_request();
            let Some(own) = self.own.get_mut(place) else {
                continue;
            };
            if let Some(waiting) = &mut own.waiting
                && waiting.request.is_none()
                && now >= waiting.not_before
            {
                waiting.request = Some(request);
                frames.push(waiting.written.frame(request));
            } else if !own.asked && !own.beyond.is_empty() {
                own.asked = true;
                frames.push(ClientFrame::Sync(Sync {
                    id: request,
                    cursors: vec![own.cursor()],
                }));
            }
            if receipts && own.have > own.receipt {
                own.receipt = own.have;
                self.receipt_at = now;
                frames.push(ClientFrame::Receipt(SendReceipt {
                    conversation: own.id,
                    delivered_seq: own.have,
                    read_seq: own.have,
                }));
            }
        }
        if ping {
            frames.push(ClientFrame::Ping(Ping {
                id: self.next_request(),
            }));
        }
        self.tell_progress();
        for frame in frames {
            if !send(socket, &frame).await {
                return false;
            }
        }
        true
    }

    fn tell_progress(&self) {
        for (own, progress) in self.own.iter().zip(self.progress.iter()) {
            progress.set(own.have, usize::from(own.waiting.is_some()));
        }
    }

    /// Writes the next message of a conversation, where it is time.
    fn write(&mut self, place: usize, now: Micros) {
        let (random, pause) = (self.random.random(), self.random.random_range(20_000..400_000));
        let edits = self.random.random_range(0..EDITS_EACH) == 0;
        let Some(own) = self.own.get_mut(place) else {
            return;
        };
        if own.waiting.is_some() || now < own.write_at {
            return;
        }
        self.written += 1;
        let timestamp = self.shared.timestamp();
        let content = Content::text(format!(
            "Message {} of this device, about as long as what people write.",
            self.written
        ));
        let hash = hash_of(&content);
        let written = match own.said.filter(|_| edits) {
            Some(message) => Written::Edit(Change {
                id: EventId::new(timestamp, random),
                conversation: own.id,
                message,
                change: MessageChange::edit(content),
            }),
            None => Written::Message(Message {
                id: MessageId::new(timestamp, random),
                conversation: own.id,
                written_at: timestamp,
                content,
                reply_to: None,
            }),
        };
        let what = What::Sent {
            conversation: own.number,
            message: written.id(),
            hash,
        };
        self.tape.write(now, what);
        own.write_at = Micros(now.0 + pause);
        own.waiting = Some(Waiting {
            written,
            request: None,
            not_before: Micros(0),
        });
    }

    fn next_request(&mut self) -> RequestId {
        self.requests = self.requests.wrapping_add(1).max(2);
        RequestId(self.requests)
    }

    /// Takes in a frame.
    async fn take(&mut self, socket: &mut Socket, frame: ServerFrame, now: Micros) -> Option<End> {
        match frame {
            ServerFrame::Ack(ack) => {
                let own = self.own.iter_mut().find(|own| own.id == ack.conversation)?;
                let what = What::Acknowledged {
                    conversation: own.number,
                    message: ack.message,
                    seq: ack.seq,
                };
                self.tape.write(now, what);
                self.shared.acknowledged(own.number, ack.seq);
                let is_acknowledged = |waiting: &mut Waiting| waiting.written.id() == ack.message;
                if let Some(waiting) = own.waiting.take_if(is_acknowledged)
                    && let Written::Message(message) = waiting.written
                {
                    own.said = Some(message.id);
                }
            }
            ServerFrame::Event(event) => self.event(&event, now),
            ServerFrame::CatchUp(catch_up) => {
                for event in &catch_up.events {
                    self.event(event, now);
                }
                self.answered(socket, catch_up.conversation, catch_up.last_seq)
                    .await;
            }
            ServerFrame::Page(page) => {
                for event in &page.events {
                    self.event(event, now);
                }
                self.answered(socket, page.conversation, page.last_seq).await;
            }
            ServerFrame::Receipt(receipt) => {
                let own = self.own.iter().find(|own| own.id == receipt.conversation)?;
                let member = self.shared.user(receipt.user);
                let what = What::Receipt {
                    conversation: own.number,
                    member,
                    delivered: receipt.delivered_seq,
                    read: receipt.read_seq,
                };
                self.tape.write(now, what);
            }
            ServerFrame::Error(error) => return self.error(&error, now),
            ServerFrame::Goodbye(goodbye) => {
                let after_ms = u64::from(goodbye.reconnect_after_ms);
                return Some(End::Broke { after_ms });
            }
            _ => {}
        }
        None
    }

    fn event(&mut self, event: &Event, now: Micros) {
        let said = self.shared.said(event);
        let Some(own) = self.own.iter_mut().find(|own| own.id == event.conversation) else {
            return;
        };
        let what = What::Delivered {
            conversation: own.number,
            seq: event.seq,
            said,
        };
        self.tape.write(now, what);
        own.add(event.seq);
    }

    /// What it asked for has come: all of it, or the rest is asked for page by page.
    async fn answered(&mut self, socket: &mut Socket, conversation: ConversationId, last_seq: Seq) {
        let id = self.next_request();
        let Some(own) = self.own.iter_mut().find(|own| own.id == conversation) else {
            return;
        };
        own.beyond.remove(&Seq::MAX);
        if own.have >= last_seq {
            own.asked = false;
            return;
        }
        own.asked = true;
        let history = History {
            id,
            conversation,
            before_seq: None,
            after_seq: Some(own.have),
            limit: PAGE,
        };
        // Where the line broke, the reader learns it.
        let _ = send(socket, &ClientFrame::History(history)).await;
    }

    fn error(&mut self, error: &WireError, now: Micros) -> Option<End> {
        if matches!(error.retry, Retry::AfterSignIn) {
            return Some(End::Expired);
        }
        let after_ms = u64::from(error.retry_after_ms.unwrap_or(100));
        let Some(request) = error.id else {
            return Some(End::Broke { after_ms });
        };
        let of_message = |own: &&mut Own| {
            own.waiting
                .as_ref()
                .is_some_and(|waiting| waiting.request == Some(request))
        };
        let Some(own) = self.own.iter_mut().find(of_message) else {
            // The `hello`, or a question: asked again on the next line.
            return Some(End::Broke { after_ms });
        };
        let mut waiting = own.waiting.take()?;
        let what = What::Refused {
            conversation: own.number,
            message: waiting.written.id(),
            code: error.code,
        };
        self.tape.write(now, what);
        if error.code == ErrorCode::Unknown || error.retry == Retry::Later {
            waiting.request = None;
            waiting.not_before = Micros(now.0 + after_ms * 1_000);
            own.waiting = Some(waiting);
        }
        None
    }
}

impl Own {
    fn cursor(&self) -> Cursor {
        Cursor {
            conversation: self.id,
            seq: self.have,
        }
    }

    fn add(&mut self, seq: Seq) {
        if seq > self.have {
            self.beyond.insert(seq);
        }
        while self.beyond.remove(&self.have.next()) {
            self.have = self.have.next();
        }
    }
}

/// The first frame.
pub(super) fn hello(session: &Session, cursors: Vec<Cursor>) -> ClientFrame {
    ClientFrame::Hello(Hello {
        id: RequestId(1),
        protocol: PROTOCOL_VERSION,
        token: session.access_token.clone(),
        client: client(),
        cursors,
        presence: PresenceState::Online,
    })
}

/// Connects to a node.
pub(super) async fn connect(shared: &Shared, node: usize) -> Option<Socket> {
    let address = shared.addresses.get(node)?;
    let url = format!("ws://{address}/v1/ws");
    let connecting = Box::pin(tokio_tungstenite::connect_async_with_config(url, None, true));
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
    connected.ok()?.ok().map(|(socket, _)| socket)
}

/// Sends a frame; false where the line broke, or does not take it.
pub(super) async fn send(socket: &mut Socket, frame: &ClientFrame) -> bool {
    let sending = socket.send(Text::text(codec::encode_client(frame)));
    matches!(tokio::time::timeout(CONNECT_TIMEOUT, sending).await, Ok(Ok(())))
}

/// A page of a log.
pub(super) fn page(id: u32, conversation: ConversationId, after: Seq) -> ClientFrame {
    ClientFrame::History(History {
        id: RequestId(id),
        conversation,
        before_seq: None,
        after_seq: Some(after),
        limit: PAGE,
    })
}
