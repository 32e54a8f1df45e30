//! Making parts: of a hand-over and of the backup alike.

use pipit_e2ee::ArchiveKey;
use pipit_wire::{ConversationId, PartId, Seq};

use super::records::{Head, Record, Section, encode};
use crate::encryption::RandomOf;
use crate::engine::{Engine, Stored};
use crate::storage::{LogEntry, Storage, StorageError};

/// About so many bytes of JSON go into a part: compressed and sealed less, and never more than the server takes.
const PART_JSON_BYTES: usize = 256 * 1024;
/// So many entries are read at a time.
pub(super) const CHUNK: u32 = 200;

/// What goes into a part.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) sections: Vec<Section>,
    size: usize,
    /// Entries of logs that were looked through for it.
    pub(super) looked_at: u64,
}

impl Gathered {
    pub(super) const fn is_full(&self) -> bool {
        self.size >= PART_JSON_BYTES
    }
}

impl<S: Storage> Engine<S> {
    /// Gathers a section of what lies after one place and up to another, as far as it goes in, and says up to where that is.
    pub(super) fn gather(
        &self,
        gathered: &mut Gathered,
        conversation: ConversationId,
        (from, through): (Seq, Seq),
        record: fn(&LogEntry) -> Option<Record>,
    ) -> Stored<Seq> {
        let mut section = Section {
            conversation,
            from,
            through: from,
            entries: Vec::new(),
        };
        'all: loop {
            let entries = self.storage.log_entries(conversation, section.through, CHUNK)?;
            for entry in &entries {
                if entry.event.seq > through || gathered.is_full() {
                    break 'all;
                }
                section.through = entry.event.seq;
                gathered.looked_at += 1;
                if let Some(record) = record(entry) {
                    gathered.size += entry.raw.len();
                    section.entries.push(record);
                }
            }
            if entries.is_empty() {
                break;
            }
        }
        let reached = section.through;
        if reached > from {
            // One that says nothing tells how far it is.
            gathered.sections.push(section);
        }
        Ok(reached)
    }

    /// Seals a part and keeps it under this key of the storage, from where it is sent.
    pub(super) fn seal_part(
        &mut self,
        key: &ArchiveKey,
        head: &Head,
        sections: &[Section],
        kept_as: u8,
    ) -> Stored<PartId> {
        let encoded = encode(head, sections).map_err(|error| StorageError::Failed(Box::new(error)))?;
        let part = PartId::new(self.clock.now(), self.random_id());
        let mut random = RandomOf(&mut self.config.random);
        let sealed = key.seal(part, encoded.iter().map(Vec::as_slice), &mut random);
        let sealed = sealed.map_err(|error| StorageError::Failed(Box::new(error)))?;
        self.storage.save_secret(&[kept_as], &sealed)?;
        Ok(part)
    }
}
