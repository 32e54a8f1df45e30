//! What one connection does, without a socket and without a timer.
//!
//! Whoever drives it gives it each text frame ([`Session::handle`]) and, between frames, lets it work whenever
//! [`Session::ready`] says that there is something to do ([`Session::work`]); both give the frames to send. When
//! [`Session::closing`] says so, the connection is to be closed once those are sent. [`super::socket`] drives it from a
//! WebSocket; a simulation drives it step by step.

use std::sync::Arc;

use bytes::Bytes;
use pipit_wire::frame::client::Hello;
use pipit_wire::{ClientFrame, ErrorCode, ServerFrame, Timestamp, WireError, codec};

use super::allowance::Allowance;
use super::catch_up::encode;
use super::open::Open;
use crate::fanout::outbox::Ending;
use crate::node::Node;

/// How a connection is to be closed: a status code of RFC 6455, section 7.4, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// The status code.
    pub code: u16,
    /// For developers.
    pub reason: &'static str,
}

impl Close {
    /// The client has closed.
    pub const NORMAL: Self = Self {
        code: 1000,
        reason: "",
    };
    /// A frame that RFC 6455 does not allow.
    pub const PROTOCOL: Self = Self {
        code: 1002,
        reason: "not a frame of RFC 6455",
    };
    /// The server stops.
    pub const GOING_AWAY: Self = Self {
        code: 1001,
        reason: "the server stops",
    };
    /// A frame that is not text.
    pub const UNSUPPORTED: Self = Self {
        code: 1003,
        reason: "text frames only",
    };
    /// Text that is not UTF-8.
    pub const INVALID_TEXT: Self = Self {
        code: 1007,
        reason: "a text frame is UTF-8",
    };
    /// Whoever this is may not be here.
    pub const POLICY: Self = Self {
        code: 1008,
        reason: "see the error",
    };
    /// No `hello` came in time.
    pub const NO_HELLO: Self = Self {
        code: 1008,
        reason: "no `hello` came in time",
    };
    /// A frame that is too long to be read at all.
    pub const TOO_LARGE: Self = Self {
        code: 1009,
        reason: "the frame is too long",
    };
    /// The server cannot now.
    pub const TRY_LATER: Self = Self {
        code: 1013,
        reason: "try again later",
    };
    /// The device has connected again.
    pub const REPLACED: Self = Self {
        code: 1000,
        reason: "the same device has connected again",
    };
}

enum State {
    Greeting,
    Open(Box<Open>),
}

/// See the module.
pub struct Session {
    node: Arc<Node>,
    state: State,
    allowance: Allowance,
    refused_in_a_row: u32,
    errors: u32,
    errors_since: Timestamp,
    closing: Option<Close>,
}

impl Session {
    /// A connection that has not said who it is.
    pub fn new(node: Arc<Node>) -> Self {
        let now = node.context.now();
        let allowance = Allowance::new(node.gateway.frames_burst, node.gateway.frames_per_second, now);
        Self {
            node,
            state: State::Greeting,
            allowance,
            refused_in_a_row: 0,
            errors: 0,
            errors_since: now,
            closing: None,
        }
    }

    /// How to close the connection, once it is to be closed.
    pub const fn closing(&self) -> Option<Close> {
        self.closing
    }

    /// Whether it has said who it is.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Takes one text frame and does what it asks. Messages are on their way, not on disk, when this returns: their `ack` comes
    /// from [`Session::work`]. Must not be dropped before it has ended.
    pub async fn handle(&mut self, text: &str) -> Vec<Bytes> {
        if self.closing.is_some() {
            return Vec::new();
        }
        let now = self.node.context.now();
        let frame = match codec::decode_client(text) {
            Ok(frame) => frame,
            Err(refusal) => return self.protocol_error(now, refusal),
        };
        if let Err(wait_ms) = self.allowance.take(now) {
            return self.rate_limited(&frame, wait_ms);
        }
        self.refused_in_a_row = 0;
        match (&mut self.state, frame) {
            (State::Greeting, ClientFrame::Hello(hello)) => self.greet(hello).await,
            (State::Greeting, frame) => {
                let refusal = WireError::new(ErrorCode::OutOfOrder, "the first frame is `hello`");
                self.protocol_error(now, refusal.answering(frame.request_id()))
            }
            (State::Open(_), ClientFrame::Hello(hello)) => {
                let refusal = WireError::new(ErrorCode::OutOfOrder, "`hello` is said once");
                self.protocol_error(now, refusal.answering(Some(hello.id)))
            }
            (State::Open(open), frame) => {
                let id = frame.request_id();
                match open.handle(&self.node, frame).await {
                    Ok(frames) => frames,
                    Err(error) => {
                        let refusal = error.into_wire(self.node.context.random_bytes()).answering(id);
                        vec![encode(&ServerFrame::Error(refusal))]
                    }
                }
            }
        }
    }

