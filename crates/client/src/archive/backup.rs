//! The account's backup: what its devices have of encrypted conversations, put by for when all of them are lost, and opened by the recovery code.
//!
//! Each device that has the key keeps it up to date. Before it adds anything it takes in what others have added: what they have put there it need not. How far each conversation is in the backup is known by
//! place ([`Place`]); what another device has left out of a stretch, and this one has, is added after it. The last part of a device's own is made anew, with more in it, until it
//! is of some size, so that parts are few. What was deleted leaves the backup when it is written anew, at most once a day, and so is one of many parts.
//!
//! As with hand-overs a part, and the place up to which it goes, are on disk before it is sent.

mod keeping;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::key_log::{public_key, sign_vouch};
use pipit_e2ee::{Code, CodePurpose, SignatureKey};
use pipit_wire::key_log::KeyHolder;
use pipit_wire::rest::archive::{Archive, ArchivePurpose, NewArchive, PartInfo};
use pipit_wire::rest::encryption::{NewRecoveryKey, NewVouch, Vouch};
use pipit_wire::{ArchiveId, ConversationId, DeviceId, PartId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::records::{Section, SharedKey};
use super::{ArchiveCall, BACKUP, BACKUP_PART, code_error, refused};
use crate::command::Reply;
use crate::encryption::{Compared, RandomOf};
use crate::engine::{Engine, Stored};
use crate::http::{Call, Waiting};
use crate::io::HttpMethod;
use crate::storage::Storage;
use crate::view::{BackupState, BackupView};

/// How long something new waits for more, and for another device to do it: at least, and at most.
const WAIT_MS: (i64, i64) = (20_000, 60_000);
/// Where the account's recovery key is entered and removed.
const RECOVERY_KEY: &str = "/v1/me/recovery-key";

/// How far a conversation is in the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Through {
    conversation: ConversationId,
    seq: Seq,
}

/// What lies after one place of a conversation and up to another, and is not in the backup although what comes later is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stretch {
    conversation: ConversationId,
    after: Seq,
    through: Seq,
}

/// How far everything is in the backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    through: Vec<Through>,
    /// Before that, what another device has left out and this one has.
    missing: Vec<Stretch>,
}

impl Place {
    fn after(&self, conversation: ConversationId) -> Seq {
        let found = self
            .through
            .iter()
            .find(|known| known.conversation == conversation);
        found.map_or(Seq::ZERO, |known| known.seq)
    }

    fn set_after(&mut self, conversation: ConversationId, seq: Seq) {
        match self
            .through
            .iter_mut()
            .find(|known| known.conversation == conversation)
        {
            Some(known) => known.seq = seq,
            None => self.through.push(Through { conversation, seq }),
        }
    }

    fn miss(&mut self, conversation: ConversationId, after: Seq, through: Seq) {
        match self.missing.last_mut() {
            Some(last) if last.conversation == conversation && last.through == after => {
                last.through = through;
            }
            _ => self.missing.push(Stretch {
                conversation,
                after,
                through,
            }),
        }
    }
}

/// This device's last part, and how far everything was before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tail {
    id: PartId,
    size: u32,
    before: Place,
}

/// A part that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    id: PartId,
    replaces: Vec<PartId>,
    before: Place,
}

/// What is to be done for the backup as a whole, before anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// The server is told that it begins.
    Begins { proof: [u8; 32] },
    /// It is there, and kept up to date.
    Kept,
    /// The recovery key is taken out of the account's key log, and then it is erased.
    Ends { is_key_gone: bool },
}

/// What is to be said of the recovery key, once the server has the key of this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum RecoveryStep {
    /// It is entered in the account's key log.
    Enter { key: [u8; 32] },
    /// It has vouched for this device.
    Vouch { signature: Vec<u8> },
}

/// When the backup is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Look {
    #[default]
    Now,
    At(Timestamp),
    /// When something has come.
    WithNews,
}

impl Look {
    pub(super) const fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Now | Self::WithNews => None,
        }
    }
}

