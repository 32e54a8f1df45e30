//! What goes into the backup and comes out of it, part by part.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::ArchiveKey;
use pipit_wire::rest::archive::{NewPart, Part, PartInfo, REPLACES_MAX};
use pipit_wire::{ArchiveId, PartId, Seq};

use super::{Backup, Known, Look, Pending, Tail};
use crate::archive::BACKUP_PART;
use crate::archive::records::{Head, Record, Section, VERSION, decode, encode};
use crate::encryption::RandomOf;
use crate::engine::{Engine, Stored};
use crate::storage::{LogEntry, Storage, StorageError};

/// About so many bytes of JSON go into a part.
const PART_JSON_BYTES: usize = 256 * 1024;
/// A part of one's own that is smaller is made anew with what comes next.
const SMALL_BYTES: u32 = 128 * 1024;
/// So many entries are read at a time.
const CHUNK: u32 = 200;
/// How often it is written anew where something was deleted, at most.
const ANEW_MS: i64 = 24 * 60 * 60_000;

impl<S: Storage> Engine<S> {
    pub(super) fn put_pending(&mut self, archive: ArchiveId, pending: Pending) -> Stored {
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
    pub(in crate::archive) fn backup_parts_came(
        &mut self,
        archive: ArchiveId,
        parts: Vec<PartInfo>,
    ) -> Stored {
        let Some(mut backup) = self.backup()?.filter(|backup| backup.archive == archive) else {
            return Ok(());
        };
        let had_some = !backup.known.is_empty();
        backup
            .known
            .retain(|known| parts.iter().any(|part| part.id == known.id));
        // Another device has written it anew.
        backup.stale &= !(had_some && backup.known.is_empty());
        if backup
            .tail
            .as_ref()
            .is_some_and(|tail| parts.iter().all(|part| part.id != tail.id))
        {
            backup.tail = None;
        }
        if backup.restoring.is_some() {
            backup.restoring = Some((count(backup.known.len()), count(parts.len())));
        }
        self.archives.backup_parts = Some(parts);
        self.save_backup(&backup)
    }

    /// A part that another device has put there is here.
    pub(in crate::archive) fn backup_part_came(
        &mut self,
        archive: ArchiveId,
        number: u32,
        part: &Part,
    ) -> Stored {
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
        backup.known.push(Known { id: part.id, number });
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
        let held: BTreeSet<Seq> = section.entries.iter().map(|record| record.seq).collect();
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
    pub(super) fn add_to_backup(&mut self, mut backup: Backup) -> Stored {
        let now = self.server_now();
        backup.restoring = None;
        let is_old = backup.anew_at.is_none_or(|at| now.since_ms(at) >= ANEW_MS);
        let is_whole = self.storage.shelves()?.is_empty();
        if backup.stale && is_old && is_whole && backup.old.is_empty() {
            backup.old = backup.known.iter().map(|known| known.id).collect();
            (backup.through, backup.tail, backup.stale) = (Vec::new(), None, false);
            backup.anew_at = Some(now);
        }
        let small = backup
            .tail
            .clone()
            .filter(|tail| tail.size < SMALL_BYTES && backup.old.is_empty());
        let has_news = self.has_news(&backup)?;
        if !has_news && backup.old.is_empty() {
            backup.at = Some(now);
            backup.failed = None;
            self.archives.backup_parts = None;
            self.archives.backup_look = Look::WithNews;
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
                let is_news =
                    |entry: &LogEntry| entry.event.seq <= group.cursor() && Record::lasting(entry).is_some();
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
    pub(in crate::archive) fn backup_part_put(&mut self, archive: ArchiveId, info: &PartInfo) -> Stored {
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
        self.archives.backup_look = Look::Now;
        self.save_backup(&backup)
    }

    /// It cannot be kept up to date now. It is tried again.
    pub(in crate::archive) fn backup_failed(&mut self, code: &str) -> Stored {
        if let Some(mut backup) = self.backup()? {
            if code == "storage" {
                backup.pending = None;
            }
            backup.failed = Some(code.to_owned());
            self.save_backup(&backup)?;
        }
        Ok(())
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
