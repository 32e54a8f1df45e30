//! One simulated device: a task that connects, sends, receives, resumes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use pipit_client_net::Socket;
use pipit_wire::event::Message;
use pipit_wire::frame::client::{Hello, History, SendMessage, SendReceipt, Sync};
use pipit_wire::frame::{Cursor, PresenceState};
use pipit_wire::limits::{CURSORS_MAX, PAGE_EVENTS_MAX};
use pipit_wire::{ClientFrame, Content, ConversationId, MessageId, PROTOCOL_VERSION, RequestId, Seq, codec};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;

use super::people::{self, Person};
use super::place::{Outgoing, Place};
use super::{Behaviour, Phase, Sending, Shared};
use crate::record::{DeviceNumber, Micros, Tape, What, content_hash};

/// Of a line's buffer for reading: small, for there are thousands of lines.
const BUFFER_BYTES: usize = 4 * 1024;
/// Markers are told after this long, one for many.
const RECEIPT_AFTER_US: u64 = 500_000;
/// The first wait before connecting again; it doubles up to [`BACKOFF_MS_MAX`].
const BACKOFF_MS: u64 = 100;
const BACKOFF_MS_MAX: u64 = 3_000;
/// A line that says nothing for so long while something is awaited is given up.
const SILENCE_US: u64 = 10_000_000;
/// How messages go on after their time.
const TEXT: &str = "A message of about the length that people write to each other.";
const HELLO: RequestId = RequestId(1);
const SYNC: RequestId = RequestId(2);
const SCROLL: RequestId = RequestId(3);
const FIRST_MESSAGE: u32 = 16;

pub(crate) struct Device {
    pub(super) shared: Arc<Shared>,
    pub(super) number: DeviceNumber,
    pub(super) person: Person,
    pub(super) behaviour: Behaviour,
    pub(super) tape: Tape,
    pub(super) random: ChaCha8Rng,
    pub(super) places: Vec<Place>,
    pub(super) by_id: HashMap<ConversationId, usize>,
    pub(super) requests: u32,
    /// When the next message of the open loop should be sent.
    pub(super) next_at: Option<Micros>,
    pub(super) receipts_at: Option<Micros>,
    /// Since when a page is awaited, for whoever scrolls.
    pub(super) scrolling: Option<Micros>,
    pub(super) phase: Phase,
    pub(super) reported: bool,
    /// `synced` has come on this line, in this phase.
    pub(super) synced: bool,
    pub(super) heard_at: Micros,
    pub(super) reconnect_after: Option<Duration>,
    pub(super) refresh: bool,
    pub(super) frames: Vec<ClientFrame>,
}

impl Device {
    pub(super) fn new(
        shared: Arc<Shared>,
        number: DeviceNumber,
        person: Person,
        behaviour: Behaviour,
        places: Vec<Place>,
        tape: Tape,
    ) -> Self {
        let seed = shared
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(u64::from(number.0));
        Self {
            by_id: places
                .iter()
                .enumerate()
                .map(|(index, place)| (place.id, index))
                .collect(),
            random: ChaCha8Rng::seed_from_u64(seed),
            shared,
            number,
            person,
            behaviour,
            tape,
            places,
            requests: FIRST_MESSAGE,
            next_at: None,
            receipts_at: None,
            scrolling: None,
            phase: Phase::Idle,
            reported: false,
            synced: false,
            heard_at: Micros(0),
            reconnect_after: None,
            refresh: false,
            frames: Vec::new(),
        }
    }