/// What this device knows of the account's backup, once it has the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Backup {
    pub(super) archive: ArchiveId,
    pub(super) key: [u8; 32],
    stage: Stage,
    recovery: Option<RecoveryStep>,
    /// Parts that this device has taken in or made.
    known: Vec<PartId>,
    place: Place,
    tail: Option<Tail>,
    /// What the backup says of with whom numbers were compared.
    #[serde(default)]
    compared: Vec<Compared>,
    pending: Option<Pending>,
    /// When all that there was was put by.
    at: Option<Timestamp>,
    failed: Option<String>,
    /// Parts that go when it has been written anew.
    old: Vec<PartId>,
    /// Something that is in it was deleted since it was written anew.
    stale: bool,
    anew_at: Option<Timestamp>,
    /// Parts that are there, and of those that this device has taken in, as they are restored.
    restoring: Option<(u32, u32)>,
}

impl Backup {
    fn new(archive: ArchiveId, key: [u8; 32], stage: Stage) -> Self {
        Self {
            archive,
            key,
            stage,
            recovery: None,
            known: Vec::new(),
            place: Place::default(),
            tail: None,
            compared: Vec::new(),
            pending: None,
            at: None,
            failed: None,
            old: Vec::new(),
            stale: false,
            anew_at: None,
            restoring: None,
        }
    }

    fn state(&self) -> BackupState {
        if let Some(code) = &self.failed {
            BackupState::Failed { code: code.clone() }
        } else if let Some((done, total)) = self.restoring {
            BackupState::Restoring { done, total }
        } else if self.at.is_none() || self.pending.is_some() {
            BackupState::Running
        } else {
            BackupState::Kept
        }
    }

    /// Of each person the backup says what was said last.
    fn note_compared(&mut self, said: Vec<Compared>) {
        for one in said {
            if !self.tells(&one) {
                self.compared.retain(|told| told.user != one.user);
                self.compared.push(one);
            }
        }
    }

    fn tells(&self, one: &Compared) -> bool {
        let mut told = self.compared.iter();
        told.any(|told| told.user == one.user && told.at >= one.at)
    }

    fn knows(&self, part: &PartInfo) -> bool {
        self.known.contains(&part.id)
    }
}

impl<S: Storage> Engine<S> {
    pub(super) fn backup(&self) -> Stored<Option<Backup>> {
        self.kept_archive(BACKUP)
    }

    fn save_backup(&mut self, backup: &Backup) -> Stored {
        self.keep_archive(BACKUP, backup)
    }

    fn listed_backup(&self) -> Option<&Archive> {
        let mut listed = self.archives.listed.iter().flatten();
        listed.find(|archive| archive.purpose == ArchivePurpose::Backup)
    }

    pub(super) fn backup_view(&self) -> Stored<Option<BackupView>> {
        if self.archives.listed.is_none() {
            return Ok(None);
        }
        let listed = self.listed_backup();
        let backup = self.backup()?;
        let others = || match listed {
            Some(_) => BackupState::Locked,
            None => BackupState::Off,
        };
        let state = match &backup {
            None => others(),
            Some(own) if matches!(own.stage, Stage::Ends { .. }) => BackupState::Off,
            Some(own) if own.stage == Stage::Kept && !self.is_listed(own) => others(),
            Some(own) => own.state(),
        };
        Ok(Some(BackupView {
            state,
            at: backup.as_ref().and_then(|backup| backup.at),
            size: listed.map_or(0, |archive| archive.size),
            changed_at: listed.map(|archive| archive.changed_at),
        }))
    }

    /// Whether the account's backup is this one.
    fn is_listed(&self, backup: &Backup) -> bool {
        self.listed_backup()
            .is_some_and(|listed| listed.id == backup.archive)
    }

