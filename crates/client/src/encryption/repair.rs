//! Negative receipts: what this device could not read it says so of, and who has said it tells it again (`docs/adr/0051-negative-receipts.md`).
//!
//! A device that could not open what was sealed for it, or has lost the state that would have opened it, asks in the group, sealed like everything else, and with a key that was made for
//! that. The device that has said it answers, should it not be there any more another one of the same person, and seals the answer to that key, so for that device alone
//! ([`pipit_e2ee::seal_envelope`]): what opens the commitments of those entries. What comes goes the way of what comes in archives: on the shelf, against the log, and through the same checks.
//!
//! A device is told again what was sealed for it before, and nothing else: what was said since it is in the group, as far as the device knows that tells it. And it believes of an entry nobody but the
//! device that has said it, or one of that person whose vouches lead to the same device: what an entry commits to is in the clear, and the server's to change.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{CONTENT_BYTES_MAX, ENVELOPE_KEY_BYTES, EnvelopeKey, Identity, seal_envelope};
use pipit_wire::{ConversationId, Event, EventId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::state::{GroupRecord, RandomOf, Stage};
use crate::archive::{Record, bytes_32};
use crate::engine::{Engine, Stored};
use crate::profile::ProfileSaid;
use crate::storage::Storage;

/// The first byte of what is kept of this, beside what [`super::state`] keeps.
const REPAIR: u8 = 8;
/// How long more is waited for before it is asked: at least, and at most; in a large group longer, for each device, lest all ask for the same at once.
const ASK_MS: (i64, i64) = (1_000, 4_000);
const ASK_PER_DEVICE_MS: i64 = 50;
/// The least time between two questions.
const ASK_EVERY_MS: i64 = 60_000;
/// The most entries that are asked for at a time.
pub(crate) const ASKED_MAX: usize = 100;
/// So many questions are kept that were not answered in full; the oldest is given up for a new one.
const ASKS_MAX: usize = 20;
/// The most entries of a conversation that are asked for in all, from the last one back.
const WANTED_MAX: usize = 1_000;
/// For so long an answer is waited for: the device that could give it may be away.
const FOR_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// So many answers are given to one question at most: what does not go in is not told.
const ANSWERS_MAX: usize = 8;
/// About so many bytes of JSON go into one answer: sealed and in base64 they fit into what is sealed at a time.
const TOLD_BYTES: usize = CONTENT_BYTES_MAX / 8 * 5;

/// When it is asked for what could not be read.
#[derive(Debug, Default)]
pub(super) struct Asking {
    is_due: bool,
    /// Not before this.
    pub(super) at: Option<Timestamp>,
    /// When it was asked last.
    asked_at: Option<Timestamp>,
}

/// What this device could not read of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Repair {
    /// What is to be asked for.
    wanted: BTreeSet<Seq>,
    /// What was asked for, and not told yet.
    asks: Vec<Ask>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ask {
    /// The entry that asks.
    id: EventId,
    /// What opens the answers.
    key: [u8; ENVELOPE_KEY_BYTES],
    seqs: BTreeSet<Seq>,
    at: Timestamp,
}

impl Repair {
    fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.asks.is_empty()
    }

    /// Notes what is to be asked for, unless that was done. What is too much is left out from the oldest on.
    fn want(&mut self, seq: Seq) {
        if !self.is_asked(seq) {
            self.wanted.insert(seq);
        }
        while self.wanted.len() > WANTED_MAX {
            self.wanted.pop_first();
        }
    }

    fn is_asked(&self, seq: Seq) -> bool {
        self.asks.iter().any(|ask| ask.seqs.contains(&seq))
    }

    /// What is at places that are not there any more is nothing that was asked for.
    fn cut(&mut self, last: Seq) {
        self.wanted.retain(|seq| *seq <= last);
        for ask in &mut self.asks {
            ask.seqs.retain(|seq| *seq <= last);
        }
        self.asks.retain(|ask| !ask.seqs.is_empty());
    }
}

fn repair_key(conversation: ConversationId) -> Vec<u8> {
    [&[REPAIR], conversation.as_bytes().as_slice()].concat()
}

/// What an answer is sealed for: nothing else is opened by it.
fn info(conversation: ConversationId, asked: EventId) -> Vec<u8> {
    let label: &[u8] = b"Pipit told again 1";
    [label, conversation.as_bytes(), asked.as_bytes()].concat()
}

impl<S: Storage> Engine<S> {
    fn repair(&self, conversation: ConversationId) -> Stored<Repair> {
        Ok(self.kept(&repair_key(conversation))?.unwrap_or_default())
    }

    fn save_repair(&mut self, conversation: ConversationId, repair: &Repair) -> Stored {
        let key = repair_key(conversation);
        if repair.is_empty() {
            return self.storage.remove_secret(&key);
        }
        self.keep_value(&key, repair)
    }

