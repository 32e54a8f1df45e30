//! Records of conversations and their members.

use pipit_wire::event::{ConversationKind, MemberRole, Role};
use pipit_wire::frame::RequestState;
use pipit_wire::{ConversationId, DeviceId, Event, EventId, Seq, Timestamp, UserId};

/// The direct conversation of two people, or of one person's notes, to be made where there is none.
#[derive(Clone, Debug)]
pub struct NewDirect {
    /// The id that it gets where it is made.
    pub id: ConversationId,
    /// The id of its first entry.
    pub event: EventId,
    /// Who makes it.
    pub creator: UserId,
    /// The device that makes it.
    pub device: Option<DeviceId>,
    /// The other person; the creator where these are notes to oneself.
    pub other: UserId,
    /// Whether it is encrypted end to end: another conversation of the two than the one that is not.
    pub encrypted: bool,
    /// Whether it is a message request to the other person.
    pub asks: bool,
    /// When.
    pub now: Timestamp,
}

impl NewDirect {
    /// Its members: two, or one where these are notes to oneself.
    #[must_use]
    pub fn members(&self) -> Vec<MemberRole> {
        let mut members: Vec<_> = [self.creator, self.other]
            .map(|user| MemberRole {
                user,
                role: Role::Member,
            })
            .into();
        members.dedup();
        members
    }
}

/// A group to make.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its id, made by the client.
    pub id: ConversationId,
    /// The id of its first entry.
    pub event: EventId,
    /// Who makes it, and becomes its owner.
    pub creator: UserId,
    /// The device that makes it.
    pub device: Option<DeviceId>,
    /// Its name; none where it is encrypted.
    pub title: Option<String>,
    /// Whether it is encrypted end to end.
    pub encrypted: bool,
    /// Who else is in it: distinct, existing accounts without the creator.
    pub members: Vec<UserId>,
    /// Those of the members to whom it is a message request.
    pub asked: Vec<UserId>,
    /// When.
    pub now: Timestamp,
}

/// A conversation that was made or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Which one.
    pub conversation: ConversationId,
    /// Its first entry, where this call made it.
    pub event: Option<Event>,
}

/// Why a group was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The id was used before, by another creator or for another group.
    #[error("the id was used before")]
    IdConflict,
}

/// A place in the list of members by role and handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPosition {
    /// The role of the member there.
    pub role: Role,
    /// Their handle.
    pub handle: String,
}

/// What authorization needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a row of independent facts")]
pub struct ConversationAccess {
    /// What kind it is.
    pub kind: ConversationKind,
    /// Whether it is encrypted end to end.
    pub encrypted: bool,
    /// What the one who asks is; none where not a member.
    pub role: Option<Role>,
    /// The first entry that they may read.
    pub first_seq: Seq,
    /// The last entry.
    pub last_seq: Seq,
    /// How many members there are.
    pub member_count: u32,
    /// How many of them are owners.
    pub owner_count: u32,
    /// What the target is; none where not a member, or no target was given.
    pub target_role: Option<Role>,
    /// The other member of a direct conversation.
    pub peer: Option<UserId>,
    /// Whether, in a direct conversation, either has blocked the other.
    pub blocked: bool,
    /// Whether the one who asks is suspended.
    pub suspended: bool,
    /// Whether only admins write.
    pub announcements: bool,
    /// Whether the target is kept out; false where no target was given.
    pub target_banned: bool,
    /// Where a request to the one who asks stands.
    pub request: RequestState,
}
