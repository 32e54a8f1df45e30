//! Archives of an account's encrypted conversations: what its devices hand over to each other, put by for when all of them are lost, and show newcomers to a group.
//!
//! The server keeps the parts, which are sealed, and reads none. Who may do what follows from what each device is to the archive: a hand-over is written by the device
//! that has approved it and read by the one that has asked for it; the backup is every device's of the account; the history of a group is written by the device that has
//! begun it and read by the group's members. What opens one never comes here.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pipit_blob::BlobStore;
use pipit_model::Action;
use pipit_store::archive::{
    AddPartError, Approval, ApproveError, ArchiveRecord, BeginArchiveError, NewArchive, NewPart, PartRecord,
};
use pipit_wire::rest::archive::{
    self as rest, ArchivePurpose, HANDOVER_ASKED_MS, HANDOVER_KEPT_MS, HANDOVERS_MAX, HISTORIES_MAX,
    HISTORY_KEPT_MS, PART_BYTES_MAX, PARTS_MAX, REPLACES_MAX,
};
use pipit_wire::{ArchiveId, ConversationId, DeviceId, ErrorCode, ServerFrame, UserId};
use tokio_util::sync::CancellationToken;

use super::access::{allow, require_access};
use super::accounts::Identity;
use super::chore;
use super::media::fault;
use super::messaging::too_large;
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;
use crate::stats::Stats;

/// How often hand-overs that have expired are looked for.
const EVERY: Duration = Duration::from_mins(5);
/// How many that have expired are removed at a time.
const BATCH: u32 = 100;

/// See the module.
pub struct Archives {
    context: Context,
    blobs: BlobStore,
    hub: Arc<Hub>,
    stats: Arc<Stats>,
}

impl Archives {
    /// Over these blobs.
    pub fn new(context: Context, blobs: BlobStore, hub: Arc<Hub>, stats: Arc<Stats>) -> Arc<Self> {
        Arc::new(Self {
            context,
            blobs,
            hub,
            stats,
        })
    }

    /// Those of an account.
    pub async fn list(&self, user: UserId) -> Result<rest::Archives, ServiceError> {
        let found = self.context.store.list_archives(user, self.context.now()).await?;
        Ok(rest::Archives {
            // What others are shown is nothing that the account's devices have to do with.
            items: found
                .into_iter()
                .filter(|found| found.purpose != ArchivePurpose::History)
                .map(shown)
                .collect(),
        })
    }

    /// A device asks the others for what they have, begins the account's backup, or begins to show newcomers to a group what was said.
    pub async fn begin(&self, who: &Identity, new: rest::NewArchive) -> Result<(), ServiceError> {
        let now = self.context.now();
        let conversation = self.group_of(who, &new).await?;
        let archive = NewArchive {
            id: new.id,
            user: who.user,
            device: who.device,
            purpose: new.purpose,
            conversation,
            proof: match conversation {
                Some(_) => [0; 32],
                None => bytes_32("proof", &new.proof)?,
            },
            now,
            expires_at: match new.purpose {
                ArchivePurpose::Handover => Some(now.plus_ms(HANDOVER_ASKED_MS)),
                ArchivePurpose::Backup => None,
                ArchivePurpose::History => Some(now.plus_ms(HISTORY_KEPT_MS)),
            },
            kept_max: match new.purpose {
                ArchivePurpose::Handover => HANDOVERS_MAX,
                ArchivePurpose::Backup => 1,
                ArchivePurpose::History => HISTORIES_MAX,
            },
        };
        let begun = self.context.store.begin_archive(archive).await?;
        let replaced = begun.map_err(|error| match error {
            BeginArchiveError::IdConflict => ServiceError::refused(ErrorCode::IdConflict, error.to_string()),
            BeginArchiveError::NoDevice => ServiceError::refused(ErrorCode::SignedOut, error.to_string()),
        })?;
        match new.purpose {
            ArchivePurpose::Handover => self.stats.handovers_asked.add_one(),
            ArchivePurpose::Backup => self.stats.backups_begun.add_one(),
            ArchivePurpose::History => self.stats.histories_begun.add_one(),
        }
        for archive in replaced {
            self.remove_objects(archive).await;
        }
        self.tell(who.user);
        Ok(())
    }

