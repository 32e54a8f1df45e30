//! Archives of an account's encrypted conversations: sealed by its devices, kept in parts, read by nobody here.
//!
//! A part's bytes are an object of the blob store, under the archive's id. Rows come after objects when a part is added, and go before them: an object that no row names
//! is rubbish. What parts use counts as what the account's files use.

use async_trait::async_trait;
use pipit_wire::rest::archive::ArchivePurpose;
use pipit_wire::{ArchiveId, ConversationId, DeviceId, PartId, Timestamp, UserId};

use crate::error::StoreError;

/// What an archive is for, by what is kept of it.
pub const fn purpose_of(is_backup: bool, conversation: Option<ConversationId>) -> ArchivePurpose {
    match conversation {
        Some(_) => ArchivePurpose::History,
        None if is_backup => ArchivePurpose::Backup,
        None => ArchivePurpose::Handover,
    }
}

/// An archive that a device begins.
#[derive(Clone, Debug)]
pub struct NewArchive {
    /// Which one.
    pub id: ArchiveId,
    /// Whose.
    pub user: UserId,
    /// The device that asks for it, or begins it.
    pub device: DeviceId,
    /// What it is for.
    pub purpose: ArchivePurpose,
    /// Of a history: whose members read it.
    pub conversation: Option<ConversationId>,
    /// What shows that somebody knows its code; zeros where it has none.
    pub proof: [u8; 32],
    /// When.
    pub now: Timestamp,
    /// When it goes.
    pub expires_at: Option<Timestamp>,
    /// So many of the account that are for the same stay, this one among them: the oldest go.
    pub kept_max: u32,
}

/// Why an archive was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeginArchiveError {
    /// The id is used for another one.
    #[error("the id is used for something else")]
    IdConflict,
    /// The device was signed out.
    #[error("there is no such device")]
    NoDevice,
}

/// An archive, without its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveRecord {
    /// Which one.
    pub id: ArchiveId,
    /// What it is for.
    pub purpose: ArchivePurpose,
    /// Of a history: whose members read it.
    pub conversation: Option<ConversationId>,
    /// The device that asks for it, or has begun it.
    pub device: DeviceId,
    /// What that is called.
    pub device_name: String,
    /// The key by which it signs, where it has said one.
    pub signature_key: Option<[u8; 32]>,
    /// What shows that somebody knows its code; zeros where it has none.
    pub proof: [u8; 32],
    /// When it was begun.
    pub made_at: Timestamp,
    /// When something was last done for it.
    pub changed_at: Timestamp,
    /// When it goes.
    pub expires_at: Option<Timestamp>,
    /// Who hands over, and the salt that goes into its key.
    pub approval: Option<(DeviceId, [u8; 32])>,
    /// Whether the last part of a hand-over or a history is there.
    pub complete: bool,
    /// How many parts there are.
    pub parts: u32,
    /// How many bytes they have together.
    pub size: u64,
}

/// A device hands over.
#[derive(Clone, Copy, Debug)]
pub struct Approval {
    /// What.
    pub archive: ArchiveId,
    /// Whose.
    pub user: UserId,
    /// The device that does, which is another one than the one that asks.
    pub giver: DeviceId,
    /// What goes into the archive's key.
    pub salt: [u8; 32],
    /// When.
    pub now: Timestamp,
    /// When it goes.
    pub expires_at: Timestamp,
}

/// Why a hand-over was not approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApproveError {
    /// It is not there (any more), or asked for by this very device.
    #[error("there is no such hand-over")]
    NotFound,
    /// Another device has, or this one with another salt.
    #[error("another device hands over")]
    Taken,
}

/// A part whose object is there.
#[derive(Clone, Debug)]
pub struct NewPart {
    /// Of which archive.
    pub archive: ArchiveId,
    /// Whose that is.
    pub user: UserId,
    /// By which device: of a hand-over, the one that hands over; of a history, the one that has begun it.
    pub device: DeviceId,
    /// Which part.
    pub id: PartId,
    /// Its object.
    pub object: String,
    /// Its bytes.
    pub size: u32,
    /// Nothing comes after it.
    pub last: bool,
    /// These go.
    pub replaces: Vec<PartId>,
    /// When.
    pub now: Timestamp,
    /// When a hand-over or a history goes, from now on.
    pub expires_at: Timestamp,
    /// At most so many parts.
    pub parts_max: u32,
    /// At most so many bytes of the account's files and archives.
    pub account_bytes_max: u64,
}

/// Why a part was not added; nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddPartError {
    /// There is no such archive, or it is not for this device to add to.
    #[error("there is no such archive for this device to add to")]
    NotFound,
    /// The last part is there.
    #[error("the archive is complete")]
    Complete,
    /// There would be too many.
    #[error("there would be too many parts")]
    TooMany,
    /// The account would use more room than it has.
    #[error("the account has no room for it")]
    Quota,
}

/// A part that was added, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedPart {
    /// Its number.
    pub number: u32,
    /// Whether it was there before.
    pub repeated: bool,
    /// Objects that no row names any more: those of parts that went, or the one that was brought for a repetition.
    pub rubbish: Vec<String>,
}

/// A part that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRecord {
    /// Which one.
    pub id: PartId,
    /// Its number.
    pub number: u32,
    /// Its bytes.
    pub size: u32,
    /// When it was added.
    pub at: Timestamp,
    /// Its object.
    pub object: String,
}

/// The part of [`crate::Store`] that is about archives. Those that have expired count as gone.
#[async_trait]
pub trait ArchiveStore: Send + Sync + 'static {
    /// Begins an archive, and says which ones it takes the place of: their objects are to be removed. The same again changes nothing.
    async fn begin_archive(
        &self,
        new: NewArchive,
    ) -> Result<Result<Vec<ArchiveId>, BeginArchiveError>, StoreError>;
    /// Those of an account, the oldest first.
    async fn list_archives(&self, user: UserId, now: Timestamp) -> Result<Vec<ArchiveRecord>, StoreError>;
    /// A device hands over. The same again changes nothing.
    async fn approve_archive(&self, approval: Approval) -> Result<Result<(), ApproveError>, StoreError>;
    /// Adds a part. The same again (by its id) changes nothing.
    async fn add_part(&self, part: NewPart) -> Result<Result<AddedPart, AddPartError>, StoreError>;
    /// The parts of an archive, by number, that this device may read: of a hand-over, the one that has asked for it; of a backup, every one of the account; of a history, every one of the
    /// conversation's members. None where there is no such archive for it.
    async fn list_parts(
        &self,
        archive: ArchiveId,
        user: UserId,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<Option<Vec<PartRecord>>, StoreError>;
    /// Forgets an archive of this account. False where there is none.
    async fn remove_archive(&self, archive: ArchiveId, user: UserId) -> Result<bool, StoreError>;
    /// Forgets hand-overs and histories that had expired at `now`, at most `limit`, and says which: their objects are to be removed.
    async fn take_expired_archives(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(UserId, ArchiveId)>, StoreError>;
}
