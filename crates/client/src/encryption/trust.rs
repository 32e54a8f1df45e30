//! Whose devices are whose, as far as this device has seen it (`docs/adr/0044-key-log.md`).
//!
//! Of each person there is a key log, of which this device keeps what it has seen. What the server lists as a person's device counts only where it stands in that log.
//! A log that does not go on from there is *broken*: nothing new of that person is believed until the user says to begin anew. What a person has to know is said in the
//! timelines of the encrypted conversations with them, once.

use std::collections::{BTreeMap, BTreeSet};

use pipit_e2ee::{Identity, KeyLog, KeyLogError, SignatureKey};
use pipit_wire::key_log::{KEY_LOGS_PER_REQUEST_MAX, KeyEntry, KeyHolder, VouchBytes};
use pipit_wire::rest::encryption::{KeyLogHead, KeyLogItem, KeyLogPlace, KeyLogs, ReadKeyLogs};
use pipit_wire::{ConversationId, DeviceId, Event, EventId, MessageId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::calls::{KeyCall, from_base64};
use crate::engine::{Engine, Stored};
use crate::storage::{Storage, StorageError};
use crate::view::{TrustChange, Update};

/// The first bytes of what this module keeps, beside those of [`super::state`].
const MARKS: u8 = 4;
const LOG: u8 = 5;
const LINE: u8 = 6;

/// Of so many people at most one device tells the others.
const COMPARED_MAX: usize = 500;
/// So far another device's clock may be ahead.
const AHEAD_MS: i64 = 60_000;

/// What is kept of a person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Their key log.
    pub(crate) log: KeyLog,
    /// What this device makes of it.
    pub(crate) marks: Marks,
}

/// What this device makes of a person's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// The server's log does not go on from what was seen.
    pub(crate) broken: bool,
    /// The roots that were seen last; not touched while a person has no device.
    pub(crate) roots: BTreeSet<SignatureKey>,
    /// The roots with which the user has compared numbers, and when.
    pub(crate) verified: Option<(BTreeSet<SignatureKey>, Timestamp)>,
    /// When that was last taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unverified_at: Option<Timestamp>,
}

impl Marks {
    /// When the user has last said whether they have compared numbers.
    pub(crate) fn decided_at(&self) -> Option<Timestamp> {
        let verified_at = self.verified.as_ref().map(|(_, at)| *at);
        verified_at.max(self.unverified_at)
    }
}

/// Whether the user has compared numbers with somebody, as one of their devices tells the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Compared {
    /// With whom.
    pub(crate) user: UserId,
    /// The roots that they had; none where it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roots: Option<BTreeSet<SignatureKey>>,
    /// When the user said so, by the server's clock.
    pub(crate) at: Timestamp,
}

/// Something that is said in a timeline and is in no log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrustLine {
    /// Made here.
    pub(crate) id: MessageId,
    /// Whom it is about.
    pub(crate) user: UserId,
    /// What has happened.
    pub(crate) change: TrustChange,
    /// When it was seen.
    pub(crate) at: Timestamp,
}

/// People, as they were read from the storage.
pub(super) type People = BTreeMap<UserId, Person>;

fn user_key(kind: u8, user: UserId) -> Vec<u8> {
    [&[kind], user.as_bytes().as_slice()].concat()
}

fn lines_of(conversation: ConversationId) -> Vec<u8> {
    [&[LINE], conversation.as_bytes().as_slice()].concat()
}

fn line_key(conversation: ConversationId, after: Seq, id: EventId) -> Vec<u8> {
    let mut key = lines_of(conversation);
    key.extend_from_slice(&after.get().to_be_bytes());
    key.extend_from_slice(id.as_bytes());
    key
}

impl Person {
    fn new(user: UserId) -> Self {
        Self {
            log: KeyLog::new(user),
            marks: Marks::default(),
        }
    }

    /// The devices that are theirs and for which nobody vouches.
    fn unvouched(&self) -> BTreeSet<DeviceId> {
        let devices = self.log.devices();
        devices
            .filter(|(_, key)| key.voucher.is_none())
            .map(|(device, _)| device)
            .collect()
    }

    /// Whether the user has compared numbers, and they are still those.
    pub(crate) fn is_verified(&self) -> bool {
        let verified = self.marks.verified.as_ref();
        !self.marks.broken && verified.is_some_and(|(roots, _)| *roots == self.marks.roots)
    }
}