    /// The conversation is gone.
    pub(super) fn repair_gone(&mut self, conversation: ConversationId) -> Stored {
        self.storage.remove_secret(&repair_key(conversation))?;
        self.forget_acquaintances(conversation)
    }

    /// The line stands: what waits to be asked for is asked for.
    pub(super) fn repairs_welcomed(&mut self) -> Stored {
        for key in self.storage.secrets(&[REPAIR])? {
            if let Some(conversation) = key.get(1..).and_then(|id| id.try_into().ok()) {
                self.ask_again_later(ConversationId::from_bytes(conversation))?;
            }
        }
        Ok(())
    }

    /// Whether something that cannot be read was asked for again.
    pub(super) fn is_asked_for(&self, event: &Event) -> Stored<bool> {
        Ok(self.repair(event.conversation)?.is_asked(event.seq))
    }

    /// The log is shorter than it was.
    pub(super) fn want_no_more_after(&mut self, conversation: ConversationId, last: Seq) -> Stored {
        let mut repair = self.repair(conversation)?;
        repair.cut(last);
        self.save_repair(conversation, &repair)
    }

    /// The group has moved on, at this place: what this device has sealed before, and has not seen in the log, belongs before it.
    pub(super) fn epoch_is_over(&mut self, conversation: ConversationId, seq: Seq) -> Stored {
        for mut waiting in self.storage.outbox(conversation)? {
            if let Some(sealed) = &mut waiting.sealed
                && sealed.over_at.is_none()
            {
                sealed.over_at = Some(seq);
                self.storage.save_outbox(&waiting)?;
            }
        }
        Ok(())
    }

    /// Something that was sealed for this device could not be opened. What it has said itself nobody can tell it.
    pub(super) fn want_again(&mut self, event: &Event) -> Stored {
        if self.is_by_this_device(event) {
            return Ok(());
        }
        self.want(event.conversation, [event.seq])
    }

    /// The state that would have opened what lies between is lost.
    pub(super) fn want_all_again(
        &mut self,
        conversation: ConversationId,
        after: Seq,
        through: Seq,
    ) -> Stored {
        let earliest = through.get().saturating_sub(WANTED_MAX as u64);
        let after = Seq::new(earliest).map_or(after, |earliest| earliest.max(after));
        let lost = self.storage.entries(conversation, after, through)?;
        let is_lost = |event: &&Event| super::is_sealed(event) && !self.is_by_this_device(event);
        let lost: Vec<Seq> = lost.iter().filter(is_lost).map(|event| event.seq).collect();
        if lost.is_empty() {
            return Ok(());
        }
        self.want(conversation, lost)
    }

    fn is_by_this_device(&self, event: &Event) -> bool {
        self.is_me(event.sender) && event.device == self.own_device()
    }

    fn want(&mut self, conversation: ConversationId, seqs: impl IntoIterator<Item = Seq>) -> Stored {
        let mut repair = self.repair(conversation)?;
        for seq in seqs {
            repair.want(seq);
        }
        self.ask_again_later(conversation)?;
        self.save_repair(conversation, &repair)
    }

    /// More may be missing: it is asked for all of it.
    fn ask_again_later(&mut self, conversation: ConversationId) -> Stored {
        if self.encryption.talk(conversation).asking.is_due {
            return Ok(());
        }
        let devices = i64::try_from(self.devices_inside(conversation)?.len()).unwrap_or_default();
        let most = ASK_MS.1 + devices.saturating_mul(ASK_PER_DEVICE_MS);
        let wait_ms = ASK_MS.0 + self.random_ms(most - ASK_MS.0);
        let soon = self.clock.steady().plus_ms(wait_ms);
        let talk = self.encryption.talk(conversation);
        let earliest = talk.asking.asked_at.map_or(soon, |at| at.plus_ms(ASK_EVERY_MS));
        talk.asking.at = Some(soon.max(earliest));
        talk.asking.is_due = true;
        Ok(())
    }

