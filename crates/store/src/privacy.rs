//! What people let others see of them and do to them, and whom they block.
//!
//! What somebody has read is told nobody where they say so, and not to them either: `pipit_model::privacy` decides. Whatever this storage
//! tells of members' markers to one of them (`list_members`, `search_members`, summaries) keeps to that: then `read_seq` is zero.

use async_trait::async_trait;
use pipit_wire::frame::RequestState;
use pipit_wire::privacy::{BlockedPerson, Privacy, PrivacyChange};
use pipit_wire::{ConversationId, Timestamp, UserId};

use crate::error::StoreError;

/// A place in the list of those whom somebody blocks: since when, and whom.
pub type BlockedPosition = (Timestamp, UserId);

/// A direct conversation of two people, as it stands with the second of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectRecord {
    /// Which one.
    pub conversation: ConversationId,
    /// Whether it is encrypted end to end.
    pub encrypted: bool,
    /// Where the request to the second person stands.
    pub request: RequestState,
}

/// The part of [`crate::Store`] that is about privacy.
#[async_trait]
pub trait PrivacyStore: Send + Sync + 'static {
    /// What these accounts let others see and do, of those that have ever changed it; in any order. The others have [`Privacy::default`].
    async fn find_privacy(&self, users: &[UserId]) -> Result<Vec<(UserId, Privacy)>, StoreError>;
    /// Changes what an account lets others see and do, and returns the whole of it ([`Privacy::with`]).
    async fn set_privacy(
        &self,
        user: UserId,
        change: PrivacyChange,
        now: Timestamp,
    ) -> Result<Privacy, StoreError>;
    /// The direct conversations of the two, in any order: none, one, or one that is encrypted and one that is not.
    async fn list_directs(&self, user: UserId, other: UserId) -> Result<Vec<DirectRecord>, StoreError>;
    /// Whom somebody blocks, the latest first, beginning after the place `after`.
    async fn list_blocked_people(
        &self,
        user: UserId,
        after: Option<BlockedPosition>,
        limit: u32,
    ) -> Result<Vec<BlockedPerson>, StoreError>;
}
