//! How people come into groups by a link, who waits to be let in, and who is kept out.

use pipit_model::Action;
use pipit_store::conversation::ConversationAccess;
use pipit_store::group::{GroupInviteRecord, NewGroupInvite, NewJoinRequest, Requested};
use pipit_wire::event::Role;
use pipit_wire::limits::{BANS_MAX, GROUP_INVITES_MAX, JOIN_REQUESTS_MAX};
use pipit_wire::{ConversationId, ErrorCode, EventId, InviteId, ServerFrame, UserId, rest};

use super::access::{Caller, allow_joining, not_member, require_access};
use super::conversations::{Change, Conversations};
use super::expiry::without_expired;
use super::invites::{EXPIRES_IN_S, USES};
use super::tokens::{Secret, SecretKind, presented};
use crate::error::ServiceError;

/// The most admins who are told at once that somebody waits; the others see it when they look.
const TOLD_MAX: u32 = 50;

impl Conversations {
    /// Makes an invite link to a group. Its token is in this answer only.
    pub async fn create_invite(
        &self,
        caller: Caller,
        conversation: ConversationId,
        new: rest::NewGroupInvite,
    ) -> Result<rest::GroupInvite, ServiceError> {
        if !EXPIRES_IN_S.contains(&new.expires_in_s) {
            return Err(ServiceError::field("expires_in_s", "is between 60 and 31536000"));
        }
        if !USES.contains(&new.uses) {
            return Err(ServiceError::field("uses", "is between 1 and 1000"));
        }
        self.require(caller, conversation, Action::ManageInvites).await?;
        let (store, now) = (&self.context.store, self.context.now());
        let limit = u32::try_from(GROUP_INVITES_MAX).unwrap_or(u32::MAX);
        if store.list_group_invites(conversation, now, limit).await?.len() >= GROUP_INVITES_MAX {
            return Err(limit_reached("as many links as a group may have"));
        }
        let secret = Secret::new(SecretKind::GroupInvite, &*self.context.random);
        let invite = NewGroupInvite {
            id: InviteId::new(now, self.context.random_bytes()),
            token: secret.hash,
            conversation,
            made_by: caller.user,
            created_at: now,
            expires_at: now.plus_ms(i64::from(new.expires_in_s) * 1_000),
            uses: new.uses,
            approval: new.approval,
        };
        let maker = store
            .find_profiles(&[caller.user])
            .await?
            .pop()
            .ok_or_else(not_member)?;
        let made = rest::GroupInvite {
            id: invite.id,
            token: Some(secret.text),
            made_by: maker,
            expires_at: invite.expires_at,
            uses_left: new.uses,
            approval: new.approval,
        };
        store.create_group_invite(invite).await?;
        Ok(made)
    }

    /// The links that still work.
    pub async fn invites(
        &self,
        caller: Caller,
        conversation: ConversationId,
    ) -> Result<rest::GroupInvites, ServiceError> {
        self.require(caller, conversation, Action::ManageInvites).await?;
        let limit = u32::try_from(GROUP_INVITES_MAX).unwrap_or(u32::MAX);
        let store = &self.context.store;
        let invites = store
            .list_group_invites(conversation, self.context.now(), limit)
            .await?;
        Ok(rest::GroupInvites {
            items: invites.into_iter().map(without_token).collect(),
        })
    }

    /// Ends a link.
    pub async fn revoke_invite(
        &self,
        caller: Caller,
        conversation: ConversationId,
        invite: InviteId,
    ) -> Result<(), ServiceError> {
        self.require(caller, conversation, Action::ManageInvites).await?;
        let store = &self.context.store;
        let now = self.context.now();
        if store.revoke_group_invite(conversation, invite, now).await? {
            Ok(())
        } else {
            Err(ServiceError::refused(
                ErrorCode::NotFound,
                "there is no such link",
            ))
        }
    }

