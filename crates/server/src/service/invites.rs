//! Invite links to the server.

use std::sync::Arc;

use pipit_store::account::{InviteRecord, NewInvite};
use pipit_wire::{ErrorCode, InviteId, UserId, rest};

use super::accounts::Identity;
use super::tokens::{Secret, SecretKind, presented};
use crate::config::Inviters;
use crate::context::Context;
use crate::error::ServiceError;

/// How long an invite may be valid, to the server or to a group.
pub(super) const EXPIRES_IN_S: std::ops::RangeInclusive<u32> = 60..=31_536_000;
/// How many people may come by one.
pub(super) const USES: std::ops::RangeInclusive<u32> = 1..=1_000;

/// Makes, shows and ends invites.
pub struct Invites {
    context: Context,
    inviters: Inviters,
}

impl Invites {
    /// Invites that these people may make.
    pub fn new(context: Context, inviters: Inviters) -> Arc<Self> {
        Arc::new(Self { context, inviters })
    }

    /// Makes one. Its token is in this answer only.
    pub async fn create(
        &self,
        identity: &Identity,
        new: rest::NewInvite,
    ) -> Result<rest::Invite, ServiceError> {
        if self.inviters == Inviters::Admins && !identity.admin {
            return Err(ServiceError::refused(
                ErrorCode::Forbidden,
                "only administrators make invites here",
            ));
        }
        if !EXPIRES_IN_S.contains(&new.expires_in_s) {
            return Err(ServiceError::field("expires_in_s", "is between 60 and 31536000"));
        }
        if !USES.contains(&new.uses) {
            return Err(ServiceError::field("uses", "is between 1 and 1000"));
        }
        let now = self.context.now();
        let secret = Secret::new(SecretKind::Invite, &*self.context.random);
        let invite = rest::Invite {
            id: InviteId::new(now, self.context.random_bytes()),
            token: Some(secret.text),
            made_by: identity.user,
            expires_at: now.plus_ms(i64::from(new.expires_in_s) * 1_000),
            uses_left: new.uses,
        };
        self.context
            .store
            .create_invite(NewInvite {
                id: invite.id,
                token: secret.hash,
                made_by: identity.user,
                created_at: now,
                expires_at: invite.expires_at,
                uses: new.uses,
            })
            .await?;
        Ok(invite)
    }

    /// Those that still work: one's own, or all for an administrator.
    pub async fn list(&self, identity: &Identity) -> Result<rest::Invites, ServiceError> {
        let invites = self
            .context
            .store
            .list_invites(own(identity), self.context.now())
            .await?;
        Ok(rest::Invites {
            items: invites.iter().map(without_token).collect(),
        })
    }

    /// Ends one: one's own, or any for an administrator.
    pub async fn revoke(&self, identity: &Identity, invite: InviteId) -> Result<(), ServiceError> {
        if self
            .context
            .store
            .revoke_invite(invite, own(identity), self.context.now())
            .await?
        {
            Ok(())
        } else {
            Err(ServiceError::refused(
                ErrorCode::NotFound,
                "there is no such invite",
            ))
        }
    }

    /// What a link leads to, for whoever has it.
    pub async fn inspect(&self, token: &str) -> Result<rest::InviteInfo, ServiceError> {
        let invalid =
            || ServiceError::refused(ErrorCode::InviteInvalid, "the invite does not work (any more)");
        let token = presented(SecretKind::Invite, token).ok_or_else(invalid)?;
        let store = &self.context.store;
        let invite = store
            .find_invite(&token, self.context.now())
            .await?
            .ok_or_else(invalid)?;
        let server = store.find_server().await?.ok_or_else(invalid)?;
        Ok(rest::InviteInfo {
            server_name: server.name,
            invited_by: invite.made_by_name,
            expires_at: invite.expires_at,
        })
    }
}

/// Whose invites a caller may see and end; none for everybody's.
fn own(identity: &Identity) -> Option<UserId> {
    (!identity.admin).then_some(identity.user)
}

fn without_token(invite: &InviteRecord) -> rest::Invite {
    rest::Invite {
        id: invite.id,
        token: None,
        made_by: invite.made_by,
        expires_at: invite.expires_at,
        uses_left: invite.uses_left,
    }
}