    /// Asks for what could not be read, once everything is taken in that is here.
    pub(super) fn ask_again(&mut self, conversation: ConversationId) -> Stored {
        let talk = self.encryption.talk(conversation);
        if !talk.asking.is_due || talk.asking.at.is_some() {
            return Ok(());
        }
        let group = self.group_record(conversation)?;
        // Whoever has not answered a request says nothing in it.
        if group.is_none_or(|group| group.stage != Stage::In) || self.is_unanswered(conversation)? {
            return Ok(());
        }
        let steady = self.clock.steady();
        let talk = self.encryption.talk(conversation);
        (talk.asking.is_due, talk.asking.asked_at) = (false, Some(steady));
        let before = self.repair(conversation)?;
        let (mut repair, now) = (before.clone(), self.clock.now());
        repair.asks.retain(|ask| now.since_ms(ask.at) < FOR_MS);
        let wanted = std::mem::take(&mut repair.wanted);
        for seq in wanted {
            // It may have come by a hand-over, or be deleted.
            let entry = self.storage.entries(conversation, seq.previous(), seq)?;
            if entry.first().is_some_and(super::is_sealed) {
                repair.wanted.insert(seq);
            }
        }
        // What was said last is missed most.
        let seqs: BTreeSet<Seq> = repair.wanted.iter().rev().take(ASKED_MAX).copied().collect();
        let key = EnvelopeKey::generate(&mut RandomOf(&mut self.config.random));
        if let (false, Ok(public)) = (seqs.is_empty(), key.public()) {
            repair.wanted.retain(|seq| !seqs.contains(seq));
            let id = self.new_event();
            let said = ProfileSaid::AskedAgain {
                seqs: seqs.iter().copied().collect(),
                key: STANDARD.encode(public),
            };
            tracing::info!(%conversation, entries = seqs.len(), "what could not be read is asked for again");
            self.say_in_group(conversation, id, said)?;
            while repair.asks.len() >= ASKS_MAX {
                repair.asks.remove(0);
            }
            repair.asks.push(Ask {
                id,
                key: key.to_bytes(),
                seqs,
                at: now,
            });
            self.dirty.conversation(conversation);
        }
        if !repair.wanted.is_empty() {
            self.ask_again_later(conversation)?;
        }
        if repair != before {
            self.save_repair(conversation, &repair)?;
        }
        Ok(())
    }

    /// A device could not read some of what was said: this one tells it again what is for it to tell.
    pub(super) fn tell_again(
        &mut self,
        group: &GroupRecord,
        event: &Event,
        seqs: &[Seq],
        key: &str,
    ) -> Stored {
        let (Some(device), Some(me)) = (event.device, self.identity()) else {
            return Ok(());
        };
        let (conversation, asks) = (
            event.conversation,
            Identity {
                user: event.sender,
                device,
            },
        );
        let (Some(public), Some(met)) = (bytes_32(key), group.met()) else {
            return Ok(());
        };
        if asks == me || self.is_unanswered(conversation)? {
            return Ok(());
        }
        let inside = self.devices_inside(conversation)?;
        if !inside.contains(&asks) {
            return Ok(());
        }
        let known = self.acquaintances(conversation, met)?;
        let room = known.room(asks, self.clock.now());
        let mut told = Vec::new();
        let seqs: BTreeSet<Seq> = seqs.iter().copied().collect();
        for seq in seqs.into_iter().take(room) {
            if seq < event.seq && known.was_there(asks, seq) {
                let entries = self.storage.log_entries(conversation, seq.previous(), 1)?;
                let entry = entries.first().filter(|entry| entry.event.seq == seq);
                let mine = entry.filter(|entry| known.teller(&entry.event, asks, &inside) == Some(me));
                // What shows nothing to others was not sealed for who is there by its place, or not committed to.
                told.extend(mine.and_then(Record::of).filter(Record::is_opening));
            }
        }
        if told.is_empty() {
            return Ok(());
        }
        self.note_told(conversation, &known, asks, told.len())?;
        tracing::info!(%conversation, entries = told.len(), "what another device could not read is told again");
        for part in parts(told).into_iter().take(ANSWERS_MAX) {
            match seal_envelope(&public, &info(conversation, event.id), &part) {
                Ok(sealed) => {
                    let said = ProfileSaid::ToldAgain {
                        asked: event.id,
                        sealed: STANDARD.encode(sealed),
                    };
                    let id = self.new_event();
                    self.say_in_group(conversation, id, said)?;
                }
                Err(error) => tracing::warn!(%conversation, %error, "nothing can be sealed for this key"),
            }
        }
        Ok(())
    }

    /// Somebody tells again what this device has asked for, and they have said.
    pub(super) fn told_again(&mut self, event: &Event, asked: EventId, sealed: &str) -> Stored {
        let conversation = event.conversation;
        let mut repair = self.repair(conversation)?;
        let Some(ask) = repair.asks.iter_mut().find(|ask| ask.id == asked) else {
            return Ok(());
        };
        let opened = STANDARD.decode(sealed).ok().and_then(|sealed| {
            let key = EnvelopeKey::from_bytes(ask.key);
            key.open(&info(conversation, asked), &sealed).ok()
        });
        let read = opened.and_then(|opened| serde_json::from_slice::<Vec<Record>>(&opened).ok());
        let Some(records) = read else {
            tracing::warn!(%conversation, seq = %event.seq, "what was told again cannot be opened");
            return Ok(());
        };
        let Some(device) = event.device else {
            return Ok(());
        };
        let teller = Identity {
            user: event.sender,
            device,
        };
        let mut believed = Vec::new();
        for record in records {
            let found = self
                .storage
                .entries(conversation, record.seq().previous(), record.seq())?;
            if let Some(entry) = found.first()
                && super::is_sealed(entry)
                && record.shows(entry)
                && self.speaks_for(teller, entry)?
                && ask.seqs.remove(&record.seq())
            {
                believed.push(record);
            }
        }
        repair.asks.retain(|ask| !ask.seqs.is_empty());
        self.save_repair(conversation, &repair)?;
        let came = self.put_told(conversation, believed)?;
        tracing::info!(%conversation, entries = came, "what could not be read was told again");
        self.count_repaired(came);
        Ok(())
    }

