//! What stands in a part (`docs/protocol.md`, "Archives"): a head, and for each conversation what its entries say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::ArchiveKey;
use pipit_model::commitment;
use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::report::Opening;
use pipit_wire::rest::archive::Part;
use pipit_wire::{ArchiveId, Content, ConversationId, Event, EventId, MessageId, Seq, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::encryption::{Compared, commitment_of};
use crate::fold;
use crate::storage::{LogEntry, ShelfRecord};

/// The version of what stands in a part.
pub(super) const VERSION: u32 = 1;
/// The most entries that one section has: more than any part is filled with.
const ENTRIES_MAX: usize = 100_000;

/// A key that devices of the account share: of its backup, or of its drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SharedKey {
    pub(super) archive: ArchiveId,
    pub(super) key: [u8; 32],
}

/// The first section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// [`VERSION`].
    pub(super) version: u32,
    /// Which part it is, counted from 1.
    pub(super) index: u32,
    /// Nothing comes after it.
    pub(super) last: bool,
    /// The account's backup and its key, where the device that hands over has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) backup: Option<SharedKey>,
    /// The key of the account's drafts; of a history nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) drafts: Option<SharedKey>,
    /// With whom numbers were compared. Of a history nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) compared: Vec<Compared>,
    /// How many entries of logs were looked through for this part and those before it, of how many.
    pub(super) done: u64,
    pub(super) total: u64,
}

/// Each other section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Section {
    /// Of which conversation.
    pub(super) conversation: ConversationId,
    /// What was opened after the one place and up to the other is in it, as far as the device had it.
    pub(super) from: Seq,
    pub(super) through: Seq,
    /// What its entries say, by place.
    pub(super) entries: Vec<Record>,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its place.
    pub(super) seq: Seq,
    /// Which one.
    pub(super) id: EventId,
    /// Whose.
    pub(super) sender: UserId,
    /// What opens its commitment; where it has none, the body as it was opened.
    pub(super) body: Value,
}

impl Record {
    /// What is handed over of an entry: what was opened, and nothing that the server has in the clear.
    pub(crate) fn of(entry: &LogEntry) -> Option<Self> {
        let event = &entry.event;
        if !was_opened(event) {
            return None;
        }
        let mut value: Value = serde_json::from_str(&entry.raw).ok()?;
        let kept = if value.get("opening").is_some() {
            "opening"
        } else {
            "body"
        };
        Some(Self {
            seq: event.seq,
            id: event.id,
            sender: event.sender,
            body: value.get_mut(kept)?.take(),
        })
    }

    pub(crate) const fn seq(&self) -> Seq {
        self.seq
    }

    /// Whether it has what opens a commitment, and is not on anybody's word.
    pub(crate) fn is_opening(&self) -> bool {
        self.opening().is_some()
    }

    fn opening(&self) -> Option<Opening> {
        serde_json::from_value(self.body.clone()).ok()
    }

    /// Whether it shows what this entry's sender has committed to.
    pub(crate) fn shows(&self, entry: &Event) -> bool {
        let is_of = (self.seq, self.id, self.sender) == (entry.seq, entry.id, entry.sender);
        let opening = self.opening().filter(|_| is_of);
        let commitment = commitment_of(entry);
        matches!((commitment, opening), (Some(commitment), Some(opening)) if commitment::verify(commitment, &opening))
    }

    /// What is put by of an entry: not what is to erase itself.
    pub(super) fn lasting(entry: &LogEntry) -> Option<Self> {
        if fold::expires_at(&entry.event).is_some() {
            return None;
        }
        Self::of(entry)
    }

    /// As it waits for its place.
    pub(super) fn shelved(self, conversation: ConversationId) -> Option<ShelfRecord> {
        let said = self.body.get("said").and_then(Value::as_str);
        let said = said.and_then(|said| serde_json::from_str::<Value>(said).ok());
        let said = said.as_ref().unwrap_or(&self.body);
        let changes = said.get("type").and_then(Value::as_str) == Some("message_changed");
        let target = said.get("message").filter(|_| changes).and_then(Value::as_str);
        Some(ShelfRecord {
            conversation,
            seq: self.seq,
            event: self.id,
            sender: self.sender,
            target: target.and_then(|target| target.parse::<MessageId>().ok()),
            body: serde_json::to_string(&self.body).ok()?,
        })
    }
}

/// Whether an entry of an encrypted conversation was sealed and is open here.
fn was_opened(event: &Event) -> bool {
    match &event.body {
        EventBody::Message { content, .. } => matches!(content, Content::Plain { .. }),
        EventBody::MessageChanged { change, .. } => match change {
            MessageChange::Edit { content, .. } => matches!(content, Content::Plain { .. }),
            // In the clear for the server.
            MessageChange::Delete {} | MessageChange::Pin { .. } => false,
            _ => true,
        },
        // Of an encrypted group only what was sealed says what it is called.
        EventBody::TitleChanged { .. } | EventBody::Unknown => true,
        EventBody::SettingsChanged { change } => change.topic.is_some(),
        _ => false,
    }
}

/// The sections of a part.
pub(super) fn encode(head: &Head, sections: &[Section]) -> serde_json::Result<Vec<Vec<u8>>> {
    let mut encoded = vec![serde_json::to_vec(head)?];
    for section in sections {
        encoded.push(serde_json::to_vec(section)?);
    }
    Ok(encoded)
}

/// Opens a part and reads it; nothing where it is another's, was changed, or is not of this version.
pub(super) fn open_part(archive: ArchiveId, key: [u8; 32], part: &Part) -> Option<(Head, Vec<Section>)> {
    let bytes = STANDARD.decode(&part.bytes).ok()?;
    let sections = ArchiveKey::new(archive, key).open(part.id, &bytes).ok()?;
    decode(&sections)
}

/// Reads sections; nothing where they are not those of this version.
fn decode(sections: &[Vec<u8>]) -> Option<(Head, Vec<Section>)> {
    let (head, rest) = sections.split_first()?;
    let head: Head = serde_json::from_slice(head).ok()?;
    if head.version != VERSION {
        return None;
    }
    let mut read = Vec::new();
    for section in rest {
        let section: Section = serde_json::from_slice(section).ok()?;
        if section.entries.len() > ENTRIES_MAX {
            return None;
        }
        read.push(section);
    }
    Some((head, read))
}
