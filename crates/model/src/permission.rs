//! Who may do what in a conversation: the one place that decides.
//!
//! [`authorize`] takes facts and answers yes, or the reason why not. Whoever calls it has read the facts from the store and
//! sends those that could change meanwhile along with the write (`store::Facts`).

use pipit_wire::ErrorCode;
use pipit_wire::event::{ConversationKind, Role};

/// Who asks, as far as the rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What they are in the conversation; none where they are not a member, or no longer.
    pub role: Option<Role>,
    /// Whether the account is suspended on this server.
    pub suspended: bool,
    /// Whether, in a direct conversation, either of the two has blocked the other.
    pub blocked: bool,
    /// Whether it is a request of a stranger to them that they have not accepted ([`crate::request`]).
    pub unanswered: bool,
}

/// Who is to become a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joiner {
    /// Whether the group keeps them out.
    pub banned: bool,
    /// Whether the account is suspended on this server; false where somebody else adds them.
    pub suspended: bool,
}

/// Where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What kind of conversation.
    pub kind: ConversationKind,
    /// Whether it is encrypted end to end.
    pub encrypted: bool,
    /// Whether only admins and owners write.
    pub announcements: bool,
    /// How many owners there are.
    pub owner_count: u32,
    /// How many members there are.
    pub member_count: u32,
    /// How many members there may be.
    pub member_count_max: u32,
}

/// What is asked. `target` is what the person that it is done to is in the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read the log, the members and the markers.
    Read,
    /// Move one's own markers.
    MarkReceipt,
    /// Show that one is typing.
    ShowTyping,
    /// Write a message that the server can read.
    Send,
    /// Write a message that was sealed on the device.
    SendSealed,
    /// Seal something that changes what was said before: whose it is the devices of the others see to.
    ChangeSealed,
    /// Give an encrypted group another name, topic or picture, sealed.
    ChangeSealedProfile,
    /// Change the group of devices, take key packages of members' devices for it, or describe it to those who come in anew. Who may add and
    /// remove whose devices is asked again by every device that receives it.
    ChangeDevices,
    /// Look up the keys of members' devices.
    ReadKeys,
    /// Show newcomers to an encrypted group what was said before they came.
    ShowHistory,
    /// Keep on the server what is not sent yet: a draft, a scheduled message.
    KeepUnsent,
    /// Add or take back one's own reaction.
    React,
    /// Vote in a poll, or take that back.
    Vote,
    /// End a poll of one's own.
    CloseOwnPoll,
    /// End somebody else's poll; an author who has left counts as a member.
    CloseOthersPoll {
        /// What the author is.
        target: Role,
    },
    /// Change a message of one's own (its window is a rule of [`crate::window`]).
    EditOwn,
    /// Change somebody else's message: nobody may put words into another's mouth.
    EditOthers,
    /// Delete a message of one's own for everyone.
    DeleteOwn,
    /// Delete somebody else's message for everyone; an author who has left counts as a member.
    DeleteOthers {
        /// What the author is.
        target: Role,
    },
    /// Pin or unpin a message.
    Pin,
    /// Change the group's name, topic or avatar.
    ChangeProfile,
    /// Change what the group is: announcements, history for newcomers, slow mode.
    ChangeSettings,
    /// Choose after which time messages are erased.
    SetTimer,
    /// Add people.
    AddMembers {
        /// How many.
        count: u32,
    },
    /// Make or end invite links to the group, and decide on join requests.
    ManageInvites,
    /// Keep a member from writing for a time.
    Silence {
        /// What they are.
        target: Role,
    },
    /// Remove a member.
    Remove {
        /// What they are.
        target: Role,
    },
    /// Remove a member and keep them out, or lift that.
    Ban {
        /// What they are; `Member` for somebody who has left.
        target: Role,
    },
    /// Change what somebody is.
    ChangeRole {
        /// What they are.
        target: Role,
        /// What they are to be.
        to: Role,
    },
    /// Step down to this role oneself.
    StepDown {
        /// The new role.
        to: Role,
    },
    /// Leave.
    Leave,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// Not a member of the conversation.
    #[error("not a member of this conversation")]
    NotMember,
    /// One of the two has blocked the other.
    #[error("one of the two has blocked the other")]
    Blocked,
    /// They do not take this from whoever asks.
    #[error("they do not take this from everybody")]
    Declined,
    /// A request that was not accepted: the other is to learn nothing.
    #[error("the request was not accepted")]
    Unanswered,
    /// There is no request that could be answered so.
    #[error("there is no request to answer so")]
    NoRequest,
    /// A direct conversation has no such thing.
    #[error("not possible in a direct conversation")]
    OnlyInGroups,
    /// It takes a higher role.
    #[error("this takes the role {needed:?}")]
    RoleTooLow {
        /// The lowest role that may.
        needed: Role,
    },
    /// Nothing that the server could read goes in here.
    #[error("the conversation is encrypted: only what was sealed on a device goes into it")]
    SealedOnly,
    /// There is no group of devices here.
    #[error("the conversation is not encrypted")]
    NotEncrypted,
    /// Only announcements are written here, by admins and owners.
    #[error("only admins write here")]
    AnnouncementsOnly,
    /// Only whoever wrote it may.
    #[error("only its author may")]
    NotAuthor,
    /// The other person's role is not below one's own.
    #[error("the other's role is not below one's own")]
    TargetNotBelow,
    /// The group would have no owner.
    #[error("a group must keep an owner")]
    LastOwner,
    /// They are kept out of the group.
    #[error("banned from this group")]
    Banned,
    /// The group would have too many members.
    #[error("a group has at most {max} members")]
    GroupFull {
        /// The most.
        max: u32,
    },
}

