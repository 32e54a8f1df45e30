//! How people go out of conversations: who has taken them out, and whether they are kept out.

use async_trait::async_trait;
use pipit_wire::{ConversationId, UserId};

use crate::error::StoreError;
use crate::group::BanRecord;

/// The part of [`crate::Store`] that is about people who are not in a conversation any more.
#[async_trait]
pub trait DepartureStore: Send + Sync + 'static {
    /// Who has last taken somebody out of a conversation: themselves, where they have left it. None where nobody has. Whether they have come
    /// back since is not asked.
    async fn find_removal(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<UserId>, StoreError>;
    /// Who is kept out, the latest first, at most `limit`.
    async fn list_bans(&self, conversation: ConversationId, limit: u32)
    -> Result<Vec<BanRecord>, StoreError>;
    /// Somebody is not kept out any more. False where they were not.
    async fn lift_ban(&self, conversation: ConversationId, user: UserId) -> Result<bool, StoreError>;
}