    /// What a link leads to, for whoever has it and an account.
    pub async fn inspect_invite(&self, token: &str) -> Result<rest::GroupInviteInfo, ServiceError> {
        let invite = self.find_invite(token).await?;
        if !invite.works {
            return Err(invite_invalid());
        }
        // As its maker sees it, or whoever has been there longest: the name and the size are the same for everybody.
        let store = &self.context.store;
        let members = store
            .list_members(invite.conversation, invite.made_by.user, None, 1)
            .await?;
        let member = members.first().ok_or_else(invite_invalid)?.profile.user;
        let summary = store.find_summary(invite.conversation, member).await?;
        let summary = summary.ok_or_else(invite_invalid)?;
        Ok(rest::GroupInviteInfo {
            title: summary.title.unwrap_or_default(),
            member_count: summary.member_count,
            approval: invite.approval,
        })
    }

    /// Joins a group by a link, or asks to be let in. Whoever is a member already is told so, and uses nothing.
    pub async fn join(
        &self,
        caller: Caller,
        request: rest::JoinGroup,
    ) -> Result<rest::Joining, ServiceError> {
        let invite = self.find_invite(&request.token).await?;
        let conversation = invite.conversation;
        let (store, now) = (&self.context.store, self.context.now());
        let access = store
            .find_access(conversation, caller.user, Some(caller.user))
            .await?;
        let access = access.ok_or_else(invite_invalid)?;
        if access.role.is_some() {
            return self.joined(caller, conversation).await;
        }
        if !invite.works {
            // Whose was its last use may have lost the answer.
            let waits = store.has_join_request(conversation, caller.user).await?;
            return if waits {
                Ok(rest::Joining { conversation: None })
            } else {
                Err(invite_invalid())
            };
        }
        allow_joining(&access, access.suspended, self.context.limits.group_members_max)?;
        if invite.approval {
            return self.ask_to_be_let_in(caller, &invite).await;
        }
        // Used before it is known that the entry is there: a link never brings more people than it says.
        if !store.use_group_invite(invite.id, now).await? {
            return Err(invite_invalid());
        }
        self.change(caller, conversation, request.event_id, &Change::Join)
            .await?;
        self.joined(caller, conversation).await
    }

    async fn joined(
        &self,
        caller: Caller,
        conversation: ConversationId,
    ) -> Result<rest::Joining, ServiceError> {
        let summary = self.summary(caller.user, conversation).await?;
        Ok(rest::Joining {
            conversation: Some(summary),
        })
    }

    async fn ask_to_be_let_in(
        &self,
        caller: Caller,
        invite: &GroupInviteRecord,
    ) -> Result<rest::Joining, ServiceError> {
        let request = NewJoinRequest {
            conversation: invite.conversation,
            user: caller.user,
            invite: invite.id,
            now: self.context.now(),
            requests_max: JOIN_REQUESTS_MAX,
        };
        match self.context.store.request_join(request).await? {
            Requested::Made => self.tell_admins(invite.conversation, caller.user).await?,
            Requested::Known => {}
            Requested::NoInvite => return Err(invite_invalid()),
            Requested::Full => return Err(limit_reached("as many people wait as may")),
        }
        Ok(rest::Joining { conversation: None })
    }

    /// Who waits to be let in.
    pub async fn join_requests(
        &self,
        caller: Caller,
        conversation: ConversationId,
    ) -> Result<rest::JoinRequests, ServiceError> {
        self.require(caller, conversation, Action::ManageInvites).await?;
        let store = &self.context.store;
        let requests = store.list_join_requests(conversation, JOIN_REQUESTS_MAX).await?;
        let items = requests.into_iter().map(|request| rest::JoinRequest {
            profile: request.profile,
            at: request.at,
        });
        Ok(rest::JoinRequests {
            items: items.collect(),
        })
    }

    /// Lets somebody in who has asked.
    pub async fn approve(
        &self,
        caller: Caller,
        conversation: ConversationId,
        user: UserId,
        event: EventId,
    ) -> Result<pipit_wire::frame::ConversationSummary, ServiceError> {
        let access = self
            .require_about(caller, conversation, user, Action::ManageInvites)
            .await?;
        let waits = self.context.store.has_join_request(conversation, user).await?;
        if access.target_role.is_none() && !waits {
            return Err(no_request());
        }
        self.change(caller, conversation, event, &Change::Admit(user))
            .await?;
        self.tell_admins(conversation, caller.user).await?;
        self.summary(caller.user, conversation).await
    }

