//! Since when others are in a group, as far as this device has seen it: what was sealed for them before is theirs to be told again (`docs/adr/0051-negative-receipts.md`).

use std::collections::BTreeMap;

use pipit_e2ee::{Applied, Identity};
use pipit_wire::{ConversationId, Event, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::state::identity_of;
use crate::engine::{Engine, Stored};
use crate::storage::Storage;

/// The first byte of what is kept of this, beside what [`super::state`] keeps.
const ACQUAINTED: u8 = 9;
/// So many entries a device is told again in a day at most.
const TOLD_A_DAY: u32 = 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

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
pub(super) struct Acquaintances {
    later: BTreeMap<Identity, Acquaintance>,
    /// When this device has come in.
    met: Seq,
}

impl Acquaintances {
    /// Whether what is at this place was sealed for a device, as far as is known here.
    pub(super) fn was_there(&self, who: Identity, seq: Seq) -> bool {
        let since = self.later.get(&who).and_then(|found| found.since);
        since.map_or(self.met, |since| since.max(self.met)) < seq
    }

    /// How much more a device may be told now.
    pub(super) fn room(&self, who: Identity, now: Timestamp) -> usize {
        self.of(who).room(now)
    }

    fn of(&self, who: Identity) -> Acquaintance {
        self.later.get(&who).copied().unwrap_or_default()
    }

    /// Which device of the group tells an entry again: the one that has said it, or else the first one of the same person that was there. Nobody else would be believed.
    pub(super) fn teller(&self, event: &Event, asks: Identity, inside: &[Identity]) -> Option<Identity> {
        let mut own = inside.to_vec();
        own.retain(|who| who.user == event.sender && *who != asks);
        own.sort_unstable();
        let author = own.iter().find(|who| Some(who.device) == event.device);
        let first = || own.iter().find(|who| self.was_there(**who, event.seq));
        author.or_else(first).copied()
    }
}

fn acquaintances_key(conversation: ConversationId) -> Vec<u8> {
    [&[ACQUAINTED], conversation.as_bytes().as_slice()].concat()
}

fn acquaintance_key(conversation: ConversationId, who: Identity) -> Vec<u8> {
    let of = acquaintances_key(conversation);
    [&of, who.user.as_bytes().as_slice(), who.device.as_bytes()].concat()
}

impl<S: Storage> Engine<S> {
    pub(super) fn acquaintances(&self, conversation: ConversationId, met: Seq) -> Stored<Acquaintances> {
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

    /// This device has come into the group, or is out: who is in it now was there before it, as far as it knows.
    pub(super) fn forget_acquaintances(&mut self, conversation: ConversationId) -> Stored {
        for key in self.storage.secrets(&acquaintances_key(conversation))? {
            self.storage.remove_secret(&key)?;
        }
        Ok(())
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

    /// A device was told so many entries again.
    pub(super) fn note_told(
        &mut self,
        conversation: ConversationId,
        known: &Acquaintances,
        who: Identity,
        entries: usize,
    ) -> Stored {
        let mut told = known.of(who);
        told.room(self.clock.now());
        told.told = told
            .told
            .saturating_add(u32::try_from(entries).unwrap_or(u32::MAX));
        self.keep_value(&acquaintance_key(conversation, who), &told)
    }
}

#[cfg(test)]
mod tests {
    use pipit_wire::event::EventBody;
    use pipit_wire::{DeviceId, EventId, UserId};

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
}
