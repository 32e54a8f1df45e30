//! The local connections of one conversation, and how far they have been given its log.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use pipit_store::poll::{hidden_voter, veil};
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
    /// Where it is a vote in an anonymous poll: who may have it, and its text for everybody else.
    pub veiled: Option<(UserId, Bytes)>,
}

impl Entry {
    /// The text for a connection of this account.
    pub fn frame_for(&self, user: UserId) -> &Bytes {
        match &self.veiled {
            Some((voter, frame)) if *voter != user => frame,
            _ => &self.frame,
        }
    }

    /// Reads an entry from its frame's text, where what others get has to be made of it.
    pub fn decode(frame: &Bytes) -> Option<Self> {
        match serde_json::from_slice(frame).ok()? {
            ServerFrame::Event(event) => Some(Self::encode(event).0),
            _ => None,
        }
    }

    /// Serialises an entry, and gives it back.
    pub fn encode(event: Event) -> (Self, Event) {
        let change = match &event.body {
            EventBody::MemberAdded { member } => Some(Change::Added(member.user)),
            EventBody::MemberRemoved { user, .. } => Some(Change::Removed(*user)),
            EventBody::Created { .. }
            | EventBody::Message { .. }
            | EventBody::RoleChanged { .. }
            | EventBody::TitleChanged { .. }
            | EventBody::SettingsChanged { .. }
            | EventBody::MessageChanged { .. }
            | EventBody::Handshake { .. }
            | EventBody::HistoryShown { .. }
            | EventBody::Unknown => None,
        };
        let seq = event.seq;
        let veiled = hidden_voter(&event).map(|voter| {
            let mut events = [event.clone()];
            veil(&mut events, None);
            let [event] = events;
            let text = codec::encode_server(&ServerFrame::Event(event));
            (voter, Bytes::from(text))
        });
        let frame = ServerFrame::Event(event);
        let text = Bytes::from(codec::encode_server(&frame));
        let entry = Self {
            seq,
            change,
            frame: text,
            veiled,
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
    /// The last entry that was given; none while it is not known from where on the connections need the log.
    given: Option<Seq>,
    /// Entries that came before some that they follow. Mostly there are none, and then they take no memory.
    held: BTreeMap<Seq, Entry>,
    /// The markers of each member as they were last told here: what another node says may be older.
    markers: BTreeMap<UserId, (Seq, Seq)>,
}

impl Audience {
    pub(super) const fn given(&self) -> Option<Seq> {
        self.given
    }

    /// Says how far the log was when the connections began to read it. What was given already counts more.
    ///
    /// An older place than that is right as well: entries then come twice. A later one is not: a removal may be among those before it.
    pub(super) fn base(&mut self, head: Seq) {
        self.given.get_or_insert(head);
    }

    /// Finds an entry's place. Where it is not its turn, keeps it until it is, as far as there is room.
    pub(super) fn place(&mut self, entry: Entry) -> Placed {
        if self.given.is_some_and(|given| entry.seq <= given) {
            return Placed::Known;
        }
        if self.given.is_none_or(|given| entry.seq != given.next()) {
            self.hold(entry);
            return Placed::Early;
        }
        self.given = Some(entry.seq);
        Placed::Next(entry)
    }

    /// The furthest one is kept in any case: it says how far the log goes.
    fn hold(&mut self, entry: Entry) {
        if self.held.len() >= HELD_MAX {
            match self.held.last_entry() {
                Some(last) if *last.key() < entry.seq => last.remove(),
                _ => return,
            };
        }
        self.held.insert(entry.seq, entry);
    }

    /// How far the log is known to go beyond what can be given.
    pub(super) fn missing_before(&self) -> Option<Seq> {
        self.held.last_key_value().map(|(seq, _)| *seq)
    }

    /// What is to be told of a member's markers: the furthest that is known of each, where one of them moves. Where that of what was delivered is
    /// not said to have moved (`delivered`), it does not count as told: who may not know what was read is told nothing then.
    pub(super) fn advance(&mut self, receipt: Receipt, delivered: bool) -> Option<Receipt> {
        let told = self.markers.entry(receipt.user).or_insert((Seq::ZERO, Seq::ZERO));
        let furthest = (told.0.max(receipt.delivered_seq), told.1.max(receipt.read_seq));
        let told_now = (if delivered { furthest.0 } else { told.0 }, furthest.1);
        if told_now == *told {
            return None;
        }
        *told = told_now;
        Some(Receipt {
            delivered_seq: furthest.0,
            read_seq: furthest.1,
            ..receipt
        })
    }

    /// A kept entry whose turn it is now; it counts as given.
    pub(super) fn next_held(&mut self) -> Option<Entry> {
        let given = self.given?;
        while let Some(first) = self.held.first_entry() {
            if *first.key() > given.next() {
                return None;
            }
            let entry = first.remove();
            if entry.seq > given {
                self.given = Some(entry.seq);
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
            veiled: None,
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
        audience.base(Seq::new(5).unwrap());
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
        assert_eq!(audience.missing_before(), Seq::new(999));
        assert_eq!(take(&mut audience, 2).len(), HELD_MAX);
        assert_eq!(audience.missing_before(), Seq::new(999), "the others are read");
    }

    #[test]
    fn what_comes_before_the_beginning_is_known_waits() {
        let mut audience = Audience::default();
        for seq in [4, 6, 5, 8] {
            assert_eq!(take(&mut audience, seq), [0; 0], "{seq}");
        }
        audience.base(Seq::new(4).unwrap());
        let given: Vec<_> = std::iter::from_fn(|| audience.next_held())
            .map(|entry| entry.seq.get())
            .collect();
        assert_eq!(given, [5, 6]);
        assert_eq!(audience.missing_before(), Seq::new(8));
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
        for (heard, delivered, told) in [
            ((3, 1), true, Some((3, 1))),
            ((2, 1), true, None),
            ((3, 1), true, None),
            ((2, 2), true, Some((3, 2))),
            ((4, 0), true, Some((4, 2))),
            // That it was delivered comes after that it was read.
            ((5, 5), false, Some((5, 5))),
            ((5, 5), false, None),
            ((5, 3), true, Some((5, 5))),
            ((5, 3), true, None),
        ] {
            let expect = told.map(|(delivered, read)| receipt(delivered, read));
            let told = audience.advance(receipt(heard.0, heard.1), delivered);
            assert_eq!(told, expect, "{heard:?} {delivered}");
        }
    }
}
