//! Records of who comes into a group by a link, who waits to be let in, and who is kept out.

use pipit_wire::frame::Profile;
use pipit_wire::{ConversationId, InviteId, Timestamp, UserId};

use crate::account::TokenHash;

/// An invite link to a group, to be kept.
#[derive(Clone, Debug)]
pub struct NewGroupInvite {
    /// Its id.
    pub id: InviteId,
    /// The hash of its token.
    pub token: TokenHash,
    /// To which group.
    pub conversation: ConversationId,
    /// Who makes it.
    pub made_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How many people may come by it.
    pub uses: u32,
    /// Whether an admin has to let each of them in.
    pub approval: bool,
}

/// An invite link to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInviteRecord {
    /// Its id.
    pub id: InviteId,
    /// To which group.
    pub conversation: ConversationId,
    /// Who made it.
    pub made_by: Profile,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How many people may still come by it.
    pub uses_left: u32,
    /// Whether an admin has to let each of them in.
    pub approval: bool,
    /// Whether it still works.
    pub works: bool,
}

/// What became of a request to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It waits now.
    Made,
    /// It waited before.
    Known,
    /// The link does not work (any more).
    NoInvite,
    /// As many wait as may.
    Full,
}

/// A request to be let in, to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewJoinRequest {
    /// Into which group.
    pub conversation: ConversationId,
    /// Whose.
    pub user: UserId,
    /// By which link; one use of it is taken.
    pub invite: InviteId,
    /// When.
    pub now: Timestamp,
    /// How many may wait in this group.
    pub requests_max: u32,
}

/// Somebody who waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequestRecord {
    /// Who.
    pub profile: Profile,
    /// Since when.
    pub at: Timestamp,
}

/// Somebody who is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanRecord {
    /// Who.
    pub profile: Profile,
    /// Who did it.
    pub by: Profile,
    /// When.
    pub at: Timestamp,
}
