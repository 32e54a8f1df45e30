//! What is kept for conversations that are encrypted end to end: see [`pipit_store::encryption`].

use async_trait::async_trait;
use pipit_store::EncryptionStore;
use pipit_store::encryption::{
    ClaimedPackage, DeviceKeyRecord, GroupRecord, ListedKey, NewKeyPackage, NewWelcome, Pool, Publication,
    PublishError, WELCOME_STAGED_MS_MAX, WELCOMES_KEPT, WelcomeRecord,
};
use pipit_store::error::StoreError;
use pipit_store::key_log::KeyLogHead;
use pipit_wire::encryption::GroupHead;
use pipit_wire::{ConversationId, DeviceId, EventId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};
use uuid::Uuid;

use crate::error::corrupt;
use crate::{SqliteStore, row};

#[async_trait]
impl EncryptionStore for SqliteStore {
    async fn renew_generation(&self, generation: Uuid) -> std::result::Result<(), StoreError> {
        self.engine
            .write(move |db| renew_generation(db, generation))
            .await
    }

    async fn publish_packages(
        &self,
        publication: Publication,
    ) -> std::result::Result<std::result::Result<Pool, PublishError>, StoreError> {
        self.engine
            .write(move |db| publish_packages(db, &publication))
            .await
    }

    async fn find_pool(
        &self,
        device: DeviceId,
        now: Timestamp,
    ) -> std::result::Result<Option<Pool>, StoreError> {
        self.engine.read(move |db| find_pool(db, device, now)).await
    }

    async fn list_device_keys(
        &self,
        conversation: ConversationId,
        after: Option<DeviceId>,
        limit: u32,
    ) -> std::result::Result<Vec<ListedKey>, StoreError> {
        self.engine
            .read(move |db| list_device_keys(db, conversation, after, limit))
            .await
    }

    async fn claim_packages(
        &self,
        conversation: ConversationId,
        devices: &[DeviceId],
        now: Timestamp,
    ) -> std::result::Result<Vec<ClaimedPackage>, StoreError> {
        let devices = devices.to_vec();
        self.engine
            .write(move |db| claim_packages(db, conversation, &devices, now))
            .await
    }

    async fn stage_welcome(&self, welcome: NewWelcome) -> std::result::Result<(), StoreError> {
        self.engine.write(move |db| stage_welcome(db, &welcome)).await
    }

    async fn drop_welcome(
        &self,
        conversation: ConversationId,
        commit: EventId,
    ) -> std::result::Result<(), StoreError> {
        self.engine
            .write(move |db| drop_welcome(db, conversation, commit))
            .await
    }

    async fn list_welcomes(
        &self,
        device: DeviceId,
        limit: u32,
    ) -> std::result::Result<Vec<WelcomeRecord>, StoreError> {
        self.engine.read(move |db| list_welcomes(db, device, limit)).await
    }

    async fn remove_welcome(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        commit: EventId,
    ) -> std::result::Result<bool, StoreError> {
        self.engine
            .write(move |db| remove_welcome(db, device, conversation, commit))
            .await
    }

    async fn prune_welcomes(&self, before: Timestamp, limit: u32) -> std::result::Result<u64, StoreError> {
        self.engine
            .write(move |db| prune_welcomes(db, before, limit))
            .await
    }

    async fn keep_group_info(
        &self,
        conversation: ConversationId,
        epoch: u64,
        bytes: Vec<u8>,
    ) -> std::result::Result<bool, StoreError> {
        self.engine
            .write(move |db| keep_group_info(db, conversation, epoch, &bytes))
            .await
    }

    async fn find_group(
        &self,
        conversation: ConversationId,
        device: DeviceId,
    ) -> std::result::Result<Option<GroupRecord>, StoreError> {
        self.engine
            .read(move |db| find_group(db, conversation, device))
            .await
    }

    async fn find_heads(
        &self,
        device: DeviceId,
        conversations: &[ConversationId],
    ) -> std::result::Result<Vec<(ConversationId, GroupHead)>, StoreError> {
        let conversations = conversations.to_vec();
        self.engine
            .read(move |db| {
                let mut heads = Vec::new();
                for conversation in conversations {
                    heads.extend(find_head(db, conversation, device)?.map(|head| (conversation, head)));
                }
                Ok(heads)
            })
            .await
    }

    async fn note_sealed(
        &self,
        conversation: ConversationId,
        device: DeviceId,
        count: u64,
    ) -> std::result::Result<(), StoreError> {
        self.engine
            .write(move |db| note_of_member(db, conversation, device, count))
            .await
    }
}