    /// The server has not taken a question, or an answer: nobody has heard it.
    pub(crate) fn not_asked(&mut self, conversation: ConversationId, id: EventId, code: &str) -> Stored {
        tracing::warn!(%conversation, code, "the server does not take what is said about what could not be read");
        let mut repair = self.repair(conversation)?;
        repair.asks.retain(|ask| ask.id != id);
        self.dirty.conversation(conversation);
        self.save_repair(conversation, &repair)
    }

    fn say_in_group(&mut self, conversation: ConversationId, id: EventId, said: ProfileSaid) -> Stored {
        if self.say_profile(conversation, id, said)?.is_err() {
            tracing::warn!(%conversation, "nothing can be said about what could not be read");
        }
        Ok(())
    }
}

/// What is told again, in parts that fit into what is sealed at a time. One that does not fit by itself is left out.
fn parts(records: Vec<Record>) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for record in records {
        let Ok(json) = serde_json::to_vec(&record) else {
            continue;
        };
        if json.len() + 2 > TOLD_BYTES {
            tracing::warn!(bytes = json.len(), "an entry is too large to be told again");
            continue;
        }
        match parts.last_mut() {
            Some(part) if part.len() + json.len() + 2 <= TOLD_BYTES => {
                part.push(b',');
                part.extend(json);
            }
            _ => parts.push([b"[".as_slice(), &json].concat()),
        }
    }
    for part in &mut parts {
        part.push(b']');
    }
    parts
}

#[cfg(test)]
mod tests {
    use pipit_wire::UserId;
    use serde_json::Value;

    use super::*;

    fn seq(number: u64) -> Seq {
        Seq::new(number).unwrap()
    }

    #[test]
    fn it_is_asked_once_and_the_last_is_missed_most() {
        let mut repair = Repair::default();
        for number in 1..=WANTED_MAX as u64 + 5 {
            repair.want(seq(number));
        }
        assert_eq!(repair.wanted.len(), WANTED_MAX);
        assert!(!repair.wanted.contains(&seq(5)) && repair.wanted.contains(&seq(6)));
        repair.asks.push(Ask {
            id: EventId::from_bytes([1; 16]),
            key: [2; ENVELOPE_KEY_BYTES],
            seqs: [seq(2_000)].into(),
            at: Timestamp(0),
        });
        repair.want(seq(2_000));
        assert!(!repair.wanted.contains(&seq(2_000)) && repair.is_asked(seq(2_000)));
        repair.cut(seq(10));
        assert_eq!((repair.wanted.len(), repair.asks.len()), (5, 0));
    }

    #[test]
    fn answers_fit_into_what_is_sealed_at_a_time() {
        let records = |sizes: &[usize]| -> Vec<Record> {
            let record = |size: &usize| {
                let body = "x".repeat(*size);
                serde_json::from_value(serde_json::json!({
                    "seq": 1, "id": EventId::from_bytes([1; 16]), "sender": UserId::from_bytes([2; 16]), "body": body,
                }))
            };
            sizes.iter().map(record).collect::<Result<_, _>>().unwrap()
        };
        let sizes = [TOLD_BYTES, 10, TOLD_BYTES / 2, TOLD_BYTES / 2, 10, 10];
        let made = parts(records(&sizes));
        let read: Vec<usize> = made
            .iter()
            .map(|part| serde_json::from_slice::<Vec<Value>>(part).unwrap().len())
            .collect();
        assert_eq!(read, [2, 3], "what is too large is left out");
        for part in made {
            let said = ProfileSaid::ToldAgain {
                asked: EventId::from_bytes([1; 16]),
                sealed: STANDARD.encode(vec![0; part.len() + pipit_e2ee::ENVELOPE_OVERHEAD_BYTES]),
            };
            assert!(said.is_fit());
            let bytes = serde_json::to_vec(&said).unwrap();
            assert!(bytes.len() + pipit_model::commitment::KEY_BYTES <= CONTENT_BYTES_MAX);
        }
    }
}
