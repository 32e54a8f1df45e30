//! The account's backup: what its devices have of encrypted conversations, put by for when all of them are lost, and opened by the recovery code.
//!
//! Each device that has the key keeps it up to date. Before it adds anything it takes in what others have added: what they have put there it need not. How far each conversation is in the backup is known by
//! place ([`Backup::through`]); what another device has left out of a stretch, and this one has, is added after it. The last part of a device's own is made anew, with more in it, until it
//! is of some size, so that parts are few. What was deleted leaves the backup when it is written anew, at most once a day.
//!
//! As with hand-overs a part, and the place up to which it goes, are on disk before it is sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{ArchiveKey, Code, CodePurpose};
use pipit_wire::rest::archive::{Archive, ArchivePurpose, NewArchive, NewPart, Part, PartInfo, REPLACES_MAX};
use pipit_wire::{ArchiveId, ConversationId, PartId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::giving::{code_error, refused};
use super::records::{BackupKey, Head, Record, Section, VERSION, decode, encode};
use super::{ArchiveCall, BACKUP, BACKUP_PART};
use crate::command::Reply;
use crate::encryption::RandomOf;
use crate::engine::{Engine, Stored};
use crate::storage::{Storage, StorageError};
use crate::view::{BackupState, BackupView};

/// About so many bytes of JSON go into a part.
const PART_JSON_BYTES: usize = 256 * 1024;
/// A part of one's own that is smaller is made anew with what comes next.
const SMALL_BYTES: u32 = 128 * 1024;
/// So many entries are read at a time.
const CHUNK: u32 = 200;
/// How long something new waits for more, and for another device to do it: at least, and at most.
const WAIT_MS: (i64, i64) = (20_000, 60_000);
/// How often it is written anew where something was deleted, at most.
const ANEW_MS: i64 = 24 * 60 * 60_000;

/// How far a conversation is in the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Through {
    conversation: ConversationId,
    seq: Seq,
}

/// A part that this device has taken in or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    id: PartId,
    number: u32,
}

/// This device's last part, and how far everything was before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tail {
    id: PartId,
    size: u32,
    before: Vec<Through>,
}

/// A part that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    id: PartId,
    replaces: Vec<PartId>,
    before: Vec<Through>,
}

