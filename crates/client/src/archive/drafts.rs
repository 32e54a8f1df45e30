//! Drafts of encrypted conversations, on all devices of the account (`docs/adr/0052-sealed-drafts.md`).
//!
//! The server keeps them as it does others, sealed under a key that the account's devices share. It comes with a hand-over, and from the backup; a device that nobody has approved has another one, and
//! so reads nobody's drafts but its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::ArchiveKey;
use pipit_wire::{ArchiveId, ConversationId, PartId};

use super::records::SharedKey;
use crate::encryption::RandomOf;
use crate::engine::{Engine, Stored};
use crate::storage::{Storage, StorageError};

/// What the key is kept under.
const DRAFTS: u8 = 24;

/// A draft is sealed as a part of an archive of drafts, one for each conversation.
const fn part_of(conversation: ConversationId) -> PartId {
    PartId::from_bytes(*conversation.as_bytes())
}

impl<S: Storage> Engine<S> {
    /// The key of this account's drafts, made where there is none yet.
    pub(super) fn drafts_key(&mut self) -> Stored<SharedKey> {
        if let Some(kept) = self.kept_archive(DRAFTS)? {
            return Ok(kept);
        }
        let mut key = [0; 32];
        (self.config.random)(&mut key);
        let archive = ArchiveId::new(self.clock.now(), self.random_id());
        let made = SharedKey { archive, key };
        self.keep_archive(DRAFTS, &made)?;
        Ok(made)
    }

    /// The device that hands over has this one.
    pub(super) fn drafts_key_came(&mut self, key: Option<SharedKey>) -> Stored {
        let Some(key) = key else {
            return Ok(());
        };
        if self.kept_archive(DRAFTS)? == Some(key) {
            return Ok(());
        }
        self.keep_archive(DRAFTS, &key)?;
        for conversation in self.storage.encrypted_conversations()? {
            let mut record = self.storage.personal(conversation)?;
            if record
                .pending
                .draft
                .as_ref()
                .is_some_and(|draft| !draft.is_empty())
            {
                // It waits to be sent, sealed under the key that this device had before.
                let draft = self.storage.draft(conversation)?.unwrap_or_default();
                record.pending.draft = Some(self.seal_draft(conversation, &draft)?);
                self.storage.save_personal(conversation, &record)?;
            } else if !record.state.draft.is_empty() {
                self.draft_came(conversation, "")?;
            }
        }
        Ok(())
    }

    /// A device that has written to the backup had this one: which may have been signed out since, so it is taken where there is no other.
    pub(super) fn drafts_key_found(&mut self, key: Option<SharedKey>) -> Stored {
        if self.kept_archive::<SharedKey>(DRAFTS)?.is_some() {
            return Ok(());
        }
        self.drafts_key_came(key)
    }

    /// A draft as the server keeps it. That there is none it may know.
    pub(crate) fn seal_draft(&mut self, conversation: ConversationId, text: &str) -> Stored<String> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let SharedKey { archive, key } = self.drafts_key()?;
        let mut random = RandomOf(&mut self.config.random);
        let sealed =
            ArchiveKey::new(archive, key).seal(part_of(conversation), [text.as_bytes()], &mut random);
        let sealed = sealed.map_err(|error| StorageError::Failed(Box::new(error)))?;
        Ok(STANDARD.encode(sealed))
    }

    /// Shows the draft that the server keeps of an encrypted conversation, after this one, unless another one is on its way to it. What a device has sealed that does not share its key takes nothing
    /// from this one, nor does that it is gone.
    pub(crate) fn draft_came(&mut self, conversation: ConversationId, before: &str) -> Stored {
        let record = self.storage.personal(conversation)?;
        let now = &record.state.draft;
        let speaks = if now.is_empty() { before } else { now };
        if record.pending.draft.is_none()
            && self.opens_draft(conversation, speaks)?
            && let Some(draft) = self.open_draft(conversation, now)?
        {
            self.show_draft(conversation, &draft)?;
        }
        Ok(())
    }

    /// Whether a draft is there, and was sealed under the key that this device has.
    pub(crate) fn opens_draft(&self, conversation: ConversationId, sealed: &str) -> Stored<bool> {
        Ok(!sealed.is_empty() && self.open_draft(conversation, sealed)?.is_some())
    }

    /// What the server keeps as a draft; none where it was sealed by a device that does not share its key, or for another conversation.
    fn open_draft(&self, conversation: ConversationId, sealed: &str) -> Stored<Option<String>> {
        if sealed.is_empty() {
            return Ok(Some(String::new()));
        }
        let Some(SharedKey { archive, key }) = self.kept_archive(DRAFTS)? else {
            return Ok(None);
        };
        let bytes = STANDARD.decode(sealed).unwrap_or_default();
        let opened = ArchiveKey::new(archive, key).open(part_of(conversation), &bytes);
        let text = opened.ok().and_then(|mut sections| sections.pop());
        Ok(text.and_then(|text| String::from_utf8(text).ok()))
    }
}
