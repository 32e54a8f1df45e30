//! What an account's devices hand over to each other of encrypted conversations (`docs/adr/0045-archives.md`).
//!
//! A device that comes in later reads a conversation from its coming on. It shows a code to another device of the account, by which that sees who asks ([`giving`]), and gets what was opened
//! there in parts that are sealed under the code ([`taking`]). Newcomers to a group get what was said in it from who has let them in ([`showing`], [`seeing`]). What comes is put on a shelf ([`shelf`]) until the entries that it belongs to are here: the log says who sent what and where, the
//! archive only what it says. What this device has opened itself stays as it is.
//!
//! Each step is in the transaction of what it follows from, and what is to be done next follows from what is on disk.

mod backup;
mod calls;
mod drafts;
mod gathering;
mod giving;
mod records;
mod seeing;
mod shelf;
mod showing;
mod taking;

use std::collections::{BTreeMap, BTreeSet};

use pipit_e2ee::CodeError;
use pipit_wire::rest::archive::{Archive, ArchivePurpose, Archives as Listed, PartInfo};
use pipit_wire::{ArchiveId, ConversationId, DeviceId, Seq, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::backup::Look;
pub(crate) use self::calls::ArchiveCall;
pub(crate) use self::giving::bytes_32;
pub(crate) use self::records::Record;
use crate::command::{Command, CommandError, Reply};
use crate::commands::Done;
use crate::engine::{Engine, Stored};
use crate::http::local_error;
use crate::storage::{Storage, StorageError};
use crate::view::{ArchivesView, HandoverState, WaitingDevice};

/// The first byte of what is kept of this under keys of its own, beside what `encryption` keeps.
const GIVING: u8 = 16;
const GIVING_PART: u8 = 17;
const TAKING: u8 = 18;
const BACKUP: u8 = 19;
const BACKUP_PART: u8 = 20;
const SHOWING: u8 = 21;
const SHOWING_PART: u8 = 22;
const SEEING: u8 = 23;
/// The first and the last wait before something that failed is tried again.
const RETRY_MS: (i64, i64) = (1_000, 60_000);

/// What is known beside what is on disk.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct Archives {
    /// Those of the account, as the server told them last on this connection.
    listed: Option<Vec<Archive>>,
    /// They are to be asked for: what is known may not be so any more.
    pub(crate) list_due: bool,
    /// When what failed is tried again, and how often it has failed.
    retry_at: Option<Timestamp>,
    failures: u32,
    /// There is more to do than was done in one input.
    busy: bool,
    /// Requests that came to nothing.
    failed: Vec<(ArchiveCall, CommandError)>,
    /// Conversations in which something waits on the shelf, once that was looked at.
    shelved: Option<BTreeSet<ConversationId>>,
    /// Those of them that are looked at in this input.
    shelf_due: BTreeSet<ConversationId>,
    /// The last place that was asked for in each, to see whether asking brings anything.
    sought: Vec<(ConversationId, Seq)>,
    /// Up to where the log was here when more of it was last asked for, to learn where the account has come in.
    looked_for: BTreeMap<ArchiveId, Seq>,
    /// When the backup is looked at.
    backup_look: Look,
    /// Nothing is to be done until something of this is kept anew or listed, or the backup is looked at.
    rests: bool,
    /// The parts that the backup has, once they were asked for.
    backup_parts: Option<Vec<PartInfo>>,
    /// What views were shown last.
    shown: Option<ArchivesView>,
    view_due: bool,
}

impl Archives {
    pub(crate) fn deadline(&self, now: Timestamp) -> Option<Timestamp> {
        if self.busy {
            return Some(now);
        }
        [self.retry_at, self.backup_look.at()].into_iter().flatten().min()
    }

    /// The line is gone: what the server said may not be so any more.
    pub(crate) fn forget_line(&mut self) {
        self.listed = None;
        self.retry_at = None;
        self.failures = 0;
        self.failed.clear();
        self.sought.clear();
        self.looked_for.clear();
        (self.backup_look, self.backup_parts) = (Look::Now, None);
        self.view_due = true;
    }

    /// A request of these came to nothing.
    pub(crate) fn refused(&mut self, call: ArchiveCall, error: CommandError) {
        self.failed.push((call, error));
    }

    /// Something of this conversation is here that was not, or was taken in.
    pub(crate) fn look_at_shelf(&mut self, conversation: ConversationId) {
        let waits = self.shelved.as_ref();
        if waits.is_none_or(|waits| waits.contains(&conversation)) {
            self.shelf_due.insert(conversation);
        }
    }

