//! Archives of encrypted conversations: see [`pipit_store::archive`].

use async_trait::async_trait;
use pipit_store::archive::{
    AddPartError, AddedPart, Approval, ApproveError, ArchiveRecord, ArchiveStore, BeginArchiveError,
    NewArchive, NewPart, PartRecord, purpose_of,
};
use pipit_store::error::StoreError;
use pipit_wire::rest::archive::ArchivePurpose;
use pipit_wire::{ArchiveId, ConversationId, DeviceId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{SqliteStore, blob, row};

type Outcome<T, E> = std::result::Result<T, E>;

#[async_trait]
impl ArchiveStore for SqliteStore {
    async fn begin_archive(
        &self,
        new: NewArchive,
    ) -> Outcome<Outcome<Vec<ArchiveId>, BeginArchiveError>, StoreError> {
        self.engine.write(move |db| begin(db, &new)).await
    }

    async fn list_archives(&self, user: UserId, now: Timestamp) -> Outcome<Vec<ArchiveRecord>, StoreError> {
        self.engine.read(move |db| list(db, user, now)).await
    }

    async fn approve_archive(&self, approval: Approval) -> Outcome<Outcome<(), ApproveError>, StoreError> {
        self.engine.write(move |db| approve(db, &approval)).await
    }

    async fn add_part(&self, part: NewPart) -> Outcome<Outcome<AddedPart, AddPartError>, StoreError> {
        self.engine.write(move |db| add_part(db, &part)).await
    }

    async fn list_parts(
        &self,
        archive: ArchiveId,
        user: UserId,
        device: DeviceId,
        now: Timestamp,
    ) -> Outcome<Option<Vec<PartRecord>>, StoreError> {
        self.engine
            .read(move |db| list_parts(db, archive, user, device, now))
            .await
    }

    async fn remove_archive(&self, archive: ArchiveId, user: UserId) -> Outcome<bool, StoreError> {
        self.engine.write(move |db| remove(db, archive, user)).await
    }

    async fn take_expired_archives(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Outcome<Vec<(UserId, ArchiveId)>, StoreError> {
        self.engine.write(move |db| take_expired(db, now, limit)).await
    }
}

/// What decides about an archive.
struct Standing {
    user: UserId,
    device: DeviceId,
    purpose: ArchivePurpose,
    conversation: Option<ConversationId>,
    proof: [u8; 32],
    giver: Option<DeviceId>,
    salt: Option<[u8; 32]>,
    complete: bool,
    numbered: u32,
}

impl Standing {
    /// Whether this device of this account adds to it.
    fn is_written_by(&self, user: UserId, device: DeviceId) -> bool {
        self.user == user
            && match self.purpose {
                ArchivePurpose::Handover => self.giver == Some(device),
                ArchivePurpose::Backup => true,
                ArchivePurpose::History => self.device == device,
            }
    }
}

fn find(db: &Connection, archive: ArchiveId, now: Timestamp) -> Result<Option<Standing>> {
    db.prepare_cached(
        "SELECT user, device, is_backup, proof, giver, salt, complete, numbered, conversation FROM archive
        WHERE id = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
    )?
    .query_row(params![archive.as_bytes(), now.as_ms()], |row| {
        let conversation = row::optional_id_at(row, 8)?;
        Ok(Standing {
            user: row::id_at(row, 0)?,
            device: row::id_at(row, 1)?,
            purpose: purpose_of(row.get(2)?, conversation),
            conversation,
            proof: row.get(3)?,
            giver: optional_device(row, 4)?,
            salt: row.get(5)?,
            complete: row.get(6)?,
            numbered: row.get(7)?,
        })
    })
    .optional()
}

fn optional_device(row: &Row<'_>, column: usize) -> Result<Option<DeviceId>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(DeviceId::from_bytes))
}

fn begin(db: &Connection, new: &NewArchive) -> Result<Outcome<Vec<ArchiveId>, BeginArchiveError>> {
    let is_backup = new.purpose == ArchivePurpose::Backup;
    if let Some(found) = find(db, new.id, new.now)? {
        let same = found.user == new.user
            && found.device == new.device
            && found.purpose == new.purpose
            && found.conversation == new.conversation
            && found.proof == new.proof;
        return Ok(if same {
            Ok(Vec::new())
        } else {
            Err(BeginArchiveError::IdConflict)
        });
    }
    let stands = db
        .prepare_cached("SELECT 1 FROM device WHERE id = ?1 AND user = ?2 AND revoked_at IS NULL")?
        .exists([new.device.as_bytes(), new.user.as_bytes()])?;
    if !stands {
        return Ok(Err(BeginArchiveError::NoDevice));
    }
    // One that has expired under this id, those that this one takes the place of, and the oldest.
    let is_history = new.conversation.is_some();
    let mut gone = ids(
        db,
        "DELETE FROM archive WHERE is_backup = ?3 AND (conversation IS NOT NULL) = ?5
            AND (id = ?4 OR (user = ?1 AND NOT ?5 AND (?3 OR device = ?2))) RETURNING id",
        params![
            new.user.as_bytes(),
            new.device.as_bytes(),
            is_backup,
            new.id.as_bytes(),
            is_history
        ],
    )?;
    gone.extend(ids(
        db,
        "DELETE FROM archive WHERE id IN (
            SELECT id FROM archive WHERE user = ?1 AND is_backup = ?2 AND (conversation IS NOT NULL) = ?3
            ORDER BY made_at DESC, id DESC LIMIT -1 OFFSET ?4) RETURNING id",
        params![
            new.user.as_bytes(),
            is_backup,
            is_history,
            new.kept_max.saturating_sub(1)
        ],
    )?);
    let made = db
        .prepare_cached(
            "INSERT INTO archive (id, user, device, is_backup, proof, made_at, changed_at, expires_at, conversation)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            new.id.as_bytes(),
            new.user.as_bytes(),
            new.device.as_bytes(),
            is_backup,
            new.proof,
            new.now.as_ms(),
            new.expires_at.map(Timestamp::as_ms),
            new.conversation.as_ref().map(ConversationId::as_bytes)
        ])?;
    Ok(if made > 0 {
        Ok(gone)
    } else {
        Err(BeginArchiveError::IdConflict)
    })
}

