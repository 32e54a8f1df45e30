//! Archives of encrypted conversations: see [`pipit_store::archive`].
//!
//! Whatever changes an account's archives holds the lock of its row, so that two parts do not both get the last room. Work that is repeated after a broken connection
//! answers as the first time would have, but for the objects that are to be removed: those are found by the clearing.

use async_trait::async_trait;
use pipit_store::archive::{
    AddPartError, AddedPart, Approval, ApproveError, ArchiveRecord, ArchiveStore, BeginArchiveError,
    NewArchive, NewPart, PartRecord, purpose_of,
};
use pipit_store::error::StoreError;
use pipit_wire::rest::archive::ArchivePurpose;
use pipit_wire::{ArchiveId, ConversationId, DeviceId, PartId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::blob::{LOCK_OWNER, used_bytes};
use crate::error::{Error, corrupt, store_error};
use crate::row::{self, at};
use crate::session::{Session, params, run};
use crate::store::work;

type Result<T> = std::result::Result<T, Error>;
type Outcome<T, E> = std::result::Result<T, E>;

#[async_trait]
impl ArchiveStore for PostgresStore {
    async fn begin_archive(
        &self,
        new: NewArchive,
    ) -> Outcome<Outcome<Vec<ArchiveId>, BeginArchiveError>, StoreError> {
        work!(self, |session| begin(session, &new))
    }

    async fn list_archives(&self, user: UserId, now: Timestamp) -> Outcome<Vec<ArchiveRecord>, StoreError> {
        work!(self, |session| list(session, user, now))
    }

    async fn approve_archive(&self, approval: Approval) -> Outcome<Outcome<(), ApproveError>, StoreError> {
        work!(self, |session| approve(session, &approval))
    }

    async fn add_part(&self, part: NewPart) -> Outcome<Outcome<AddedPart, AddPartError>, StoreError> {
        work!(self, |session| add_part(session, &part))
    }

    async fn list_parts(
        &self,
        archive: ArchiveId,
        user: UserId,
        device: DeviceId,
        now: Timestamp,
    ) -> Outcome<Option<Vec<PartRecord>>, StoreError> {
        work!(self, |session| list_parts(session, archive, user, device, now))
    }

    async fn remove_archive(&self, archive: ArchiveId, user: UserId) -> Outcome<bool, StoreError> {
        work!(self, |session| remove(session, archive, user))
    }

    async fn take_expired_archives(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Outcome<Vec<(UserId, ArchiveId)>, StoreError> {
        work!(self, |session| take_expired(session, now, limit))
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

fn bytes_32(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| corrupt("what shows a code has another length"))
}

fn optional_32(row: &Row, column: usize) -> Result<Option<[u8; 32]>> {
    at::<Option<&[u8]>>(row, column)?.map(bytes_32).transpose()
}

const FIND: &str = "
    SELECT user_id, device, is_backup, proof, giver, salt, complete, numbered, conversation FROM archive
    WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";

async fn find(session: &Session, archive: ArchiveId, now: Timestamp) -> Result<Option<Standing>> {
    let found = session
        .first(FIND, params![archive.as_uuid(), now.as_ms()])
        .await?;
    let standing = found.map(|row| {
        let conversation = row::optional_id_at(&row, 8)?;
        Ok(Standing {
            user: row::id_at(&row, 0)?,
            device: row::id_at(&row, 1)?,
            purpose: purpose_of(at(&row, 2)?, conversation),
            conversation,
            proof: bytes_32(at(&row, 3)?)?,
            giver: row::optional_id_at(&row, 4)?,
            salt: optional_32(&row, 5)?,
            complete: at(&row, 6)?,
            numbered: row::count_at(&row, 7)?,
        })
    });
    standing.transpose()
}

/// Commits what was done, and takes back what was refused.
async fn ended<T, E>(session: &Session, outcome: Outcome<T, E>) -> Result<Outcome<T, E>> {
    if outcome.is_ok() {
        session.commit().await?;
    } else {
        session.rollback().await?;
    }
    Ok(outcome)
}

async fn begin(session: &Session, new: &NewArchive) -> Result<Outcome<Vec<ArchiveId>, BeginArchiveError>> {
    session.begin().await?;
    session.rows(LOCK_OWNER, params![new.user.as_uuid()]).await?;
    let outcome = begin_locked(session, new).await?;
    ended(session, outcome).await
}

/// One that has expired under this id, and those that this one takes the place of.
const REPLACE: &str = "
    DELETE FROM archive WHERE is_backup = $3 AND (conversation IS NOT NULL) = $5
        AND (id = $4 OR (user_id = $1 AND NOT $5 AND ($3 OR device = $2))) RETURNING id";
/// The oldest of those that are for the same.
const BOUND: &str = "
    DELETE FROM archive WHERE id IN (
        SELECT id FROM archive WHERE user_id = $1 AND is_backup = $2 AND (conversation IS NOT NULL) = $3
        ORDER BY made_at DESC, id DESC OFFSET $4) RETURNING id";
const INSERT: &str = "
    INSERT INTO archive (id, user_id, device, is_backup, proof, made_at, changed_at, expires_at, conversation)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) ON CONFLICT DO NOTHING";

async fn begin_locked(
    session: &Session,
    new: &NewArchive,
) -> Result<Outcome<Vec<ArchiveId>, BeginArchiveError>> {
    let is_backup = new.purpose == ArchivePurpose::Backup;
    if let Some(found) = find(session, new.id, new.now).await? {
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
    let device = params![new.device.as_uuid(), new.user.as_uuid()];
    let stands = "SELECT 1 FROM device WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL";
    if session.first(stands, device).await?.is_none() {
        return Ok(Err(BeginArchiveError::NoDevice));
    }
    let is_history = new.conversation.is_some();
    let same_place = params![
        new.user.as_uuid(),
        new.device.as_uuid(),
        is_backup,
        new.id.as_uuid(),
        is_history
    ];
    let mut gone = session.rows(REPLACE, same_place).await?;
    let kept = i64::from(new.kept_max.saturating_sub(1));
    let oldest = params![new.user.as_uuid(), is_backup, is_history, kept];
    gone.extend(session.rows(BOUND, oldest).await?);
    let made = session
        .run(
            INSERT,
            params![
                new.id.as_uuid(),
                new.user.as_uuid(),
                new.device.as_uuid(),
                is_backup,
                new.proof.as_slice(),
                new.now.as_ms(),
                new.expires_at.map(Timestamp::as_ms),
                new.conversation.map(|conversation| conversation.as_uuid())
            ],
        )
        .await?;
    if made == 0 {
        // Another account's, made at this moment.
        return Ok(Err(BeginArchiveError::IdConflict));
    }
    let gone = gone.iter().map(|row| row::id_at(row, 0));
    Ok(Ok(gone.collect::<Result<_>>()?))
}

const LIST: &str = "
    SELECT archive.id, is_backup, archive.device, device.name, device_key.signature_key, proof, made_at, changed_at,
        expires_at, giver, salt, complete, held.parts, held.size, conversation
    FROM archive JOIN device ON device.id = archive.device
        LEFT JOIN device_key ON device_key.device = archive.device
        CROSS JOIN LATERAL (
            SELECT count(*) AS parts, coalesce(sum(size), 0)::bigint AS size
            FROM archive_part WHERE archive_part.archive = archive.id) AS held
    WHERE archive.user_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY made_at, archive.id";

async fn list(session: &Session, user: UserId, now: Timestamp) -> Result<Vec<ArchiveRecord>> {
    let rows = session.rows(LIST, params![user.as_uuid(), now.as_ms()]).await?;
    rows.iter().map(record).collect()
}

fn record(row: &Row) -> Result<ArchiveRecord> {
    let giver: Option<DeviceId> = row::optional_id_at(row, 9)?;
    let conversation = row::optional_id_at(row, 14)?;
    Ok(ArchiveRecord {
        id: row::id_at(row, 0)?,
        purpose: purpose_of(at(row, 1)?, conversation),
        conversation,
        device: row::id_at(row, 2)?,
        device_name: at(row, 3)?,
        signature_key: optional_32(row, 4)?,
        proof: bytes_32(at(row, 5)?)?,
        made_at: row::time_at(row, 6)?,
        changed_at: row::time_at(row, 7)?,
        expires_at: at::<Option<i64>>(row, 8)?.map(Timestamp),
        approval: giver.zip(optional_32(row, 10)?),
        complete: at(row, 11)?,
        parts: row::count_at(row, 12)?,
        size: at::<i64>(row, 13)?.cast_unsigned(),
    })
}

async fn approve(session: &Session, approval: &Approval) -> Result<Outcome<(), ApproveError>> {
    session.begin().await?;
    session.rows(LOCK_OWNER, params![approval.user.as_uuid()]).await?;
    let outcome = approve_locked(session, approval).await?;
    ended(session, outcome).await
}

const APPROVE: &str =
    "UPDATE archive SET giver = $2, salt = $3, changed_at = $4, expires_at = $5 WHERE id = $1";

async fn approve_locked(session: &Session, approval: &Approval) -> Result<Outcome<(), ApproveError>> {
    let found = find(session, approval.archive, approval.now).await?;
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
    let row = params![
        approval.archive.as_uuid(),
        approval.giver.as_uuid(),
        approval.salt.as_slice(),
        approval.now.as_ms(),
        approval.expires_at.as_ms()
    ];
    session.run(APPROVE, row).await?;
    Ok(Ok(()))
}

async fn add_part(session: &Session, part: &NewPart) -> Result<Outcome<AddedPart, AddPartError>> {
    session.begin().await?;
    session.rows(LOCK_OWNER, params![part.user.as_uuid()]).await?;
    let outcome = add_part_locked(session, part).await?;
    ended(session, outcome).await
}

const FIND_PART: &str = "SELECT number, object FROM archive_part WHERE archive = $1 AND id = $2";
const FIND_PARTS: &str = "SELECT number, object, size FROM archive_part WHERE archive = $1 AND id = ANY($2)";
const COUNT_PARTS: &str = "SELECT count(*) FROM archive_part WHERE archive = $1";
const REMOVE_PARTS: &str = "DELETE FROM archive_part WHERE archive = $1 AND number = ANY($2)";
const INSERT_PART: &str = "
    INSERT INTO archive_part (archive, number, id, owner, size, at, object) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const MOVE_ON: &str =
    "UPDATE archive SET numbered = $2, changed_at = $3, expires_at = $4, complete = $5 WHERE id = $1";

async fn add_part_locked(session: &Session, part: &NewPart) -> Result<Outcome<AddedPart, AddPartError>> {
    let archive = part.archive.as_uuid();
    let found = find(session, part.archive, part.now).await?;
    let Some(found) = found.filter(|found| found.is_written_by(part.user, part.device)) else {
        return Ok(Err(AddPartError::NotFound));
    };
    if let Some(row) = session
        .first(FIND_PART, params![archive, part.id.as_uuid()])
        .await?
    {
        // Where the answer to an earlier try was lost, it has this very object.
        let object: String = at(&row, 1)?;
        let rubbish = (object != part.object).then(|| part.object.clone());
        return Ok(Ok(AddedPart {
            number: row::count_at(&row, 0)?,
            repeated: true,
            rubbish: rubbish.into_iter().collect(),
        }));
    }
    if found.complete {
        return Ok(Err(AddPartError::Complete));
    }
    let ids: Vec<Uuid> = part.replaces.iter().map(PartId::as_uuid).collect();
    let replaced = session.rows(FIND_PARTS, params![archive, ids]).await?;
    let (mut numbers, mut rubbish, mut size) = (Vec::new(), Vec::new(), 0_u64);
    for row in &replaced {
        numbers.push(at::<i64>(row, 0)?);
        rubbish.push(at::<String>(row, 1)?);
        size = size.saturating_add(at::<i64>(row, 2)?.cast_unsigned());
    }
    let count = session.first(COUNT_PARTS, params![archive]).await?;
    let count = count.map(|row| row::count_at(&row, 0)).transpose()?.unwrap_or(0);
    if count.saturating_sub(u32::try_from(numbers.len()).unwrap_or(u32::MAX)) >= part.parts_max {
        return Ok(Err(AddPartError::TooMany));
    }
    let used = used_bytes(session, part.user).await?.saturating_sub(size);
    if used.saturating_add(u64::from(part.size)) > part.account_bytes_max {
        return Ok(Err(AddPartError::Quota));
    }
    session.run(REMOVE_PARTS, params![archive, numbers]).await?;
    let number = found.numbered.saturating_add(1);
    insert_part(session, part, number, found.purpose == ArchivePurpose::Backup).await?;
    Ok(Ok(AddedPart {
        number,
        repeated: false,
        rubbish,
    }))
}

async fn insert_part(session: &Session, part: &NewPart, number: u32, is_backup: bool) -> Result<()> {
    let archive = part.archive.as_uuid();
    let row = params![
        archive,
        i64::from(number),
        part.id.as_uuid(),
        part.user.as_uuid(),
        i64::from(part.size),
        part.now.as_ms(),
        part.object
    ];
    session.run(INSERT_PART, row).await?;
    let expires_at = (!is_backup).then_some(part.expires_at.as_ms());
    let moved = params![
        archive,
        i64::from(number),
        part.now.as_ms(),
        expires_at,
        part.last && !is_backup
    ];
    session.run(MOVE_ON, moved).await?;
    Ok(())
}

/// An archive that this device may read has a row at least.
const LIST_PARTS: &str = "
    SELECT archive_part.id, archive_part.number, archive_part.size, archive_part.at, archive_part.object
    FROM archive LEFT JOIN archive_part ON archive_part.archive = archive.id
    WHERE archive.id = $1 AND (expires_at IS NULL OR expires_at > $4) AND CASE
        WHEN archive.conversation IS NULL THEN user_id = $2 AND (is_backup OR device = $3)
        ELSE EXISTS (SELECT 1 FROM member WHERE member.conversation = archive.conversation AND member.user_id = $2) END
    ORDER BY archive_part.number";

async fn list_parts(
    session: &Session,
    archive: ArchiveId,
    user: UserId,
    device: DeviceId,
    now: Timestamp,
) -> Result<Option<Vec<PartRecord>>> {
    let key = params![archive.as_uuid(), user.as_uuid(), device.as_uuid(), now.as_ms()];
    let rows = session.rows(LIST_PARTS, key).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for row in &rows {
        if let Some(id) = row::optional_id_at(row, 0)? {
            parts.push(PartRecord {
                id,
                number: row::count_at(row, 1)?,
                size: row::count_at(row, 2)?,
                at: row::time_at(row, 3)?,
                object: at(row, 4)?,
            });
        }
    }
    Ok(Some(parts))
}

async fn remove(session: &Session, archive: ArchiveId, user: UserId) -> Result<bool> {
    let key = params![archive.as_uuid(), user.as_uuid()];
    let removed = session
        .run("DELETE FROM archive WHERE id = $1 AND user_id = $2", key)
        .await?;
    // Where the answer to an earlier try was lost, this very call may have removed it.
    Ok(removed > 0 || session.is_in_doubt())
}

/// Rows that somebody else holds are left for the next time.
async fn take_expired(session: &Session, now: Timestamp, limit: u32) -> Result<Vec<(UserId, ArchiveId)>> {
    let rows = session
        .rows(
            "DELETE FROM archive WHERE id IN (
                SELECT id FROM archive WHERE expires_at IS NOT NULL AND expires_at <= $1
                ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
            ) RETURNING user_id, id",
            params![now.as_ms(), i64::from(limit)],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row::id_at(row, 0)?, row::id_at(row, 1)?)))
        .collect()
}

/// A device was signed out: nobody hands over to it any more, and it hands over and shows nothing more itself. Part of its revocation.
pub(crate) const FORGET_DEVICE: &str = "
    DELETE FROM archive WHERE NOT is_backup
        AND ((device = $1 AND (conversation IS NULL OR NOT complete)) OR (giver = $1 AND NOT complete)) AND EXISTS (
        SELECT 1 FROM device WHERE id = $1 AND user_id = $2 AND revoked_at IS NOT NULL)";
