//! Whether what happened is what Pipit promises. A pure function: records and final readings in, a [`Verdict`] out.
//!
//! The server is not trusted: what it acknowledged and delivered while the crowd ran is compared with what fresh clients read at
//! the end, each member for themselves, from the first entry to the last.
//!
//! | promise | kinds of violation |
//! | --- | --- |
//! | acknowledged is durable, and visible to every member once | [`Kind::Lost`], [`Kind::Moved`], [`Kind::Doubled`], [`Kind::Unread`] |
//! | `seq` is unique, without gaps, and the same for everybody | [`Kind::Gap`], [`Kind::SeqTwice`], [`Kind::Disagreement`] |
//! | messages of one sender keep their order | [`Kind::Reordered`] |
//! | every member's device has seen everything | [`Kind::NotSeen`] |
//! | nothing is delivered that was not sent | [`Kind::Invented`] |
//! | edits converge: what the server shows of a message is what the log makes of it | [`Kind::Diverged`] |
//! | receipts only move forward, and not beyond the log | [`Kind::ReceiptBack`], [`Kind::ReceiptBeyond`] |
//!
//! A message of which the server refused one attempt may come after a later one of the same sender: its order is not checked. One
//! that was never answered may be in the log or not.

mod live;
mod verdict;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pipit_wire::{EventId, MessageId, Seq};

use crate::record::{Cast, ConversationNumber, Entry, Records, Said, UserNumber, What};
pub use verdict::{EACH_MAX, Figures, Kind, Verdict, Violation};

/// A log as one member read it at the end, by a fresh connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose log.
    pub conversation: ConversationNumber,
    /// Who read it.
    pub user: UserNumber,
    /// The first entry that they may read, as the server says.
    pub first_seq: Seq,
    /// The last entry, as the server says.
    pub last_seq: Seq,
    /// The entries, in the order in which they came. Members who read the same may share them.
    pub entries: Arc<Vec<(Seq, Said)>>,
    /// The conversation's last message as the server shows it, with its content as that was edited last; none where it was not asked.
    pub last: Option<(EventId, u32)>,
    /// The members' markers, as the server lists them: delivered and read. Empty where they were not read.
    pub markers: Vec<(UserNumber, Seq, Seq)>,
}

/// What is asked beyond what must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// Every device was given the time to catch up: each must have seen the whole log of each of its conversations.
    pub complete: bool,
}

/// One conversation's log as the first member read it, with where things are.
struct Log<'a> {
    entries: HashMap<Seq, Said>,
    places: HashMap<EventId, Seq>,
    last_seq: Seq,
    readers: Vec<&'a Reading>,
}

/// Checks everything.
#[must_use]
pub fn check(cast: &Cast, records: &Records, readings: &[Reading], expect: Expect) -> Verdict {
    let mut verdict = Verdict::default();
    if records.dropped > 0 {
        verdict.add(Kind::Unrecorded, || {
            format!("{} records had no room: the run was too long", records.dropped)
        });
    }
    let logs = logs(cast, readings, &mut verdict);
    sent_and_acknowledged(records, &logs, &mut verdict);
    edits_converge(&logs, &mut verdict);
    live::delivered(cast, records, &logs, expect, &mut verdict);
    live::receipts(records, &logs, &mut verdict);
    verdict
}

/// Every member's reading is numbered without gaps, and all say the same.
fn logs<'a>(
    cast: &Cast,
    readings: &'a [Reading],
    verdict: &mut Verdict,
) -> HashMap<ConversationNumber, Log<'a>> {
    let mut logs: HashMap<ConversationNumber, Log<'a>> = HashMap::new();
    for reading in readings {
        let conversation = reading.conversation;
        verdict.figures.logs_read += 1;
        numbered(reading, verdict);
        let log = logs.entry(conversation).or_insert_with(|| Log {
            entries: HashMap::new(),
            places: HashMap::new(),
            last_seq: reading.last_seq,
            readers: Vec::new(),
        });
        let shared = log
            .readers
            .first()
            .is_some_and(|first| Arc::ptr_eq(&first.entries, &reading.entries));
        if !shared {
            for (seq, said) in reading.entries.iter() {
                let first = log.entries.entry(*seq).or_insert(*said);
                if first != said {
                    verdict.add(Kind::Disagreement, || {
                        format!(
                            "conversation {} seq {seq}: user {} reads {said:?}, another {first:?}",
                            conversation.0, reading.user.0
                        )
                    });
                }
                log.places.entry(said.event).or_insert(*seq);
            }
        }
        log.last_seq = log.last_seq.max(reading.last_seq);
        log.readers.push(reading);
    }
    complete(cast, &logs, verdict);
    logs
}

