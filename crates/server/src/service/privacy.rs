//! What people let others see of them and do to them, and whom they block.
//!
//! Signs (what was read, typing, presence) are kept to where they are told: the hub and [`Presence`] know them of everybody who is connected or
//! watched. What others do is asked here, before it is done.

use std::sync::Arc;

use pipit_model::Refusal;
use pipit_model::privacy::{Approach, authorize_approach, has_begun};
use pipit_wire::frame::{PersonalChange, RequestState};
use pipit_wire::privacy::{BLOCKED_PAGE_MAX, BlockedPeople, Privacy, PrivacyChange};
use pipit_wire::{ErrorCode, ServerFrame, Timestamp, UserId};

use super::access::Caller;
use super::personal::Personals;
use super::presence::Presence;
use super::requests;
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;
use crate::stats::Stats;

/// See the module.
pub struct PrivacySettings {
    context: Context,
    hub: Arc<Hub>,
    presence: Arc<Presence>,
    stats: Arc<Stats>,
}

impl PrivacySettings {
    /// The service.
    pub fn new(context: &Context, hub: &Arc<Hub>, presence: &Arc<Presence>, stats: &Arc<Stats>) -> Self {
        Self {
            context: context.clone(),
            hub: Arc::clone(hub),
            presence: Arc::clone(presence),
            stats: Arc::clone(stats),
        }
    }

    /// What somebody lets others see and do.
    pub async fn find(&self, user: UserId) -> Result<Privacy, ServiceError> {
        let found = self.context.store.find_privacy(&[user]).await?;
        Ok(found.first().map(|(_, privacy)| *privacy).unwrap_or_default())
    }

    /// Changes it. When this returns it holds on this node, and is on its way to the others.
    pub async fn change(&self, user: UserId, change: PrivacyChange) -> Result<Privacy, ServiceError> {
        if change.is_empty() {
            return Err(ServiceError::field("receipts", "nothing is to change"));
        }
        let set = self.context.store.set_privacy(user, change, self.context.now());
        let privacy = set.await?;
        self.stats.privacy_changes.add_one();
        tracing::debug!(%user, "changed what others may see of them and do to them");
        self.presence.privacy_changed(user, &privacy);
        self.hub.tell(user, &ServerFrame::Privacy(privacy));
        Ok(privacy)
    }

    /// A page of those whom somebody blocks, the latest first, beginning after the place `after`.
    pub async fn blocked(&self, user: UserId, after: Option<&str>) -> Result<BlockedPeople, ServiceError> {
        let after = after.map(position).transpose()?;
        let store = &self.context.store;
        let mut items = store
            .list_blocked_people(user, after, BLOCKED_PAGE_MAX + 1)
            .await?;
        let full = usize::try_from(BLOCKED_PAGE_MAX).unwrap_or(usize::MAX);
        let more = items.len() > full;
        items.truncate(full);
        let last = items.last().filter(|_| more);
        let next = last.map(|last| format!("{}.{}", last.at.as_ms(), last.profile.user));
        Ok(BlockedPeople { items, next })
    }

    /// Lifts a block. Where it came with the refusal of what the other has begun, that is accepted by this.
    pub async fn unblock(
        &self,
        personals: &Personals,
        caller: Caller,
        other: UserId,
    ) -> Result<(), ServiceError> {
        let store = &self.context.store;
        // Who is not blocked is not asked to watch anew.
        if store.list_blocked(caller.user).await?.contains(&other) {
            store
                .set_blocked(caller.user, other, false, self.context.now())
                .await?;
            self.presence.block_changed(caller.user, other);
        }
        for direct in store.list_directs(other, caller.user).await? {
            if direct.request == RequestState::Refused {
                let change = PersonalChange {
                    request: Some(RequestState::Accepted),
                    ..PersonalChange::default()
                };
                personals.set(caller, direct.conversation, change).await?;
            }
        }
        Ok(())
    }
}

fn position(text: &str) -> Result<(Timestamp, UserId), ServiceError> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(at, user)| Some((Timestamp(at.parse().ok()?), user.parse().ok()?)));
    read.ok_or_else(|| ServiceError::field("after", "is the `next` of another page"))
}

/// Those of `others` who do not take this from `from`.
async fn declining(
    context: &Context,
    from: UserId,
    others: &[UserId],
    approach: Approach,
) -> Result<Vec<UserId>, ServiceError> {
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let asked = context.store.find_privacy(others).await?;
    // Most take it from everybody: then nothing more has to be known.
    let is_strict = |privacy: &Privacy| authorize_approach(privacy, approach, requests::STRANGER).is_err();
    let strict: Vec<_> = asked
        .into_iter()
        .filter(|(_, privacy)| is_strict(privacy))
        .collect();
    let users: Vec<_> = strict.iter().map(|(user, _)| *user).collect();
    let known = requests::acquaintances(context, from, &users).await?;
    let declining = strict.into_iter().filter(|(user, privacy)| {
        let acquaintance = known.get(user).copied().unwrap_or(requests::STRANGER);
        authorize_approach(privacy, approach, acquaintance).is_err()
    });
    Ok(declining.map(|(user, _)| user).collect())
}

/// Refuses where `other` does not want `from` to begin with them. What has begun is not asked for again.
pub(super) async fn require_writable(
    context: &Context,
    from: UserId,
    other: UserId,
    encrypted: bool,
) -> Result<(), ServiceError> {
    if declining(context, from, &[other], Approach::Write)
        .await?
        .is_empty()
    {
        return Ok(());
    }
    let directs = context.store.list_directs(from, other).await?;
    let directs = directs.iter().map(|direct| (direct.encrypted, direct.request));
    if has_begun(encrypted, directs) {
        return Ok(());
    }
    Err(Refusal::Declined.into())
}

/// Those of `others` who do not want `from` to add them to groups.
pub(super) async fn not_to_be_added(
    context: &Context,
    from: UserId,
    others: &[UserId],
) -> Result<Vec<UserId>, ServiceError> {
    declining(context, from, others, Approach::Add).await
}

/// Says that somebody does not want to be added.
pub(super) fn declined(field: &'static str) -> ServiceError {
    let refusal = pipit_wire::WireError::new(
        ErrorCode::Declined,
        "one of them does not let whoever asks add them to groups",
    );
    ServiceError::Refused(refusal.about(field))
}
