//! What waits to be written to one connection: bounded, and cheap while it is empty.
//!
//! A `tokio` channel would allocate its first block for every idle connection; this queue allocates nothing until
//! something waits, and gives the memory back with what was taken. It also has to forget everything at once when it
//! overflows, which a channel cannot.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use pipit_wire::ConversationId;
use tokio::sync::Notify;

use super::lock;

/// The most items that wait for one connection.
pub const ITEMS_MAX: usize = 1_024;
/// The most bytes that wait for one connection. Shared bytes count for each connection that they wait for.
pub const BYTES_MAX: usize = 2 * 1024 * 1024;

/// Something for one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A frame's text, shared with every other connection that gets it.
    Frame(Bytes),
    /// The account has become a member: the connection tells its client what the conversation is.
    Joined(ConversationId),
    /// The account is no longer a member.
    Left(ConversationId),
}

impl Outgoing {
    fn len(&self) -> usize {
        match self {
            Self::Frame(bytes) => bytes.len(),
            Self::Joined(_) | Self::Left(_) => 0,
        }
    }
}

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server stops.
    Shutdown {
        /// How long its client should wait before it reconnects, milliseconds.
        reconnect_after_ms: u32,
    },
    /// Its client did not read, and what waited was dropped.
    SlowReader,
    /// The same device has connected again.
    Replaced,
    /// The device was signed out.
    SignedOut,
    /// The account was suspended.
    Suspended,
}

/// What became of something pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits.
    Waits,
    /// There was no room: everything that waited was dropped, and the connection ends.
    Overflowed,
    /// The connection was ending already.
    Ending,
}

/// What was taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// Everything that waited, in order; at least one.
    Items(VecDeque<Outgoing>),
    /// The connection ends. Said again each time.
    Ending(Ending),
}

#[derive(Default)]
struct State {
    items: VecDeque<Outgoing>,
    bytes: usize,
    ending: Option<Ending>,
}

/// See the module. Many push, one takes.
#[derive(Default)]
pub struct Outbox {
    state: Mutex<State>,
    wake: Notify,
}

impl Outbox {
    /// Adds something to the end.
    pub fn push(&self, item: Outgoing) -> Pushed {
        let (pushed, wake) = {
            let mut state = lock(&self.state);
            if state.ending.is_some() {
                return Pushed::Ending;
            }
            let bytes = state.bytes + item.len();
            if state.items.len() >= ITEMS_MAX || bytes > BYTES_MAX {
                *state = State {
                    ending: Some(Ending::SlowReader),
                    ..State::default()
                };
                (Pushed::Overflowed, true)
            } else {
                let was_empty = state.items.is_empty();
                state.items.push_back(item);
                state.bytes = bytes;
                (Pushed::Waits, was_empty)
            }
        };
        if wake {
            self.wake.notify_one();
        }
        pushed
    }

    /// Ends the connection: what waits is dropped. The first reason stays.
    pub fn end(&self, ending: Ending) {
        {
            let mut state = lock(&self.state);
            if state.ending.is_none() {
                *state = State {
                    ending: Some(ending),
                    ..State::default()
                };
            }
        }
        self.wake.notify_one();
    }

    /// Why the connection ends, where it does.
    pub fn ending(&self) -> Option<Ending> {
        lock(&self.state).ending
    }

    /// Whether there is something to take.
    pub fn has_something(&self) -> bool {
        let state = lock(&self.state);
        state.ending.is_some() || !state.items.is_empty()
    }

    /// Takes what is there now.
    pub fn try_take(&self) -> Option<Taken> {
        let mut state = lock(&self.state);
        if let Some(ending) = state.ending {
            return Some(Taken::Ending(ending));
        }
        if state.items.is_empty() {
            return None;
        }
        state.bytes = 0;
        Some(Taken::Items(std::mem::take(&mut state.items)))
    }

    /// Waits until there is something, and takes it. Dropping the future loses nothing. Not to be called twice at a time.
    pub async fn take(&self) -> Taken {
        loop {
            if let Some(taken) = self.try_take() {
                return taken;
            }
            self.wake.notified().await;
        }
    }

    /// Waits until the connection ends. Not to be called while [`Outbox::take`] waits.
    pub async fn ended(&self) -> Ending {
        loop {
            if let Some(ending) = self.ending() {
                return ending;
            }
            self.wake.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &'static str) -> Outgoing {
        Outgoing::Frame(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn gives_in_order_what_was_pushed() {
        let outbox = Outbox::default();
        assert_eq!(outbox.try_take(), None);
        assert_eq!(outbox.push(frame("one")), Pushed::Waits);
        assert_eq!(outbox.push(frame("two")), Pushed::Waits);
        assert_eq!(
            outbox.take().await,
            Taken::Items([frame("one"), frame("two")].into())
        );
        assert_eq!(outbox.try_take(), None);
    }

    #[tokio::test]
    async fn an_overflow_drops_everything_and_ends_the_connection() {
        let outbox = Outbox::default();
        for _ in 0..ITEMS_MAX {
            assert_eq!(outbox.push(frame("x")), Pushed::Waits);
        }
        assert_eq!(outbox.push(frame("one too many")), Pushed::Overflowed);
        assert_eq!(outbox.push(frame("more")), Pushed::Ending);
        assert_eq!(outbox.take().await, Taken::Ending(Ending::SlowReader));
        outbox.end(Ending::Replaced);
        assert_eq!(outbox.ended().await, Ending::SlowReader, "the first reason stays");
    }

    #[test]
    fn bytes_are_bounded_too() {
        let outbox = Outbox::default();
        let large = Outgoing::Frame(Bytes::from(vec![b'x'; BYTES_MAX / 2]));
        assert_eq!(outbox.push(large.clone()), Pushed::Waits);
        assert_eq!(outbox.push(large.clone()), Pushed::Waits);
        assert_eq!(outbox.push(frame("x")), Pushed::Overflowed);
    }
}