/// What the server shows of the last message is what its entry and the edits of its author say, the last of them in the order of the log.
fn edits_converge(logs: &HashMap<ConversationNumber, Log<'_>>, verdict: &mut Verdict) {
    for (conversation, log) in logs {
        let mut entries: Vec<_> = log.entries.iter().collect();
        entries.sort_unstable_by_key(|(seq, _)| **seq);
        let mut shown: HashMap<Entry, (EventId, UserNumber, u32)> = HashMap::new();
        let mut last = None;
        for (_, said) in entries {
            match said.entry {
                Entry::Message => {
                    let edits = Entry::edit_of(said.event);
                    shown.insert(edits, (said.event, said.sender, said.hash));
                    last = Some(edits);
                }
                edit @ Entry::Edit(_) => {
                    verdict.figures.edits += 1;
                    match shown.get_mut(&edit) {
                        Some((_, author, hash)) if *author == said.sender => *hash = said.hash,
                        _ => verdict.add(Kind::Diverged, || {
                            format!(
                                "conversation {}: an edit of nothing of theirs: {said:?}",
                                conversation.0
                            )
                        }),
                    }
                }
                Entry::Other => {}
            }
        }
        let expected = last.and_then(|last| shown.get(&last).map(|(event, _, hash)| (*event, *hash)));
        for reader in log.readers.iter().filter(|reader| reader.last.is_some()) {
            if reader.last != expected {
                verdict.add(Kind::Diverged, || {
                    format!(
                        "conversation {}: user {} is shown {:?} as the last message, and the log makes it {expected:?}",
                        conversation.0, reader.user.0, reader.last
                    )
                });
            }
        }
    }
}

/// Every member of every conversation has read it, to the same end.
fn complete(cast: &Cast, logs: &HashMap<ConversationNumber, Log<'_>>, verdict: &mut Verdict) {
    for (number, (_, members)) in (0..).zip(&cast.conversations) {
        let log = logs.get(&ConversationNumber(number));
        for member in members {
            let reading = log.and_then(|log| log.readers.iter().find(|reading| reading.user == *member));
            let Some(reading) = reading else {
                verdict.add(Kind::Unread, || {
                    format!("user {} could not read conversation {number}", member.0)
                });
                continue;
            };
            let last_seq = log.map_or(Seq::ZERO, |log| log.last_seq);
            if reading.last_seq != last_seq {
                verdict.add(Kind::Disagreement, || {
                    format!(
                        "conversation {number}: for user {} it ends at {}, for another at {last_seq}",
                        member.0, reading.last_seq
                    )
                });
            }
        }
    }
}

fn numbered(reading: &Reading, verdict: &mut Verdict) {
    let of = || {
        format!(
            "conversation {} as user {} reads it",
            reading.conversation.0, reading.user.0
        )
    };
    let mut ids = HashSet::with_capacity(reading.entries.len());
    let mut expected = reading.first_seq;
    for (seq, said) in reading.entries.iter() {
        if *seq < expected {
            verdict.add(Kind::SeqTwice, || {
                format!("{}: {seq} comes again: {said:?}", of())
            });
        } else if *seq > expected {
            verdict.add(Kind::Gap, || {
                format!("{}: after {} comes {seq}", of(), expected.previous())
            });
        }
        expected = expected.max(seq.next());
        if !ids.insert(said.event) {
            verdict.add(Kind::Doubled, || {
                format!("{}: {} is there twice, again at {seq}", of(), said.event)
            });
        }
    }
    if expected.previous() != reading.last_seq {
        verdict.add(Kind::Gap, || {
            format!(
                "{}: it ends at {}, and the server says {}",
                of(),
                expected.previous(),
                reading.last_seq
            )
        });
    }
}

/// What was sent, message by message.
#[derive(Default)]
struct Fate {
    sent: Option<(ConversationNumber, u32)>,
    acknowledged: Option<Seq>,
    refused: bool,
}