    /// The encrypted group that a history is of: whoever may add people to it may show them what was said.
    async fn group_of(
        &self,
        who: &Identity,
        new: &rest::NewArchive,
    ) -> Result<Option<ConversationId>, ServiceError> {
        let conversation = match (new.purpose, new.conversation) {
            (ArchivePurpose::History, Some(conversation)) => conversation,
            (ArchivePurpose::Handover | ArchivePurpose::Backup, None) => return Ok(None),
            _ => {
                return Err(ServiceError::field(
                    "conversation",
                    "of a history, and of nothing else",
                ));
            }
        };
        let access = require_access(&self.context, conversation, who.user, None).await?;
        allow(
            &access,
            Action::ShowHistory,
            self.context.limits.group_members_max,
        )?;
        Ok(Some(conversation))
    }

    /// A device hands over.
    pub async fn approve(
        &self,
        who: &Identity,
        archive: ArchiveId,
        new: rest::NewApproval,
    ) -> Result<(), ServiceError> {
        let now = self.context.now();
        let approval = Approval {
            archive,
            user: who.user,
            giver: who.device,
            salt: bytes_32("salt", &new.salt)?,
            now,
            expires_at: now.plus_ms(HANDOVER_KEPT_MS),
        };
        let approved = self.context.store.approve_archive(approval).await?;
        approved.map_err(|error| match error {
            ApproveError::NotFound => not_found(),
            ApproveError::Taken => ServiceError::refused(ErrorCode::IdConflict, error.to_string()),
        })?;
        self.stats.handovers_approved.add_one();
        tracing::info!(user = %who.user, device = %who.device, %archive, "a device hands over");
        self.tell(who.user);
        Ok(())
    }

    /// Adds a part.
    pub async fn add(
        &self,
        who: &Identity,
        archive: ArchiveId,
        new: rest::NewPart,
    ) -> Result<rest::PartInfo, ServiceError> {
        let bytes = STANDARD
            .decode(&new.bytes)
            .map_err(|error| ServiceError::field("bytes", error))?;
        if bytes.len() > PART_BYTES_MAX {
            return Err(too_large(
                "bytes",
                format_args!("it is longer than {PART_BYTES_MAX}"),
            ));
        }
        if new.replaces.len() > REPLACES_MAX {
            return Err(ServiceError::field(
                "replaces",
                format_args!("at most {REPLACES_MAX}"),
            ));
        }
        let kept_ms = self.require_writable(who, archive).await?;
        let now = self.context.now();
        let random: [u8; 16] = self.context.random_bytes();
        let object = format!("{archive}/{:032x}", u128::from_be_bytes(random));
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.blobs.put(&object, Bytes::from(bytes)).await.map_err(fault)?;
        let part = NewPart {
            archive,
            user: who.user,
            device: who.device,
            id: new.id,
            object: object.clone(),
            size,
            last: new.last,
            replaces: new.replaces,
            now,
            expires_at: now.plus_ms(kept_ms),
            parts_max: PARTS_MAX,
            account_bytes_max: self.context.limits.media.account_bytes_max,
        };
        let added = match self.context.store.add_part(part).await? {
            Ok(added) => added,
            Err(error) => {
                self.discard(&object).await;
                self.stats.archive_parts_refused.add_one();
                return Err(refusal(error));
            }
        };
        for object in &added.rubbish {
            self.discard(object).await;
        }
        if !added.repeated {
            self.stats.archive_parts_added.add_one();
            self.stats.archive_bytes.add(size as usize);
        }
        self.tell(who.user);
        Ok(rest::PartInfo {
            id: new.id,
            number: added.number,
            size,
            at: now,
        })
    }

    /// What would be refused anyway is not written first; the storage decides. Says how long the archive is kept from now on, where it is one that goes.
    async fn require_writable(&self, who: &Identity, archive: ArchiveId) -> Result<i64, ServiceError> {
        let archives = self
            .context
            .store
            .list_archives(who.user, self.context.now())
            .await?;
        let writes = |found: &ArchiveRecord| match found.purpose {
            ArchivePurpose::Backup => true,
            ArchivePurpose::Handover => found.approval.is_some_and(|(giver, _)| giver == who.device),
            ArchivePurpose::History => found.device == who.device,
        };
        let found = archives.iter().find(|found| found.id == archive);
        let found = found.filter(|found| writes(found)).ok_or_else(not_found)?;
        Ok(match found.purpose {
            ArchivePurpose::History => HISTORY_KEPT_MS,
            ArchivePurpose::Handover | ArchivePurpose::Backup => HANDOVER_KEPT_MS,
        })
    }

