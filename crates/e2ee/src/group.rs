//! Groups: made, entered by invitation, entered anew, compared with the log.

use openmls::prelude::{
    Capabilities, DeserializeBytes, ExtensionType, Lifetime, MlsGroup, MlsGroupJoinConfig, MlsMessageBodyIn,
    MlsMessageIn, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY, SenderRatchetConfiguration, StagedWelcome,
};
use openmls::prelude::{EncryptedGroupSecrets, LeafNodeParameters, Welcome};
use openmls_traits::OpenMlsProvider;
use pipit_wire::{ConversationId, Timestamp};

use crate::authority::{self, Authority, Change, leaf, leaves, may_add, require_distinct, require_vouched};
use crate::commit::{Log, OutgoingCommit, Pending};
use crate::device::{Device, Held, Record, Standing, Step, group_id};
use crate::error::Error;
use crate::identity::{Identity, SignatureKey};
use crate::message::epoch;
use crate::place::Place;
use crate::pool;
use crate::port::Port;
use crate::random::Randomness;
use crate::storage::{Kind, group_key};
use crate::suite::Suite;

/// How many devices a group may have.
pub const DEVICES_MAX: usize = 1_000;
/// The largest welcome, and the largest description of a group, that is taken, in bytes; with 1,000 devices a tree has about 250 KB.
pub const WELCOME_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How many epochs that are over can still be read. The server takes a message only in the log's own epoch, so this is for entries that are read late, not for late
/// senders. Each costs: OpenMLS writes the secrets of all of them, with the members of each, for every message.
const PAST_EPOCHS: usize = 3;
/// How many messages of one sender in an epoch may be read out of order: a page of a log that is read backwards.
const OUT_OF_ORDER: u32 = 256;
/// How many messages of one sender in an epoch may be missing.
const FORWARD: u32 = 2_000;

/// What a device knows of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// How often it has changed.
    pub epoch: u64,
    /// Its ciphersuite.
    pub suite: Suite,
    /// Who is in, in no order that means something.
    pub members: Vec<(Identity, SignatureKey)>,
    /// Whether this device is in.
    pub active: bool,
    /// How its state stands to the log.
    pub standing: Standing,
    /// How many things this device has sealed in it.
    pub count: u64,
    /// Whether something waits to be committed: goals of this device, or wishes of others.
    pub commit_due: bool,
}

/// What the server knows of this device in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The epoch at the log's end.
    pub epoch: u64,
    /// The greatest count ([`crate::Sealed::count`]) that the server was ever sent by this device there, refused ones included; zero where it was sent none.
    pub count: u64,
}

fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .max_past_epochs(PAST_EPOCHS)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
        .build()
}

/// What our leaves say that we can.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities::builder()
        .ciphersuites(Suite::ALL.map(Suite::mls).to_vec())
        .extensions(vec![ExtensionType::LastResort])
        .build()
}

pub(crate) fn lifetime(now: Timestamp) -> Lifetime {
    let now = pool::seconds(now);
    let not_before = now.saturating_sub(pool::BACKDATED_SECONDS);
    Lifetime::init(not_before, now.saturating_add(pool::LIFETIME_SECONDS))
}

fn parse(bytes: &[u8]) -> Result<MlsMessageBodyIn, Error> {
    if bytes.len() > WELCOME_BYTES_MAX {
        return Err(Error::TooLarge {
            size: bytes.len(),
            max: WELCOME_BYTES_MAX,
        });
    }
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Error::Malformed)?;
    Ok(message.extract())
}

/// Checks every leaf of a group that is to be entered.
fn check_members(authority: &dyn Authority, members: &[authority::Leaf]) -> Result<(), Error> {
    if members.len() > DEVICES_MAX {
        return Err(Error::TooManyDevices);
    }
    for leaf in members {
        require_vouched(authority, leaf.identity, &leaf.key)?;
    }
    require_distinct(members.iter().map(|leaf| leaf.identity))
}

impl Step<'_> {
    /// Makes room for a group: what is left of one that this device is out of, or cannot use, goes. What it knew of its own count stays.
    fn make_room(&self, conversation: ConversationId) -> Result<Record, Error> {
        let id = group_id(conversation);
        let record: Option<Record> = self.provider.storage.read(&group_key(&id, Kind::Record)?)?;
        let old = MlsGroup::load(&self.provider.storage, &id)?;
        if let (Some(record), Some(old)) = (&record, &old)
            && old.is_active()
            && record.standing == Standing::Current
        {
            return Err(Error::GroupExists);
        }
        self.provider.storage.remove_group(&id)?;
        Ok(Record {
            count: record.map_or(0, |record| record.count),
            standing: Standing::Current,
        })
    }
}

