//! Changes of a group. Many devices may want one at once, and only the first commit of an epoch counts.
//!
//! What a device wants is kept as *goals* (this device in, that one out, fresh keys). [`Device::commit`] makes a commit for them, which is sent but not yet believed: the
//! group stays in its epoch. When the log has it, [`Device::receive`] recognises it and moves on. When the log has another one first, that one is applied, the own one is
//! forgotten, and the goals that still stand are there for the next [`Device::commit`]: nothing is lost, and nothing is done twice. So is a crash between any two
//! steps: the commit is kept with the goals until the log has decided.

use std::collections::{BTreeMap, BTreeSet};

use openmls::prelude::{DeserializeBytes, MlsMessageOut};
use openmls::prelude::{
    KeyPackage, MlsMessageBodyIn, MlsMessageIn, Proposal, ProtocolVersion, QueuedProposal, Sender,
    StagedCommit,
};
use openmls_traits::OpenMlsProvider;
use pipit_wire::{ConversationId, EventId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::authority::{self, Authority, Change, Leaf, check_commit, check_proposal, leaves};
use crate::device::{Device, Held, Standing, Step, group_id};
use crate::error::Error;
use crate::group::DEVICES_MAX;
use crate::identity::{Identity, SignatureKey};
use crate::message::{Received, Sealed, epoch};
use crate::pool;
use crate::port::Port;
use crate::random::Randomness;
use crate::storage::{Kind, group_key};

/// The largest key package that is taken, in bytes; ours have about 350.
pub const KEY_PACKAGE_BYTES_MAX: usize = 8 * 1024;
/// How many wishes may wait in a group.
const WISHES_MAX: usize = 1_000;

/// Where in which log something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry.
    pub entry: EventId,
}

/// What this device wants of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The device of this key package is in.
    Add {
        /// The key package, as the server gave it.
        key_package: Vec<u8>,
    },
    /// This device is out: its person has left or was removed, or has signed it out.
    Remove {
        /// Which one.
        device: Identity,
    },
    /// This device's keys are fresh; on a schedule, or because somebody wishes to leave.
    Refresh,
}

/// A commit to be sent. It counts when the log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingCommit {
    /// The entry that it was made for.
    pub entry: EventId,
    /// The epoch that it ends; the server takes the first one.
    pub epoch: u64,
    /// Which one of this device's sealed things it is ([`Sealed::count`]).
    pub count: u64,
    /// The commit.
    pub commit: Vec<u8>,
    /// For those who are added, who is told only once the commit is in the log.
    pub welcome: Option<Vec<u8>>,
    /// What it does.
    pub change: Change,
}

/// A commit that the group has been moved on by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What it did.
    pub change: Change,
    /// The epoch since then.
    pub epoch: u64,
    /// Whether it was this device's.
    pub own: bool,
    /// Whether this device is out.
    pub removed: bool,
    /// Whether goals of this device are left: [`Device::commit`] has to be called again.
    pub goals_left: bool,
}

/// What this device wants and has not seen happen.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Goals {
    add: BTreeMap<Identity, Vec<u8>>,
    remove: BTreeSet<Identity>,
    refresh: bool,
}

/// The commit that waits for the log's word.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) digest: [u8; 32],
    pub(crate) outgoing: OutgoingCommit,
}

impl Pending {
    pub(crate) fn new(outgoing: OutgoingCommit) -> Self {
        Self {
            digest: Sha256::digest(&outgoing.commit).into(),
            outgoing,
        }
    }
}

impl Goals {
    fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && !self.refresh
    }

    /// Leaves out what is so already.
    fn retain_open(&mut self, members: &[Leaf]) {
        let is_in = |identity: &Identity| members.iter().any(|leaf| leaf.identity == *identity);
        self.add.retain(|identity, _| !is_in(identity));
        self.remove.retain(is_in);
    }
}