    /// A new code, which is nothing yet: it counts when the person has shown that they have it ([`Engine::begin_backup`]).
    pub(crate) fn new_recovery_code(&mut self) -> Reply {
        let mut random = RandomOf(&mut self.config.random);
        let code = Code::random(&mut random, CodePurpose::Recovery);
        Reply::RecoveryCode {
            code: code.text().to_string(),
        }
    }

    /// Begins a backup that this code opens, in place of the one before.
    pub(crate) fn begin_backup(&mut self, text: &str) -> Stored<Reply> {
        let code = match Code::parse(text, CodePurpose::Recovery) {
            Ok(code) => code,
            Err(error) => return Ok(refused(recovery_error(code_error(error)))),
        };
        let Some(me) = self.me() else {
            return Ok(refused("signed_out"));
        };
        let archive = ArchiveId::new(self.clock.now(), self.random_id());
        let key = *code.backup_key(archive, me).to_bytes();
        let proof = code.backup_proof(archive, me);
        let seed = code.recovery_seed(me, recovery_id(archive));
        let mut backup = Backup::new(archive, key, Stage::Begins { proof });
        backup.recovery = Some(RecoveryStep::Enter {
            key: public_key(&seed).0,
        });
        self.replace_backup(&backup)
    }

    /// Opens the account's backup with its code: what is there comes to this device, which keeps it up to date from then on.
    pub(crate) fn restore_backup(&mut self, text: &str) -> Stored<Reply> {
        let code = match Code::parse(text, CodePurpose::Recovery) {
            Ok(code) => code,
            Err(error) => return Ok(refused(recovery_error(code_error(error)))),
        };
        let (Some(me), true) = (self.me(), self.archives.listed.is_some()) else {
            return Ok(refused("offline"));
        };
        let Some(listed) = self.listed_backup() else {
            return Ok(refused("no_backup"));
        };
        let proof = STANDARD.decode(&listed.proof).unwrap_or_default();
        let archive = listed.id;
        if !code.is_backup_proof(&proof, archive, me) {
            return Ok(refused("code_wrong"));
        }
        let is_kept = |own: Backup| own.archive == archive && own.stage == Stage::Kept;
        if self.backup()?.is_some_and(is_kept) {
            return Ok(Reply::Done);
        }
        let key = *code.backup_key(archive, me).to_bytes();
        let mut backup = Backup::new(archive, key, Stage::Kept);
        backup.restoring = Some((0, 0));
        if let (Some(device), Some(own)) = (self.own_device(), self.own_key()?) {
            let id = recovery_id(archive);
            let seed = code.recovery_seed(me, id);
            let vouch = sign_vouch(&seed, me, (KeyHolder::Device, device, &own), id);
            backup.recovery = Some(RecoveryStep::Vouch {
                signature: vouch.signature.to_vec(),
            });
        }
        self.replace_backup(&backup)
    }

    /// Erases the backup, also later where there is no line now. The code opens nothing any more.
    pub(crate) fn end_backup(&mut self) -> Stored<Reply> {
        let listed = self.listed_backup().map(|archive| archive.id);
        let own = self.backup()?.map(|own| own.archive);
        let Some(archive) = listed.or(own) else {
            let is_known = self.archives.listed.is_some();
            return Ok(if is_known { Reply::Done } else { refused("offline") });
        };
        self.replace_backup(&Backup::new(archive, [0; 32], Stage::Ends { is_key_gone: false }))
    }

    fn replace_backup(&mut self, backup: &Backup) -> Stored<Reply> {
        self.storage.remove_secret(&[BACKUP_PART])?;
        self.save_backup(backup)?;
        (self.archives.backup_look, self.archives.backup_parts) = (Look::Now, None);
        Ok(Reply::Done)
    }

    /// What another device hands over may lie before the place up to which this one has put by what it had. Who hands over and has the backup's key has seen to that.
    pub(super) fn handed_over(&mut self, sections: &[Section], of_giver: Option<ArchiveId>) -> Stored {
        let Some(mut backup) = self.backup()?.filter(|own| of_giver != Some(own.archive)) else {
            return Ok(());
        };
        for section in sections {
            let through = section.through.min(backup.place.after(section.conversation));
            if through > section.from {
                backup.place.miss(section.conversation, section.from, through);
                backup.tail = None;
            }
        }
        self.back_up_soon();
        self.save_backup(&backup)
    }