impl Device {
    /// Makes the group of a conversation, with this device alone in it. Others are added by goals ([`Device::want`]).
    pub fn create_group(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
        suite: Suite,
        now: Timestamp,
    ) -> Result<(), Error> {
        let held = self.step(port, random, |step| {
            let record = step.make_room(conversation)?;
            let group = MlsGroup::builder()
                .with_group_id(group_id(conversation))
                .ciphersuite(suite.mls())
                .with_wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
                .use_ratchet_tree_extension(true)
                .max_past_epochs(PAST_EPOCHS)
                .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
                .with_capabilities(capabilities())
                .lifetime(lifetime(now))
                .build(&step.provider, step.signer, step.identity.credential(step.key))
                .map_err(Error::other)?;
            step.save_record(conversation, &record)?;
            Ok(Held { group, record })
        })?;
        self.groups_confirm(conversation, held);
        Ok(())
    }

    /// Enters a group by a welcome. It uses up the key package that the welcome was made for, unless it was the last resort.
    pub fn join(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        authority: &dyn Authority,
        conversation: ConversationId,
        welcome: &[u8],
    ) -> Result<GroupView, Error> {
        let MlsMessageBodyIn::Welcome(welcome) = parse(welcome)? else {
            return Err(Error::Malformed);
        };
        let (held, view) = self.step(port, random, |step| {
            let held = enter(step, authority, conversation, welcome)?;
            let view = held.view(step, conversation)?;
            Ok((held, view))
        })?;
        self.groups_confirm(conversation, held);
        Ok(view)
    }

    fn groups_confirm(&mut self, conversation: ConversationId, held: Held) {
        self.hold(conversation, held);
        self.confirmed.insert(conversation);
    }

    /// Comes in anew by a commit from outside (RFC 9420, section 12.4.3.2): after the state was lost, or was an old copy. What was sealed before cannot be read by what comes of it. The commit
    /// counts when the log has it; until then nothing is sealed.
    pub fn rejoin(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        authority: &dyn Authority,
        log: Log,
        group_info: &[u8],
        head: LogHead,
    ) -> Result<OutgoingCommit, Error> {
        let MlsMessageBodyIn::GroupInfo(info) = parse(group_info)? else {
            return Err(Error::Malformed);
        };
        if info.group_id().as_slice() != log.conversation.as_bytes() {
            return Err(Error::WrongGroup);
        }
        if info.epoch().as_u64() != head.epoch {
            return Err(Error::PastEpoch {
                epoch: info.epoch().as_u64(),
                current: head.epoch,
            });
        }
        let (group, outgoing) = self.step(port, random, |step| {
            come_in_anew(step, authority, log, info, head)
        })?;
        self.hold(log.conversation, group);
        Ok(outgoing)
    }

    /// What somebody needs who comes in anew, as of now: to be given to the server when it asks, or when the group is small, with every commit.
    pub fn group_info(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
    ) -> Result<Vec<u8>, Error> {
        self.step_in(port, random, conversation, |step, held| {
            held.require_sealing()?;
            let info = held
                .group
                .export_group_info(step.provider.crypto(), step.signer, true);
            info.map_err(Error::other)?.to_bytes().map_err(Error::other)
        })
    }

    /// Compares this device's state with what the server knows of it, before anything is sealed since this program has started: after a
    /// restored copy the state would seal with keys that were used. [`Error::OldCopy`] says that it is one, [`Error::FutureEpoch`] that the log has to be
    /// read first.
    pub fn confirm(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
        head: LogHead,
    ) -> Result<(), Error> {
        let standing = self.step_in(port, random, conversation, |step, held| {
            if !held.group.is_active() {
                return Err(Error::Removed);
            }
            held.notice(step, conversation, head.count)?;
            let current = epoch(&held.group);
            if held.record.standing == Standing::Current && head.epoch > current {
                return Err(Error::FutureEpoch {
                    epoch: head.epoch,
                    current,
                });
            }
            Ok(held.record.standing)
        })?;
        match standing {
            Standing::Current => {
                self.confirmed.insert(conversation);
                Ok(())
            }
            Standing::OldCopy => Err(Error::OldCopy),
            Standing::Rejoining => Err(Error::Rejoining),
        }
    }

    /// What this device knows of a group.
    pub fn group(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
    ) -> Result<GroupView, Error> {
        self.step_in(port, random, conversation, |step, held| {
            held.view(step, conversation)
        })
    }

    /// Gives up a group that this device has made: the log has another's commit first, and so that one's group is the conversation's. How many things this device has sealed
    /// there stays known, so that it goes on counting in the group that it is let into.
    pub fn abandon_group(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
    ) -> Result<(), Error> {
        let count = self.step_in(port, random, conversation, |_, held| Ok(held.record.count))?;
        self.forget();
        self.step(port, random, |step| {
            step.provider.storage.remove_group(&group_id(conversation))?;
            let record = Record {
                count,
                standing: Standing::Current,
            };
            step.save_record(conversation, &record)
        })?;
        self.confirmed.remove(&conversation);
        Ok(())
    }

    /// Removes everything of a group from this device: nothing of it can be read any more.
    pub fn erase_group(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
    ) -> Result<(), Error> {
        self.step_in(port, random, conversation, |_, _| Ok(()))?;
        self.forget();
        self.step(port, random, |step| {
            Ok(step.provider.storage.remove_group(&group_id(conversation))?)
        })?;
        self.confirmed.remove(&conversation);
        Ok(())
    }
}

