use std::collections::HashMap;
use std::sync::Arc;

use pipit_wire::{ConversationId, DeviceId, EventId, MessageId, Seq, Timestamp, UserId};
use proptest::prelude::*;

use super::{Expect, Kind, Reading, check};
use crate::record::{
    Cast, ConversationNumber, DeviceNumber, Entry, Micros, Record, Records, Said, UserNumber, What,
};

const MEMBERS: u32 = 3;
const HERE: ConversationNumber = ConversationNumber(0);

/// One conversation of three, and a history of it that is right.
#[derive(Clone, Debug)]
struct History {
    cast: Cast,
    records: Vec<Record>,
    readings: Vec<Reading>,
}

fn id(number: u32) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn message(number: usize) -> MessageId {
    MessageId::new(Timestamp(1), id(u32::try_from(number).unwrap()))
}

fn seq(number: usize) -> Seq {
    Seq::new(u64::try_from(number).unwrap()).unwrap()
}

fn three_in_one_conversation() -> Cast {
    let mut cast = Cast::default();
    for number in 0..MEMBERS {
        cast.users.push(UserId::new(Timestamp(1), id(number)));
        cast.devices
            .push((DeviceId::new(Timestamp(1), id(number)), UserNumber(number)));
    }
    let members: Vec<UserNumber> = (0..MEMBERS).map(UserNumber).collect();
    cast.conversations
        .push((ConversationId::new(Timestamp(1), id(0)), members));
    cast
}

/// What a right server shows of a log.
#[derive(Default)]
struct Shown {
    /// The last message of each.
    own: HashMap<UserNumber, EventId>,
    /// The last one of all, as it was edited last.
    last: Option<(EventId, u32)>,
}

impl Shown {
    /// The next entry: a message, or where that is wanted and can be, an edit of the sender's last one.
    fn says(&mut self, event: EventId, sender: UserNumber, hash: u32, edit: bool) -> Said {
        let edits = self.own.get(&sender).copied().filter(|_| edit);
        match edits {
            None => {
                self.own.insert(sender, event);
                self.last = Some((event, hash));
            }
            Some(message) => {
                if let Some(last) = self.last.as_mut().filter(|last| last.0 == message) {
                    last.1 = hash;
                }
            }
        }
        Said {
            event,
            sender,
            entry: edits.map_or(Entry::Message, Entry::edit_of),
            hash,
        }
    }
}

/// What each member reads of it.
fn readings(entries: &[(Seq, Said)], last: Option<(EventId, u32)>) -> Vec<Reading> {
    let readings = (0..MEMBERS).map(|user| Reading {
        conversation: HERE,
        user: UserNumber(user),
        first_seq: seq(1),
        last_seq: seq(entries.len()),
        entries: Arc::new(entries.to_vec()),
        last,
        markers: Vec::new(),
    });
    readings.collect()
}

/// `senders`: who wrote each message, in the order of the log. Every third one edits its sender's message before, where there is one.
fn history(senders: &[u32]) -> History {
    let cast = three_in_one_conversation();
    let mut records = Vec::new();
    let mut entries = Vec::new();
    let mut write = |device: u32, what| {
        let at = Micros(u64::try_from(records.len()).unwrap());
        records.push(Record {
            at,
            device: DeviceNumber(device),
            what,
        });
    };
    let mut shown = Shown::default();
    for (number, sender) in (1..).zip(senders) {
        let (message, hash, seq) = (message(number), u32::try_from(number).unwrap(), seq(number));
        write(
            *sender,
            What::Sent {
                conversation: HERE,
                message,
                hash,
            },
        );
        write(
            *sender,
            What::Acknowledged {
                conversation: HERE,
                message,
                seq,
            },
        );
        let said = shown.says(EventId::from(message), UserNumber(*sender), hash, number % 3 == 0);
        entries.push((seq, said));
        for device in 0..MEMBERS {
            write(
                device,
                What::Delivered {
                    conversation: HERE,
                    seq,
                    said,
                },
            );
            let receipt = What::Receipt {
                conversation: HERE,
                member: UserNumber(*sender),
                delivered: seq,
                read: seq,
            };
            write(device, receipt);
        }
    }
    let readings = readings(&entries, shown.last);
    History {
        cast,
        records,
        readings,
    }
}

fn kinds(history: &History) -> Vec<Kind> {
    let records = Records {
        pieces: vec![history.records.clone()],
        dropped: 0,
    };
    let verdict = check(
        &history.cast,
        &records,
        &history.readings,
        Expect { complete: true },
    );
    verdict.counts.into_keys().collect()
}

/// Everything that can be wrong, once each.
#[derive(Clone, Copy, Debug)]
enum Mutation {
    LoseInAll,
    LoseInOne,
    DoubleInAll,
    SwapInAll,
    SameSeqTwice,
    AcknowledgeElsewhere,
    ChangeContent,
    Invent,
    DropDelivery,
    ChangeDelivery,
    MoveReceiptBack,
    ReceiptBeyond,
    NoReading,
    StaleEdit,
}

const MUTATIONS: [(Mutation, &[Kind]); 14] = [
    (Mutation::LoseInAll, &[Kind::Lost]),
    (Mutation::LoseInOne, &[Kind::Gap]),
    (Mutation::DoubleInAll, &[Kind::Doubled]),
    (Mutation::SwapInAll, &[Kind::Reordered, Kind::Moved]),
    (Mutation::SameSeqTwice, &[Kind::SeqTwice]),
    (Mutation::AcknowledgeElsewhere, &[Kind::Moved]),
    (Mutation::ChangeContent, &[Kind::Invented]),
    (Mutation::Invent, &[Kind::Invented]),
    (Mutation::DropDelivery, &[Kind::NotSeen]),
    (Mutation::ChangeDelivery, &[Kind::Disagreement]),
    (Mutation::MoveReceiptBack, &[Kind::ReceiptBack]),
    (Mutation::ReceiptBeyond, &[Kind::ReceiptBeyond]),
    (Mutation::NoReading, &[Kind::Unread]),
    (Mutation::StaleEdit, &[Kind::Diverged]),
];