impl Refusal {
    /// The code by which a client learns of it.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Suspended => ErrorCode::Suspended,
            Self::NotMember => ErrorCode::NotMember,
            Self::Blocked => ErrorCode::Blocked,
            Self::Declined => ErrorCode::Declined,
            Self::LastOwner => ErrorCode::OwnerRequired,
            Self::Banned => ErrorCode::Banned,
            Self::GroupFull { .. } => ErrorCode::GroupTooLarge,
            Self::SealedOnly => ErrorCode::SealedOnly,
            Self::OnlyInGroups
            | Self::RoleTooLow { .. }
            | Self::AnnouncementsOnly
            | Self::NotAuthor
            | Self::NotEncrypted
            | Self::Unanswered
            | Self::NoRequest
            | Self::TargetNotBelow => ErrorCode::Forbidden,
        }
    }
}

/// Whether `actor` may do `action` in `place`. Denies whatever no rule allows.
pub fn authorize(actor: Actor, action: Action, place: Place) -> Result<(), Refusal> {
    if actor.suspended {
        return Err(Refusal::Suspended);
    }
    let role = actor.role.ok_or(Refusal::NotMember)?;
    // Whoever does more than this answers by it.
    let shows = matches!(
        action,
        Action::MarkReceipt | Action::ShowTyping | Action::ChangeDevices
    );
    if actor.unanswered && shows {
        return Err(Refusal::Unanswered);
    }
    fits(action, place.encrypted)?;
    match place.kind {
        ConversationKind::Direct => in_direct(actor, action),
        ConversationKind::Group => in_group(role, action, place),
    }
}

/// Whether somebody may become a member of a group: by a link, by an admin who lets them in, or by being added. It is asked besides
/// what whoever adds them may do.
pub fn authorize_joining(joiner: Joiner, place: Place) -> Result<(), Refusal> {
    if joiner.suspended {
        return Err(Refusal::Suspended);
    }
    if place.kind == ConversationKind::Direct {
        return Err(Refusal::OnlyInGroups);
    }
    if joiner.banned {
        return Err(Refusal::Banned);
    }
    has_room(place, 1)
}

/// Whether something belongs where it is to happen. Into an encrypted conversation goes nothing that says something to the server, by what is listed here
/// and not by what is left out: a new action has to be given its place.
const fn fits(action: Action, encrypted: bool) -> Result<(), Refusal> {
    match action {
        Action::SendSealed
        | Action::ChangeSealed
        | Action::ChangeSealedProfile
        | Action::ChangeDevices
        | Action::ReadKeys
        | Action::ShowHistory => {
            if encrypted {
                Ok(())
            } else {
                Err(Refusal::NotEncrypted)
            }
        }
        Action::Send
        | Action::KeepUnsent
        | Action::React
        | Action::Vote
        | Action::CloseOwnPoll
        | Action::CloseOthersPoll { .. }
        | Action::EditOwn
        | Action::EditOthers
        | Action::ChangeProfile => {
            if encrypted {
                Err(Refusal::SealedOnly)
            } else {
                Ok(())
            }
        }
        // What is read, who is in it, what it is set to, what goes, and what is pinned: the server orders and keeps that in any conversation.
        Action::Read
        | Action::MarkReceipt
        | Action::ShowTyping
        | Action::DeleteOwn
        | Action::DeleteOthers { .. }
        | Action::Pin
        | Action::ChangeSettings
        | Action::SetTimer
        | Action::AddMembers { .. }
        | Action::ManageInvites
        | Action::Silence { .. }
        | Action::Remove { .. }
        | Action::Ban { .. }
        | Action::ChangeRole { .. }
        | Action::StepDown { .. }
        | Action::Leave => Ok(()),
    }
}

