//! The local connections of one conversation, and how far they have been given its log.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use pipit_wire::event::EventBody;
use pipit_wire::frame::Receipt;
use pipit_wire::{Event, Seq, ServerFrame, UserId, codec};
use serde::{Deserialize, Serialize};

use super::hub::Connection;

/// The most entries of one conversation that wait for those before them; later ones are read from the log.
const HELD_MAX: usize = 64;

/// What an entry changes in who gets the next ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// This account is a member from here on.
    Added(UserId),
    /// This account no longer is, and does not get the entry itself.
    Removed(UserId),
}

/// An entry on its way to the connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// What it changes.
    pub change: Option<Change>,
    /// The frame's text.
    pub frame: Bytes,
}

impl Entry {
    /// Serialises an entry, and gives it back.
    pub fn encode(event: Event) -> (Self, Event) {
        let change = match &event.body {
            EventBody::MemberAdded { member } => Some(Change::Added(member.user)),
            EventBody::MemberRemoved { user } => Some(Change::Removed(*user)),
            EventBody::Created { .. }
            | EventBody::Message { .. }
            | EventBody::RoleChanged { .. }
            | EventBody::TitleChanged { .. }
            | EventBody::Unknown => None,
        };
        let seq = event.seq;
        let frame = ServerFrame::Event(event);
        let text = Bytes::from(codec::encode_server(&frame));
        let entry = Self {
            seq,
            change,
            frame: text,
        };
        match frame {
            ServerFrame::Event(event) => (entry, event),
            #[expect(clippy::unreachable, reason = "it was made a few lines above")]
            _ => unreachable!("the frame is the event"),
        }
    }
}

/// What is to be done with an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It comes next: it is given now, and counts as given.
    Next(Entry),
    /// It was given before.
    Known,
    /// Some before it are missing.
    Early,
}

/// See the module.
#[derive(Default)]
pub(super) struct Audience {
    pub(super) connections: Vec<Arc<Connection>>,
    /// The last entry that was given; zero while nothing is known of the log.
    given: Seq,
    /// Entries that came before some that they follow. Mostly there are none, and then they take no memory.
    held: BTreeMap<Seq, Entry>,
    /// The markers of each member as they were last told here: what another node says may be older.
    markers: BTreeMap<UserId, (Seq, Seq)>,
}

impl Audience {
    pub(super) const fn given(&self) -> Seq {
        self.given
    }

    /// Says how far the log was when the connections began to read it. What was given already counts more.
    pub(super) fn base(&mut self, head: Seq) {
        if self.given == Seq::ZERO {
            self.given = head;
        }
    }

    /// Finds an entry's place. Where it is not its turn, keeps it until it is, as far as there is room.
    pub(super) fn place(&mut self, entry: Entry) -> Placed {
        if self.given != Seq::ZERO {
            if entry.seq <= self.given {
                return Placed::Known;
            }
            if entry.seq != self.given.next() {
                if self.held.len() < HELD_MAX {
                    self.held.insert(entry.seq, entry);
                }
                return Placed::Early;
            }
        }
        self.given = entry.seq;
        Placed::Next(entry)
    }

    /// What is to be told of a member's markers: the furthest that is known of each, where one of them moves.
    pub(super) fn advance(&mut self, receipt: Receipt) -> Option<Receipt> {
        let told = self.markers.entry(receipt.user).or_insert((Seq::ZERO, Seq::ZERO));
        let furthest = (told.0.max(receipt.delivered_seq), told.1.max(receipt.read_seq));
        if furthest == *told {
            return None;
        }
        *told = furthest;
        Some(Receipt {
            delivered_seq: furthest.0,
            read_seq: furthest.1,
            ..receipt
        })
    }

    /// A kept entry whose turn it is now; it counts as given.
    pub(super) fn next_held(&mut self) -> Option<Entry> {
        while let Some(first) = self.held.first_entry() {
            if *first.key() > self.given.next() {
                return None;
            }
            let entry = first.remove();
            if entry.seq > self.given {
                self.given = entry.seq;
                return Some(entry);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64) -> Entry {
        Entry {
            seq: Seq::new(seq).unwrap(),
            change: None,
            frame: Bytes::new(),
        }
    }

    /// Which entries are given when this one comes.
    fn take(audience: &mut Audience, seq: u64) -> Vec<u64> {
        let mut given = Vec::new();
        if let Placed::Next(entry) = audience.place(entry(seq)) {
            given.push(entry.seq.get());
            while let Some(entry) = audience.next_held() {
                given.push(entry.seq.get());
            }
        }
        given
    }

    #[test]
    fn entries_are_given_once_and_in_order() {
        let mut audience = Audience::default();
        assert_eq!(take(&mut audience, 5), [5], "nothing is known of the log before");
        audience.base(Seq::new(9).unwrap());
        assert_eq!(take(&mut audience, 4), [0; 0]);
        assert_eq!(take(&mut audience, 8), [0; 0]);
        assert_eq!(take(&mut audience, 7), [0; 0]);
        assert_eq!(take(&mut audience, 8), [0; 0], "again");
        assert_eq!(take(&mut audience, 6), [6, 7, 8]);
        assert!(audience.held.is_empty());
        assert_eq!(take(&mut audience, 9), [9]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut audience = Audience::default();
        audience.base(Seq::new(1).unwrap());
        for seq in 3..1_000 {
            assert_eq!(take(&mut audience, seq), [0; 0]);
        }
        assert_eq!(audience.held.len(), HELD_MAX);
        assert_eq!(take(&mut audience, 2).len(), HELD_MAX + 1);
    }

    #[test]
    fn markers_are_told_only_forward_whatever_order_nodes_speak_in() {
        let mut audience = Audience::default();
        let receipt = |delivered, read| Receipt {
            conversation: pipit_wire::ConversationId::from_bytes([1; 16]),
            user: UserId::from_bytes([2; 16]),
            delivered_seq: Seq::new(delivered).unwrap_or(Seq::ZERO),
            read_seq: Seq::new(read).unwrap_or(Seq::ZERO),
        };
        for (heard, told) in [
            ((3, 1), Some((3, 1))),
            ((2, 1), None),
            ((3, 1), None),
            ((2, 2), Some((3, 2))),
            ((4, 0), Some((4, 2))),
        ] {
            let expect = told.map(|(delivered, read)| receipt(delivered, read));
            assert_eq!(audience.advance(receipt(heard.0, heard.1)), expect, "{heard:?}");
        }
    }
}
