//! Getting what another device hands over: this device shows a code, waits until another one was told it, and takes in part by part.
//!
//! A part is on the shelf, and counted, in one transaction: where the device stops in the middle it goes on with the part after the last one that it has. A part that comes twice changes
//! nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{Code, CodePurpose, Identity};
use pipit_wire::rest::archive::{Archive, ArchivePurpose, NewArchive, Part};
use pipit_wire::{ArchiveId, ConversationId, Timestamp};
use serde::{Deserialize, Serialize};

use super::giving::bytes_32;
use super::records::{Record, Section, open_part};
use super::{ArchiveCall, Progress, TAKING, ended};
use crate::command::Reply;
use crate::encryption::RandomOf;
use crate::engine::{Engine, Stored};
use crate::storage::Storage;
use crate::view::{HandoverState, TakingView};

/// What this device gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taking {
    archive: ArchiveId,
    /// The code that this device has made; zeros once it is not needed any more.
    secret: [u8; 16],
    asked_at: Timestamp,
    stage: Stage,
    /// The next part.
    next: u32,
    /// Entries that came.
    came: u64,
    progress: Progress,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// The server is told.
    Asking,
    /// Another device is to be told the code.
    Waiting,
    /// It was, and this is its key.
    Getting { key: [u8; 32] },
    /// All has come. What waits on the shelf gets its place.
    Done,
    /// The person does not want it.
    Declined,
    /// It came to nothing.
    Failed { code: String },
}

impl<S: Storage> Engine<S> {
    pub(super) fn taking(&self) -> Stored<Option<Taking>> {
        self.kept_archive(TAKING)
    }

    /// Whether something is asked for, or comes.
    pub(super) fn is_taking(&self) -> Stored<bool> {
        let is_under_way =
            |stage: &Stage| matches!(stage, Stage::Asking | Stage::Waiting | Stage::Getting { .. });
        Ok(self.taking()?.is_some_and(|taking| is_under_way(&taking.stage)))
    }

    fn save_taking(&mut self, taking: &Taking) -> Stored {
        self.keep_archive(TAKING, taking)
    }

    pub(super) fn taking_view(&self, taking: &Taking) -> Stored<TakingView> {
        let mut left = 0;
        for shelf in self.storage.shelves()? {
            left += u64::from(shelf.count);
        }
        let has_code = matches!(taking.stage, Stage::Asking | Stage::Waiting);
        let code = Code::from_bytes(taking.secret, CodePurpose::Device);
        Ok(TakingView {
            code: has_code.then(|| code.text().to_string()),
            state: match &taking.stage {
                Stage::Asking | Stage::Waiting => HandoverState::Waiting,
                Stage::Getting { .. } => HandoverState::Running,
                Stage::Done => HandoverState::Done,
                Stage::Declined => HandoverState::Declined,
                Stage::Failed { code } => ended(code),
            },
            done: taking.progress.done.min(taking.progress.total),
            total: taking.progress.total,
            came: taking.came,
            left: left.min(taking.came),
        })
    }

    /// Makes a code and asks the other devices. Where that is under way, nothing changes.
    pub(crate) fn ask_devices(&mut self) -> Stored<Reply> {
        if self.is_taking()? {
            return Ok(Reply::Done);
        }
        let mut random = RandomOf(&mut self.config.random);
        let code = Code::random(&mut random, CodePurpose::Device);
        let taking = Taking {
            archive: ArchiveId::new(self.clock.now(), self.random_id()),
            secret: *code.to_bytes(),
            asked_at: self.clock.now(),
            stage: Stage::Asking,
            next: 1,
            came: 0,
            progress: Progress::default(),
        };
        self.save_taking(&taking)?;
        Ok(Reply::Done)
    }

    /// The person does not want it, or not any more. What came stays.
    pub(crate) fn stop_asking(&mut self) -> Stored<Reply> {
        let taking = match self.taking()? {
            Some(taking) => {
                if !matches!(taking.stage, Stage::Done | Stage::Declined | Stage::Failed { .. }) {
                    self.call_remove(taking.archive);
                }
                taking
            }
            None => Taking {
                archive: ArchiveId::from_bytes([0; 16]),
                secret: [0; 16],
                asked_at: self.clock.now(),
                stage: Stage::Declined,
                next: 1,
                came: 0,
                progress: Progress::default(),
            },
        };
        self.save_taking(&Taking {
            secret: [0; 16],
            stage: if taking.stage == Stage::Done {
                Stage::Done
            } else {
                Stage::Declined
            },
            ..taking
        })?;
        Ok(Reply::Done)
    }

    /// Takes the next step.
    pub(super) fn take_on(&mut self) -> Stored {
        let Some(taking) = self.taking()? else {
            return Ok(());
        };
        let archive = taking.archive;
        match &taking.stage {
            Stage::Asking => self.ask(&taking),
            Stage::Waiting | Stage::Getting { .. } => match self.archives.found(archive).cloned() {
                Some(found) => self.get_on(taking, &found),
                None => self.taking_ends(archive, "gone"),
            },
            Stage::Done | Stage::Declined | Stage::Failed { .. } => Ok(()),
        }
    }