    /// Somebody has come into a group who may be one of those that are to be shown something.
    pub(crate) const fn look_at_newcomers(&mut self) {
        self.rests = false;
    }

    /// Whether there is something from before this device came in may be another answer now.
    pub(crate) const fn look_at_view(&mut self) {
        self.view_due = true;
        self.list_due |= self.listed.is_none();
    }

    fn found(&self, archive: ArchiveId) -> Option<&Archive> {
        let mut listed = self.listed.iter().flatten();
        listed.find(|found| found.id == archive)
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn archives_due(&mut self) {
        let clock = self.clock;
        if self.archives.retry_at.is_some_and(|at| clock.is_due(at)) {
            self.archives.retry_at = None;
        }
        if self.archives.backup_look.at().is_some_and(|at| clock.is_due(at)) {
            self.archives.backup_look = Look::Now;
        }
        self.archives.busy = false;
    }

    /// The line stands. Who has nothing to hand over or to get asks nothing.
    pub(crate) fn archives_welcomed(&mut self) -> Stored {
        let encrypted = self.storage.encrypted_conversations()?;
        self.archives.list_due = !encrypted.is_empty()
            || self.taking()?.is_some()
            || self.giving()?.is_some()
            || self.backup()?.is_some();
        Ok(())
    }

    /// The archives of the account are these.
    pub(crate) fn archives_came(&mut self, listed: Listed) {
        let changed_at = |items: Option<&Vec<Archive>>| {
            let mut found = items.into_iter().flatten();
            found
                .find(|archive| archive.purpose == ArchivePurpose::Backup)
                .map(|archive| (archive.id, archive.changed_at))
        };
        if changed_at(self.archives.listed.as_ref()) != changed_at(Some(&listed.items)) {
            // Another device may have put something there, or begun another one.
            self.archives.backup_parts = None;
            self.back_up_soon();
        }
        self.archives.listed = Some(listed.items);
        self.archives.rests = false;
        self.archives.view_due = true;
    }

    /// Does what is to be done, as far as it can be done now.
    pub(crate) fn pump_archives(&mut self) -> Stored {
        if self.session.is_none() {
            self.archives = Archives::default();
            return Ok(());
        }
        for (call, error) in std::mem::take(&mut self.archives.failed) {
            self.archive_call_failed(&call, &error)?;
        }
        self.pump_shelf()?;
        if self.connection.is_up() && self.archives.retry_at.is_none() {
            if self.archives.list_due && !self.is_asking_archive(&ArchiveCall::List) {
                self.ask_for_archives();
            }
            // Nothing is done by what may be old. Each message comes by here: where there is nothing to do nothing is read.
            let is_known = self.archives.listed.is_some() && !self.is_asking_archive(&ArchiveCall::List);
            let rests = self.archives.rests && self.archives.backup_look != Look::Now;
            if is_known && !rests {
                self.take_on()?;
                self.give_on()?;
                self.show_on()?;
                self.see_on()?;
                let backup_rests = self.back_up()?;
                let is_moving =
                    self.is_taking()? || self.is_giving()? || self.is_showing()? || self.is_seeing()?;
                self.archives.rests = backup_rests && !is_moving;
            }
        }
        Ok(())
    }

    fn archives_view(&mut self) -> Stored<ArchivesView> {
        let own = self.own_device();
        let giving = self.giving()?;
        let taking = self.taking()?;
        let is_other = |archive: &&Archive| {
            archive.purpose == ArchivePurpose::Handover
                && Some(archive.device) != own
                && archive.giver.is_none()
        };
        let listed = self.archives.listed.iter().flatten();
        let waiting = listed.filter(is_other).map(|archive| WaitingDevice {
            archive: archive.id,
            device: archive.device,
            name: archive.device_name.clone(),
            at: archive.made_at,
        });
        let waiting = waiting.collect();
        Ok(ArchivesView {
            waiting,
            giving: giving.map(|giving| giving.view()),
            taking: match &taking {
                Some(taking) => Some(self.taking_view(taking)?),
                None => None,
            },
            has_gap: taking.is_none() && self.backup()?.is_none() && self.has_gap()?,
            backup: self.backup_view()?,
        })
    }

    /// Shows views how it stands.
    pub(crate) fn archives_now(&mut self) -> Stored<ArchivesView> {
        if self.session.is_none() {
            return Ok(ArchivesView::default());
        }
        if std::mem::take(&mut self.archives.view_due) || self.archives.shown.is_none() {
            self.archives.shown = Some(self.archives_view()?);
        }
        Ok(self.archives.shown.clone().unwrap_or_default())
    }

    /// Commands about hand-overs.
    pub(crate) fn archive_command(&mut self, command: Command) -> Stored<Done> {
        self.notice_adding(&command)?;
        if self.archives.listed.is_none() && is_about_archives(&command) {
            self.archives.list_due = true;
        }
        let reply = match command {
            Command::AskDevices => self.ask_devices(),
            Command::StopAsking => self.stop_asking(),
            Command::CheckDeviceCode { code } => self.check_device_code(&code),
            Command::ApproveDevice { code } => self.approve_device(&code),
            Command::DeclineDevice { archive } => Ok(self.decline_device(archive)),
            Command::DismissHandover => self.dismiss_giving(),
            Command::NewRecoveryCode => Ok(self.new_recovery_code()),
            Command::BeginBackup { code } => self.begin_backup(&code),
            Command::RestoreBackup { code } => self.restore_backup(&code),
            Command::EndBackup => self.end_backup(),
            other => return Ok(Done::Not(other)),
        };
        reply.map(Done::Now)
    }

    /// Whether there is something in encrypted conversations from before this device came in.
    fn has_gap(&self) -> Stored<bool> {
        for conversation in self.storage.encrypted_conversations()? {
            let (Some(record), Some(group)) = (
                self.storage.conversation(conversation)?,
                self.group_record(conversation)?,
            ) else {
                continue;
            };
            // The first two entries of each are that it was made, and its group.
            if group.since().get() > record.first_seq.get().saturating_add(1) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Not before this, and later each time.
    fn put_off_archives(&mut self, least_ms: i64) {
        let limit_ms = (RETRY_MS.0 << self.archives.failures.min(6)).min(RETRY_MS.1);
        let wait_ms = self.random_ms(limit_ms).max(least_ms).max(RETRY_MS.0 / 4);
        self.archives.failures = self.archives.failures.saturating_add(1);
        self.archives.retry_at = Some(self.clock.steady().plus_ms(wait_ms));
    }

    fn kept_archive<T: DeserializeOwned>(&self, key: u8) -> Stored<Option<T>> {
        let Some(bytes) = self.storage.secret(&[key])? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|error| StorageError::Corrupt {
            detail: error.to_string(),
        })
    }

    fn keep_archive<T: Serialize>(&mut self, key: u8, value: &T) -> Stored {
        let bytes = serde_json::to_vec(value).map_err(|error| StorageError::Failed(Box::new(error)))?;
        (self.archives.view_due, self.archives.rests) = (true, false);
        self.storage.save_secret(&[key], &bytes)
    }

    /// What is kept of several under one key; an empty list is not kept.
    fn keep_list<T: Serialize>(&mut self, key: u8, all: &[T]) -> Stored {
        if all.is_empty() {
            self.archives.rests = false;
            return self.forget_archive(key);
        }
        self.keep_archive(key, &all)
    }

    fn forget_archive(&mut self, key: u8) -> Stored {
        self.archives.view_due = true;
        self.storage.remove_secret(&[key])
    }
}

/// How far a hand-over is, in entries of logs: what is looked through, not what was found there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    done: u64,
    total: u64,
}

/// The other device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Peer {
    device: DeviceId,
    name: String,
}

fn refused(code: &str) -> Reply {
    let error = CommandError {
        retry: pipit_wire::Retry::Never,
        ..local_error(code, None)
    };
    Reply::Failed { error }
}

/// What is wrong with what somebody has typed.
fn code_error(error: CodeError) -> &'static str {
    match error {
        CodeError::Length | CodeError::Letter => "code_malformed",
        CodeError::Slip => "code_slip",
        CodeError::OtherPurpose => "code_other",
    }
}

/// Why it came to nothing, for views.
fn ended(code: &str) -> HandoverState {
    HandoverState::Failed {
        code: code.to_owned(),
    }
}

const fn is_about_archives(command: &Command) -> bool {
    matches!(
        command,
        Command::AskDevices
            | Command::StopAsking
            | Command::CheckDeviceCode { .. }
            | Command::ApproveDevice { .. }
            | Command::DeclineDevice { .. }
            | Command::DismissHandover
            | Command::NewRecoveryCode
            | Command::BeginBackup { .. }
            | Command::RestoreBackup { .. }
            | Command::EndBackup
    )
}
