//! What one may do, by the same rules as the server's, as far as the facts are known here: what views offer, and what the
//! engine refuses at once. The server decides again.

use pipit_model::window::Window;
use pipit_model::{Action, Actor, Place, Refusal, authorize};
use pipit_wire::event::Role;
use pipit_wire::{ErrorCode, Limits, Timestamp, UserId};

use crate::storage::{ConversationRecord, MemberRecord};
use crate::view::{Allowed, MessageActions};

/// Oneself in a conversation, at a time.
#[derive(Debug)]
pub(crate) struct Acting {
    pub(crate) me: UserId,
    pub(crate) members: Vec<MemberRecord>,
    /// By the server's clock.
    pub(crate) now: Timestamp,
    encrypted: bool,
    actor: Actor,
    place: Place,
    edit_window: Window,
    delete_window: Window,
}

impl Acting {
    pub(crate) fn new(
        me: UserId,
        record: &ConversationRecord,
        members: Vec<MemberRecord>,
        limits: &Limits,
        now: Timestamp,
        unanswered: bool,
    ) -> Self {
        let owners = members.iter().filter(|member| member.role == Role::Owner).count();
        let all_known = u32::try_from(members.len()).is_ok_and(|known| known >= record.member_count);
        // Where not all members are known there may be another owner: the server decides.
        let owners = u32::try_from(owners).unwrap_or(u32::MAX);
        Self {
            me,
            now,
            encrypted: record.encrypted,
            actor: Actor {
                role: Some(record.role),
                suspended: false,
                blocked: false,
                unanswered,
            },
            place: Place {
                kind: record.kind,
                encrypted: record.encrypted,
                announcements: record.settings.announcements,
                owner_count: owners.saturating_add(u32::from(!all_known)),
                member_count: record.member_count,
                member_count_max: limits.group_members_max,
            },
            members,
            edit_window: window(limits.edit_window_ms),
            delete_window: window(limits.delete_window_ms),
        }
    }

    fn may(&self, action: Action) -> bool {
        self.authorize(action).is_ok()
    }

    /// Whether one may do this here. Whatever says something is a sealed message in an encrypted conversation, also what changes another one.
    pub(crate) fn authorize(&self, action: Action) -> Result<(), ErrorCode> {
        let action = match action {
            Action::Send | Action::EditOwn if self.encrypted => Action::SendSealed,
            Action::React | Action::Vote | Action::CloseOwnPoll if self.encrypted => Action::ChangeSealed,
            // Nobody but the author could show the other devices that they may.
            Action::CloseOthersPoll { .. } if self.encrypted => return Err(ErrorCode::Forbidden),
            Action::ChangeProfile if self.encrypted => Action::ChangeSealedProfile,
            other => other,
        };
        authorize(self.actor, action, self.place).map_err(Refusal::code)
    }

    /// Whether one may change what a message says.
    pub(crate) fn edit(&self, sender: UserId, at: Timestamp) -> Result<(), ErrorCode> {
        if sender != self.me {
            return Err(ErrorCode::Forbidden);
        }
        self.authorize(Action::EditOwn)?;
        if !self.edit_window.is_open(at, self.now) {
            return Err(ErrorCode::WindowClosed);
        }
        Ok(())
    }

    /// Whether one may delete a message for everyone.
    pub(crate) fn delete(&self, sender: UserId, at: Timestamp) -> Result<(), ErrorCode> {
        if sender != self.me {
            let author = self.members.iter().find(|member| member.user == sender);
            // Who has left counts as a member.
            let target = author.map_or(Role::Member, |author| author.role);
            return self.authorize(Action::DeleteOthers { target });
        }
        self.authorize(Action::DeleteOwn)?;
        if !self.delete_window.is_open(at, self.now) {
            return Err(ErrorCode::WindowClosed);
        }
        Ok(())
    }

    /// What one may do with a message.
    pub(crate) fn with_message(&self, sender: UserId, at: Timestamp) -> MessageActions {
        // Whatever one did would accept the request: that is offered by itself.
        if self.actor.unanswered {
            return MessageActions::default();
        }
        MessageActions {
            reply: self.may(Action::Send),
            edit: self.edit(sender, at).is_ok(),
            delete: self.delete(sender, at).is_ok(),
            react: self.may(Action::React),
            pin: self.may(Action::Pin),
            // What is encrypted goes into encrypted conversations alone.
            forward: true,
        }
    }

    /// What one may do in the conversation.
    pub(crate) fn allowed(&self) -> Allowed {
        // Whoever is asked answers first.
        let send = !self.actor.unanswered && self.may(Action::Send);
        Allowed {
            send,
            attach: send,
            ask: send,
            schedule: send,
            rename: self.may(Action::ChangeProfile),
            add_members: self.may(Action::AddMembers { count: 1 }),
            remove_members: self.may(Action::Remove { target: Role::Member }),
            change_roles: self.may(Action::ChangeRole {
                target: Role::Member,
                to: Role::Moderator,
            }),
            hand_over: self.may(Action::ChangeRole {
                target: Role::Member,
                to: Role::Owner,
            }),
            step_down: self.may(Action::StepDown { to: Role::Member }),
            change_settings: self.may(Action::ChangeSettings),
            set_timer: self.may(Action::SetTimer),
            manage_invites: self.may(Action::ManageInvites),
            ban: self.may(Action::Ban { target: Role::Member }),
            leave: self.may(Action::Leave),
        }
    }
}

/// A window as limits state it.
const fn window(duration_ms: i64) -> Window {
    match duration_ms {
        0 => Window::Closed,
        ..0 => Window::Unlimited,
        _ => Window::UpTo { duration_ms },
    }
}