    /// Tells the server, once it knows this device's key: the code stands for that.
    fn ask(&mut self, taking: &Taking) -> Stored {
        let archive = taking.archive;
        if self.archives.found(archive).is_some() {
            return self.asked(archive);
        }
        let (Some(me), Some(device)) = (self.me(), self.own_device()) else {
            return Ok(());
        };
        let Some(key) = self.published_key()? else {
            return Ok(());
        };
        if self.is_asking_archive(&ArchiveCall::Ask { archive }) {
            return Ok(());
        }
        let code = Code::from_bytes(taking.secret, CodePurpose::Device);
        let proof = code.handover_proof(archive, Identity { user: me, device }, &key);
        self.call_begin(&NewArchive {
            id: archive,
            purpose: ArchivePurpose::Handover,
            proof: STANDARD.encode(proof),
            conversation: None,
        });
        Ok(())
    }

    /// The server knows of it.
    pub(super) fn asked(&mut self, archive: ArchiveId) -> Stored {
        match self.taking()? {
            Some(taking) if taking.archive == archive && taking.stage == Stage::Asking => {
                self.save_taking(&Taking {
                    stage: Stage::Waiting,
                    ..taking
                })
            }
            _ => Ok(()),
        }
    }

    fn get_on(&mut self, mut taking: Taking, found: &Archive) -> Stored {
        let archive = taking.archive;
        if taking.stage == Stage::Waiting {
            let Some(salt) = found.salt.as_deref().and_then(bytes_32) else {
                return Ok(());
            };
            let (Some(me), Some(device)) = (self.me(), self.own_device()) else {
                return Ok(());
            };
            let code = Code::from_bytes(taking.secret, CodePurpose::Device);
            let key = code.handover_key(archive, Identity { user: me, device }, &salt);
            taking.secret = [0; 16];
            taking.stage = Stage::Getting { key: *key.to_bytes() };
            self.save_taking(&taking)?;
        }
        let number = taking.next;
        let is_asking = self.is_asking_archive(&ArchiveCall::Fetch { archive, number });
        if number <= found.parts && !is_asking {
            self.call_fetch(archive, number);
        }
        Ok(())
    }

    /// A part is here.
    pub(super) fn part_came(&mut self, archive: ArchiveId, number: u32, part: &Part) -> Stored {
        let Some(mut taking) = self.taking()? else {
            return Ok(());
        };
        let Stage::Getting { key } = taking.stage else {
            return Ok(());
        };
        if taking.archive != archive || taking.next != number {
            return Ok(());
        }
        let read = open_part(archive, key, part).filter(|(head, _)| head.index == number);
        let Some((head, sections)) = read else {
            tracing::warn!(number, "a part of what is handed over cannot be opened");
            return self.taking_ends(archive, "damaged");
        };
        if let Some(backup) = head.backup {
            self.backup_key_came(backup.archive, backup.key)?;
        }
        self.drafts_key_came(head.drafts)?;
        self.take_comparisons(&head.compared)?;
        self.handed_over(&sections, head.backup.map(|backup| backup.archive))?;
        for section in sections {
            taking.came += self.put_section(section)?;
        }
        taking.progress = Progress {
            done: head.done,
            total: head.total.max(head.done),
        };
        taking.next = number.saturating_add(1);
        if head.last {
            taking.progress.done = taking.progress.total;
            taking.stage = Stage::Done;
            self.call_remove(archive);
        }
        self.save_taking(&taking)
    }

    /// Puts what one conversation has on the shelf, and says how much that was.
    pub(super) fn put_section(&mut self, section: Section) -> Stored<u64> {
        self.put_told(section.conversation, section.entries)
    }

    /// Puts what others tell of a conversation's entries on the shelf, and says how much that was.
    pub(crate) fn put_told(&mut self, conversation: ConversationId, records: Vec<Record>) -> Stored<u64> {
        let records: Vec<_> = records
            .into_iter()
            .filter_map(|record| record.shelved(conversation))
            .collect();
        if records.is_empty() {
            return Ok(0);
        }
        self.storage.put_on_shelf(&records)?;
        if let Some(shelved) = &mut self.archives.shelved {
            shelved.insert(conversation);
        }
        self.archives.shelf_due.insert(conversation);
        Ok(records.len() as u64)
    }

    /// It came to nothing. What came stays.
    pub(super) fn taking_ends(&mut self, archive: ArchiveId, code: &str) -> Stored {
        let Some(taking) = self.taking()? else {
            return Ok(());
        };
        let has_ended = matches!(taking.stage, Stage::Done | Stage::Declined | Stage::Failed { .. });
        if taking.archive != archive || has_ended {
            return Ok(());
        }
        let code = match taking.stage {
            // Nobody was told the code in time.
            Stage::Waiting if code == "gone" => "expired",
            _ => code,
        };
        self.save_taking(&Taking {
            secret: [0; 16],
            stage: Stage::Failed {
                code: code.to_owned(),
            },
            ..taking
        })
    }
}