fn ids(db: &Connection, sql: &str, with: &[&dyn rusqlite::ToSql]) -> Result<Vec<ArchiveId>> {
    db.prepare_cached(sql)?
        .query_map(with, |row| row::id_at(row, 0))?
        .collect()
}

fn list(db: &Connection, user: UserId, now: Timestamp) -> Result<Vec<ArchiveRecord>> {
    db.prepare_cached(
        "SELECT archive.id, is_backup, archive.device, device.name, device_key.signature_key, proof, made_at, changed_at,
            expires_at, giver, salt, complete,
            (SELECT count(*) FROM archive_part WHERE archive_part.archive = archive.id),
            (SELECT coalesce(sum(size), 0) FROM archive_part WHERE archive_part.archive = archive.id), conversation
        FROM archive JOIN device ON device.id = archive.device
            LEFT JOIN device_key ON device_key.device = archive.device
        WHERE archive.user = ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY made_at, archive.id",
    )?
    .query_map(params![user.as_bytes(), now.as_ms()], |row| {
        let conversation = row::optional_id_at(row, 14)?;
        let salt: Option<[u8; 32]> = row.get(10)?;
        Ok(ArchiveRecord {
            id: row::id_at(row, 0)?,
            purpose: purpose_of(row.get(1)?, conversation),
            conversation,
            device: row::id_at(row, 2)?,
            device_name: row.get(3)?,
            signature_key: row.get(4)?,
            proof: row.get(5)?,
            made_at: row::time_at(row, 6)?,
            changed_at: row::time_at(row, 7)?,
            expires_at: row.get::<_, Option<i64>>(8)?.map(Timestamp),
            approval: optional_device(row, 9)?.zip(salt),
            complete: row.get(11)?,
            parts: row.get(12)?,
            size: row.get::<_, i64>(13)?.cast_unsigned(),
        })
    })?
    .collect()
}

fn approve(db: &Connection, approval: &Approval) -> Result<Outcome<(), ApproveError>> {
    let found = find(db, approval.archive, approval.now)?;
    let Some(found) = found
        .filter(|found| found.user == approval.user && found.purpose == ArchivePurpose::Handover)
        .filter(|found| found.device != approval.giver)
    else {
        return Ok(Err(ApproveError::NotFound));
    };
    if found.giver.is_some() {
        let same = found.giver == Some(approval.giver) && found.salt == Some(approval.salt);
        return Ok(if same { Ok(()) } else { Err(ApproveError::Taken) });
    }
    db.prepare_cached(
        "UPDATE archive SET giver = ?2, salt = ?3, changed_at = ?4, expires_at = ?5 WHERE id = ?1",
    )?
    .execute(params![
        approval.archive.as_bytes(),
        approval.giver.as_bytes(),
        approval.salt,
        approval.now.as_ms(),
        approval.expires_at.as_ms()
    ])?;
    Ok(Ok(()))
}

