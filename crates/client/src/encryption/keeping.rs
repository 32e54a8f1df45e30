//! How a group is kept: its devices are those of the conversation's members.
//!
//! Whoever has changed the members commits at once; the others give them a moment, and then one of them does it. Before a device seals the first thing on a
//! connection, and now and then after that, it asks for the members' devices, and takes out first what is not among them.

use std::collections::{BTreeMap, BTreeSet};

use pipit_e2ee::{Error, Goal, GroupView, Identity, Log, OutgoingCommit, SignatureKey, Standing};
use pipit_wire::encryption::{DEVICES_PER_REQUEST_MAX, HandshakeKind, Seal};
use pipit_wire::rest::encryption::{
    ClaimKeyPackages, ClaimedKeyPackage, DeviceKeys, NewGroupInfo, NewHandshake, NewWelcome,
};
use pipit_wire::{ConversationId, DeviceId, EventId, Seq};

use super::calls::{KeyCall, from_base64, to_base64};
use super::state::{GroupRecord, Stage};
use super::{Description, Listing, Telling};
use crate::engine::{Engine, Stored};
use crate::range;
use crate::storage::{ConversationRecord, Storage};
use crate::window::Wanted;

/// How long the members' devices are taken to be those that the server has told.
const LISTED_FOR_MS: i64 = 10 * 60_000;
/// How long whoever has changed the members is given to change the group.
pub(super) const PATIENCE_MS: (i64, i64) = (1_000, 6_000);
/// How long whoever has committed is given to describe the group.
const DESCRIBED_MS: (i64, i64) = (10_000, 40_000);
/// How long whoever has let somebody in is given to tell them what the group is called.
const TOLD_MS: (i64, i64) = (10_000, 60_000);
/// In larger groups not everybody looks whether that was done: about so many do.
const LOOKING: i64 = 50;

impl<S: Storage> Engine<S> {
    /// Takes the next step of a device that is in the group, or on its way.
    pub(super) fn keep(&mut self, record: &ConversationRecord, group: &GroupRecord) -> Stored {
        let conversation = record.id;
        if group.to_tell && group.stage == Stage::In {
            self.tell_newcomers(conversation, group)?;
        }
        if self.encryption.talk(conversation).is_open && self.has_listing(conversation) {
            return Ok(());
        }
        let view = match self.with_device(|device, port, random| device.group(port, random, conversation))? {
            Ok(view) => view,
            Err(error) => {
                tracing::error!(%conversation, %error, "the state of a group cannot be read");
                return self.goes_astray(conversation);
            }
        };
        match view.standing {
            Standing::OldCopy => {
                tracing::warn!(%conversation, "this device was restored from an old copy");
                return self.goes_astray(conversation);
            }
            Standing::Rejoining => return self.push_commit(conversation),
            Standing::Current if !view.active || group.stage == Stage::Entering => {
                return self.goes_astray(conversation);
            }
            Standing::Current => {}
        }
        if self.fill_gap(record, group)? {
            return Ok(());
        }
        let is_waiting = self.has_words_waiting(conversation)?;
        let is_acting =
            self.encryption.talk(conversation).is_due && (is_waiting || self.may_act(conversation));
        let is_needed = is_waiting || is_acting || view.commit_due;
        if is_needed && !self.has_listing(conversation) {
            return self.ask_for_devices(conversation);
        }
        if is_needed || self.encryption.talk(conversation).description == Some(Description::Own) {
            if !self.is_current(record, group, &view)? {
                return Ok(());
            }
        } else {
            return self.describe(conversation, &view);
        }
        if is_needed && self.change_group(conversation, &view)? {
            return Ok(());
        }
        self.describe(conversation, &view)?;
        if is_needed {
            let talk = self.encryption.talk(conversation);
            (talk.is_due, talk.act_at) = (false, None);
            talk.is_open = true;
            self.sending.nudge(conversation);
        }
        Ok(())
    }

