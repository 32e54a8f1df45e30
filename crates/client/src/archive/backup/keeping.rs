//! What goes into the backup and comes out of it, part by part.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::ArchiveKey;
use pipit_wire::rest::archive::{NewPart, Part, PartInfo, REPLACES_MAX};
use pipit_wire::{ArchiveId, ConversationId, Seq};

use super::{Backup, Look, Pending, Place, Stretch, Tail};
use crate::archive::BACKUP_PART;
use crate::archive::gathering::{CHUNK, Gathered};
use crate::archive::records::{Head, Record, Section, VERSION, open_part};
use crate::engine::{Engine, Stored};
use crate::storage::{LogEntry, Storage};

/// A part of one's own that is smaller is made anew with what comes next.
const SMALL_BYTES: u32 = 128 * 1024;
/// From so many parts on it is written anew, so that it does not come to the server's limit.
const PARTS_MANY: usize = 1_000;
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
            .retain(|known| parts.iter().any(|part| part.id == *known));
        // Another device has written it anew.
        backup.stale &= !(had_some && backup.known.is_empty());
        backup.stale |= parts.len() > PARTS_MANY;
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
        if let Some((head, sections)) = open_part(archive, backup.key, part) {
            // Who was signed out can still write parts: a device that stands by itself is not told whom it has verified.
            if backup.restoring.is_some() {
                self.drafts_key_found(head.drafts)?;
                self.take_comparisons(&head.compared)?;
            }
            backup.note_compared(head.compared);
            for section in sections {
                self.take_in_section(&mut backup, section)?;
            }
        } else {
            // It cannot be read by anybody, and nothing waits for it.
            tracing::warn!(number, "a part of the backup cannot be opened");
        }
        backup.known.push(part.id);
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
        let mut after = backup.place.after(conversation);
        if after < from || after >= through {
            return Ok(());
        }
        // What is gathered anew in place of the last part would begin before this.
        backup.tail = None;
        backup.place.set_after(conversation, through);
        loop {
            let entries = self.storage.log_entries(conversation, after, CHUNK)?;
            for entry in &entries {
                let seq = entry.event.seq;
                if seq > through {
                    return Ok(());
                }
                if !held.contains(&seq) && Record::lasting(entry).is_some() {
                    backup.place.miss(conversation, after, seq);
                }
                after = seq;
            }
            if entries.is_empty() {
                return Ok(());
            }
        }
    }

    /// Makes the next part, where there is something to put into it.
    pub(super) fn add_to_backup(&mut self, mut backup: Backup) -> Stored {
        let now = self.server_now();
        backup.restoring = None;
        let is_old = backup.anew_at.is_none_or(|at| now.since_ms(at) >= ANEW_MS);
        let is_whole = self.storage.shelves()?.is_empty();
        if backup.stale && is_old && is_whole && backup.old.is_empty() {
            backup.old = backup.known.clone();
            (backup.place, backup.tail, backup.stale) = (Place::default(), None, false);
            backup.anew_at = Some(now);
        }
        let small = backup
            .tail
            .clone()
            .filter(|tail| tail.size < SMALL_BYTES && backup.old.is_empty());
        let has_news = self.has_news(&backup.place)?;
        let compared = self.comparisons()?;
        let all_told = compared.iter().all(|one| backup.tells(one));
        if !has_news && all_told && backup.old.is_empty() {
            backup.at = Some(now);
            backup.failed = None;
            self.archives.backup_parts = None;
            self.archives.backup_look = Look::WithNews;
            return self.save_backup(&backup);
        }
        let mut replaces = Vec::new();
        if let Some(tail) = small {
            backup.place = tail.before;
            replaces.push(tail.id);
        }
        let before = backup.place.clone();
        let (sections, is_last) = self.gather_news(&mut backup.place)?;
        if is_last && !backup.old.is_empty() {
            let at = backup.old.len().saturating_sub(REPLACES_MAX);
            replaces.extend(backup.old.split_off(at));
        }
        let head = Head {
            version: VERSION,
            index: 0,
            last: false,
            done: 0,
            total: 0,
            backup: None,
            drafts: Some(self.drafts_key()?),
            compared: compared.clone(),
        };
        let key = ArchiveKey::new(backup.archive, backup.key);
        let part = self.seal_part(&key, &head, &sections, BACKUP_PART)?;
        backup.note_compared(compared);
        backup.pending = Some(Pending {
            id: part,
            replaces,
            before,
        });
        self.save_backup(&backup)?;
        self.archives.busy = true;
        Ok(())
    }

    /// The conversations whose entries are put by, each up to which place. Where something waits for its entries, those are not what they will be.
    fn settled(&self) -> Stored<Vec<(ConversationId, Seq)>> {
        let shelved: BTreeSet<_> = self
            .storage
            .shelves()?
            .iter()
            .map(|state| state.conversation)
            .collect();
        let mut settled = Vec::new();
        for conversation in self.storage.encrypted_conversations()? {
            if shelved.contains(&conversation) {
                continue;
            }
            if let Some(group) = self.group_record(conversation)? {
                settled.push((conversation, group.cursor()));
            }
        }
        Ok(settled)
    }

    /// Whether anything here is not in the backup.
    fn has_news(&self, place: &Place) -> Stored<bool> {
        for (conversation, cursor) in self.settled()? {
            if place
                .missing
                .iter()
                .any(|stretch| stretch.conversation == conversation)
            {
                return Ok(true);
            }
            let mut after = place.after(conversation);
            loop {
                let entries = self.storage.log_entries(conversation, after, CHUNK)?;
                let Some(last) = entries.last().map(|entry| entry.event.seq) else {
                    break;
                };
                let is_news =
                    |entry: &LogEntry| entry.event.seq <= cursor && Record::lasting(entry).is_some();
                if entries.iter().any(is_news) {
                    return Ok(true);
                }
                after = last;
            }
        }
        Ok(false)
    }

    /// What goes into the next part, and whether that is all.
    fn gather_news(&self, place: &mut Place) -> Stored<(Vec<Section>, bool)> {
        let mut gathered = Gathered::default();
        for (conversation, cursor) in self.settled()? {
            let is_of = |stretch: &Stretch| stretch.conversation == conversation;
            while let Some(stretch) = place.missing.iter_mut().find(|stretch| is_of(stretch)) {
                let reached = self.gather(
                    &mut gathered,
                    conversation,
                    (stretch.after, stretch.through),
                    Record::lasting,
                )?;
                if reached < stretch.through && gathered.is_full() {
                    stretch.after = reached;
                    return Ok((gathered.sections, false));
                }
                let done = *stretch;
                place.missing.retain(|stretch| *stretch != done);
            }
            let after = place.after(conversation);
            if cursor > after {
                let reached = self.gather(&mut gathered, conversation, (after, cursor), Record::lasting)?;
                place.set_after(conversation, reached);
            }
            if gathered.is_full() {
                return Ok((gathered.sections, false));
            }
        }
        Ok((gathered.sections, true))
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
        backup.known.retain(|known| !pending.replaces.contains(known));
        backup.known.push(info.id);
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