fn sent_and_acknowledged(
    records: &Records,
    logs: &HashMap<ConversationNumber, Log<'_>>,
    verdict: &mut Verdict,
) {
    let mut fates: HashMap<MessageId, Fate> = HashMap::new();
    let mut places: HashMap<(ConversationNumber, Seq), MessageId> = HashMap::new();
    for record in records.iter() {
        match record.what {
            What::Sent {
                conversation,
                message,
                hash,
            } => {
                verdict.figures.sent += 1;
                fates.entry(message).or_default().sent = Some((conversation, hash));
            }
            What::Refused { message, .. } => {
                verdict.figures.refused += 1;
                fates.entry(message).or_default().refused = true;
            }
            What::Acknowledged {
                conversation,
                message,
                seq,
            } => {
                let other = *places.entry((conversation, seq)).or_insert(message);
                if other != message {
                    verdict.add(Kind::SeqTwice, || {
                        format!(
                            "conversation {}: {seq} was given to {other} and to {message}",
                            conversation.0
                        )
                    });
                }
                let before = fates.entry(message).or_default().acknowledged.replace(seq);
                match before {
                    None => verdict.figures.acknowledged += 1,
                    Some(before) if before != seq => verdict.add(Kind::Moved, || {
                        format!("{message} was acknowledged at {before} and later at {seq}")
                    }),
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }
    for (message, fate) in &fates {
        acknowledged_is_in_the_log(*message, fate, logs, verdict);
    }
    in_the_log_was_sent(&fates, logs, verdict);
    in_order(records, &fates, logs, verdict);
}

fn acknowledged_is_in_the_log(
    message: MessageId,
    fate: &Fate,
    logs: &HashMap<ConversationNumber, Log<'_>>,
    verdict: &mut Verdict,
) {
    let Some(seq) = fate.acknowledged else { return };
    let Some((conversation, hash)) = fate.sent else {
        verdict.add(Kind::Invented, || {
            format!("{message} was acknowledged at {seq} and never sent")
        });
        return;
    };
    let Some(log) = logs.get(&conversation) else {
        return;
    };
    match log.places.get(&EventId::from(message)) {
        None => verdict.add(Kind::Lost, || {
            format!(
                "{message} was acknowledged at {seq} in conversation {}; there is {:?}, and the log ends at {}",
                conversation.0,
                log.entries.get(&seq),
                log.last_seq
            )
        }),
        Some(place) if *place != seq => verdict.add(Kind::Moved, || {
            format!("{message} was acknowledged at {seq} and stands at {place} in conversation {}", conversation.0)
        }),
        Some(_) if log.entries.get(&seq).is_some_and(|said| said.hash != hash) => {
            verdict.add(Kind::Invented, || {
                format!("{message} at {seq} in conversation {} says something else than was sent", conversation.0)
            });
        }
        Some(_) => {}
    }
    // That each member has it: their readings agree, and have no gaps.
    for reader in &log.readers {
        if seq < reader.first_seq {
            verdict.add(Kind::Lost, || {
                format!(
                    "user {} may not read {message} at {seq} in conversation {}",
                    reader.user.0, conversation.0
                )
            });
        }
    }
}

fn in_the_log_was_sent(
    fates: &HashMap<MessageId, Fate>,
    logs: &HashMap<ConversationNumber, Log<'_>>,
    verdict: &mut Verdict,
) {
    for (conversation, log) in logs {
        for (seq, said) in log.entries.iter().filter(|(_, said)| said.entry != Entry::Other) {
            verdict.figures.entries += 1;
            let sent = fates.get(&MessageId::from(said.event)).and_then(|fate| fate.sent);
            if sent != Some((*conversation, said.hash)) {
                verdict.add(Kind::Invented, || {
                    format!(
                        "conversation {} seq {seq}: {said:?}; sent was {sent:?}",
                        conversation.0
                    )
                });
            }
        }
    }
}

/// Of each device and conversation, in the order of writing.
fn in_order(
    records: &Records,
    fates: &HashMap<MessageId, Fate>,
    logs: &HashMap<ConversationNumber, Log<'_>>,
    verdict: &mut Verdict,
) {
    let mut last = HashMap::new();
    for record in records.iter() {
        let What::Sent {
            conversation,
            message,
            ..
        } = record.what
        else {
            continue;
        };
        let refused = fates.get(&message).is_some_and(|fate| fate.refused);
        let place = logs
            .get(&conversation)
            .and_then(|log| log.places.get(&EventId::from(message)));
        let (false, Some(place)) = (refused, place) else {
            continue;
        };
        let before = last.entry((record.device, conversation)).or_insert(Seq::ZERO);
        if *place < *before {
            verdict.add(Kind::Reordered, || {
                format!(
                    "conversation {}: device {} wrote {message} later, and it stands at {place}, before {before}",
                    conversation.0, record.device.0
                )
            });
        }
        *before = (*before).max(*place);
    }
}

#[cfg(test)]
mod tests;