/// An epoch or a count for a parameter.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An epoch or a count from a column.
pub(crate) fn number_at(row: &rusqlite::Row<'_>, column: usize) -> Result<u64> {
    let found: i64 = row.get(column)?;
    u64::try_from(found).map_err(|_| corrupt(format!("an epoch or a count is {found}")))
}

fn renew_generation(db: &Connection, generation: Uuid) -> Result<()> {
    db.execute("UPDATE server SET generation = ?1", [generation.as_bytes()])?;
    db.execute("DELETE FROM key_package WHERE last_resort = 0", [])?;
    Ok(())
}

fn publish_packages(
    db: &Connection,
    publication: &Publication,
) -> Result<std::result::Result<Pool, PublishError>> {
    let (device, now) = (publication.device, publication.now);
    let Some(pool) = find_pool(db, device, now)? else {
        return Ok(Err(PublishError::NoKey));
    };
    if publication.number <= pool.publication {
        return Ok(Ok(pool));
    }
    let kept = if publication.replace_all { 0 } else { pool.count };
    let new = u32::try_from(publication.packages.len()).unwrap_or(u32::MAX);
    if kept.saturating_add(new) > publication.kept_max {
        return Ok(Err(PublishError::TooMany));
    }
    db.prepare_cached("DELETE FROM key_package WHERE device = ?1 AND (not_after <= ?2 OR ?3)")?
        .execute(params![device.as_bytes(), now.as_ms(), publication.replace_all])?;
    for package in &publication.packages {
        insert_package(db, device, package, false)?;
    }
    if let Some(last_resort) = &publication.last_resort {
        db.prepare_cached("DELETE FROM key_package WHERE device = ?1 AND last_resort = 1")?
            .execute([device.as_bytes()])?;
        insert_package(db, device, last_resort, true)?;
    }
    db.prepare_cached("UPDATE device_key SET publication = ?2 WHERE device = ?1")?
        .execute(params![device.as_bytes(), number(publication.number)])?;
    let pool = find_pool(db, device, now)?;
    Ok(pool.ok_or(PublishError::NoKey))
}

fn insert_package(
    db: &Connection,
    device: DeviceId,
    package: &NewKeyPackage,
    last_resort: bool,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO key_package (device, last_resort, not_after, bytes) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        device.as_bytes(),
        last_resort,
        package.not_after.as_ms(),
        package.bytes
    ])?;
    Ok(())
}

fn find_pool(db: &Connection, device: DeviceId, now: Timestamp) -> Result<Option<Pool>> {
    db.prepare_cached(
        "SELECT publication,
            (SELECT count(*) FROM key_package WHERE key_package.device = ?1 AND last_resort = 0 AND not_after > ?2),
            EXISTS (SELECT 1 FROM key_package WHERE key_package.device = ?1 AND last_resort = 1 AND not_after > ?2)
        FROM device_key WHERE device = ?1",
    )?
    .query_row(params![device.as_bytes(), now.as_ms()], |row| {
        Ok(Pool {
            publication: number_at(row, 0)?,
            count: row.get(1)?,
            last_resort: row.get(2)?,
        })
    })
    .optional()
}

fn list_device_keys(
    db: &Connection,
    conversation: ConversationId,
    after: Option<DeviceId>,
    limit: u32,
) -> Result<Vec<ListedKey>> {
    let after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    db.prepare_cached(
        "SELECT device_key.user, device_key.device, device_key.signature_key, head.number, head.hash
        FROM member JOIN device_key ON device_key.user = member.user
            JOIN key_log AS head ON head.user = device_key.user
                AND head.number = (SELECT max(number) FROM key_log WHERE key_log.user = device_key.user)
        WHERE member.conversation = ?1 AND device_key.device > ?2 ORDER BY device_key.device LIMIT ?3",
    )?
    .query_map(params![conversation.as_bytes(), after, limit], |row| {
        Ok(ListedKey {
            key: DeviceKeyRecord {
                user: row::id_at(row, 0)?,
                device: row::id_at(row, 1)?,
                signature_key: row.get(2)?,
            },
            head: KeyLogHead {
                number: number_at(row, 3)?,
                hash: row.get(4)?,
            },
        })
    })?
    .collect()
}