    /// Lives until the end.
    pub(super) async fn run(mut self, mut phases: watch::Receiver<Phase>) {
        let mut backoff_ms = BACKOFF_MS;
        let mut node = usize::try_from(self.number.0).unwrap_or_default();
        self.enter(*phases.borrow_and_update());
        while self.phase != Phase::End {
            if self.phase == Phase::Away && self.behaviour.leaves {
                self.report();
                if phases.changed().await.is_err() {
                    return;
                }
                self.enter(*phases.borrow_and_update());
                continue;
            }
            node = (node + 1) % self.shared.servers.len().max(1);
            if self.refresh {
                self.refresh().await;
            }
            let heard = self.one_line(node, &mut phases).await;
            if heard {
                backoff_ms = BACKOFF_MS;
            }
            if self.phase == Phase::End || (self.phase == Phase::Away && self.behaviour.leaves) {
                continue;
            }
            let wait = self.reconnect_after.take().unwrap_or_else(|| {
                let wait_ms = self.random.random_range(backoff_ms / 2..=backoff_ms);
                backoff_ms = (backoff_ms * 2).min(BACKOFF_MS_MAX);
                Duration::from_millis(wait_ms)
            });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                changed = phases.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.enter(*phases.borrow_and_update());
                }
            }
        }
    }

    async fn refresh(&mut self) {
        let Some(http) = self.shared.http.first() else {
            return;
        };
        if let Ok(person) = people::refresh(http, &self.person.refresh_token).await {
            self.person = person;
            self.refresh = false;
        }
    }

    /// One line from its making to its end. Whether the server was heard on it.
    async fn one_line(&mut self, node: usize, phases: &mut watch::Receiver<Phase>) -> bool {
        let Some(server) = self.shared.servers.get(node).cloned() else {
            return false;
        };
        let connecting = Socket::connect(&server, &self.shared.tls, BUFFER_BYTES);
        let connecting = tokio::time::timeout(Duration::from_secs(5), Box::pin(connecting));
        let Ok(Ok(mut socket)) = connecting.await else {
            return false;
        };
        self.begin_line();
        let before = self.heard_at;
        let alive = self.carry(&mut socket, node, phases).await;
        socket.close();
        if self.heard_at == before {
            return false;
        }
        let now = self.tape.now();
        self.tape.write(now, What::Disconnected);
        if alive.is_none() {
            super::Meter::count(&self.shared.meter.disconnected);
        }
        true
    }

    fn begin_line(&mut self) {
        self.synced = false;
        self.scrolling = None;
        for place in &mut self.places {
            place.asked = false;
            place.put_off = None;
            place.receipt = Seq::ZERO;
            if let Some(outgoing) = &mut place.outgoing {
                outgoing.written = false;
            }
        }
        let hello = Hello {
            id: HELLO,
            protocol: PROTOCOL_VERSION,
            token: self.person.access_token.clone(),
            client: people::client_info(),
            cursors: self.cursors(),
            presence: PresenceState::Online,
        };
        self.frames.clear();
        self.frames.push(ClientFrame::Hello(hello));
    }

    fn cursors(&self) -> Vec<Cursor> {
        let cursors = self.places.iter().take(CURSORS_MAX);
        cursors
            .map(|place| Cursor {
                conversation: place.id,
                seq: place.have,
            })
            .collect()
    }

    /// Carries frames until the line ends (none), or is no longer wanted.
    async fn carry(
        &mut self,
        socket: &mut Socket,
        node: usize,
        phases: &mut watch::Receiver<Phase>,
    ) -> Option<()> {
        let began = self.tape.now();
        loop {
            self.act();
            if !self.frames.is_empty() {
                for frame in std::mem::take(&mut self.frames) {
                    socket.feed(codec::encode_client(&frame)).await.ok()?;
                }
                socket.flush().await.ok()?;
            }
            let now = self.tape.now();
            let silent_since = self.heard_at.max(began);
            let wake = self.wake_at(silent_since);
            let sleep = Duration::from_micros(wake.map_or(60_000_000, |wake| wake.since(now)));
            tokio::select! {
                text = socket.next() => {
                    let text = text?.ok()?;
                    self.heard_at = self.tape.now();
                    self.hear(&text, node);
                    if self.reconnect_after.is_some() || self.refresh {
                        return None;
                    }
                }
                () = tokio::time::sleep(sleep) => {
                    let awaited = self.awaits();
                    if awaited && self.tape.now().since(silent_since) >= SILENCE_US {
                        return None;
                    }
                }
                changed = phases.changed() => {
                    changed.ok()?;
                    self.enter(*phases.borrow_and_update());
                    if self.phase == Phase::End || (self.phase == Phase::Away && self.behaviour.leaves) {
                        return Some(());
                    }
                }
            }
        }
    }

    /// Whether the server owes something.
    fn awaits(&self) -> bool {
        !self.synced || self.scrolling.is_some() || self.places.iter().any(|place| place.outgoing.is_some())
    }

    fn wake_at(&self, silent_since: Micros) -> Option<Micros> {
        let put_off = self.places.iter().filter_map(|place| place.put_off).min();
        let silence = self.awaits().then_some(Micros(silent_since.0 + SILENCE_US));
        let next_at = self.next_at.filter(|_| self.phase == Phase::Run);
        [put_off, silence, next_at, self.receipts_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn enter(&mut self, phase: Phase) {
        if phase == self.phase {
            return;
        }
        self.phase = phase;
        self.reported = false;
        let now = self.tape.now();
        match phase {
            Phase::Run => {
                if let Sending::Open { per_second } = self.behaviour.sending {
                    self.next_at = Some(Micros(now.0 + self.interval_us(per_second)));
                }
            }
            Phase::Away => {
                for place in &mut self.places {
                    place.burst = self.behaviour.burst;
                }
            }
            Phase::CatchUp => {
                self.synced = false;
                self.frames.push(ClientFrame::Sync(Sync {
                    id: SYNC,
                    cursors: self.cursors(),
                }));
            }
            Phase::Idle | Phase::Drain | Phase::End => {}
        }
    }

    /// Between two messages of a person: exponentially distributed, so that people do not walk in step.
    fn interval_us(&mut self, per_second: f64) -> u64 {
        let uniform: f64 = self.random.random_range(f64::MIN_POSITIVE..1.0);
        let us = -uniform.ln() / per_second.max(1e-6) * 1e6;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and an hour at most"
        )]
        let us = us.min(3.6e9) as u64;
        us
    }

    /// Does what is due.
    fn act(&mut self) {
        if !self.synced && self.phase != Phase::CatchUp {
            // The server takes frames before `synced`, but a device first wants to know where it stands.
            return;
        }
        let now = self.tape.now();
        self.schedule(now);
        for index in 0..self.places.len() {
            self.send(index, now);
        }
        self.scroll(now);
        if self.receipts_at.is_some_and(|at| at <= now) {
            self.receipts_at = None;
            self.tell_receipts();
        }
        self.progress();
    }

    /// The open loop: what should have been sent by now waits in its conversation.
    fn schedule(&mut self, now: Micros) {
        let Sending::Open { per_second } = self.behaviour.sending else {
            return;
        };
        if self.phase != Phase::Run {
            return;
        }
        while let Some(at) = self.next_at.filter(|at| *at <= now) {
            if !self.places.is_empty() {
                let index = self.random.random_range(0..self.places.len());
                if let Some(place) = self.places.get_mut(index) {
                    place.waiting.push_back(at);
                }
            }
            self.next_at = Some(Micros(at.0 + self.interval_us(per_second)));
        }
    }

    fn send(&mut self, index: usize, now: Micros) {
        let (phase, sending) = (self.phase, self.behaviour.sending);
        let under_way = self
            .places
            .iter()
            .filter(|place| place.outgoing.is_some())
            .count();
        let Some(place) = self.places.get_mut(index) else {
            return;
        };
        if place.put_off.is_some_and(|at| at > now) {
            return;
        }
        place.put_off = None;
        if place.outgoing.is_none() {
            let closed = matches!(sending, Sending::Closed { under_way: most } if under_way < most);
            let intended = if let Some(intended) = place.waiting.pop_front() {
                intended
            } else if place.burst > 0 {
                place.burst -= 1;
                now
            } else if closed && phase == Phase::Run {
                now
            } else {
                return;
            };
            let time = i64::try_from(self.shared.epoch_ms + now.0 / 1_000).unwrap_or(i64::MAX);
            let message = MessageId::new(pipit_wire::Timestamp(time), self.random.random());
            let text = format!("{} {TEXT}", intended.0);
            let (conversation, hash) = (place.number, content_hash(text.as_bytes()));
            place.outgoing = Some(Outgoing {
                message,
                request: RequestId(0),
                intended,
                text,
                written: false,
            });
            self.tape.write(
                now,
                What::Sent {
                    conversation,
                    message,
                    hash,
                },
            );
        }
        let Some(outgoing) = place.outgoing.as_mut().filter(|outgoing| !outgoing.written) else {
            return;
        };
        outgoing.written = true;
        outgoing.request = RequestId(self.requests);
        self.requests = self.requests.checked_add(1).unwrap_or(FIRST_MESSAGE);
        self.frames.push(ClientFrame::Message(SendMessage {
            id: outgoing.request,
            message: Message {
                id: outgoing.message,
                conversation: place.id,
                written_at: pipit_wire::Timestamp(0),
                content: Content::text(outgoing.text.clone()),
                reply_to: None,
            },
        }));
    }

    fn scroll(&mut self, now: Micros) {
        if !self.behaviour.scrolls
            || self.phase != Phase::Run
            || self.scrolling.is_some()
            || self.places.is_empty()
        {
            return;
        }
        let index = self.random.random_range(0..self.places.len());
        let Some(place) = self.places.get(index) else {
            return;
        };
        let before = self.random.random_range(1..=place.last_seq.get().max(1)) + 1;
        self.scrolling = Some(now);
        self.frames.push(ClientFrame::History(History {
            id: SCROLL,
            conversation: place.id,
            before_seq: Seq::new(before),
            after_seq: None,
            limit: PAGE_EVENTS_MAX,
        }));
    }

    pub(super) fn receipts_later(&mut self, now: Micros) {
        if self.behaviour.receipts && self.receipts_at.is_none() {
            self.receipts_at = Some(Micros(now.0 + RECEIPT_AFTER_US));
        }
    }

    fn tell_receipts(&mut self) {
        for place in self.places.iter_mut().filter(|place| place.have > place.receipt) {
            place.receipt = place.have;
            self.frames.push(ClientFrame::Receipt(SendReceipt {
                conversation: place.id,
                delivered_seq: place.have,
                read_seq: place.have,
            }));
        }
    }

    /// Says where the crowd waits for everybody.
    fn progress(&mut self) {
        let done = match self.phase {
            Phase::Idle | Phase::CatchUp => self.synced && self.places.iter().all(Place::is_complete),
            Phase::Drain | Phase::Away => self.places.iter().all(Place::is_quiet),
            Phase::Run | Phase::End => false,
        };
        if done {
            self.report();
        }
    }

    fn report(&mut self) {
        if !self.reported {
            // There is room for one of each device and phase.
            self.reported = self.shared.reports.try_send((self.number, self.phase)).is_ok();
        }
    }
}