fn in_direct(actor: Actor, action: Action) -> Result<(), Refusal> {
    match action {
        // What is there may still be read and taken back after a block; nothing new comes.
        Action::Read | Action::MarkReceipt | Action::DeleteOwn | Action::ReadKeys | Action::KeepUnsent => {
            Ok(())
        }
        Action::ShowTyping
        | Action::Send
        | Action::SendSealed
        | Action::ChangeSealed
        | Action::ChangeDevices
        | Action::React
        | Action::Vote
        | Action::CloseOwnPoll
        | Action::EditOwn
        | Action::Pin
        | Action::SetTimer => {
            if actor.blocked {
                Err(Refusal::Blocked)
            } else {
                Ok(())
            }
        }
        Action::EditOthers => Err(Refusal::NotAuthor),
        Action::DeleteOthers { .. }
        | Action::CloseOthersPoll { .. }
        | Action::ChangeProfile
        | Action::ChangeSealedProfile
        | Action::ChangeSettings
        | Action::ShowHistory
        | Action::AddMembers { .. }
        | Action::ManageInvites
        | Action::Silence { .. }
        | Action::Remove { .. }
        | Action::Ban { .. }
        | Action::ChangeRole { .. }
        | Action::StepDown { .. }
        | Action::Leave => Err(Refusal::OnlyInGroups),
    }
}

fn in_group(role: Role, action: Action, place: Place) -> Result<(), Refusal> {
    match action {
        Action::Read
        | Action::MarkReceipt
        | Action::ReadKeys
        | Action::ChangeDevices
        | Action::ChangeSealed
        | Action::KeepUnsent
        | Action::React
        | Action::Vote
        | Action::CloseOwnPoll
        | Action::DeleteOwn => Ok(()),
        Action::Send | Action::SendSealed | Action::ShowTyping | Action::EditOwn => {
            if place.announcements && role < Role::Admin {
                Err(Refusal::AnnouncementsOnly)
            } else {
                Ok(())
            }
        }
        Action::EditOthers => Err(Refusal::NotAuthor),
        Action::Pin => at_least(role, Role::Moderator),
        Action::ChangeProfile
        | Action::ChangeSealedProfile
        | Action::ChangeSettings
        | Action::SetTimer
        | Action::ShowHistory
        | Action::ManageInvites => at_least(role, Role::Admin),
        Action::AddMembers { count } => {
            at_least(role, Role::Admin)?;
            has_room(place, count)
        }
        Action::DeleteOthers { target }
        | Action::CloseOthersPoll { target }
        | Action::Silence { target }
        | Action::Remove { target }
        | Action::Ban { target } => {
            at_least(role, Role::Moderator)?;
            below(role, target)
        }
        Action::ChangeRole { target, to } => change_role(role, target, to),
        Action::StepDown { to } => {
            if to >= role {
                return Err(Refusal::TargetNotBelow);
            }
            keeps_owner(role, place)
        }
        Action::Leave => keeps_owner(role, place),
    }
}

/// Owners make anybody anything, other owners included as far as raising goes; admins deal in what is below admin.
fn change_role(role: Role, target: Role, to: Role) -> Result<(), Refusal> {
    at_least(role, Role::Admin)?;
    below(role, target)?;
    if role == Role::Owner || to < role {
        Ok(())
    } else {
        Err(Refusal::TargetNotBelow)
    }
}

fn has_room(place: Place, count: u32) -> Result<(), Refusal> {
    if place.member_count.saturating_add(count) > place.member_count_max {
        return Err(Refusal::GroupFull {
            max: place.member_count_max,
        });
    }
    Ok(())
}

fn at_least(role: Role, needed: Role) -> Result<(), Refusal> {
    if role >= needed {
        Ok(())
    } else {
        Err(Refusal::RoleTooLow { needed })
    }
}

fn below(role: Role, target: Role) -> Result<(), Refusal> {
    if target < role {
        Ok(())
    } else {
        Err(Refusal::TargetNotBelow)
    }
}

/// The last owner may go only as the last member of all.
fn keeps_owner(role: Role, place: Place) -> Result<(), Refusal> {
    if role == Role::Owner && place.owner_count <= 1 && place.member_count > 1 {
        Err(Refusal::LastOwner)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