fn claim_packages(
    db: &Connection,
    conversation: ConversationId,
    devices: &[DeviceId],
    now: Timestamp,
) -> Result<Vec<ClaimedPackage>> {
    let mut owner = db.prepare_cached(
        "SELECT device_key.user FROM device_key
        JOIN member ON member.user = device_key.user AND member.conversation = ?1 WHERE device = ?2",
    )?;
    // Those that are given away once, before the last resort; the one that ends first, before the others.
    let mut next = db.prepare_cached(
        "SELECT id, bytes, last_resort FROM key_package WHERE device = ?1 AND not_after > ?2
        ORDER BY last_resort, not_after, id LIMIT 1",
    )?;
    let mut take = db.prepare_cached("DELETE FROM key_package WHERE id = ?1")?;
    let mut claimed = Vec::new();
    for device in devices {
        let user: Option<UserId> = owner
            .query_row([conversation.as_bytes(), device.as_bytes()], |row| {
                row::id_at(row, 0)
            })
            .optional()?;
        let Some(user) = user else { continue };
        let found: Option<(i64, Vec<u8>, bool)> = next
            .query_row(params![device.as_bytes(), now.as_ms()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((id, bytes, last_resort)) = found else {
            continue;
        };
        if !last_resort {
            take.execute([id])?;
        }
        claimed.push(ClaimedPackage {
            user,
            device: *device,
            bytes,
            last_resort,
        });
    }
    Ok(claimed)
}

fn stage_welcome(db: &Connection, welcome: &NewWelcome) -> Result<()> {
    let (conversation, commit) = (welcome.conversation, welcome.commit);
    let kept = db
        .prepare_cached(
            "INSERT INTO welcome (conversation, commit_id, at, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            conversation.as_bytes(),
            commit.as_bytes(),
            welcome.now.as_ms(),
            welcome.bytes
        ])?;
    if kept == 0 {
        return Ok(());
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO welcome_recipient (device, conversation, commit_id)
        SELECT device, ?2, ?3 FROM device_key
            JOIN member ON member.conversation = ?2 AND member.user = device_key.user
        WHERE device = ?1 ON CONFLICT DO NOTHING",
    )?;
    let mut bound = db.prepare_cached(
        "DELETE FROM welcome_recipient WHERE device = ?1 AND conversation = ?2 AND commit_id IN (
            SELECT welcome.commit_id FROM welcome_recipient AS waiting
            JOIN welcome ON welcome.conversation = waiting.conversation AND welcome.commit_id = waiting.commit_id
            WHERE waiting.device = ?1 AND waiting.conversation = ?2 AND EXISTS (
                SELECT 1 FROM event WHERE event.id = welcome.commit_id AND event.conversation = ?2)
            ORDER BY welcome.at DESC, welcome.commit_id DESC LIMIT -1 OFFSET ?3)",
    )?;
    for device in &welcome.devices {
        insert.execute([device.as_bytes(), conversation.as_bytes(), commit.as_bytes()])?;
        // With the one that is to come.
        bound.execute(params![
            device.as_bytes(),
            conversation.as_bytes(),
            WELCOMES_KEPT - 1
        ])?;
    }
    db.prepare_cached(
        "DELETE FROM welcome WHERE conversation = ?1 AND at < ?2 AND NOT EXISTS (
            SELECT 1 FROM event WHERE event.id = welcome.commit_id AND event.conversation = ?1)",
    )?
    .execute(params![
        conversation.as_bytes(),
        welcome.now.plus_ms(-WELCOME_STAGED_MS_MAX).as_ms()
    ])?;
    drop_unwanted(db, conversation)
}

/// Forgets welcomes that wait for nobody.
fn drop_unwanted(db: &Connection, conversation: ConversationId) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM welcome WHERE conversation = ?1 AND NOT EXISTS (
            SELECT 1 FROM welcome_recipient AS waiting
            WHERE waiting.conversation = welcome.conversation AND waiting.commit_id = welcome.commit_id)",
    )?
    .execute([conversation.as_bytes()])?;
    Ok(())
}

fn drop_welcome(db: &Connection, conversation: ConversationId, commit: EventId) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM welcome WHERE conversation = ?1 AND commit_id = ?2 AND NOT EXISTS (
            SELECT 1 FROM event WHERE event.id = ?2 AND event.conversation = ?1)",
    )?
    .execute([conversation.as_bytes(), commit.as_bytes()])?;
    Ok(())
}

