//! One conversation on one device: what it has, what it sends.

use std::collections::{BTreeSet, VecDeque};

use pipit_wire::{ConversationId, MessageId, RequestId, Seq};

use crate::record::{ConversationNumber, Micros};

/// A message under way.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) message: MessageId,
    pub(crate) request: RequestId,
    /// When it should have been sent.
    pub(crate) intended: Micros,
    pub(crate) text: String,
    pub(crate) written: bool,
}

/// A conversation as a device knows it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) number: ConversationNumber,
    pub(crate) id: ConversationId,
    /// Everything up to here is here.
    pub(crate) have: Seq,
    /// What has come beyond a hole.
    pub(crate) ahead: BTreeSet<Seq>,
    /// The end of the log, as far as is known.
    pub(crate) last_seq: Seq,
    /// The hole has been asked for on this line.
    pub(crate) asked: bool,
    pub(crate) outgoing: Option<Outgoing>,
    /// It is sent again then.
    pub(crate) put_off: Option<Micros>,
    /// When messages that wait should have been sent.
    pub(crate) waiting: VecDeque<Micros>,
    /// Messages of the burst that are still to be sent.
    pub(crate) burst: u32,
    /// The marker that was told to the server.
    pub(crate) receipt: Seq,
}

impl Place {
    pub(crate) fn new(number: ConversationNumber, id: ConversationId) -> Self {
        Self {
            number,
            id,
            have: Seq::ZERO,
            ahead: BTreeSet::new(),
            last_seq: Seq::ZERO,
            asked: false,
            outgoing: None,
            put_off: None,
            waiting: VecDeque::new(),
            burst: 0,
            receipt: Seq::ZERO,
        }
    }

    /// There is nothing to be had before this entry: whoever was added later sees no more.
    pub(crate) fn begins(&mut self, first: Seq) {
        self.have = self.have.max(first.previous());
    }

    /// A catch-up begins with this entry: whoever has nothing yet is given the log from where they may read it.
    pub(crate) fn caught_up_from(&mut self, first: Seq) {
        if self.have == Seq::ZERO {
            self.begins(first);
        }
    }

    /// An entry is here now. True where it leaves a hole that is to be asked for.
    pub(crate) fn arrived(&mut self, seq: Seq) -> bool {
        self.last_seq = self.last_seq.max(seq);
        if seq > self.have.next() {
            self.ahead.insert(seq);
            return !std::mem::replace(&mut self.asked, true);
        }
        self.have = self.have.max(seq);
        while self.ahead.first().is_some_and(|first| *first <= self.have.next()) {
            if let Some(first) = self.ahead.pop_first() {
                self.have = self.have.max(first);
            }
        }
        false
    }

    /// Whether nothing is missing, as far as is known.
    pub(crate) fn is_complete(&self) -> bool {
        self.have >= self.last_seq
    }

    /// Whether nothing is to be sent any more.
    pub(crate) fn is_quiet(&self) -> bool {
        self.outgoing.is_none() && self.waiting.is_empty() && self.burst == 0
    }
}

#[cfg(test)]
mod tests {
    use pipit_wire::Timestamp;

    use super::*;

    fn check(seqs: &[u64], have: u64, asked: &[bool]) {
        let mut place = Place::new(ConversationNumber(0), ConversationId::new(Timestamp(0), [0; 10]));
        let found: Vec<bool> = seqs
            .iter()
            .map(|seq| place.arrived(Seq::new(*seq).unwrap()))
            .collect();
        assert_eq!((place.have.get(), found.as_slice()), (have, asked), "{seqs:?}");
    }

    #[test]
    fn whoever_was_added_later_misses_nothing_from_before() {
        let mut place = Place::new(ConversationNumber(0), ConversationId::new(Timestamp(0), [0; 10]));
        place.begins(Seq::new(101).unwrap());
        assert!(!place.arrived(Seq::new(101).unwrap()));
        assert_eq!((place.have.get(), place.is_complete()), (101, true));
    }

    #[test]
    fn only_a_first_catch_up_says_where_a_log_begins() {
        let mut place = Place::new(ConversationNumber(0), ConversationId::new(Timestamp(0), [0; 10]));
        place.caught_up_from(Seq::new(101).unwrap());
        assert!(!place.arrived(Seq::new(101).unwrap()));
        place.caught_up_from(Seq::new(103).unwrap());
        assert!(
            place.arrived(Seq::new(103).unwrap()),
            "what is missing after it is a hole"
        );
        assert_eq!(place.have.get(), 101);
    }

    #[test]
    fn holes_are_asked_for_once_and_closed() {
        check(&[1, 2, 3], 3, &[false, false, false]);
        check(&[1, 3, 4, 2], 4, &[false, true, false, false]);
        check(&[1, 1, 2], 2, &[false, false, false]);
        check(&[1, 5, 2, 4], 2, &[false, true, false, false]);
    }
}