impl Step<'_> {
    pub(crate) fn goals(&self, conversation: ConversationId) -> Result<Goals, Error> {
        let key = group_key(&group_id(conversation), Kind::Goals)?;
        Ok(self.provider.storage.read(&key)?.unwrap_or_default())
    }

    fn save_goals(&self, conversation: ConversationId, goals: &Goals) -> Result<(), Error> {
        let key = group_key(&group_id(conversation), Kind::Goals)?;
        if goals.is_empty() {
            self.provider.storage.remove(key);
            return Ok(());
        }
        Ok(self.provider.storage.write(key, goals)?)
    }

    pub(crate) fn pending(&self, conversation: ConversationId) -> Result<Option<Pending>, Error> {
        let key = group_key(&group_id(conversation), Kind::Pending)?;
        Ok(self.provider.storage.read(&key)?)
    }

    /// Whether this is the commit that is under way.
    pub(crate) fn is_pending(&self, conversation: ConversationId, bytes: &[u8]) -> Result<bool, Error> {
        let pending = self.pending(conversation)?;
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        Ok(pending.is_some_and(|pending| pending.digest == digest))
    }

    pub(crate) fn save_pending(
        &self,
        conversation: ConversationId,
        pending: Option<&Pending>,
    ) -> Result<(), Error> {
        let key = group_key(&group_id(conversation), Kind::Pending)?;
        match pending {
            Some(pending) => self.provider.storage.write(key, pending)?,
            None => self.provider.storage.remove(key),
        }
        Ok(())
    }
}

/// A key package that was checked: whose it is, and that it is good now for this group.
pub(crate) fn read_key_package(
    step: &Step<'_>,
    authority: &dyn Authority,
    bytes: &[u8],
    now: Timestamp,
) -> Result<(KeyPackage, Identity), Error> {
    if bytes.len() > KEY_PACKAGE_BYTES_MAX {
        return Err(Error::TooLarge {
            size: bytes.len(),
            max: KEY_PACKAGE_BYTES_MAX,
        });
    }
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Error::Malformed)?;
    let MlsMessageBodyIn::KeyPackage(package) = message.extract() else {
        return Err(Error::Malformed);
    };
    let package = package.validate(step.provider.crypto(), ProtocolVersion::Mls10)?;
    pool::require_lifetime(package.life_time(), now)?;
    let leaf = package.leaf_node();
    let identity = Identity::of(leaf.credential())?;
    let key = SignatureKey::read(leaf.signature_key().as_slice())?;
    authority::require_vouched(authority, identity, &key)?;
    Ok((package, identity))
}

impl Device {
    /// Keeps a goal. Nothing is sent yet: several are done by one commit.
    pub fn want(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        authority: &dyn Authority,
        conversation: ConversationId,
        goals: &[Goal],
        now: Timestamp,
    ) -> Result<(), Error> {
        self.step_in(port, random, conversation, |step, held| {
            held.require_sealing()?;
            let members = leaves(&held.group)?;
            let mut kept = step.goals(conversation)?;
            for goal in goals {
                held.take_goal(step, authority, &members, &mut kept, goal, now)?;
            }
            kept.retain_open(&members);
            if members.len() + kept.add.len() > DEVICES_MAX {
                return Err(Error::TooManyDevices);
            }
            step.save_goals(conversation, &kept)
        })
    }

    /// Makes a commit for this device's goals and for what others wish, to be sent for this entry. The one that is under way already is given again as it was. None where
    /// nothing is to be done.
    pub fn commit(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        authority: &dyn Authority,
        log: Log,
        now: Timestamp,
    ) -> Result<Option<OutgoingCommit>, Error> {
        let confirmed = self.confirmed.contains(&log.conversation);
        self.step_in(port, random, log.conversation, |step, held| {
            if let Some(pending) = step.pending(log.conversation)? {
                return Ok(Some(pending.outgoing));
            }
            held.require_sealing()?;
            if !confirmed {
                return Err(Error::Unconfirmed);
            }
            held.make_commit(step, authority, log, now)
        })
    }

    /// The server has said that another commit came first, or has refused this one: it is forgotten, its goals are kept.
    pub fn rejected(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
    ) -> Result<(), Error> {
        self.step_in(port, random, conversation, |step, held| {
            step.save_pending(conversation, None)?;
            Ok(held.group.clear_pending_commit(&step.provider.storage)?)
        })
    }