fn list_welcomes(db: &Connection, device: DeviceId, limit: u32) -> Result<Vec<WelcomeRecord>> {
    db.prepare_cached(
        "SELECT welcome.conversation, welcome.commit_id, welcome.bytes
        FROM welcome_recipient AS waiting
            JOIN device_key ON device_key.device = waiting.device
            JOIN welcome ON welcome.conversation = waiting.conversation AND welcome.commit_id = waiting.commit_id
            JOIN member ON member.conversation = welcome.conversation AND member.user = device_key.user
        WHERE waiting.device = ?1 AND EXISTS (
            SELECT 1 FROM event WHERE event.id = welcome.commit_id AND event.conversation = welcome.conversation)
        ORDER BY welcome.at, welcome.commit_id LIMIT ?2",
    )?
    .query_map(params![device.as_bytes(), limit], |row| {
        Ok(WelcomeRecord {
            conversation: row::id_at(row, 0)?,
            commit: row::id_at(row, 1)?,
            bytes: row.get(2)?,
        })
    })?
    .collect()
}

fn remove_welcome(
    db: &Connection,
    device: DeviceId,
    conversation: ConversationId,
    commit: EventId,
) -> Result<bool> {
    let removed = db
        .prepare_cached(
            "DELETE FROM welcome_recipient WHERE device = ?1 AND conversation = ?2 AND commit_id = ?3",
        )?
        .execute([device.as_bytes(), conversation.as_bytes(), commit.as_bytes()])?;
    drop_unwanted(db, conversation)?;
    Ok(removed > 0)
}

fn prune_welcomes(db: &Connection, before: Timestamp, limit: u32) -> Result<u64> {
    let pruned = db
        .prepare_cached(
            "DELETE FROM welcome WHERE rowid IN (SELECT rowid FROM welcome WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![before.as_ms(), limit])?;
    Ok(pruned as u64)
}

fn keep_group_info(db: &Connection, conversation: ConversationId, epoch: u64, bytes: &[u8]) -> Result<bool> {
    let kept = db
        .prepare_cached(
            "INSERT INTO group_info (conversation, epoch, bytes)
            SELECT id, epoch, ?3 FROM conversation WHERE id = ?1 AND epoch = ?2 AND encrypted = 1
            ON CONFLICT (conversation) DO UPDATE SET epoch = excluded.epoch, bytes = excluded.bytes",
        )?
        .execute(params![conversation.as_bytes(), number(epoch), bytes])?;
    Ok(kept > 0)
}

fn find_head(db: &Connection, conversation: ConversationId, device: DeviceId) -> Result<Option<GroupHead>> {
    db.prepare_cached(
        "SELECT epoch, coalesce((SELECT count FROM sealed_count
            WHERE sealed_count.conversation = conversation.id AND sealed_count.device = ?2), 0)
        FROM conversation WHERE id = ?1 AND encrypted = 1",
    )?
    .query_row([conversation.as_bytes(), device.as_bytes()], |row| {
        Ok(GroupHead {
            epoch: number_at(row, 0)?,
            count: number_at(row, 1)?,
        })
    })
    .optional()
}

fn find_group(
    db: &Connection,
    conversation: ConversationId,
    device: DeviceId,
) -> Result<Option<GroupRecord>> {
    let Some(head) = find_head(db, conversation, device)? else {
        return Ok(None);
    };
    let info = db
        .prepare_cached("SELECT bytes FROM group_info WHERE conversation = ?1 AND epoch = ?2")?
        .query_row(params![conversation.as_bytes(), number(head.epoch)], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(Some(GroupRecord { head, info }))
}

fn note_of_member(db: &Connection, conversation: ConversationId, device: DeviceId, count: u64) -> Result<()> {
    let is_member = db
        .prepare_cached(
            "SELECT 1 FROM device JOIN member ON member.user = device.user AND member.conversation = ?1
            JOIN conversation ON conversation.id = ?1 AND encrypted = 1 WHERE device.id = ?2",
        )?
        .exists([conversation.as_bytes(), device.as_bytes()])?;
    if is_member {
        note_sealed(db, conversation, device, count)?;
    }
    Ok(())
}

/// Keeps the greatest count that a device has sent.
pub(crate) fn note_sealed(
    db: &Connection,
    conversation: ConversationId,
    device: DeviceId,
    count: u64,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO sealed_count (conversation, device, count) VALUES (?1, ?2, ?3)
        ON CONFLICT (conversation, device) DO UPDATE SET count = max(count, excluded.count)",
    )?
    .execute(params![conversation.as_bytes(), device.as_bytes(), number(count)])?;
    Ok(())
}