    /// What parts an archive has that this device may read.
    pub async fn parts(&self, who: &Identity, archive: ArchiveId) -> Result<rest::Parts, ServiceError> {
        let parts = self.readable(who, archive).await?;
        let items = parts.into_iter().map(|part| rest::PartInfo {
            id: part.id,
            number: part.number,
            size: part.size,
            at: part.at,
        });
        Ok(rest::Parts {
            items: items.collect(),
        })
    }

    /// A part of an archive that this device may read.
    pub async fn part(
        &self,
        who: &Identity,
        archive: ArchiveId,
        number: u32,
    ) -> Result<rest::Part, ServiceError> {
        let parts = self.readable(who, archive).await?;
        let part = parts.into_iter().find(|part| part.number == number);
        let part = part.ok_or_else(not_found)?;
        let bytes = self.blobs.read_whole(&part.object).await.map_err(fault)?;
        self.stats.archive_parts_read.add_one();
        Ok(rest::Part {
            id: part.id,
            bytes: STANDARD.encode(bytes),
        })
    }

    async fn readable(&self, who: &Identity, archive: ArchiveId) -> Result<Vec<PartRecord>, ServiceError> {
        let now = self.context.now();
        let store = &self.context.store;
        let parts = store.list_parts(archive, who.user, who.device, now).await?;
        parts.ok_or_else(not_found)
    }

    /// Erases an archive of the account.
    pub async fn remove(&self, user: UserId, archive: ArchiveId) -> Result<(), ServiceError> {
        if !self.context.store.remove_archive(archive, user).await? {
            return Err(not_found());
        }
        self.remove_objects(archive).await;
        self.tell(user);
        Ok(())
    }

    /// Clears for ever.
    pub async fn run_clearing(self: Arc<Self>, shutdown: CancellationToken) {
        chore::repeat(EVERY, &shutdown, "clearing hand-overs", || self.clear_expired()).await;
    }

    /// Erases hand-overs that nobody came for, and histories whose time is over.
    pub async fn clear_expired(&self) -> Result<(), ServiceError> {
        loop {
            let now = self.context.now();
            let taken = self.context.store.take_expired_archives(now, BATCH).await?;
            for (user, archive) in &taken {
                self.remove_objects(*archive).await;
                self.tell(*user);
            }
            self.stats.handovers_expired.add(taken.len());
            if taken.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    /// Tells the account's devices to ask how its archives stand.
    fn tell(&self, user: UserId) {
        self.hub.tell(user, &ServerFrame::ArchivesChanged);
    }

    /// What stays behind is found by the clearing of files.
    async fn discard(&self, object: &str) {
        if let Err(error) = self.blobs.remove(object).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an object was left behind"
            );
        }
    }

    async fn remove_objects(&self, archive: ArchiveId) {
        if let Err(error) = self.blobs.remove_folder(&archive.to_string()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, %archive, "objects were left behind");
        }
    }
}

fn not_found() -> ServiceError {
    ServiceError::refused(ErrorCode::NotFound, "there is no such archive for this device")
}

fn refusal(error: AddPartError) -> ServiceError {
    let code = match error {
        AddPartError::NotFound => return not_found(),
        AddPartError::Complete => ErrorCode::OutOfOrder,
        AddPartError::TooMany => ErrorCode::LimitReached,
        AddPartError::Quota => ErrorCode::QuotaExceeded,
    };
    ServiceError::refused(code, error.to_string())
}

fn bytes_32(field: &'static str, text: &str) -> Result<[u8; 32], ServiceError> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| ServiceError::field(field, error))?;
    bytes
        .try_into()
        .map_err(|_| ServiceError::field(field, "32 bytes"))
}

fn shown(record: ArchiveRecord) -> rest::Archive {
    let (giver, salt): (Option<DeviceId>, _) = record.approval.unzip();
    rest::Archive {
        id: record.id,
        purpose: record.purpose,
        device: record.device,
        device_name: record.device_name,
        signature_key: record.signature_key.map(|key| STANDARD.encode(key)),
        proof: STANDARD.encode(record.proof),
        made_at: record.made_at,
        changed_at: record.changed_at,
        expires_at: record.expires_at,
        giver,
        salt: salt.map(|salt| STANDARD.encode(salt)),
        parts: record.parts,
        size: record.size,
        complete: record.complete,
    }
}
