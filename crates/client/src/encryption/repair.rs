//! Negative receipts: what this device could not read it says so of, and who has said it tells it again (`docs/adr/0051-negative-receipts.md`).
//!
//! A device that could not open what was sealed for it, or has lost the state that would have opened it, asks in the group, sealed like everything else, and with a key that was made for
//! that. The device that has said it answers, should it not be there any more another one of the same person, and seals the answer to that key, so for that device alone
//! ([`pipit_e2ee::seal_envelope`]): what opens the commitments of those entries. What comes goes the way of what comes in archives: on the shelf, against the log, and through the same checks.
//!
//! A device is told again what was sealed for it before, and nothing else: what was said since it is in the group, as far as the device knows that tells it. And it believes of an entry nobody but the
//! device that has said it, or one that another device of that person vouches for: what an entry commits to is in the clear, and the server's to change.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{Applied, CONTENT_BYTES_MAX, ENVELOPE_KEY_BYTES, EnvelopeKey, Identity, seal_envelope};
use pipit_wire::{ConversationId, Event, EventId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::state::{GroupRecord, RandomOf, Stage, identity_of};
use crate::archive::{Record, bytes_32};
use crate::engine::{Engine, Stored};
use crate::profile::ProfileSaid;
use crate::storage::Storage;

/// The first byte of what is kept of this, beside what [`super::state`] keeps.
const REPAIR: u8 = 8;
const ACQUAINTED: u8 = 9;
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
/// So many entries a device is told again in a day at most.
const TOLD_A_DAY: u32 = 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
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

/// Since when a device is in the group, of those that have come in after this one, and what it was told again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Acquaintance {
    since: Option<Seq>,
    told_since: Timestamp,
    told: u32,
}

impl Acquaintance {
    /// How much more it may be told now.
    fn room(&mut self, now: Timestamp) -> usize {
        if now.since_ms(self.told_since) >= DAY_MS || now < self.told_since {
            (self.told_since, self.told) = (now, 0);
        }
        usize::try_from(TOLD_A_DAY.saturating_sub(self.told)).unwrap_or_default()
    }
}

/// When those who have come in after this device did so, and what they were told again; the others were there before.
struct Acquaintances {
    later: BTreeMap<Identity, Acquaintance>,
    /// When this device has come in.
    met: Seq,
}

impl Acquaintances {
    /// Whether what is at this place was sealed for a device, as far as is known here.
    fn was_there(&self, who: Identity, seq: Seq) -> bool {
        let since = self.later.get(&who).and_then(|found| found.since);
        since.map_or(self.met, |since| since.max(self.met)) < seq
    }

    /// Which device of the group tells an entry again: the one that has said it, or else the first one of the same person that was there. Nobody else would be believed.
    fn teller(&self, event: &Event, asks: Identity, inside: &[Identity]) -> Option<Identity> {
        let mut own = inside.to_vec();
        own.retain(|who| who.user == event.sender && *who != asks);
        own.sort_unstable();
        let author = own.iter().find(|who| Some(who.device) == event.device);
        let first = || own.iter().find(|who| self.was_there(**who, event.seq));
        author.or_else(first).copied()
    }
}

fn repair_key(conversation: ConversationId) -> Vec<u8> {
    [&[REPAIR], conversation.as_bytes().as_slice()].concat()
}

fn acquaintances_key(conversation: ConversationId) -> Vec<u8> {
    [&[ACQUAINTED], conversation.as_bytes().as_slice()].concat()
}