fn add_part(db: &Connection, part: &NewPart) -> Result<Outcome<AddedPart, AddPartError>> {
    let found = find(db, part.archive, part.now)?;
    let Some(found) = found.filter(|found| found.is_written_by(part.user, part.device)) else {
        return Ok(Err(AddPartError::NotFound));
    };
    let before: Option<u32> = db
        .prepare_cached("SELECT number FROM archive_part WHERE archive = ?1 AND id = ?2")?
        .query_row([part.archive.as_bytes(), part.id.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(number) = before {
        return Ok(Ok(AddedPart {
            number,
            repeated: true,
            rubbish: vec![part.object.clone()],
        }));
    }
    if found.complete {
        return Ok(Err(AddPartError::Complete));
    }
    let standing = Replaced::find(db, part)?;
    let kept: u32 = db
        .prepare_cached("SELECT count(*) FROM archive_part WHERE archive = ?1")?
        .query_row([part.archive.as_bytes()], |row| row.get(0))?;
    let kept = kept.saturating_sub(u32::try_from(standing.numbers.len()).unwrap_or(u32::MAX));
    if kept >= part.parts_max {
        return Ok(Err(AddPartError::TooMany));
    }
    let used = blob::used_bytes(db, part.user)?.saturating_sub(standing.size);
    if used.saturating_add(u64::from(part.size)) > part.account_bytes_max {
        return Ok(Err(AddPartError::Quota));
    }
    for number in &standing.numbers {
        db.prepare_cached("DELETE FROM archive_part WHERE archive = ?1 AND number = ?2")?
            .execute(params![part.archive.as_bytes(), number])?;
    }
    let number = found.numbered.saturating_add(1);
    insert_part(db, part, number, found.purpose == ArchivePurpose::Backup)?;
    Ok(Ok(AddedPart {
        number,
        repeated: false,
        rubbish: standing.objects,
    }))
}

fn insert_part(db: &Connection, part: &NewPart, number: u32, is_backup: bool) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO archive_part (archive, number, id, owner, size, at, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        part.archive.as_bytes(),
        number,
        part.id.as_bytes(),
        part.user.as_bytes(),
        part.size,
        part.now.as_ms(),
        part.object
    ])?;
    let expires_at = (!is_backup).then_some(part.expires_at.as_ms());
    db.prepare_cached(
        "UPDATE archive SET numbered = ?2, changed_at = ?3, expires_at = ?4, complete = ?5 WHERE id = ?1",
    )?
    .execute(params![
        part.archive.as_bytes(),
        number,
        part.now.as_ms(),
        expires_at,
        part.last && !is_backup
    ])?;
    Ok(())
}

/// The parts that another one takes the place of.
#[derive(Default)]
struct Replaced {
    numbers: Vec<u32>,
    objects: Vec<String>,
    size: u64,
}

impl Replaced {
    fn find(db: &Connection, part: &NewPart) -> Result<Self> {
        let mut replaced = Self::default();
        let mut find = db
            .prepare_cached("SELECT number, object, size FROM archive_part WHERE archive = ?1 AND id = ?2")?;
        for id in &part.replaces {
            let found: Option<(u32, String, u32)> = find
                .query_row([part.archive.as_bytes(), id.as_bytes()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            if let Some((number, object, size)) = found
                && !replaced.numbers.contains(&number)
            {
                replaced.numbers.push(number);
                replaced.objects.push(object);
                replaced.size = replaced.size.saturating_add(u64::from(size));
            }
        }
        Ok(replaced)
    }
}

fn list_parts(
    db: &Connection,
    archive: ArchiveId,
    user: UserId,
    device: DeviceId,
    now: Timestamp,
) -> Result<Option<Vec<PartRecord>>> {
    let found = find(db, archive, now)?;
    let Some(found) = found else {
        return Ok(None);
    };
    let may_read = match found.conversation {
        Some(conversation) => db
            .prepare_cached("SELECT 1 FROM member WHERE conversation = ?1 AND user = ?2")?
            .exists([conversation.as_bytes(), user.as_bytes()])?,
        None => found.user == user && (found.purpose == ArchivePurpose::Backup || found.device == device),
    };
    if !may_read {
        return Ok(None);
    }
    db.prepare_cached(
        "SELECT id, number, size, at, object FROM archive_part WHERE archive = ?1 ORDER BY number",
    )?
    .query_map([archive.as_bytes()], |row| {
        Ok(PartRecord {
            id: row::id_at(row, 0)?,
            number: row.get(1)?,
            size: row.get(2)?,
            at: row::time_at(row, 3)?,
            object: row.get(4)?,
        })
    })?
    .collect::<Result<_>>()
    .map(Some)
}

fn remove(db: &Connection, archive: ArchiveId, user: UserId) -> Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM archive WHERE id = ?1 AND user = ?2")?
        .execute([archive.as_bytes(), user.as_bytes()])?;
    Ok(removed > 0)
}

fn take_expired(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<(UserId, ArchiveId)>> {
    db.prepare_cached(
        "DELETE FROM archive WHERE id IN (
            SELECT id FROM archive WHERE expires_at IS NOT NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2
        ) RETURNING user, id",
    )?
    .query_map(params![now.as_ms(), limit], |row| {
        Ok((row::id_at(row, 0)?, row::id_at(row, 1)?))
    })?
    .collect()
}

/// A device is signed out: nobody hands over to it any more, and it hands over and shows nothing more itself.
pub(crate) fn forget_device(db: &Connection, device: DeviceId) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM archive WHERE is_backup = 0 AND (
            (device = ?1 AND (conversation IS NULL OR complete = 0)) OR (giver = ?1 AND complete = 0))",
    )?
    .execute([device.as_bytes()])?;
    Ok(())
}