impl<S: Storage> Engine<S> {
    /// With whom numbers were compared, for the account's other devices: those of whom it was said last, where there are many.
    pub(crate) fn comparisons(&self) -> Stored<Vec<Compared>> {
        let mut found = Vec::new();
        for key in self.storage.secrets(&[MARKS])? {
            let user = key.get(1..).and_then(|user| user.try_into().ok());
            let marks: Option<Marks> = self.kept(&key)?;
            let decided = marks.and_then(|marks| Some((marks.decided_at()?, marks)));
            if let (Some(user), Some((at, marks))) = (user, decided) {
                found.push(Compared {
                    user: UserId::from_bytes(user),
                    roots: marks.verified.map(|(roots, _)| roots),
                    at,
                });
            }
        }
        found.sort_by_key(|compared| std::cmp::Reverse(compared.at));
        found.truncate(COMPARED_MAX);
        Ok(found)
    }

    /// Another device of the account says with whom numbers were compared: what was said last counts.
    pub(crate) fn take_comparisons(&mut self, said: &[Compared]) -> Stored {
        let now = self.server_now();
        for compared in said.iter().take(COMPARED_MAX) {
            let marks = self.person(compared.user)?.marks.clone();
            if marks.decided_at() >= Some(compared.at) || compared.at > now.plus_ms(AHEAD_MS) {
                continue;
            }
            let verified = compared.roots.clone().map(|roots| (roots, compared.at));
            let unverified_at = verified.is_none().then_some(compared.at);
            let marks = Marks {
                verified,
                unverified_at: unverified_at.or(marks.unverified_at),
                ..marks
            };
            self.save_marks(compared.user, marks)?;
        }
        Ok(())
    }

    /// What is known of a person.
    pub(crate) fn person(&mut self, user: UserId) -> Stored<&Person> {
        if !self.encryption.people.contains_key(&user) {
            let log = self.storage.secret(&user_key(LOG, user))?;
            let log = log.map(|bytes| KeyLog::from_bytes(&bytes)).transpose();
            let log = log.map_err(|error| StorageError::Corrupt {
                detail: error.to_string(),
            })?;
            let person = Person {
                log: log.unwrap_or_else(|| KeyLog::new(user)),
                marks: self.kept(&user_key(MARKS, user))?.unwrap_or_default(),
            };
            self.encryption.people.insert(user, person);
        }
        let unknown = || Person::new(user);
        Ok(self.encryption.people.entry(user).or_insert_with(unknown))
    }

    /// Keeps what this device makes of a person, and lets views know.
    pub(crate) fn save_marks(&mut self, user: UserId, marks: Marks) -> Stored {
        self.keep_value(&user_key(MARKS, user), &marks)?;
        self.person(user)?;
        if let Some(person) = self.encryption.people.get_mut(&user) {
            person.marks = marks;
        }
        self.show_trust(user);
        Ok(())
    }

    fn show_trust(&mut self, user: UserId) {
        self.dirty.all = true;
        self.show_everywhere(&Update::Trust { user });
    }

    /// What was seen of a person is forgotten, and read anew with the next look: the user has said so.
    pub(crate) fn begin_anew(&mut self, user: UserId) -> Stored {
        self.storage.remove_secret(&user_key(LOG, user))?;
        self.storage.remove_secret(&user_key(MARKS, user))?;
        self.encryption.people.remove(&user);
        for conversation in self.storage.encrypted_conversations()? {
            let talk = self.encryption.talk(conversation);
            (talk.listing, talk.is_due, talk.is_open) = (None, true, false);
            self.encryption.nudge(conversation);
        }
        self.show_trust(user);
        Ok(())
    }

    /// Notes how far the logs of people are that a list of devices names. Those that are not where this device has seen them are asked for.
    pub(super) fn want_log(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        head: &KeyLogHead,
    ) -> Stored {
        let said = from_base64(&head.hash).and_then(|hash| <[u8; 32]>::try_from(hash).ok());
        let person = self.person(user)?;
        let is_seen = said.is_some_and(|said| person.log.compare(head.number, &said) == Ok(false));
        if !is_seen || person.marks.broken {
            self.encryption.talk(conversation).logs_wanted.insert(user);
        }
        Ok(())
    }

    /// Asks for the next of the logs that are wanted. False where none is.
    pub(super) fn ask_for_logs(&mut self, conversation: ConversationId) -> Stored<bool> {
        let wanted: Vec<UserId> = self
            .encryption
            .talk(conversation)
            .logs_wanted
            .iter()
            .take(KEY_LOGS_PER_REQUEST_MAX)
            .copied()
            .collect();
        if wanted.is_empty() {
            return Ok(false);
        }
        let mut asked = Vec::with_capacity(wanted.len());
        for user in wanted {
            asked.push((user, self.person(user)?.log.number()));
        }
        let place = |(user, number): &(UserId, u64)| KeyLogPlace {
            user: *user,
            after: number.saturating_sub(1),
        };
        let body = ReadKeyLogs {
            of: asked.iter().map(place).collect(),
        };
        let path = format!("/v1/conversations/{conversation}/key-logs");
        self.say_keys(KeyCall::KeyLogs { conversation, asked }, path, &body);
        Ok(true)
    }