    /// Does not let somebody in who has asked. They are not told, and may ask again by a link that works.
    pub async fn decline(
        &self,
        caller: Caller,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<(), ServiceError> {
        self.require(caller, conversation, Action::ManageInvites).await?;
        if !self.context.store.remove_join_request(conversation, user).await? {
            return Err(no_request());
        }
        self.tell_admins(conversation, caller.user).await
    }

    /// Removes a member and keeps them out.
    pub async fn ban(
        &self,
        caller: Caller,
        conversation: ConversationId,
        request: rest::NewBan,
    ) -> Result<(), ServiceError> {
        let limit = u32::try_from(BANS_MAX).unwrap_or(u32::MAX);
        let bans = self.context.store.list_bans(conversation, limit).await?;
        if bans.len() >= BANS_MAX {
            self.require(caller, conversation, Action::Ban { target: Role::Member })
                .await?;
            return Err(limit_reached("as many people as a group may keep out"));
        }
        self.change(caller, conversation, request.event_id, &Change::Ban(request.user))
            .await?;
        Ok(())
    }

    /// Who is kept out.
    pub async fn bans(
        &self,
        caller: Caller,
        conversation: ConversationId,
    ) -> Result<rest::Bans, ServiceError> {
        self.require(caller, conversation, Action::Ban { target: Role::Member })
            .await?;
        let limit = u32::try_from(BANS_MAX).unwrap_or(u32::MAX);
        let bans = self.context.store.list_bans(conversation, limit).await?;
        let items = bans.into_iter().map(|ban| rest::BannedPerson {
            profile: ban.profile,
            by: ban.by,
            at: ban.at,
        });
        Ok(rest::Bans {
            items: items.collect(),
        })
    }

    /// Keeps somebody out no longer.
    pub async fn lift_ban(
        &self,
        caller: Caller,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<(), ServiceError> {
        self.require(caller, conversation, Action::Ban { target: Role::Member })
            .await?;
        if self.context.store.lift_ban(conversation, user).await? {
            Ok(())
        } else {
            Err(ServiceError::refused(
                ErrorCode::NotFound,
                "they are not kept out",
            ))
        }
    }

    async fn require(
        &self,
        caller: Caller,
        conversation: ConversationId,
        action: Action,
    ) -> Result<(), ServiceError> {
        let access = require_access(&self.context, conversation, caller.user, None).await?;
        self.allow(&access, action)
    }

    async fn require_about(
        &self,
        caller: Caller,
        conversation: ConversationId,
        target: UserId,
        action: Action,
    ) -> Result<ConversationAccess, ServiceError> {
        let access = require_access(&self.context, conversation, caller.user, Some(target)).await?;
        self.allow(&access, action)?;
        Ok(access)
    }

    async fn find_invite(&self, token: &str) -> Result<GroupInviteRecord, ServiceError> {
        let token = presented(SecretKind::GroupInvite, token).ok_or_else(invite_invalid)?;
        let found = self
            .context
            .store
            .find_group_invite(&token, self.context.now())
            .await?;
        found.ok_or_else(invite_invalid)
    }

    /// Who waits has changed by somebody: those who decide are shown the conversation anew.
    async fn tell_admins(&self, conversation: ConversationId, by: UserId) -> Result<(), ServiceError> {
        let store = &self.context.store;
        let highest = store.search_members(conversation, by, "", None, TOLD_MAX).await?;
        let admins = highest
            .into_iter()
            .take_while(|member| member.role >= Role::Admin);
        for admin in admins {
            let user = admin.profile.user;
            if let Some(summary) = store.find_summary(conversation, user).await? {
                let summary = without_expired(summary, self.context.now());
                self.hub.tell(user, &ServerFrame::Conversation(Box::new(summary)));
            }
        }
        Ok(())
    }
}

fn without_token(invite: GroupInviteRecord) -> rest::GroupInvite {
    rest::GroupInvite {
        id: invite.id,
        token: None,
        made_by: invite.made_by,
        expires_at: invite.expires_at,
        uses_left: invite.uses_left,
        approval: invite.approval,
    }
}

fn invite_invalid() -> ServiceError {
    ServiceError::refused(ErrorCode::InviteInvalid, "the link does not work (any more)")
}

fn no_request() -> ServiceError {
    ServiceError::refused(ErrorCode::NotFound, "they do not wait to be let in")
}

fn limit_reached(message: &'static str) -> ServiceError {
    ServiceError::refused(ErrorCode::LimitReached, message)
}