fn acquaintance_key(conversation: ConversationId, who: Identity) -> Vec<u8> {
    let of = acquaintances_key(conversation);
    [&of, who.user.as_bytes().as_slice(), who.device.as_bytes()].concat()
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

    fn acquaintances(&self, conversation: ConversationId, met: Seq) -> Stored<Acquaintances> {
        let prefix = acquaintances_key(conversation);
        let mut later = BTreeMap::new();
        for key in self.storage.secrets(&prefix)? {
            let who = key.get(prefix.len()..).and_then(identity_of);
            if let (Some(who), Some(kept)) = (who, self.kept(&key)?) {
                later.insert(who, kept);
            }
        }
        Ok(Acquaintances { later, met })
    }

    fn forget_acquaintances(&mut self, conversation: ConversationId) -> Stored {
        for key in self.storage.secrets(&acquaintances_key(conversation))? {
            self.storage.remove_secret(&key)?;
        }
        Ok(())
    }

    /// The conversation is gone.
    pub(super) fn repair_gone(&mut self, conversation: ConversationId) -> Stored {
        self.storage.remove_secret(&repair_key(conversation))?;
        self.forget_acquaintances(conversation)
    }

    /// This device has come into the group: who is in it now was there before it, as far as it knows.
    pub(super) fn meets_everybody(&mut self, conversation: ConversationId) -> Stored {
        self.forget_acquaintances(conversation)
    }

    /// Others have come in, or are out. A device that has come in anew was there before.
    pub(super) fn acquaintances_changed(&mut self, event: &Event, applied: &Applied) -> Stored {
        let (added, removed) = (&applied.change.added, &applied.change.removed);
        for who in removed.iter().filter(|who| !added.contains(who)) {
            let key = acquaintance_key(event.conversation, *who);
            self.storage.remove_secret(&key)?;
        }
        let me = self.identity();
        for who in added {
            if Some(*who) == me || removed.contains(who) {
                continue;
            }
            let acquaintance = Acquaintance {
                since: Some(event.seq),
                ..Acquaintance::default()
            };
            self.keep_value(&acquaintance_key(event.conversation, *who), &acquaintance)?;
        }
        Ok(())
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
        if self.is_me(event.sender) && event.device == self.own_device() {
            return Ok(());
        }
        let mut repair = self.repair(event.conversation)?;
        repair.want(event.seq);
        self.ask_again_later(event.conversation)?;
        self.save_repair(event.conversation, &repair)
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
        for event in self.storage.entries(conversation, after, through)? {
            if super::is_sealed(&event) {
                self.want_again(&event)?;
            }
        }
        Ok(())
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
        let mut acquaintance = known.later.get(&asks).copied().unwrap_or_default();
        let room = acquaintance.room(self.clock.now());
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
        acquaintance.told = acquaintance
            .told
            .saturating_add(u32::try_from(told.len()).unwrap_or(u32::MAX));
        self.keep_value(&acquaintance_key(conversation, asks), &acquaintance)?;
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
    use pipit_wire::event::EventBody;
    use pipit_wire::{DeviceId, UserId};
    use serde_json::Value;

    use super::*;

    fn who(user: u8, device: u8) -> Identity {
        Identity {
            user: UserId::from_bytes([user; 16]),
            device: DeviceId::from_bytes([device; 16]),
        }
    }

    fn seq(number: u64) -> Seq {
        Seq::new(number).unwrap()
    }

    fn said_by(who: Identity, number: u64) -> Event {
        Event {
            conversation: ConversationId::from_bytes([9; 16]),
            seq: seq(number),
            id: EventId::from_bytes([8; 16]),
            sender: who.user,
            device: Some(who.device),
            at: Timestamp(0),
            body: EventBody::Unknown,
        }
    }

    #[test]
    fn who_has_said_it_tells_it_or_another_device_of_theirs_that_was_there() {
        let asks = who(1, 1);
        let (phone, laptop, other, late) = (who(2, 2), who(2, 3), who(3, 4), who(1, 5));
        let came = Acquaintance {
            since: Some(seq(20)),
            ..Acquaintance::default()
        };
        let known = Acquaintances {
            later: [(late, came)].into(),
            met: seq(5),
        };
        let teller =
            |of: Identity, number, inside: &[Identity]| known.teller(&said_by(of, number), asks, inside);
        let all = [other, asks, laptop, phone, late];
        assert_eq!(teller(phone, 10, &all), Some(phone));
        assert_eq!(teller(laptop, 10, &all), Some(laptop));
        assert_eq!(
            teller(phone, 10, &[asks, laptop, other]),
            Some(laptop),
            "the phone is gone"
        );
        assert_eq!(teller(phone, 10, &[asks, other]), None, "the person is gone");
        assert_eq!(
            teller(asks, 10, &all),
            None,
            "one's own other device was not there"
        );
        assert_eq!(teller(asks, 30, &all), Some(late), "it is now");
        assert!(known.was_there(asks, seq(6)) && !known.was_there(asks, seq(5)));
        assert!(known.was_there(late, seq(21)) && !known.was_there(late, seq(20)));
        // What was noted before this device came in anew counts for nothing before that.
        let anew = Acquaintances {
            met: seq(40),
            ..known
        };
        assert!(!anew.was_there(late, seq(40)) && anew.was_there(late, seq(41)));
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
    fn a_device_is_told_so_much_in_a_day() {
        let mut known = Acquaintance::default();
        let now = Timestamp(DAY_MS * 100);
        assert_eq!(known.room(now), TOLD_A_DAY as usize);
        known.told += TOLD_A_DAY - 3;
        assert_eq!(known.room(now.plus_ms(DAY_MS - 1)), 3);
        known.told += 3;
        assert_eq!(known.room(now.plus_ms(DAY_MS - 1)), 0);
        assert_eq!(known.room(now.plus_ms(DAY_MS)), TOLD_A_DAY as usize);
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
