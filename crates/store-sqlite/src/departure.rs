//! How people go out of conversations: who has taken them out, and whether they are kept out.

use async_trait::async_trait;
use pipit_store::departure::DepartureStore;
use pipit_store::error::StoreError;
use pipit_store::group::BanRecord;
use pipit_wire::{ConversationId, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::{SqliteStore, row};

/// By its index: else a whole log would be read back for who has never been in it.
pub(crate) const REMOVAL: &str = "SELECT sender FROM event INDEXED BY event_removal
    WHERE conversation = ?1 AND kind = 3 AND json_extract(body, '$.user') = ?2 ORDER BY seq DESC LIMIT 1";

fn find_removal(db: &Connection, conversation: ConversationId, user: UserId) -> Result<Option<UserId>> {
    db.prepare_cached(REMOVAL)?
        .query_row(params![conversation.as_bytes(), user.to_string()], |row| {
            row::id_at(row, 0)
        })
        .optional()
}

fn list_bans(db: &Connection, conversation: ConversationId, limit: u32) -> Result<Vec<BanRecord>> {
    db.prepare_cached(
        "SELECT who.id, who.handle, who.name, by.id, by.handle, by.name, ban.at FROM ban
            JOIN user AS who ON who.id = ban.user JOIN user AS by ON by.id = ban.made_by
        WHERE ban.conversation = ?1 ORDER BY ban.at DESC, who.id LIMIT ?2",
    )?
    .query_map(params![conversation.as_bytes(), limit], |row| {
        Ok(BanRecord {
            profile: row::profile_at(row, 0)?,
            by: row::profile_at(row, 3)?,
            at: row::time_at(row, 6)?,
        })
    })?
    .collect()
}

fn lift_ban(db: &Connection, conversation: ConversationId, user: UserId) -> Result<bool> {
    let lifted = db
        .prepare_cached("DELETE FROM ban WHERE conversation = ?1 AND user = ?2")?
        .execute([conversation.as_bytes(), user.as_bytes()])?;
    Ok(lifted > 0)
}

#[async_trait]
impl DepartureStore for SqliteStore {
    async fn find_removal(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> std::result::Result<Option<UserId>, StoreError> {
        self.engine
            .read(move |db| find_removal(db, conversation, user))
            .await
    }

    async fn list_bans(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> std::result::Result<Vec<BanRecord>, StoreError> {
        self.engine
            .read(move |db| list_bans(db, conversation, limit))
            .await
    }

    async fn lift_ban(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> std::result::Result<bool, StoreError> {
        self.engine
            .write(move |db| lift_ban(db, conversation, user))
            .await
    }
}