    /// Something that no frame could be read from, or that did not come in time: says so, and closes.
    pub fn refuse(&mut self, close: Close) -> Vec<Bytes> {
        if self.closing.is_some() {
            return Vec::new();
        }
        self.closing = Some(close);
        let code = match close {
            Close::TOO_LARGE => ErrorCode::TooLarge,
            Close::NO_HELLO => ErrorCode::OutOfOrder,
            Close::GOING_AWAY => ErrorCode::Unavailable,
            _ => ErrorCode::Malformed,
        };
        vec![encode(&ServerFrame::Error(WireError::new(code, close.reason)))]
    }

    /// Waits until there is something to do. Dropping the future loses nothing.
    pub async fn ready(&mut self) {
        match &mut self.state {
            State::Open(open) if self.closing.is_none() => open.ready().await,
            State::Open(_) | State::Greeting => std::future::pending().await,
        }
    }

    /// Does what there is to do. Must not be dropped before it has ended.
    pub async fn work(&mut self) -> Vec<Bytes> {
        let State::Open(open) = &mut self.state else {
            return Vec::new();
        };
        let (frames, ending) = open.work(&self.node).await;
        if let Some(ending) = ending {
            self.closing = Some(close_of(ending));
        }
        frames
    }

    /// Works until everything asked for so far is answered and nothing waits: for whoever drives it step by step.
    pub async fn settle(&mut self) -> Vec<Bytes> {
        let mut frames = Vec::new();
        while self.closing.is_none() && matches!(&self.state, State::Open(open) if open.has_work()) {
            self.ready().await;
            frames.extend(self.work().await);
        }
        frames
    }

    /// Waits until the connection is told to end, while whoever drives it cannot write.
    pub async fn ended(&self) {
        match &self.state {
            State::Open(open) => open.ended().await,
            State::Greeting => std::future::pending().await,
        }
    }

    async fn greet(&mut self, hello: Hello) -> Vec<Bytes> {
        let id = hello.id;
        match Open::greet(&self.node, hello).await {
            Ok((open, frames)) => {
                self.state = State::Open(Box::new(open));
                frames
            }
            Err(error) => {
                let refusal = error
                    .into_wire(self.node.context.random_bytes())
                    .answering(Some(id));
                self.closing = Some(match refusal.code {
                    ErrorCode::Unavailable | ErrorCode::Internal => Close::TRY_LATER,
                    _ => Close::POLICY,
                });
                vec![encode(&ServerFrame::Error(refusal))]
            }
        }
    }

    /// Answers a frame that breaks the protocol; too many of them in a minute close the connection.
    fn protocol_error(&mut self, now: Timestamp, refusal: WireError) -> Vec<Bytes> {
        if !(0..60_000).contains(&now.since_ms(self.errors_since)) {
            self.errors = 0;
            self.errors_since = now;
        }
        self.errors = self.errors.saturating_add(1);
        if self.errors > self.node.gateway.errors_per_minute {
            self.closing = Some(Close::POLICY);
        }
        vec![encode(&ServerFrame::Error(refusal))]
    }

    /// A client that goes on without heeding the answer, for a whole burst, is closed.
    fn rate_limited(&mut self, frame: &ClientFrame, wait_ms: u32) -> Vec<Bytes> {
        self.node.stats.rate_limited.add_one();
        self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
        if self.refused_in_a_row > self.node.gateway.frames_burst {
            self.closing = Some(Close::POLICY);
        }
        let refusal = WireError::new(ErrorCode::RateLimited, "too many frames").after_ms(wait_ms);
        vec![encode(&ServerFrame::Error(refusal.answering(frame.request_id())))]
    }
}

const fn close_of(ending: Ending) -> Close {
    match ending {
        Ending::Shutdown { .. } => Close::GOING_AWAY,
        Ending::SlowReader => Close::TRY_LATER,
        Ending::Replaced => Close::REPLACED,
        Ending::SignedOut | Ending::Suspended => Close::POLICY,
    }
}