    /// Entries of people's logs, each beginning with the last one that was seen when they were asked for.
    pub(super) fn logs_came(
        &mut self,
        conversation: ConversationId,
        asked: &[(UserId, u64)],
        page: &KeyLogs,
    ) -> Stored {
        let last = page.items.last().map(|item| item.user);
        let (mut is_cut_off, mut is_doubtful) = (false, false);
        for (user, number) in asked {
            is_cut_off |= page.more && last.is_none_or(|last| last == *user);
            let items: Vec<&KeyLogItem> = page.items.iter().filter(|item| item.user == *user).collect();
            if items.is_empty() && is_cut_off {
                continue;
            }
            // Nothing at all comes of a log that was cut, and of one whose person has just left: then they are in the next list no more.
            if items.is_empty() && *number > 0 && self.encryption.talk(conversation).silent.insert(*user) {
                is_doubtful = true;
                continue;
            }
            let before = self.person(*user)?.log.number();
            self.log_came(*user, *number, &items)?;
            let has_more = is_cut_off && self.person(*user)?.log.number() > before;
            if !has_more {
                self.encryption.talk(conversation).logs_wanted.remove(user);
            }
        }
        let is_listing = self.encryption.talk(conversation).asked_as_of.is_some();
        if is_listing && is_doubtful {
            return self.ask_for_devices(conversation);
        }
        if is_listing && !self.ask_for_logs(conversation)? {
            self.list_devices(conversation)?;
        }
        Ok(())
    }

    /// Asks for one's own log, from the last entry on that was seen.
    pub(super) fn ask_for_own_log(&mut self) -> Stored {
        let Some(me) = self.me() else {
            return Ok(());
        };
        let seen = self.person(me)?.log.number();
        let call = KeyCall::OwnLog { seen };
        if !self.is_asking_for(&call) {
            self.ask_keys(call, own_log_path(seen));
        }
        Ok(())
    }

    pub(crate) fn own_log_came(&mut self, seen: u64, page: &KeyLogs) -> Stored {
        let Some(me) = self.me() else {
            return Ok(());
        };
        let items: Vec<&KeyLogItem> = page.items.iter().filter(|item| item.user == me).collect();
        let before = self.person(me)?.log.number();
        self.log_came(me, seen, &items)?;
        if page.more && self.person(me)?.log.number() > before {
            self.ask_for_own_log()?;
        }
        Ok(())
    }

    /// What the server says of a person's log, from the entry `seen` on.
    fn log_came(&mut self, user: UserId, seen: u64, items: &[&KeyLogItem]) -> Stored {
        let mut person = self.person(user)?.clone();
        let before = person.clone();
        if let Err(error) = go_on(&mut person.log, seen, items) {
            if !before.marks.broken {
                tracing::error!(%user, %error, "the key log of a person does not go on from what was seen of it");
                let broken = Marks {
                    broken: true,
                    ..before.marks
                };
                self.save_marks(user, broken)?;
                self.say_line(user, TrustChange::LogBroken)?;
            }
            return Ok(());
        }
        person.marks.broken = false;
        if person.log == before.log && person.marks == before.marks {
            return Ok(());
        }
        let roots = person.log.roots();
        let is_first = before.log.number() == 0;
        let is_changed = !roots.is_empty() && roots != before.marks.roots;
        if is_changed {
            person.marks.roots = roots;
        }
        let bytes = person.log.to_bytes();
        let bytes = bytes.map_err(|error| StorageError::Failed(Box::new(error)))?;
        self.storage.save_secret(&user_key(LOG, user), &bytes)?;
        let has_stranger = person
            .unvouched()
            .difference(&before.unvouched())
            .next()
            .is_some();
        let marks = person.marks.clone();
        self.encryption.people.insert(user, person);
        self.save_marks(user, marks)?;
        if has_stranger && !is_first {
            self.say_line(user, TrustChange::NewDevice)?;
        } else if is_changed && !is_first {
            self.say_line(user, TrustChange::NumberChanged)?;
        }
        Ok(())
    }

    /// This device's vouch for another key of the account; none where it has no key itself.
    pub(crate) fn vouch(
        &mut self,
        holder: KeyHolder,
        device: DeviceId,
        key: &SignatureKey,
    ) -> Stored<Option<VouchBytes>> {
        self.require_device()?;
        let own = self.encryption.device.as_ref();
        Ok(own.and_then(|own| own.vouch(holder, device, key).ok()))
    }

    /// Whether another device of the same person vouches for this one.
    pub(crate) fn is_vouched(&mut self, device: Identity) -> Stored<bool> {
        let person = self.person(device.user)?;
        let logged = person.log.device(device.device);
        Ok(logged.is_some_and(|logged| logged.voucher.is_some()))
    }