    /// Who has come in cannot open what was said of the group before: it is told again, by whoever has let them in, or by anybody should that not have been done in a while.
    fn tell_newcomers(&mut self, conversation: ConversationId, group: &GroupRecord) -> Stored {
        let wait_ms = TOLD_MS.0.saturating_add(self.random_ms(TOLD_MS.1 - TOLD_MS.0));
        let at = self.clock.steady().plus_ms(wait_ms);
        let talk = self.encryption.talk(conversation);
        if talk.telling != Telling::Due {
            if talk.telling == Telling::Undecided {
                talk.telling = Telling::At(at);
            }
            return Ok(());
        }
        talk.telling = Telling::Undecided;
        self.save_group_record(
            conversation,
            GroupRecord {
                to_tell: false,
                ..*group
            },
        )?;
        self.tell_profile(conversation)
    }

    /// Whether the state on this device is the log's, as far as is known: then something may be sealed with it.
    fn is_current(
        &mut self,
        record: &ConversationRecord,
        group: &GroupRecord,
        view: &GroupView,
    ) -> Stored<bool> {
        let conversation = record.id;
        let Some(head) = self.encryption.talk(conversation).head else {
            self.ask_for_group(conversation);
            return Ok(false);
        };
        match self.with_device(|device, port, random| device.confirm(port, random, conversation, head))? {
            Ok(()) => {}
            Err(Error::FutureEpoch { .. }) => {
                self.syncing.want(conversation);
                return Ok(false);
            }
            Err(error) => {
                tracing::warn!(%conversation, %error, "this device's state of a group is not the log's");
                self.goes_astray(conversation)?;
                return Ok(false);
            }
        }
        let tail = self.tail(conversation)?;
        let is_read = tail.is_some_and(|tail| tail.through == group.cursor);
        if !is_read || !self.is_caught_up(record)? {
            return Ok(false);
        }
        if head.epoch < view.epoch {
            let talk = self.encryption.talk(conversation);
            if talk.doubted != Some(view.epoch) {
                (talk.doubted, talk.head) = (Some(view.epoch), None);
                self.ask_for_group(conversation);
                return Ok(false);
            }
            tracing::warn!(%conversation, "the server has lost a part of the log");
            self.goes_astray(conversation)?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Entries after the cursor that are not here are asked for: in a group nothing may be left out.
    fn fill_gap(&mut self, record: &ConversationRecord, group: &GroupRecord) -> Stored<bool> {
        if group.cursor < record.first_seq.previous() {
            // It was taken out and let in again, and what was between is for others.
            self.goes_astray(record.id)?;
            return Ok(true);
        }
        let ranges = self.storage.ranges(record.id)?;
        let Some(tail) = ranges.last() else {
            return Ok(false);
        };
        if tail.after <= group.cursor {
            return Ok(false);
        }
        let held = range::containing(&ranges, group.cursor).map_or(group.cursor, |range| range.through);
        self.ask_for_history(record.id, Wanted::After(held));
        Ok(true)
    }

    /// Makes the group what it has to be. True where something is on its way.
    fn change_group(&mut self, conversation: ConversationId, view: &GroupView) -> Stored<bool> {
        let now = self.server_now();
        let talk = self.encryption.talk(conversation);
        if talk.posted.is_some() {
            return Ok(true);
        }
        let Some(listing) = talk.listing.clone() else {
            return Ok(true);
        };
        // What is left from before, and perhaps under way already, goes first.
        let goes_on = view.commit_due && view.epoch > 0 && talk.claimed.is_empty();
        if !goes_on {
            let missing = self.missing(conversation, view, &listing);
            if !missing.is_empty() {
                self.claim(conversation, missing);
                return Ok(true);
            }
            let gone: Vec<Goal> = gone(view, &listing, self.identity())
                .map(|device| Goal::Remove { device })
                .collect();
            if !gone.is_empty() {
                let authority = self.follower()?;
                let wanted = self.with_device(|device, port, random| {
                    device.want(port, random, &authority, conversation, &gone, now)
                })?;
                if let Err(error) = wanted {
                    tracing::warn!(%conversation, %error, "devices cannot be taken out of a group");
                }
            }
        }
        self.push_commit(conversation)?;
        Ok(self.is_asking(conversation) || self.encryption.talk(conversation).retry_at.is_some())
    }

    /// The devices that are in a group; none where this one is not.
    pub(crate) fn devices_inside(&mut self, conversation: ConversationId) -> Stored<Vec<Identity>> {
        let view = self.with_device(|device, port, random| device.group(port, random, conversation))?;
        let members = view.ok().filter(|view| view.active).map(|view| view.members);
        Ok(members.into_iter().flatten().map(|(who, _)| who).collect())
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        let session = self.session.as_ref()?;
        Some(Identity {
            user: session.me.profile.user,
            device: session.device,
        })
    }

    /// The devices that are to be let in and for which nothing was done yet, a few at a time.
    fn missing(
        &mut self,
        conversation: ConversationId,
        view: &GroupView,
        listing: &Listing,
    ) -> Vec<DeviceId> {
        let inside: BTreeSet<Identity> = view.members.iter().map(|(who, _)| *who).collect();
        let me = self.identity();
        let talk = self.encryption.talk(conversation);
        let missing = listing
            .devices
            .keys()
            .filter(|who| !inside.contains(who) && Some(**who) != me);
        let open = missing
            .map(|who| who.device)
            .filter(|device| !talk.claimed.contains(device) && !talk.without.contains(device));
        let room = DEVICES_PER_REQUEST_MAX.saturating_sub(talk.claimed.len());
        open.take(room).collect()
    }

    fn claim(&mut self, conversation: ConversationId, devices: Vec<DeviceId>) {
        let body = ClaimKeyPackages {
            devices: devices.clone(),
        };
        let path = format!("/v1/conversations/{conversation}/key-packages");
        let call = KeyCall::Claim {
            conversation,
            devices,
        };
        self.say_keys(call, path, &body);
    }

    /// Key packages for devices that are to be let in. Those of which there is none come in by themselves.
    pub(super) fn packages_came(
        &mut self,
        conversation: ConversationId,
        devices: &[DeviceId],
        packages: Vec<ClaimedKeyPackage>,
    ) -> Stored {
        let now = self.server_now();
        let authority = self.follower()?;
        self.encryption.talk(conversation).without.extend(devices);
        for package in packages {
            let Some(key_package) = from_base64(&package.bytes) else {
                continue;
            };
            let goal = [Goal::Add { key_package }];
            let wanted = self.with_device(|device, port, random| {
                device.want(port, random, &authority, conversation, &goal, now)
            })?;
            match wanted {
                Ok(()) => {
                    let talk = self.encryption.talk(conversation);
                    talk.without.remove(&package.device);
                    talk.claimed.insert(package.device);
                }
                Err(error) => {
                    tracing::warn!(%conversation, device = %package.device, %error, "a key package cannot be used");
                }
            }
        }
        Ok(())
    }

    /// Makes the commit that is due, or sends the one again that is under way.
    fn push_commit(&mut self, conversation: ConversationId) -> Stored {
        if self.encryption.talk(conversation).posted.is_some() {
            return Ok(());
        }
        let (log, now) = (self.new_entry(conversation), self.server_now());
        let authority = self.follower()?;
        let made =
            self.with_device(|device, port, random| device.commit(port, random, &authority, log, now))?;
        match made {
            Ok(Some(outgoing)) => {
                self.post(conversation, &outgoing);
                Ok(())
            }
            Ok(None) => Ok(()),
            // A way back in that came too late.
            Err(Error::Rejoining) => self.goes_astray(conversation),
            Err(error) => {
                tracing::warn!(%conversation, %error, "a group cannot be changed");
                self.put_off_talk(conversation, 0);
                Ok(())
            }
        }
    }

    fn post(&mut self, conversation: ConversationId, outgoing: &OutgoingCommit) {
        let me = self.identity();
        let added = outgoing.change.added.iter().filter(|who| Some(**who) != me);
        let devices: Vec<DeviceId> = added.map(|who| who.device).collect();
        let welcome = outgoing.welcome.as_ref().filter(|_| !devices.is_empty());
        let body = NewHandshake {
            id: outgoing.entry,
            kind: HandshakeKind::Commit,
            seal: Seal {
                epoch: outgoing.epoch,
                count: outgoing.count,
            },
            bytes: to_base64(&outgoing.commit),
            welcome: welcome.map(|welcome| NewWelcome {
                devices,
                bytes: to_base64(welcome),
            }),
        };
        let call = KeyCall::Handshake {
            conversation,
            entry: outgoing.entry,
        };
        self.say_keys(
            call,
            format!("/v1/conversations/{conversation}/handshakes"),
            &body,
        );
    }

    /// The log has this device's commit: it counts when it comes from there.
    pub(super) fn handshake_taken(
        &mut self,
        conversation: ConversationId,
        entry: EventId,
        seq: Seq,
    ) -> Stored {
        let Some(group) = self.group_record(conversation)? else {
            return Ok(());
        };
        if group.cursor >= seq {
            return Ok(());
        }
        self.encryption.talk(conversation).posted = Some(entry);
        match self.tail(conversation)? {
            Some(tail) if seq == tail.through.next() => self.expect(conversation, seq),
            Some(tail) if seq <= tail.through => {}
            _ => self.heard_of(conversation, seq),
        }
        Ok(())
    }

    /// Another commit came first, or this one is not wanted: what it was for may be done by another one.
    pub(super) fn handshake_refused(&mut self, conversation: ConversationId) -> Stored {
        let Some(group) = self.group_record(conversation)? else {
            return Ok(());
        };
        let talk = self.encryption.talk(conversation);
        (talk.posted, talk.head, talk.is_open) = (None, None, false);
        talk.claimed.clear();
        self.syncing.want(conversation);
        if group.stage == Stage::Entering {
            return self.goes_astray(conversation);
        }
        match self.with_device(|device, port, random| device.rejected(port, random, conversation))? {
            Ok(()) | Err(Error::NoGroup | Error::Removed) => {}
            Err(error) => tracing::warn!(%conversation, %error, "a commit cannot be taken back"),
        }
        Ok(())
    }

    /// Whether the members' devices are known as they are, as far as the log says.
    pub(super) fn has_listing(&mut self, conversation: ConversationId) -> bool {
        let now = self.clock.steady();
        let talk = self.encryption.talk(conversation);
        let is_good =
            |listing: &Listing| listing.as_of >= talk.changed_at && now.since_ms(listing.at) < LISTED_FOR_MS;
        talk.listing.as_ref().is_some_and(is_good)
    }

    /// Asks for the members' devices, from the first on.
    pub(super) fn ask_for_devices(&mut self, conversation: ConversationId) -> Stored {
        let as_of = self.tail(conversation)?.map_or(Seq::ZERO, |tail| tail.through);
        let talk = self.encryption.talk(conversation);
        talk.gathering.clear();
        talk.logs_wanted.clear();
        talk.asked_as_of = Some(as_of);
        let path = format!("/v1/conversations/{conversation}/devices");
        self.ask_keys(KeyCall::Devices { conversation }, path);
        Ok(())
    }

    /// What was told of a list of devices that does not come to its end is void.
    pub(super) fn forget_gathering(&mut self, conversation: ConversationId) {
        let talk = self.encryption.talk(conversation);
        talk.gathering.clear();
        talk.logs_wanted.clear();
        talk.asked_as_of = None;
    }

    /// A page of the members' devices. Once all are here, the logs of those people are read that have got longer.
    pub(super) fn devices_came(&mut self, conversation: ConversationId, page: DeviceKeys) -> Stored {
        if self.encryption.talk(conversation).asked_as_of.is_none() {
            // Asked for on a line that has broken: the pages before this one are forgotten.
            return Ok(());
        }
        for item in page.items {
            let device = Identity {
                user: item.user,
                device: item.device,
            };
            let key =
                from_base64(&item.signature_key).and_then(|key| Some(SignatureKey(key.try_into().ok()?)));
            if let Some(key) = key {
                self.want_log(conversation, item.user, &item.log)?;
                self.encryption.talk(conversation).gathering.push((device, key));
            }
        }
        if let Some(next) = page.next {
            let path = format!("/v1/conversations/{conversation}/devices?after={next}");
            self.ask_keys(KeyCall::Devices { conversation }, path);
            return Ok(());
        }
        if !self.ask_for_logs(conversation)? {
            self.list_devices(conversation)?;
        }
        Ok(())
    }

    /// What the server lists is taken, as far as the logs of the people say the same. A key that is not the one that was told first is not believed.
    pub(super) fn list_devices(&mut self, conversation: ConversationId) -> Stored {
        let talk = self.encryption.talk(conversation);
        let Some(as_of) = talk.asked_as_of.take() else {
            return Ok(());
        };
        let mut devices = BTreeMap::new();
        for (device, key) in std::mem::take(&mut talk.gathering) {
            if !self.is_logged(device, &key)? {
                tracing::warn!(device = %device.device, "the server lists a device that its person's key log does not have");
            } else if self.pin(device, key)? {
                devices.insert(device, key);
            } else {
                tracing::warn!(device = %device.device, "the server says another key of a device than before");
            }
        }
        let at = self.clock.steady();
        let talk = self.encryption.talk(conversation);
        talk.without.clear();
        talk.silent.clear();
        talk.listing = Some(Listing { devices, as_of, at });
        Ok(())
    }

    /// The group has changed: how it is to be described now.
    pub(super) fn describe_later(&mut self, conversation: ConversationId, own: bool, devices: usize) {
        let devices = i64::try_from(devices).unwrap_or(i64::MAX);
        let looks = own || self.random_ms(devices.max(1)) < LOOKING;
        let wait_ms = if own {
            0
        } else {
            DESCRIBED_MS.0 + self.random_ms(DESCRIBED_MS.1 - DESCRIBED_MS.0)
        };
        let at = self.clock.steady().plus_ms(wait_ms);
        let talk = self.encryption.talk(conversation);
        talk.description = looks.then_some(if own {
            Description::Own
        } else {
            Description::IfMissing
        });
        talk.describe_at = (looks && !own).then_some(at);
    }

    fn describe(&mut self, conversation: ConversationId, view: &GroupView) -> Stored {
        let talk = self.encryption.talk(conversation);
        if talk.describe_at.is_some() || view.epoch == 0 || self.is_asking(conversation) {
            return Ok(());
        }
        match self.encryption.talk(conversation).description {
            None => Ok(()),
            Some(Description::IfMissing) => {
                self.ask_for_group(conversation);
                Ok(())
            }
            Some(Description::Own) => {
                let info =
                    self.with_device(|device, port, random| device.group_info(port, random, conversation))?;
                let info = match info {
                    Ok(info) => info,
                    Err(error) => {
                        tracing::warn!(%conversation, %error, "a group cannot be described");
                        self.encryption.talk(conversation).description = None;
                        return Ok(());
                    }
                };
                let body = NewGroupInfo {
                    epoch: view.epoch,
                    bytes: to_base64(&info),
                };
                let path = format!("/v1/conversations/{conversation}/group");
                self.say_keys(KeyCall::Describe { conversation }, path, &body);
                Ok(())
            }
        }
    }

    /// For an entry that this device is about to make.
    pub(super) fn new_entry(&mut self, conversation: ConversationId) -> Log {
        Log {
            conversation,
            entry: self.new_event(),
        }
    }
}

/// The devices that are in a group and should not be: the server does not list them, or with another key.
fn gone<'a>(
    view: &'a GroupView,
    listing: &'a Listing,
    me: Option<Identity>,
) -> impl Iterator<Item = Identity> + 'a {
    let is_listed = |who: &Identity, key: &SignatureKey| listing.devices.get(who) == Some(key);
    let others = view.members.iter().filter(move |(who, _)| Some(*who) != me);
    others
        .filter(move |(who, key)| !is_listed(who, key))
        .map(|(who, _)| *who)
}