    /// Says that this device is to be taken out, for somebody else to commit: nobody can take themselves out (RFC 9420, section 12.1.3). To be sent for this
    /// entry; refused because the epoch is over, it is made again.
    /// Who is alone erases the group instead ([`Device::erase_group`]).
    pub fn leave(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        log: Log,
    ) -> Result<Sealed, Error> {
        let confirmed = self.confirmed.contains(&log.conversation);
        self.step_in(port, random, log.conversation, |step, held| {
            held.require_sealing()?;
            if !confirmed {
                return Err(Error::Unconfirmed);
            }
            if step.pending(log.conversation)?.is_some() {
                return Err(Error::CommitPending);
            }
            // Of two who both wait for somebody else to take them out, neither is.
            if held.group.has_pending_proposals() {
                return Err(Error::CommitFirst);
            }
            if held.group.members().count() < 2 {
                return Err(Error::Alone);
            }
            let place = held.next_place(step, log.conversation, log.entry)?;
            let wish = held.group.leave_group(&step.provider, step.signer);
            let wish = wish.map_err(Error::other)?;
            Ok(Sealed {
                epoch: epoch(&held.group),
                count: place.count,
                bytes: wish.to_bytes().map_err(Error::other)?,
            })
        })
    }
}

impl Held {
    fn take_goal(
        &self,
        step: &Step<'_>,
        authority: &dyn Authority,
        members: &[Leaf],
        goals: &mut Goals,
        goal: &Goal,
        now: Timestamp,
    ) -> Result<(), Error> {
        match goal {
            Goal::Add { key_package } => {
                let (package, identity) = read_key_package(step, authority, key_package, now)?;
                if package.ciphersuite() != self.group.ciphersuite() {
                    return Err(Error::WrongSuite);
                }
                if !authority::may_add(authority, members, step.identity.user, identity.user) {
                    return Err(Error::NotPermitted);
                }
                goals.remove.remove(&identity);
                goals.add.insert(identity, key_package.clone());
            }
            Goal::Remove { device } => {
                if *device == step.identity {
                    return Err(Error::NotPermitted);
                }
                goals.add.remove(device);
                goals.remove.insert(*device);
            }
            Goal::Refresh => goals.refresh = true,
        }
        Ok(())
    }

    fn make_commit(
        &mut self,
        step: &Step<'_>,
        authority: &dyn Authority,
        log: Log,
        now: Timestamp,
    ) -> Result<Option<OutgoingCommit>, Error> {
        let members = leaves(&self.group)?;
        let mut goals = step.goals(log.conversation)?;
        goals.retain_open(&members);
        let mut added = Vec::new();
        // A key package that has run out since it was taken is left out: the client will ask for another one.
        goals
            .add
            .retain(|_, bytes| match read_key_package(step, authority, bytes, now) {
                Ok((package, _)) => {
                    added.push(package);
                    true
                }
                Err(_) => false,
            });
        step.save_goals(log.conversation, &goals)?;
        let own = self.group.own_leaf_index();
        let leaving = |proposal: &QueuedProposal| match proposal.proposal() {
            Proposal::Remove(remove) => Some(remove.removed()),
            _ => None,
        };
        let wished: Vec<_> = self.group.pending_proposals().filter_map(leaving).collect();
        if wished.contains(&own) {
            return Err(Error::CommitFirst);
        }
        if goals.is_empty() && wished.is_empty() {
            return Ok(None);
        }
        let removed = members
            .iter()
            .filter(|leaf| goals.remove.contains(&leaf.identity));
        let removed: Vec<_> = removed
            .map(|leaf| leaf.index)
            .filter(|index| !wished.contains(index))
            .collect();
        let place = self.next_place(step, log.conversation, log.entry)?;
        let ended = epoch(&self.group);
        let bundle = self
            .group
            .commit_builder()
            .consume_proposal_store(true)
            .force_self_update(true)
            .propose_removals(removed)
            .propose_adds(added)
            .load_psks(&step.provider.storage)?
            .create_group_info(false)
            .build(step.provider.rand(), step.provider.crypto(), step.signer, |_| {
                true
            })?
            .stage_commit(&step.provider)
            .map_err(Error::other)?;
        let (commit, welcome, _) = bundle.into_messages();
        let staged = self.group.pending_commit().ok_or(Error::Malformed)?;
        let change = check_commit(authority, &members, &Sender::Member(own), staged, DEVICES_MAX)?;
        let bytes = |message: MlsMessageOut| message.to_bytes().map_err(Error::other);
        let outgoing = OutgoingCommit {
            entry: log.entry,
            epoch: ended,
            count: place.count,
            commit: bytes(commit)?,
            welcome: welcome.map(bytes).transpose()?,
            change,
        };
        step.save_pending(log.conversation, Some(&Pending::new(outgoing.clone())))?;
        Ok(Some(outgoing))
    }

