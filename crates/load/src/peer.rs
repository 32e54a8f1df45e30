//! The same crowd against other servers on the same machine: what Pipit is measured against.
//!
//! One generator for all: the clients, the loop and the measurements are the same; a [`Peer`] says how to connect, send and
//! receive. Its clients only look for what they measure, where those of [`crate::crowd`] read and record everything: a
//! generator that works hard would hide the differences between servers.

pub mod broadcast;
pub mod client;
pub mod command;
pub mod database;
pub mod ejabberd;
pub mod families;
pub mod measure;
pub mod plan;
pub mod report;
pub mod subject;
pub mod websocket;
pub mod xmpp;

use std::future::Future;

/// What came on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message of this line was acknowledged.
    Acknowledged,
    /// A message came, written by this text.
    Delivered(Stamp),
    /// Anything else.
    Other,
}

/// What every text begins with: when it was to be sent, by the generator's clock, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Microseconds.
    pub at: u64,
    /// The person.
    pub person: usize,
}

/// How a text goes on after its stamp.
const TEXT: &str = "A message of about the length that people write to each other.";

impl Stamp {
    /// The text of a message.
    #[must_use]
    pub fn text(self) -> String {
        format!("{} {} {TEXT}", self.at, self.person)
    }

    /// The stamp at the beginning of a text.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        Some(Self {
            at: words.next()?.parse().ok()?,
            person: words.next()?.parse().ok()?,
        })
    }
}

/// A person's connection.
pub trait Line: Send + 'static {
    /// Sends to a conversation, which is a place in [`plan::PLAN`]'s list.
    fn send(&mut self, to: usize, stamp: Stamp) -> impl Future<Output = anyhow::Result<()>> + Send;
    /// What comes next. May be dropped at any time without loss.
    fn next(&mut self) -> impl Future<Output = anyhow::Result<Heard>> + Send;
    /// Ends it.
    fn close(self);
}

/// A server that is measured, from a client's view.
pub trait Peer: Send + Sync + 'static {
    /// Its connections.
    type Line: Line;
    /// Connects a person and brings it up to date; how many messages it had missed.
    fn connect(&self, person: usize) -> impl Future<Output = anyhow::Result<(Self::Line, usize)>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_from_its_text() {
        let stamp = Stamp {
            at: 12_345,
            person: 7,
        };
        assert_eq!(Stamp::read(&stamp.text()), Some(stamp));
        assert_eq!(Stamp::read("hello"), None);
    }
}
