//! Who may change a group, and whose keys are whose: asked of the client before a group is entered, made, or moved on.
//!
//! The server decides who a member of a conversation is, as everywhere; this decides what a device believes. A server that put a device of its own into an
//! account, or an outsider into a group, would have to get past this on every member's device.

use std::collections::BTreeSet;

use openmls::prelude::{LeafNodeIndex, MlsGroup, Proposal, QueuedProposal, Sender, StagedCommit};
use pipit_wire::UserId;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::identity::{Identity, SignatureKey};

/// What the client knows of accounts and roles: as of the entry that is taken in, for a device that catches up meets commits of people who have lost their role
/// since. What is refused for what the client does not know yet (a device that is new in the account's list) can be taken in again when it does.
pub trait Authority {
    /// Whether this is the device's signature key, and the device the account's, and not signed out.
    fn vouches(&self, device: Identity, key: &SignatureKey) -> bool;
    /// Whether this person may let another one in.
    fn may_add(&self, actor: UserId, newcomer: UserId) -> bool;
    /// Whether this person may take another one out.
    fn may_remove(&self, actor: UserId, member: UserId) -> bool;
    /// Whether a device of this person may enter by itself though none of theirs is in the group: they are a member of the conversation.
    fn may_join(&self, newcomer: UserId) -> bool;
}

/// What a commit does to the devices of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Whose commit it is.
    pub committer: Identity,
    /// Whether the committer came in with it, or came in anew (RFC 9420, section 12.4.3.2).
    pub external: bool,
    /// Who is in from here on; with an external commit the committer.
    pub added: Vec<Identity>,
    /// Who is out from here on; a device that came in anew is in both.
    pub removed: Vec<Identity>,
}

/// A leaf, read and checked for its form.
#[derive(Clone, Copy)]
pub(crate) struct Leaf {
    pub(crate) index: LeafNodeIndex,
    pub(crate) identity: Identity,
    pub(crate) key: SignatureKey,
}

/// Every leaf of a group.
pub(crate) fn leaves(group: &MlsGroup) -> Result<Vec<Leaf>, Error> {
    group.members().map(|member| leaf(&member)).collect()
}

pub(crate) fn leaf(member: &openmls::prelude::Member) -> Result<Leaf, Error> {
    Ok(Leaf {
        index: member.index,
        identity: Identity::of(&member.credential)?,
        key: SignatureKey::read(&member.signature_key)?,
    })
}

/// Checks that somebody vouches for a leaf.
pub(crate) fn require_vouched(
    authority: &dyn Authority,
    identity: Identity,
    key: &SignatureKey,
) -> Result<(), Error> {
    if authority.vouches(identity, key) {
        Ok(())
    } else {
        Err(Error::ForgedCredential(identity))
    }
}

/// Checks that nobody is there twice.
pub(crate) fn require_distinct(identities: impl IntoIterator<Item = Identity>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match identities.into_iter().find(|identity| !seen.insert(*identity)) {
        Some(doubled) => Err(Error::DoubledDevice(doubled)),
        None => Ok(()),
    }
}

/// Whether this person may remove this leaf: their own devices, what nobody vouches for any longer, and whom their role lets them.
fn may_remove(authority: &dyn Authority, actor: UserId, target: &Leaf) -> bool {
    actor == target.identity.user
        || !authority.vouches(target.identity, &target.key)
        || authority.may_remove(actor, target.identity.user)
}

/// Whether this person may add a device of that one: a further device of somebody who is in, and whom their role lets them.
pub(crate) fn may_add(authority: &dyn Authority, members: &[Leaf], actor: UserId, newcomer: UserId) -> bool {
    let has_device = members.iter().any(|leaf| leaf.identity.user == newcomer);
    actor == newcomer || has_device || authority.may_add(actor, newcomer)
}