    /// The log has this device's commit.
    pub(crate) fn accept(
        &mut self,
        step: &Step<'_>,
        authority: &dyn Authority,
        log: Log,
    ) -> Result<Applied, Error> {
        let pending = step.pending(log.conversation)?.ok_or(Error::Malformed)?;
        if pending.outgoing.entry != log.entry {
            return Err(Error::WrongEntry);
        }
        if let Some(staged) = self.group.pending_commit() {
            let members = leaves(&self.group)?;
            let own = Sender::Member(self.group.own_leaf_index());
            check_commit(authority, &members, &own, staged, DEVICES_MAX)?;
        }
        self.group
            .merge_pending_commit(&step.provider)
            .map_err(Error::other)?;
        let mut goals = step.goals(log.conversation)?;
        goals.refresh = false;
        step.save_goals(log.conversation, &goals)?;
        self.applied(step, log, pending.outgoing.change, true)
    }

    /// The log has somebody else's commit.
    pub(crate) fn apply(
        &mut self,
        step: &Step<'_>,
        authority: &dyn Authority,
        log: Log,
        sender: &Sender,
        commit: StagedCommit,
    ) -> Result<Applied, Error> {
        let members = leaves(&self.group)?;
        let change = check_commit(authority, &members, sender, &commit, DEVICES_MAX)?;
        self.group
            .merge_staged_commit(&step.provider, commit)
            .map_err(Error::other)?;
        self.applied(step, log, change, false)
    }

    /// Settles what is left of this device's goals after a commit.
    fn applied(&mut self, step: &Step<'_>, log: Log, change: Change, own: bool) -> Result<Applied, Error> {
        step.save_pending(log.conversation, None)?;
        let removed = !self.group.is_active();
        let mut goals = step.goals(log.conversation)?;
        if removed {
            goals = Goals::default();
        } else {
            goals.retain_open(&leaves(&self.group)?);
        }
        step.save_goals(log.conversation, &goals)?;
        Ok(Applied {
            change,
            epoch: epoch(&self.group),
            own,
            removed,
            goals_left: !goals.is_empty(),
        })
    }

    /// Somebody wishes a device to be taken out.
    pub(crate) fn take_wish(
        &mut self,
        step: &Step<'_>,
        authority: &dyn Authority,
        proposal: QueuedProposal,
    ) -> Result<Received, Error> {
        let (by, removes) = check_proposal(authority, &leaves(&self.group)?, &proposal)?;
        if self.group.pending_proposals().count() >= WISHES_MAX {
            return Err(Error::NotPermitted);
        }
        self.group
            .store_pending_proposal(&step.provider.storage, proposal)?;
        Ok(Received::Wish { by, removes })
    }

    /// An entry, while this device's own way back in waits for the log's word.
    pub(crate) fn receive_rejoining(
        &mut self,
        step: &Step<'_>,
        log: Log,
        message: &openmls::prelude::ProtocolMessage,
        bytes: &[u8],
    ) -> Result<Received, Error> {
        if step.is_pending(log.conversation, bytes)? {
            let pending = step.pending(log.conversation)?.ok_or(Error::Malformed)?;
            self.record.standing = Standing::Current;
            step.save_record(log.conversation, &self.record)?;
            return self
                .applied(step, log, pending.outgoing.change, true)
                .map(Received::Changed);
        }
        let ended = epoch(&self.group).saturating_sub(1);
        let is_commit = message.content_type() == openmls::prelude::ContentType::Commit;
        if is_commit && message.epoch().as_u64() >= ended {
            step.save_pending(log.conversation, None)?;
            return Ok(Received::RejoinLost);
        }
        Err(Error::Rejoining)
    }
}