/// What this device knows of the account's backup, once it has the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Backup {
    pub(super) archive: ArchiveId,
    pub(super) key: [u8; 32],
    /// Until the server has been told that it begins.
    proof: Option<[u8; 32]>,
    known: Vec<Known>,
    through: Vec<Through>,
    /// Entries that another device has left out of a stretch.
    extra: Vec<(ConversationId, Seq)>,
    tail: Option<Tail>,
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
    fn new(archive: ArchiveId, key: [u8; 32], proof: Option<[u8; 32]>, is_restored: bool) -> Self {
        Self {
            archive,
            key,
            proof,
            known: Vec::new(),
            through: Vec::new(),
            extra: Vec::new(),
            tail: None,
            pending: None,
            at: None,
            failed: None,
            old: Vec::new(),
            stale: false,
            anew_at: None,
            restoring: is_restored.then_some((0, 0)),
        }
    }

    fn after(&self, conversation: ConversationId) -> Seq {
        let found = self.through.iter().find(|known| known.conversation == conversation);
        found.map_or(Seq::ZERO, |known| known.seq)
    }

    fn set_after(&mut self, conversation: ConversationId, seq: Seq) {
        match self.through.iter_mut().find(|known| known.conversation == conversation) {
            Some(known) => known.seq = seq,
            None => self.through.push(Through { conversation, seq }),
        }
    }

    fn knows(&self, part: &PartInfo) -> bool {
        self.known.iter().any(|known| known.id == part.id)
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
        let view = |state| BackupView {
            state,
            at: backup.as_ref().and_then(|backup| backup.at),
            size: listed.map_or(0, |archive| archive.size),
            changed_at: listed.map(|archive| archive.changed_at),
        };
        let Some(own) = &backup else {
            return Ok(Some(view(match listed {
                Some(_) => BackupState::Locked,
                None => BackupState::Off,
            })));
        };
        if own.proof.is_none() && listed.is_none_or(|listed| listed.id != own.archive) {
            return Ok(Some(view(match listed {
                Some(_) => BackupState::Locked,
                None => BackupState::Off,
            })));
        }
        Ok(Some(view(if let Some(code) = &own.failed {
            BackupState::Failed { code: code.clone() }
        } else if let Some((done, total)) = own.restoring {
            BackupState::Restoring { done, total }
        } else if own.at.is_none() || own.pending.is_some() {
            BackupState::Running
        } else {
            BackupState::Kept
        })))
    }

    /// A new code, which is nothing yet: it counts when the person has shown that they have it ([`Engine::begin_backup`]).
    pub(crate) fn new_recovery_code(&mut self) -> Stored<Reply> {
        let mut random = RandomOf(&mut self.config.random);
        let code = Code::random(&mut random, CodePurpose::Recovery);
        Ok(Reply::RecoveryCode {
            code: code.text().to_string(),
        })
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
        let mut id = [0; 10];
        (self.config.random)(&mut id);
        let archive = ArchiveId::new(self.clock.now(), id);
        let key = *code.backup_key(archive, me).to_bytes();
        let proof = code.backup_proof(archive, me);
        self.storage.remove_secret(&[BACKUP_PART])?;
        self.save_backup(&Backup::new(archive, key, Some(proof), false))?;
        self.archives.backup_at = None;
        Ok(Reply::Done)
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
        if self.backup()?.is_some_and(|own| own.archive == archive) {
            return Ok(Reply::Done);
        }
        let key = *code.backup_key(archive, me).to_bytes();
        self.storage.remove_secret(&[BACKUP_PART])?;
        self.save_backup(&Backup::new(archive, key, None, true))?;
        self.archives.backup_at = None;
        Ok(Reply::Done)
    }

    /// Erases the backup. The code opens nothing any more.
    pub(crate) fn end_backup(&mut self) -> Stored<Reply> {
        if let Some(archive) = self.listed_backup().map(|archive| archive.id) {
            self.call_remove(archive);
        }
        self.forget_archive(BACKUP)?;
        self.storage.remove_secret(&[BACKUP_PART])?;
        Ok(Reply::Done)
    }

    /// Another device has handed over the backup's key, too.
    pub(super) fn backup_key_came(&mut self, archive: ArchiveId, key: [u8; 32]) -> Stored {
        if self.backup()?.is_none() {
            self.save_backup(&Backup::new(archive, key, None, false))?;
        }
        Ok(())
    }

    /// For a device that is handed over to: it keeps the backup up to date, too.
    pub(super) fn backup_key(&self) -> Stored<Option<BackupKey>> {
        let own = self.backup()?.filter(|own| own.proof.is_none());
        Ok(own.map(|own| BackupKey {
            archive: own.archive,
            key: own.key,
        }))
    }

    /// The server will not have a backup that was to begin.
    pub(super) fn backup_refused(&mut self, archive: ArchiveId, code: &str) -> Stored {
        if self.backup()?.is_some_and(|own| own.archive == archive && own.proof.is_some()) {
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

    /// Takes the next step.
    pub(super) fn back_up(&mut self) -> Stored {
        let Some(backup) = self.backup()? else {
            return Ok(());
        };
        let archive = backup.archive;
        if let Some(proof) = backup.proof {
            return self.begin_on(backup, proof);
        }
        if self.listed_backup().is_none_or(|listed| listed.id != archive) {
            // Another code opens it now, or none.
            return Ok(());
        }
        let is_asking = |engine: &Self| engine.calls.is_any_open(|call| {
            matches!(call, crate::http::Call::Archive(
                ArchiveCall::Parts { .. } | ArchiveCall::Take { .. } | ArchiveCall::Put { .. }
            ))
        });
        if is_asking(self) {
            return Ok(());
        }
        if let Some(pending) = &backup.pending {
            return self.put_pending(archive, pending.clone());
        }
        let now = self.clock.steady();
        let is_due = self.archives.backup_at.is_none_or(|at| at <= now);
        if !is_due {
            return Ok(());
        }
        match self.archives.backup_parts.clone() {
            None => self.call_parts(archive),
            Some(parts) => match parts.iter().find(|part| !backup.knows(part)) {
                Some(part) => self.call_take(archive, part.number),
                None => self.add_to_backup(backup)?,
            },
        }
        Ok(())
    }

    /// Tells the server that it begins.
    fn begin_on(&mut self, mut backup: Backup, proof: [u8; 32]) -> Stored {
        let archive = backup.archive;
        if self.listed_backup().is_some_and(|listed| listed.id == archive) {
            backup.proof = None;
            return self.save_backup(&backup);
        }
        if !self.is_asking_archive(&ArchiveCall::Ask { archive }) {
            self.call_begin(&NewArchive {
                id: archive,
                purpose: ArchivePurpose::Backup,
                proof: STANDARD.encode(proof),
            });
        }
        Ok(())
    }

    fn put_pending(&mut self, archive: ArchiveId, pending: Pending) -> Stored {
        let Some(bytes) = self.storage.secret(&[BACKUP_PART])? else {
            return self.backup_failed("storage");
        };
        let new = NewPart {
            id: pending.id,
            bytes: STANDARD.encode(bytes),
            last: false,
            replaces: pending.replaces,
        };
        self.call_put(archive, &new);
        Ok(())
    }

    /// What parts there are.
    pub(super) fn backup_parts_came(&mut self, archive: ArchiveId, parts: Vec<PartInfo>) -> Stored {
        let Some(mut backup) = self.backup()?.filter(|backup| backup.archive == archive) else {
            return Ok(());
        };
        let had_some = !backup.known.is_empty();
        backup.known.retain(|known| parts.iter().any(|part| part.id == known.id));
        // Another device has written it anew.
        backup.stale &= !(had_some && backup.known.is_empty());
        if backup.tail.as_ref().is_some_and(|tail| parts.iter().all(|part| part.id != tail.id)) {
            backup.tail = None;
        }
        if backup.restoring.is_some() {
            backup.restoring = Some((count(backup.known.len()), count(parts.len())));
        }
        self.archives.backup_parts = Some(parts);
        self.save_backup(&backup)
    }

    /// A part that another device has put there is here.
    pub(super) fn backup_part_came(&mut self, archive: ArchiveId, number: u32, part: &Part) -> Stored {
        let Some(mut backup) = self.backup()?.filter(|backup| backup.archive == archive) else {
            return Ok(());
        };
        let bytes = STANDARD.decode(&part.bytes).unwrap_or_default();
        let opened = ArchiveKey::new(archive, backup.key).open(part.id, &bytes);
        match opened.ok().and_then(|sections| decode(&sections)) {
            Some((_, sections)) => {
                for section in sections {
                    self.take_in_section(&mut backup, section)?;
                }
            }
            // It cannot be read by anybody, and nothing waits for it.
            None => tracing::warn!(number, "a part of the backup cannot be opened"),
        }
        backup.known.push(Known {
            id: part.id,
            number,
        });
        if let Some((done, total)) = &mut backup.restoring {
            *done = count(backup.known.len()).min(*total);
            if done == total {
                backup.restoring = None;
            }
        }
        self.save_backup(&backup)
    }

    /// What another device has put by of one conversation: this one need not, and has it from now on.
    fn take_in_section(&mut self, backup: &mut Backup, section: Section) -> Stored {
        let conversation = section.conversation;
        let (from, through) = (section.from, section.through);
        let held: std::collections::BTreeSet<Seq> = section.entries.iter().map(|record| record.seq).collect();
        self.put_section(section)?;
        if backup.after(conversation) < from || backup.after(conversation) >= through {
            return Ok(());
        }
        let mut after = backup.after(conversation);
        loop {
            let entries = self.storage.log_entries(conversation, after, CHUNK)?;
            let Some(last) = entries.last().map(|entry| entry.event.seq) else {
                break;
            };
            for entry in entries.iter().filter(|entry| entry.event.seq <= through) {
                if !held.contains(&entry.event.seq) && Record::of(entry).is_some() {
                    backup.extra.push((conversation, entry.event.seq));
                }
            }
            if last >= through {
                break;
            }
            after = last;
        }
        backup.set_after(conversation, through);
        Ok(())
    }

    /// Makes the next part, where there is something to put into it.
    fn add_to_backup(&mut self, mut backup: Backup) -> Stored {
        let now = self.server_now();
        backup.restoring = None;
        let is_old = backup.anew_at.is_none_or(|at| now.since_ms(at) >= ANEW_MS);
        let is_whole = self.storage.shelves()?.is_empty();
        if backup.stale && is_old && is_whole && backup.old.is_empty() {
            backup.old = backup.known.iter().map(|known| known.id).collect();
            (backup.through, backup.tail, backup.stale) = (Vec::new(), None, false);
            backup.anew_at = Some(now);
        }
        let small = backup.tail.clone().filter(|tail| tail.size < SMALL_BYTES && backup.old.is_empty());
        let has_news = self.has_news(&backup)?;
        if !has_news && backup.old.is_empty() {
            backup.at = Some(now);
            backup.failed = None;
            self.archives.backup_parts = None;
            self.archives.backup_at = Some(Timestamp(i64::MAX));
            return self.save_backup(&backup);
        }
        let mut replaces = Vec::new();
        if let Some(tail) = small.filter(|_| has_news) {
            backup.through = tail.before;
            replaces.push(tail.id);
        }
        let before = backup.through.clone();
        let (sections, is_last) = self.gather_news(&mut backup)?;
        if is_last && !backup.old.is_empty() {
            let at = backup.old.len().saturating_sub(REPLACES_MAX);
            replaces.extend(backup.old.split_off(at));
        }
        let mut id = [0; 10];
        (self.config.random)(&mut id);
        let part = PartId::new(self.clock.now(), id);
        let head = Head {
            version: VERSION,
            index: 0,
            last: false,
            done: 0,
            total: 0,
            backup: None,
        };
        let key = ArchiveKey::new(backup.archive, backup.key);
        let encoded = encode(&head, &sections).unwrap_or_default();
        let mut random = RandomOf(&mut self.config.random);
        let sealed = key.seal(part, encoded.iter().map(Vec::as_slice), &mut random);
        let sealed = sealed.map_err(|error| StorageError::Failed(Box::new(error)))?;
        self.storage.save_secret(&[BACKUP_PART], &sealed)?;
        backup.pending = Some(Pending {
            id: part,
            replaces,
            before,
        });
        self.save_backup(&backup)?;
        self.archives.busy = true;
        Ok(())
    }

    /// Whether anything here is not in the backup.
    fn has_news(&self, backup: &Backup) -> Stored<bool> {
        if !backup.extra.is_empty() {
            return Ok(true);
        }
        for conversation in self.storage.encrypted_conversations()? {
            let mut after = backup.after(conversation);
            let Some(group) = self.group_record(conversation)? else {
                continue;
            };
            loop {
                let entries = self.storage.log_entries(conversation, after, CHUNK)?;
                let Some(last) = entries.last().map(|entry| entry.event.seq) else {
                    break;
                };
                let is_news = |entry: &crate::storage::LogEntry| {
                    entry.event.seq <= group.cursor() && Record::lasting(entry).is_some()
                };
                if entries.iter().any(is_news) {
                    return Ok(true);
                }
                after = last;
            }
        }
        Ok(false)
    }

    /// What goes into the next part, and whether that is all.
    fn gather_news(&self, backup: &mut Backup) -> Stored<(Vec<Section>, bool)> {
        let mut sections: Vec<Section> = Vec::new();
        let mut size = 0;
        for (conversation, seq) in std::mem::take(&mut backup.extra) {
            let found = self.storage.log_entries(conversation, seq.previous(), 1)?;
            if let Some(record) = found.first().and_then(Record::lasting) {
                sections.push(Section {
                    conversation,
                    from: seq.previous(),
                    through: seq.previous(),
                    entries: vec![record],
                });
            }
        }
        for conversation in self.storage.encrypted_conversations()? {
            let Some(group) = self.group_record(conversation)? else {
                continue;
            };
            let from = backup.after(conversation);
            let mut section = Section {
                conversation,
                from,
                through: from,
                entries: Vec::new(),
            };
            loop {
                let mut entries = self.storage.log_entries(conversation, section.through, CHUNK)?;
                entries.retain(|entry| entry.event.seq <= group.cursor());
                if entries.is_empty() {
                    break;
                }
                for entry in entries {
                    section.through = entry.event.seq;
                    if let Some(record) = Record::lasting(&entry) {
                        size += entry.raw.len();
                        section.entries.push(record);
                    }
                    if size >= PART_JSON_BYTES {
                        backup.set_after(conversation, section.through);
                        sections.push(section);
                        return Ok((sections, false));
                    }
                }
            }
            if section.through > from {
                // One that says nothing tells how far it is.
                backup.set_after(conversation, section.through);
                sections.push(section);
            }
        }
        Ok((sections, true))
    }

    /// The server has a part of this device's.
    pub(super) fn backup_part_put(&mut self, archive: ArchiveId, info: &PartInfo) -> Stored {
        let Some(mut backup) = self.backup()?.filter(|backup| backup.archive == archive) else {
            return Ok(());
        };
        let Some(pending) = backup.pending.take_if(|pending| pending.id == info.id) else {
            return Ok(());
        };
        self.storage.remove_secret(&[BACKUP_PART])?;
        backup.known.retain(|known| !pending.replaces.contains(&known.id));
        backup.known.push(Known {
            id: info.id,
            number: info.number,
        });
        backup.tail = Some(Tail {
            id: info.id,
            size: info.size,
            before: pending.before,
        });
        backup.failed = None;
        self.archives.backup_parts = None;
        // It is looked at again at once: something may have come meanwhile.
        self.archives.backup_at = None;
        self.save_backup(&backup)
    }

    /// It cannot be kept up to date now. It is tried again.
    pub(super) fn backup_failed(&mut self, code: &str) -> Stored {
        if let Some(mut backup) = self.backup()? {
            if code == "storage" {
                backup.pending = None;
            }
            backup.failed = Some(code.to_owned());
            self.save_backup(&backup)?;
        }
        Ok(())
    }

    /// Something came that may be news to the backup: it is looked at after a while.
    pub(crate) fn back_up_soon(&mut self) {
        let now = self.clock.steady();
        let is_waiting = |at: Timestamp| at != Timestamp(i64::MAX) && at > now;
        if self.archives.backup_at.is_some_and(is_waiting) || self.archives.backup_at.is_none() {
            return;
        }
        let wait_ms = WAIT_MS.0.saturating_add(self.random_ms(WAIT_MS.1 - WAIT_MS.0));
        self.archives.backup_at = Some(now.plus_ms(wait_ms));
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A slip in a recovery code is not one in a device's.
fn recovery_error(code: &'static str) -> &'static str {
    match code {
        "code_other" => "code_of_device",
        "code_slip" => "code_slip_recovery",
        other => other,
    }
}