/// What a single proposal wants: to remove a leaf. Nothing else is taken as a proposal of its own.
pub(crate) fn check_proposal(
    authority: &dyn Authority,
    members: &[Leaf],
    proposal: &QueuedProposal,
) -> Result<(Identity, Identity), Error> {
    let (Sender::Member(sender), Proposal::Remove(remove)) = (proposal.sender(), proposal.proposal()) else {
        return Err(Error::Unsupported);
    };
    let sender = find(members, *sender)?;
    let target = find(members, remove.removed())?;
    if may_remove(authority, sender.identity.user, &target) {
        Ok((sender.identity, target.identity))
    } else {
        Err(Error::NotPermitted)
    }
}

fn find(members: &[Leaf], index: LeafNodeIndex) -> Result<Leaf, Error> {
    let found = members.iter().find(|leaf| leaf.index == index);
    found.copied().ok_or(Error::UnknownSender)
}

/// What a commit does, if its committer may.
pub(crate) fn check_commit(
    authority: &dyn Authority,
    members: &[Leaf],
    sender: &Sender,
    commit: &StagedCommit,
    devices_max: usize,
) -> Result<Change, Error> {
    let path = commit.update_path_leaf_node();
    let path = path
        .map(|leaf| {
            let key = SignatureKey::read(leaf.signature_key().as_slice())?;
            Ok::<_, Error>((Identity::of(leaf.credential())?, key))
        })
        .transpose()?;
    let (committer, external) = match sender {
        Sender::Member(index) => (find(members, *index)?, false),
        Sender::NewMemberCommit => {
            let (identity, key) = path.ok_or(Error::Malformed)?;
            let index = LeafNodeIndex::new(u32::MAX);
            (Leaf { index, identity, key }, true)
        }
        _ => return Err(Error::UnknownSender),
    };
    if let Some((identity, key)) = path {
        require_vouched(authority, identity, &key)?;
        if identity != committer.identity {
            return Err(Error::BadCredential);
        }
    }
    let mut change = Change {
        committer: committer.identity,
        external,
        added: Vec::new(),
        removed: Vec::new(),
    };
    for proposal in commit.queued_proposals() {
        check_part(authority, members, &committer, proposal, &mut change)?;
    }
    if external {
        let user = committer.identity.user;
        if !members.iter().any(|leaf| leaf.identity.user == user) && !authority.may_join(user) {
            return Err(Error::NotPermitted);
        }
        change.added.push(committer.identity);
    }
    let staying = members.iter().map(|leaf| leaf.identity);
    let staying = staying.filter(|identity| !change.removed.contains(identity));
    let after: Vec<Identity> = staying.chain(change.added.iter().copied()).collect();
    if after.len() > devices_max {
        return Err(Error::TooManyDevices);
    }
    require_distinct(after)?;
    Ok(change)
}

fn check_part(
    authority: &dyn Authority,
    members: &[Leaf],
    committer: &Leaf,
    proposal: &QueuedProposal,
    change: &mut Change,
) -> Result<(), Error> {
    match (proposal.proposal(), proposal.sender()) {
        (Proposal::Add(add), Sender::Member(actor)) => {
            let actor = find(members, *actor)?;
            let leaf = add.key_package().leaf_node();
            let identity = Identity::of(leaf.credential())?;
            let key = SignatureKey::read(leaf.signature_key().as_slice())?;
            require_vouched(authority, identity, &key)?;
            if !may_add(authority, members, actor.identity.user, identity.user) {
                return Err(Error::NotPermitted);
            }
            change.added.push(identity);
        }
        (Proposal::Remove(remove), Sender::Member(actor)) => {
            let actor = find(members, *actor)?;
            let target = find(members, remove.removed())?;
            if !may_remove(authority, actor.identity.user, &target) {
                return Err(Error::NotPermitted);
            }
            change.removed.push(target.identity);
        }
        // Who comes in anew takes their own old leaf out, and no other.
        (Proposal::Remove(remove), Sender::NewMemberCommit) => {
            let target = find(members, remove.removed())?;
            if target.identity != committer.identity {
                return Err(Error::NotPermitted);
            }
            change.removed.push(target.identity);
        }
        (Proposal::ExternalInit(_), Sender::NewMemberCommit) => {}
        _ => return Err(Error::Unsupported),
    }
    Ok(())
}
