//! How people go out of conversations: who has taken them out, and whether they are kept out.

use async_trait::async_trait;
use pipit_store::departure::DepartureStore;
use pipit_store::error::StoreError;
use pipit_store::group::BanRecord;
use pipit_wire::{ConversationId, UserId};

use crate::PostgresStore;
use crate::error::{Error, store_error};
use crate::row;
use crate::session::{Session, params, run};
use crate::store::work;

type Result<T> = std::result::Result<T, Error>;

async fn find_removal(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
) -> Result<Option<UserId>> {
    let rows = session
        .rows(
            "SELECT sender FROM event
            WHERE conversation = $1 AND kind = 3 AND (body::jsonb ->> 'user') = $2 ORDER BY seq DESC LIMIT 1",
            params![conversation.as_uuid(), user.to_string()],
        )
        .await?;
    rows.first().map(|row| row::id_at(row, 0)).transpose()
}

async fn list_bans(session: &Session, conversation: ConversationId, limit: u32) -> Result<Vec<BanRecord>> {
    let rows = session
        .rows(
            "SELECT who.id, who.handle, who.name, maker.id, maker.handle, maker.name, ban.at FROM ban
                JOIN account AS who ON who.id = ban.user_id JOIN account AS maker ON maker.id = ban.made_by
            WHERE ban.conversation = $1 ORDER BY ban.at DESC, who.id LIMIT $2",
            params![conversation.as_uuid(), i64::from(limit)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(BanRecord {
                profile: row::profile(row, 0)?,
                by: row::profile(row, 3)?,
                at: row::time_at(row, 6)?,
            })
        })
        .collect()
}

async fn lift_ban(session: &Session, conversation: ConversationId, user: UserId) -> Result<bool> {
    let lifted = session
        .run(
            "DELETE FROM ban WHERE conversation = $1 AND user_id = $2",
            params![conversation.as_uuid(), user.as_uuid()],
        )
        .await?;
    Ok(lifted > 0)
}

#[async_trait]
impl DepartureStore for PostgresStore {
    async fn find_removal(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> std::result::Result<Option<UserId>, StoreError> {
        work!(self, |session| find_removal(session, conversation, user))
    }

    async fn list_bans(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> std::result::Result<Vec<BanRecord>, StoreError> {
        work!(self, |session| list_bans(session, conversation, limit))
    }

    async fn lift_ban(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> std::result::Result<bool, StoreError> {
        work!(self, |session| lift_ban(session, conversation, user))
    }
}