    /// Whether what an entry says may be told by this device: it has said it, or the one that has is of the same person by vouches that lead to the same device.
    pub(super) fn speaks_for(&mut self, teller: Identity, entry: &Event) -> Stored<bool> {
        let Some(author) = entry.device.filter(|_| entry.sender == teller.user) else {
            return Ok(false);
        };
        if author == teller.device {
            return Ok(true);
        }
        let log = &self.person(teller.user)?.log;
        let is_theirs = log.device(teller.device).is_some();
        Ok(is_theirs && log.root_of(author) == log.root_of(teller.device))
    }

    /// Whether a device is somebody's, by their log.
    pub(super) fn is_logged(&mut self, device: Identity, key: &SignatureKey) -> Stored<bool> {
        let person = self.person(device.user)?;
        let logged = person.log.device(device.device);
        Ok(logged.is_some_and(|logged| logged.key == *key))
    }

    /// Says something of a person in the encrypted conversations with them.
    fn say_line(&mut self, user: UserId, change: TrustChange) -> Stored {
        if self.is_me(user) {
            return Ok(());
        }
        for conversation in self.storage.encrypted_conversations()? {
            if !self.is_with(conversation, user)? {
                continue;
            }
            let after = self.tail(conversation)?.map_or(Seq::ZERO, |tail| tail.through);
            let id = self.new_entry(conversation).entry;
            let line = TrustLine {
                id: id.into(),
                user,
                change,
                at: self.server_now(),
            };
            self.keep_value(&line_key(conversation, after, id), &line)?;
            self.dirty.conversation(conversation);
        }
        Ok(())
    }

    fn is_with(&mut self, conversation: ConversationId, user: UserId) -> Stored<bool> {
        let record = self.storage.conversation(conversation)?;
        if record.is_some_and(|record| record.peer == Some(user)) {
            return Ok(true);
        }
        let members = self.storage.members(conversation)?;
        let talk = self.encryption.talk(conversation);
        let listed = talk.gathering.iter().map(|(device, _)| device.user);
        Ok(members.iter().any(|member| member.user == user) || listed.into_iter().any(|of| of == user))
    }

    /// What is said in a timeline between these places, each with the entry that it stands after, in order.
    pub(crate) fn trust_lines(
        &self,
        conversation: ConversationId,
        (after, through): (Seq, Seq),
    ) -> Stored<Vec<(Seq, TrustLine)>> {
        let prefix = lines_of(conversation);
        let mut lines = Vec::new();
        for key in self.storage.secrets(&prefix)? {
            let place = key.get(prefix.len()..).and_then(|rest| rest.first_chunk::<8>());
            let Some(place) = place.and_then(|place| Seq::new(u64::from_be_bytes(*place))) else {
                continue;
            };
            if place >= after
                && place <= through
                && let Some(line) = self.kept(&key)?
            {
                lines.push((place, line));
            }
        }
        Ok(lines)
    }

    /// The conversation is gone: so is what was said of people there.
    pub(super) fn forget_trust_lines(&mut self, conversation: ConversationId) -> Stored {
        for key in self.storage.secrets(&lines_of(conversation))? {
            self.storage.remove_secret(&key)?;
        }
        Ok(())
    }
}

/// Where one's own log is read on, with the last entry that was seen.
pub(crate) fn own_log_path(seen: u64) -> String {
    format!("/v1/me/key-log?after={}", seen.saturating_sub(1))
}

/// Takes what goes on from the entry `seen`, which is the first of these. Another answer may have come in between: what was seen meanwhile is compared where it is said.
fn go_on(log: &mut KeyLog, seen: u64, items: &[&KeyLogItem]) -> Result<(), KeyLogError> {
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        entries.push(entry_of(item).ok_or(KeyLogError::Forked)?);
    }
    let (number, hash) = (log.number(), log.hash());
    let pinned = entries.iter().find(|(entry, _)| entry.number == number);
    match pinned {
        Some((_, said)) if *said != hash => return Err(KeyLogError::Forked),
        None if number > 0 && number == seen => return Err(KeyLogError::Cut),
        _ => {}
    }
    entries.retain(|(entry, _)| entry.number > number);
    log.extend(&entries)
}

fn entry_of(item: &KeyLogItem) -> Option<(KeyEntry, [u8; 32])> {
    let vouch = match &item.vouch {
        None => None,
        Some(vouch) => Some(VouchBytes {
            by: vouch.by,
            signature: from_base64(&vouch.signature)?.try_into().ok()?,
        }),
    };
    let entry = KeyEntry {
        user: item.user,
        number: item.number,
        step: item.step,
        holder: item.holder,
        device: item.device,
        key: from_base64(&item.signature_key)?.try_into().ok()?,
        at: item.at,
        vouch,
    };
    Some((entry, from_base64(&item.hash)?.try_into().ok()?))
}