    /// Another device has handed over the backup's key, too.
    pub(super) fn backup_key_came(&mut self, archive: ArchiveId, key: [u8; 32]) -> Stored {
        let has_it = self
            .backup()?
            .is_some_and(|own| own.archive == archive || self.is_listed(&own));
        if !has_it {
            self.replace_backup(&Backup::new(archive, key, Stage::Kept))?;
        }
        Ok(())
    }

    /// For a device that is handed over to: it keeps the backup up to date, too.
    pub(super) fn backup_key(&self) -> Stored<Option<SharedKey>> {
        let own = self
            .backup()?
            .filter(|own| own.stage == Stage::Kept && self.is_listed(own));
        Ok(own.map(|own| SharedKey {
            archive: own.archive,
            key: own.key,
        }))
    }

    /// The server will not have a backup that was to begin.
    pub(super) fn backup_refused(&mut self, archive: ArchiveId, code: &str) -> Stored {
        if self.backup_to_begin(archive)?.is_some() {
            self.backup_failed(code)?;
            self.put_off_archives(60_000);
        }
        Ok(())
    }

    /// Something was deleted that may be in the backup.
    pub(crate) fn backup_is_stale(&mut self) -> Stored {
        if let Some(mut backup) = self.backup()?.filter(|backup| !backup.stale) {
            backup.stale = true;
            self.save_backup(&backup)?;
        }
        Ok(())
    }

    /// Takes the next step. True where there is none until something is kept anew, or listed, or it is looked at.
    pub(super) fn back_up(&mut self) -> Stored<bool> {
        let Some(backup) = self.backup()? else {
            self.archives.backup_look = Look::WithNews;
            return Ok(true);
        };
        let archive = backup.archive;
        if self.is_asking_backup(archive) {
            return Ok(false);
        }
        match backup.stage {
            Stage::Begins { proof } => self.begin_on(&backup, &proof)?,
            Stage::Ends { is_key_gone } => self.end_on(&backup, is_key_gone)?,
            Stage::Kept if !self.is_listed(&backup) => {
                // Another code opens it now, or none.
                self.archives.backup_look = Look::WithNews;
                return Ok(true);
            }
            Stage::Kept => return self.keep_on(backup),
        }
        Ok(false)
    }

    fn keep_on(&mut self, backup: Backup) -> Stored<bool> {
        let archive = backup.archive;
        if let Some(step) = &backup.recovery
            && self.step_recovery(archive, step)?
        {
            return Ok(false);
        }
        if let Some(pending) = &backup.pending {
            self.put_pending(archive, pending.clone())?;
            return Ok(false);
        }
        if self.archives.backup_look != Look::Now {
            return Ok(backup.recovery.is_none());
        }
        match self.archives.backup_parts.clone() {
            None => self.call_parts(archive),
            Some(parts) => match parts.iter().find(|part| !backup.knows(part)) {
                Some(part) => self.call_take(archive, part.number),
                None => self.add_to_backup(backup)?,
            },
        }
        Ok(false)
    }

    /// Tells the server that it begins.
    fn begin_on(&mut self, backup: &Backup, proof: &[u8; 32]) -> Stored {
        if self.is_listed(backup) {
            return self.backup_begun(backup.archive);
        }
        self.call_begin(&NewArchive {
            id: backup.archive,
            purpose: ArchivePurpose::Backup,
            proof: STANDARD.encode(proof),
            conversation: None,
        });
        Ok(())
    }

    fn backup_to_begin(&self, archive: ArchiveId) -> Stored<Option<Backup>> {
        let begins = |own: &Backup| own.archive == archive && matches!(own.stage, Stage::Begins { .. });
        Ok(self.backup()?.filter(begins))
    }

