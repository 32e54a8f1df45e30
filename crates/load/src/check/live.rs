//! What came while the crowd ran.

use std::collections::HashMap;

use pipit_wire::Seq;

use super::{Expect, Kind, Log, Verdict};
use crate::record::{Cast, ConversationNumber, DeviceNumber, Records, UserNumber, What};

/// Which seqs of a log a device has seen: one bit each.
#[derive(Default)]
struct Seen(Vec<u64>);

impl Seen {
    fn insert(&mut self, seq: Seq) {
        let (word, bit) = place(seq);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= bit;
        }
    }

    fn contains(&self, seq: Seq) -> bool {
        let (word, bit) = place(seq);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

fn place(seq: Seq) -> (usize, u64) {
    let word = usize::try_from(seq.get() / 64).unwrap_or_default();
    (word, 1 << (seq.get() % 64))
}

/// Every device was told the same as is in the log, and all of it.
pub(super) fn delivered(
    cast: &Cast,
    records: &Records,
    logs: &HashMap<ConversationNumber, Log<'_>>,
    expect: Expect,
    verdict: &mut Verdict,
) {
    let mut seen: HashMap<(DeviceNumber, ConversationNumber), Seen> = HashMap::new();
    for record in records.iter() {
        let What::Delivered {
            conversation,
            seq,
            said,
        } = record.what
        else {
            continue;
        };
        verdict.figures.deliveries += 1;
        let Some(log) = logs.get(&conversation) else {
            continue;
        };
        // What lies far beyond the log's end is no place to keep a bit for.
        match log.entries.get(&seq) {
            Some(entry) if *entry == said => {
                seen.entry((record.device, conversation)).or_default().insert(seq);
            }
            found => {
                let kind = if log.places.contains_key(&said.event) || found.is_some() {
                    Kind::Disagreement
                } else {
                    Kind::Lost
                };
                verdict.add(kind, || {
                    format!(
                        "conversation {} seq {seq}: device {} was given {said:?} at {} µs; the log has {found:?}",
                        conversation.0, record.device.0, record.at.0
                    )
                });
            }
        }
    }
    if expect.complete {
        everything_was_seen(cast, logs, &seen, verdict);
    }
}

fn everything_was_seen(
    cast: &Cast,
    logs: &HashMap<ConversationNumber, Log<'_>>,
    seen: &HashMap<(DeviceNumber, ConversationNumber), Seen>,
    verdict: &mut Verdict,
) {
    let nothing = Seen::default();
    let mut devices: HashMap<UserNumber, Vec<DeviceNumber>> = HashMap::new();
    for (number, (_, user)) in (0..).zip(&cast.devices) {
        devices.entry(*user).or_default().push(DeviceNumber(number));
    }
    for (conversation, log) in logs {
        for reader in &log.readers {
            for device in devices.get(&reader.user).into_iter().flatten() {
                let seen = seen.get(&(*device, *conversation)).unwrap_or(&nothing);
                let missing: Vec<u64> = reader
                    .entries
                    .iter()
                    .filter(|(seq, _)| !seen.contains(*seq))
                    .map(|(seq, _)| seq.get())
                    .collect();
                verdict.figures.views += 1;
                if let Some(first) = missing.first() {
                    verdict.add(Kind::NotSeen, || {
                        format!(
                            "device {} was never given {} entries of conversation {}, the first of them {first} of {}",
                            device.0,
                            missing.len(),
                            conversation.0,
                            log.last_seq
                        )
                    });
                }
            }
        }
    }
}

/// How far each member of each conversation is: delivered and read.
type Markers = HashMap<(ConversationNumber, UserNumber), (Seq, Seq)>;

/// Markers only move forward: on each line, and to what the server lists at the end.
pub(super) fn receipts(
    records: &Records,
    logs: &HashMap<ConversationNumber, Log<'_>>,
    verdict: &mut Verdict,
) {
    let mut on_line: HashMap<DeviceNumber, Markers> = HashMap::new();
    let mut highest = Markers::new();
    for record in records.iter() {
        match record.what {
            // Two nodes may interleave: what one line says is compared with itself alone.
            What::Connected { .. } | What::Disconnected => {
                on_line.remove(&record.device);
            }
            What::Receipt {
                conversation,
                member,
                delivered,
                read,
            } => {
                verdict.figures.receipts += 1;
                let key = (conversation, member);
                let before = on_line.entry(record.device).or_default().entry(key).or_default();
                if delivered < before.0 || read < before.1 {
                    let (was_delivered, was_read) = *before;
                    verdict.add(Kind::ReceiptBack, || {
                        format!(
                            "conversation {}: device {} was told that user {} stands at {delivered}/{read}, after {was_delivered}/{was_read}",
                            conversation.0, record.device.0, member.0
                        )
                    });
                }
                *before = (delivered, read);
                let top = highest.entry(key).or_default();
                *top = (top.0.max(delivered), top.1.max(read));
                let beyond = logs
                    .get(&conversation)
                    .is_some_and(|log| delivered.max(read) > log.last_seq);
                if beyond || read > delivered {
                    verdict.add(Kind::ReceiptBeyond, || {
                        format!(
                            "conversation {}: user {} stands at {delivered}/{read}",
                            conversation.0, member.0
                        )
                    });
                }
            }
            _ => {}
        }
    }
    for log in logs.values() {
        for reader in &log.readers {
            for (member, delivered, read) in &reader.markers {
                let top = highest
                    .get(&(reader.conversation, *member))
                    .copied()
                    .unwrap_or_default();
                if *delivered < top.0 || *read < top.1 {
                    verdict.add(Kind::ReceiptBack, || {
                        format!(
                            "conversation {}: user {} ends at {delivered}/{read}, and {}/{} had been told",
                            reader.conversation.0, member.0, top.0, top.1
                        )
                    });
                }
            }
        }
    }
}
