//! Showing newcomers to an encrypted group what was said before they came (`docs/adr/0049-history-for-newcomers.md`).
//!
//! Who adds somebody to a group that shows its past shows it, by the device on which they did: nobody else's word makes a device tell what was said. When a device of those who were added is in the group
//! of devices, what this one has is sealed in parts ([`super::gathering`]) under a key of its own, and once the last part is on the server the group is told the key, sealed. Everybody in the group
//! learns it then, so it is told only while none is in it that was not to be expected when they were added.
//!
//! As with hand-overs a part, and the place up to which it goes, are on disk before it is sent.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{ArchiveKey, Identity};
use pipit_wire::event::HistoryPolicy;
use pipit_wire::rest::archive::{ArchivePurpose, NewArchive, NewPart};
use pipit_wire::{ArchiveId, ConversationId, DeviceId, ErrorCode, PartId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::gathering::Gathered;
use super::records::{Head, Record, VERSION};
use super::{ArchiveCall, SHOWING, SHOWING_PART};
use crate::command::Command;
use crate::engine::{Engine, Stored};
use crate::http::code_name;
use crate::profile::ProfileSaid;
use crate::storage::Storage;

/// So many of the last entries are shown.
const ENTRIES_MAX: u64 = 20_000;
/// For so long whoever was added is waited for, and a line to show them what was said: a day.
const FOR_MS: i64 = 24 * 60 * 60 * 1_000;

/// What this device shows, or is to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Showing {
    conversation: ConversationId,
    /// To whom: those who were added on this device.
    users: Vec<UserId>,
    /// The devices that were in the group then.
    known: Vec<(UserId, DeviceId)>,
    /// Whose devices may come: of those who were added on this device, and of members who had none in the group.
    expected: Vec<UserId>,
    asked_at: Timestamp,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// None of them is in the group of devices yet.
    Waiting,
    /// Parts are sent.
    Sending(Sending),
    /// All parts are there. What waits in the outbox tells the group.
    Telling { archive: ArchiveId },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sending {
    archive: ArchiveId,
    key: [u8; 32],
    /// The server knows of it.
    begun: bool,
    /// Parts that were made.
    index: u32,
    /// How far it is, and to where it goes.
    after: Seq,
    through: Seq,
    done: u64,
    total: u64,
    /// The part that is to be sent, and whether it is the last.
    part: Option<(PartId, bool)>,
}

impl Showing {
    fn archive(&self) -> Option<ArchiveId> {
        match &self.stage {
            Stage::Waiting => None,
            Stage::Sending(sending) => Some(sending.archive),
            Stage::Telling { archive } => Some(*archive),
        }
    }

    /// Whether this device in the group was there when it was asked for, or was to be expected.
    fn expects(&self, who: Identity) -> bool {
        self.known.contains(&(who.user, who.device)) || self.expected.contains(&who.user)
    }

    const fn is_sending(&self) -> bool {
        matches!(self.stage, Stage::Sending(_))
    }
}

impl<S: Storage> Engine<S> {
    fn showings(&self) -> Stored<Vec<Showing>> {
        Ok(self.kept_archive(SHOWING)?.unwrap_or_default())
    }

    /// A part that nothing sends any more goes with what it was of.
    fn save_showings(&mut self, all: &[Showing]) -> Stored {
        let has_part =
            |one: &Showing| matches!(&one.stage, Stage::Sending(sending) if sending.part.is_some());
        if !all.iter().any(has_part) {
            self.storage.remove_secret(&[SHOWING_PART])?;
        }
        self.keep_list(SHOWING, all)
    }

    /// Whether something is under way that the next input may carry on.
    pub(super) fn is_showing(&self) -> Stored<bool> {
        let all = self.showings()?;
        Ok(all.iter().any(Showing::is_sending))
    }

    /// Somebody on this device adds people to a group, or lets them in: they are shown what was said, where that is how the group is.
    pub(super) fn notice_adding(&mut self, command: &Command) -> Stored {
        let (conversation, added) = match command {
            Command::AddMembers {
                conversation, users, ..
            } => (*conversation, users.clone()),
            Command::ApproveJoin {
                conversation, user, ..
            } => (*conversation, vec![*user]),
            _ => return Ok(()),
        };
        let record = self.storage.conversation(conversation)?;
        let shows =
            record.is_some_and(|record| record.encrypted && record.settings.history == HistoryPolicy::All);
        if !shows {
            return Ok(());
        }
        let inside = self.devices_inside(conversation)?;
        let people = people_of(&inside);
        let users: Vec<UserId> = added.into_iter().filter(|user| !people.contains(user)).collect();
        if inside.is_empty() || users.is_empty() {
            return Ok(());
        }
        let mut all = self.showings()?;
        let listed = self.storage.members(conversation)?;
        let absent = listed.iter().map(|member| member.user);
        let mut expected: BTreeSet<UserId> = absent.filter(|user| !people.contains(user)).collect();
        expected.extend(&users);
        for one in all.iter_mut().filter(|one| one.conversation == conversation) {
            expected.extend(&one.users);
            one.expected.extend(&users);
            // Who is asked for again is shown it once.
            if one.stage == Stage::Waiting {
                one.users.retain(|user| !users.contains(user));
            }
        }
        all.retain(|one| !one.users.is_empty());
        all.push(Showing {
            conversation,
            users,
            known: inside.iter().map(|who| (who.user, who.device)).collect(),
            expected: expected.into_iter().collect(),
            asked_at: self.clock.now(),
            stage: Stage::Waiting,
        });
        self.save_showings(&all)
    }

    /// Takes the next step of what is to be shown first.
    pub(super) fn show_on(&mut self) -> Stored {
        let mut all = self.showings()?;
        if all.is_empty() {
            return Ok(());
        }
        let (before, now) = (all.clone(), self.clock.now());
        all.retain(|one| now.since_ms(one.asked_at) < FOR_MS);
        if !all.iter().any(Showing::is_sending) {
            self.begin_showing(&mut all)?;
        }
        if let Some(one) = all.iter_mut().find(|one| one.is_sending()) {
            self.show_part(one)?;
            all.retain(|one| !one.users.is_empty());
        }
        if all != before {
            self.save_showings(&all)?;
        }
        Ok(())
    }

    /// Begins with the first of those who are in the group of devices now.
    fn begin_showing(&mut self, all: &mut Vec<Showing>) -> Stored {
        for place in 0..all.len() {
            let Some(one) = all.get(place).filter(|one| one.stage == Stage::Waiting).cloned() else {
                continue;
            };
            let conversation = one.conversation;
            let people = people_of(&self.devices_inside(conversation)?);
            let (come, later): (Vec<_>, Vec<_>) = one.users.iter().partition(|user| people.contains(user));
            let (Some(record), Some(group), false) = (
                self.storage.conversation(conversation)?,
                self.group_record(conversation)?,
                come.is_empty() || !self.may_be_told(&one)?,
            ) else {
                continue;
            };
            let through = group.cursor();
            let earliest = Seq::new(through.get().saturating_sub(ENTRIES_MAX)).unwrap_or(Seq::ZERO);
            let after = record.first_seq.previous().max(earliest);
            let mut key = [0; 32];
            (self.config.random)(&mut key);
            let sending = Sending {
                archive: ArchiveId::new(self.clock.now(), self.random_id()),
                key,
                begun: false,
                index: 0,
                after,
                through,
                done: 0,
                total: through.get().saturating_sub(after.get()),
                part: None,
            };
            let begun = Showing {
                users: come,
                stage: Stage::Sending(sending),
                ..one.clone()
            };
            if let Some(kept) = all.get_mut(place) {
                *kept = begun;
            }
            if !later.is_empty() {
                all.push(Showing { users: later, ..one });
            }
            return Ok(());
        }
        Ok(())
    }

    /// Makes and sends what comes next. Nobody is left to be shown it where there is nothing.
    fn show_part(&mut self, one: &mut Showing) -> Stored {
        let conversation = one.conversation;
        let Stage::Sending(sending) = &mut one.stage else {
            return Ok(());
        };
        let archive = sending.archive;
        if sending.part.is_none() {
            let mut gathered = Gathered::default();
            let bounds = (sending.after, sending.through);
            sending.after = self.gather(&mut gathered, conversation, bounds, Record::lasting)?;
            let last = !gathered.is_full();
            let is_nothing = gathered.sections.iter().all(|section| section.entries.is_empty());
            if last && is_nothing && sending.index == 0 {
                one.users.clear();
                return Ok(());
            }
            sending.index += 1;
            sending.done += gathered.looked_at;
            let head = Head {
                version: VERSION,
                index: sending.index,
                last,
                backup: None,
                drafts: None,
                compared: Vec::new(),
                done: sending.done,
                total: sending.total,
            };
            let key = ArchiveKey::new(archive, sending.key);
            let part = self.seal_part(&key, &head, &gathered.sections, SHOWING_PART)?;
            sending.part = Some((part, last));
        }
        if !sending.begun {
            if !self.is_asking_archive(&ArchiveCall::Ask { archive }) {
                self.call_begin(&NewArchive {
                    id: archive,
                    purpose: ArchivePurpose::History,
                    proof: String::new(),
                    conversation: Some(conversation),
                });
            }
            return Ok(());
        }
        let Some((part, last)) = sending.part else {
            return Ok(());
        };
        if self.is_asking_archive(&ArchiveCall::Give { archive, part }) {
            return Ok(());
        }
        let Some(bytes) = self.storage.secret(&[SHOWING_PART])? else {
            one.users.clear();
            return Ok(());
        };
        self.call_give(
            archive,
            &NewPart {
                id: part,
                bytes: STANDARD.encode(bytes),
                last,
                replaces: Vec::new(),
            },
        );
        Ok(())
    }

    /// The server knows of a history.
    pub(super) fn history_begun(&mut self, archive: ArchiveId) -> Stored {
        let mut all = self.showings()?;
        for one in &mut all {
            if let Stage::Sending(sending) = &mut one.stage
                && sending.archive == archive
            {
                sending.begun = true;
                return self.save_showings(&all);
            }
        }
        Ok(())
    }

    /// The server has a part of a history. After the last one the group is told.
    pub(super) fn history_part_taken(&mut self, archive: ArchiveId, part: PartId) -> Stored {
        let mut all = self.showings()?;
        let Some(one) = all.iter_mut().find(|one| one.archive() == Some(archive)) else {
            return Ok(());
        };
        let Stage::Sending(sending) = &mut one.stage else {
            return Ok(());
        };
        let Some((_, last)) = sending.part.filter(|(sent, _)| *sent == part) else {
            return Ok(());
        };
        sending.part = None;
        if last {
            let said = ProfileSaid::HistoryShown {
                archive,
                key: STANDARD.encode(sending.key),
                users: one.users.clone(),
            };
            let conversation = one.conversation;
            one.stage = Stage::Telling { archive };
            self.save_showings(&all)?;
            return self.tell_history(conversation, said);
        }
        self.save_showings(&all)
    }

    /// Whether the key of a history may be sealed for the group of devices as it is now.
    pub(crate) fn may_tell_history(&mut self, archive: ArchiveId) -> Stored<bool> {
        let all = self.showings()?;
        match all.iter().find(|one| one.archive() == Some(archive)) {
            Some(one) => self.may_be_told(one),
            None => Ok(false),
        }
    }

    /// Whether the group still shows its past, and nobody would learn of it but those who are to.
    fn may_be_told(&mut self, one: &Showing) -> Stored<bool> {
        let record = self.storage.conversation(one.conversation)?;
        if record.is_none_or(|record| record.settings.history != HistoryPolicy::All) {
            return Ok(false);
        }
        for who in self.devices_inside(one.conversation)? {
            if !one.expects(who) && !self.is_vouched(who)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Somebody is not in a group any more: nobody shows them anything, and their devices are not expected.
    pub(crate) fn show_no_more(&mut self, conversation: ConversationId, user: UserId) -> Stored {
        let mut all = self.showings()?;
        let before = all.clone();
        for one in all.iter_mut().filter(|one| one.conversation == conversation) {
            one.users.retain(|known| *known != user);
            one.expected.retain(|known| *known != user);
            one.known.retain(|(known, _)| *known != user);
        }
        all.retain(|one| !one.users.is_empty());
        if all == before {
            return Ok(());
        }
        self.save_showings(&all)
    }

    /// This account is not in a conversation any more.
    pub(crate) fn showings_gone(&mut self, conversation: ConversationId) -> Stored {
        let mut all = self.showings()?;
        let before = all.len();
        all.retain(|one| one.conversation != conversation);
        if all.len() == before {
            return Ok(());
        }
        self.save_showings(&all)
    }

    /// The group was told, or is not to be.
    pub(crate) fn history_told(&mut self, archive: ArchiveId) -> Stored {
        let mut all = self.showings()?;
        all.retain(|one| one.archive() != Some(archive));
        self.save_showings(&all)
    }

    /// Nobody is shown this history.
    pub(crate) fn history_not_told(&mut self, archive: ArchiveId, code: &str) -> Stored {
        if self.showings()?.iter().any(|one| one.archive() == Some(archive)) {
            tracing::warn!(%archive, code, "newcomers are not shown what was said before");
            self.history_told(archive)?;
            if code != code_name(ErrorCode::NotFound) {
                self.call_remove(archive);
            }
        }
        Ok(())
    }
}

fn people_of(devices: &[Identity]) -> BTreeSet<UserId> {
    devices.iter().map(|who| who.user).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that was there, and any of somebody who was added or had none: no other person's, and no new one of a person who was there.
    #[test]
    fn what_was_not_to_be_expected_is_told_nothing() {
        let user = |number| UserId::from_bytes([number; 16]);
        let device = |number| DeviceId::from_bytes([number; 16]);
        let one = Showing {
            conversation: ConversationId::from_bytes([9; 16]),
            users: vec![user(3)],
            known: vec![(user(1), device(1))],
            expected: vec![user(2), user(3)],
            asked_at: Timestamp(0),
            stage: Stage::Waiting,
        };
        for (person, number, expect) in [
            (1, 1, true),
            (2, 2, true),
            (3, 3, true),
            (1, 5, false),
            (4, 4, false),
        ] {
            let who = Identity {
                user: user(person),
                device: device(number),
            };
            assert_eq!(one.expects(who), expect, "{person} {number}");
        }
    }
}