fn in_logs(history: &mut History, change: impl Fn(&mut Vec<(Seq, Said)>)) {
    for reading in &mut history.readings {
        change(Arc::make_mut(&mut reading.entries));
        reading.last_seq = reading.entries.last().map_or(Seq::ZERO, |entry| entry.0);
        reading.last = None;
    }
}

fn renumber(entries: &mut [(Seq, Said)]) {
    for (number, entry) in (1..).zip(entries) {
        entry.0 = seq(number);
    }
}

/// The last receipt comes again, at another place.
fn move_receipt(history: &mut History, to: Seq) {
    let mut last = *history.records.last().unwrap();
    if let What::Receipt { delivered, read, .. } = &mut last.what {
        (*delivered, *read) = (to, to);
    }
    history.records.push(last);
}

/// `at`: which message is hit, counted from 0; not the last.
fn mutate(history: &mut History, mutation: Mutation, at: usize) {
    let target = EventId::from(message(at + 1));
    let is_target =
        |record: &Record| matches!(record.what, What::Delivered { said, .. } if said.event == target);
    let delivery = history.records.iter().position(is_target).unwrap();
    match mutation {
        Mutation::LoseInAll => in_logs(history, |entries| {
            entries.remove(at);
            renumber(entries);
        }),
        Mutation::LoseInOne => {
            Arc::make_mut(&mut history.readings[1].entries).remove(at);
        }
        Mutation::DoubleInAll => in_logs(history, |entries| {
            entries.push(entries[at]);
            renumber(entries);
        }),
        Mutation::SwapInAll => in_logs(history, |entries| {
            entries.swap(at, at + 1);
            renumber(entries);
        }),
        Mutation::SameSeqTwice | Mutation::AcknowledgeElsewhere => {
            let other = if matches!(mutation, Mutation::SameSeqTwice) {
                seq(at + 2)
            } else {
                seq(9_999)
            };
            let acknowledged = history
                .records
                .iter_mut()
                .find_map(|record| match &mut record.what {
                    What::Acknowledged { message, seq, .. } if EventId::from(*message) == target => Some(seq),
                    _ => None,
                });
            *acknowledged.unwrap() = other;
        }
        Mutation::ChangeContent => {
            in_logs(history, |entries| entries[at].1.hash += 1_000_000);
        }
        Mutation::Invent => in_logs(history, |entries| {
            let mut entry = entries[at];
            entry.1.event = EventId::from(message(7_777));
            entries.push(entry);
            renumber(entries);
        }),
        Mutation::DropDelivery => {
            history.records.remove(delivery);
        }
        Mutation::ChangeDelivery => {
            if let What::Delivered { said, .. } = &mut history.records[delivery].what {
                said.hash += 1;
            }
        }
        Mutation::MoveReceiptBack => move_receipt(history, Seq::ZERO),
        Mutation::ReceiptBeyond => move_receipt(history, seq(9_999)),
        Mutation::NoReading => {
            history.readings.pop();
        }
        Mutation::StaleEdit => {
            let (_, hash) = history.readings[0].last.as_mut().unwrap();
            *hash += 1_000_000;
        }
    }
}

#[test]
fn a_refused_message_may_come_later_than_the_next() {
    let mut history = history(&[0, 0]);
    in_logs(&mut history, |entries| {
        entries.swap(0, 1);
        renumber(entries);
    });
    history
        .records
        .retain(|record| matches!(record.what, What::Sent { .. }));
    let complete = Expect { complete: false };
    let records = Records {
        pieces: vec![history.records.clone()],
        dropped: 0,
    };
    assert!(check(&history.cast, &records, &history.readings, complete).has(Kind::Reordered));
    let code = pipit_wire::ErrorCode::Unavailable;
    let what = What::Refused {
        conversation: HERE,
        message: message(1),
        code,
    };
    history.records.push(Record {
        at: Micros(9),
        device: DeviceNumber(0),
        what,
    });
    let records = Records {
        pieces: vec![history.records],
        dropped: 0,
    };
    assert!(check(&history.cast, &records, &history.readings, complete).is_satisfied());
}

#[test]
fn dropped_records_satisfy_nobody() {
    let history = history(&[0]);
    let records = Records {
        pieces: vec![history.records],
        dropped: 1,
    };
    let verdict = check(
        &history.cast,
        &records,
        &history.readings,
        Expect { complete: true },
    );
    assert!(verdict.has(Kind::Unrecorded));
}

proptest! {
    #[test]
    fn a_right_history_passes(senders in proptest::collection::vec(0..MEMBERS, 0..40)) {
        prop_assert_eq!(kinds(&history(&senders)), Vec::<Kind>::new());
    }

    #[test]
    fn every_single_fault_is_named(
        senders in proptest::collection::vec(0..MEMBERS, 2..40),
        at in any::<prop::sample::Index>(),
    ) {
        let at = at.index(senders.len() - 1);
        for (mutation, expected) in MUTATIONS {
            let mut history = history(&senders);
            mutate(&mut history, mutation, at);
            let found = kinds(&history);
            prop_assert!(
                expected.iter().any(|kind| found.contains(kind)),
                "{:?} at {}: found {:?}", mutation, at, found
            );
        }
    }
}