impl Held {
    fn view(&self, step: &Step<'_>, conversation: ConversationId) -> Result<GroupView, Error> {
        let members = leaves(&self.group)?;
        let suite = Suite::of(self.group.ciphersuite().into()).ok_or(Error::WrongSuite)?;
        Ok(GroupView {
            epoch: epoch(&self.group),
            suite,
            members: members.iter().map(|leaf| (leaf.identity, leaf.key)).collect(),
            active: self.group.is_active(),
            standing: self.record.standing,
            count: self.record.count,
            commit_due: self.group.has_pending_proposals() || step.has_goals(conversation)?,
        })
    }
}

fn enter(
    step: &Step<'_>,
    authority: &dyn Authority,
    conversation: ConversationId,
    welcome: Welcome,
) -> Result<Held, Error> {
    let references: Vec<_> = welcome
        .secrets()
        .iter()
        .map(EncryptedGroupSecrets::new_member)
        .collect();
    pool::note_used(step, &references)?;
    // A leaf that has not been renewed in time is no reason to stay out; whether a key package was good is checked when it is used.
    let staged = StagedWelcome::build_from_welcome(&step.provider, &join_config(), welcome)?
        .skip_lifetime_validation()
        .replace_old_group()
        .build()?;
    if staged.group_context().group_id().as_slice() != conversation.as_bytes() {
        return Err(Error::WrongGroup);
    }
    if Suite::of(staged.group_context().ciphersuite().into()).is_none() {
        return Err(Error::WrongSuite);
    }
    let members = staged.members().map(|member| leaf(&member));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    check_members(authority, &members)?;
    let sender = staged.welcome_sender_index();
    let sender = members.iter().find(|leaf| leaf.index == sender);
    let sender = sender.ok_or(Error::UnknownSender)?.identity.user;
    let others = members.iter().filter(|leaf| leaf.identity != step.identity);
    let others: Vec<_> = others.copied().collect();
    if !may_add(authority, &others, sender, step.identity.user) {
        return Err(Error::NotPermitted);
    }
    let record = step.make_room(conversation)?;
    let group = staged.into_group(&step.provider)?;
    step.save_record(conversation, &record)?;
    Ok(Held { group, record })
}

fn come_in_anew(
    step: &Step<'_>,
    authority: &dyn Authority,
    log: Log,
    info: openmls::prelude::group_info::VerifiableGroupInfo,
    head: LogHead,
) -> Result<(Held, OutgoingCommit), Error> {
    let conversation = log.conversation;
    let mut record = step.make_room_for_rejoining(conversation, head)?;
    record.count = record.count.saturating_add(1);
    record.standing = Standing::Rejoining;
    let place = Place {
        conversation,
        entry: log.entry,
        count: record.count,
    };
    let builder = MlsGroup::external_commit_builder()
        .with_config(join_config())
        .with_aad(place.encode())
        .skip_lifetime_validation()
        .build_group(&step.provider, info, step.identity.credential(step.key))
        .map_err(Error::other)?;
    let (group, bundle) = builder
        .leaf_node_parameters(
            LeafNodeParameters::builder()
                .with_capabilities(capabilities())
                .build(),
        )
        .load_psks(&step.provider.storage)?
        .create_group_info(false)
        .build(step.provider.rand(), step.provider.crypto(), step.signer, |_| {
            true
        })?
        .finalize(&step.provider)
        .map_err(Error::other)?;
    let members = leaves(&group)?;
    check_members(authority, &members)?;
    let user = step.identity.user;
    let has_other = members
        .iter()
        .any(|leaf| leaf.identity.user == user && leaf.identity != step.identity);
    if !has_other && !authority.may_join(user) {
        return Err(Error::NotPermitted);
    }
    let outgoing = OutgoingCommit {
        entry: log.entry,
        epoch: head.epoch,
        count: record.count,
        commit: bundle.into_commit().to_bytes().map_err(Error::other)?,
        welcome: None,
        change: Change {
            committer: step.identity,
            external: true,
            added: vec![step.identity],
            removed: Vec::new(),
        },
    };
    step.save_record(conversation, &record)?;
    step.save_pending(conversation, Some(&Pending::new(outgoing.clone())))?;
    Ok((Held { group, record }, outgoing))
}

impl Step<'_> {
    /// Whether this device has goals left.
    fn has_goals(&self, conversation: ConversationId) -> Result<bool, Error> {
        let key = group_key(&group_id(conversation), Kind::Goals)?;
        Ok(self.provider.storage.has(&key)?)
    }

    /// The old state goes, whatever it is; the greater count counts.
    fn make_room_for_rejoining(&self, conversation: ConversationId, head: LogHead) -> Result<Record, Error> {
        let id = group_id(conversation);
        let record: Option<Record> = self.provider.storage.read(&group_key(&id, Kind::Record)?)?;
        self.provider.storage.remove_group(&id)?;
        Ok(Record {
            count: record.map_or(0, |record| record.count).max(head.count),
            standing: Standing::Rejoining,
        })
    }
}