    /// The server has it. Where another device has begun another one meanwhile, that is the account's.
    pub(super) fn backup_begun(&mut self, archive: ArchiveId) -> Stored {
        let Some(mut backup) = self.backup_to_begin(archive)? else {
            return Ok(());
        };
        backup.stage = Stage::Kept;
        self.archives.busy = true;
        self.save_backup(&backup)
    }

    /// Takes the recovery key out of the log, and then erases the backup.
    fn end_on(&mut self, backup: &Backup, is_key_gone: bool) -> Stored {
        let archive = backup.archive;
        if !self.is_listed(backup) {
            // It has gone, or another one has come meanwhile, whose key stays.
            return self.forget_archive(BACKUP);
        }
        if is_key_gone {
            self.call_remove(archive);
        } else {
            self.call_recovery(
                archive,
                Waiting::authorized(Call::Farewell, HttpMethod::Delete, RECOVERY_KEY),
            );
        }
        Ok(())
    }

    /// Says what is to be said of the recovery key; false where that has to wait for this device's own.
    fn step_recovery(&mut self, archive: ArchiveId, step: &RecoveryStep) -> Stored<bool> {
        let (Some(own), Some(device)) = (self.published_key()?, self.own_device()) else {
            return Ok(false);
        };
        let id = recovery_id(archive);
        let signed = |by, signature: &[u8]| Vouch {
            by,
            signature: STANDARD.encode(signature),
        };
        let waiting = match step {
            RecoveryStep::Enter { key } => {
                let Some(vouch) = self.vouch(KeyHolder::Recovery, id, &SignatureKey(*key))? else {
                    return Ok(false);
                };
                let new = NewRecoveryKey {
                    id,
                    signature_key: STANDARD.encode(key),
                    vouch: signed(vouch.by, &vouch.signature),
                };
                Waiting::authorized(Call::Farewell, HttpMethod::Put, RECOVERY_KEY).with(&new)
            }
            RecoveryStep::Vouch { signature } => {
                let new = NewVouch {
                    signature_key: STANDARD.encode(own.0),
                    vouch: signed(id, signature),
                };
                let path = format!("/v1/devices/{device}/vouch");
                Waiting::authorized(Call::Farewell, HttpMethod::Post, path).with(&new)
            }
        };
        self.call_recovery(archive, waiting);
        Ok(true)
    }

    fn call_recovery(&mut self, archive: ArchiveId, waiting: Waiting) {
        self.call(waiting.answering(Call::Archive(ArchiveCall::Recovery { archive })));
    }

    /// The server has taken what was said of the recovery key, or never will: the backup goes on without.
    pub(super) fn recovery_stepped(&mut self, archive: ArchiveId) -> Stored {
        let Some(mut backup) = self.backup()?.filter(|backup| backup.archive == archive) else {
            return Ok(());
        };
        match &mut backup.stage {
            Stage::Ends { is_key_gone } => *is_key_gone = true,
            Stage::Begins { .. } | Stage::Kept => backup.recovery = None,
        }
        self.archives.busy = true;
        self.save_backup(&backup)
    }

    /// Something came that may be news to the backup: it is looked at after a while.
    pub(crate) fn back_up_soon(&mut self) {
        if self.archives.backup_look == Look::WithNews {
            let wait_ms = WAIT_MS.0.saturating_add(self.random_ms(WAIT_MS.1 - WAIT_MS.0));
            self.archives.backup_look = Look::At(self.clock.steady().plus_ms(wait_ms));
        }
    }
}

/// The id under which a backup's recovery key stands in the account's key log: that of the backup.
const fn recovery_id(archive: ArchiveId) -> DeviceId {
    DeviceId::from_bytes(*archive.as_bytes())
}

/// A slip in a recovery code is not one in a device's.
fn recovery_error(code: &'static str) -> &'static str {
    match code {
        "code_other" => "code_of_device",
        "code_slip" => "code_slip_recovery",
        other => other,
    }
}
