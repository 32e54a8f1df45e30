//! Requests about archives, and to whom their answers go.

use pipit_wire::rest::archive::{Archives, NewApproval, NewArchive, NewPart, Part, PartInfo, Parts};
use pipit_wire::{ArchiveId, ErrorCode, PartId, Retry};

use crate::command::CommandError;
use crate::engine::{Engine, Stored};
use crate::http::{Call, Waiting, code_name, read};
use crate::io::{HttpAnswer, HttpMethod};
use crate::storage::Storage;

/// The least wait after the server has refused something that a later try may bring.
const REFUSED_MS: i64 = 60_000;
/// The least wait before the backup is looked at again that was another one than was thought.
const RETRY_BACKUP_MS: i64 = 2_000;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveCall {
    /// Asks which ones there are.
    List,
    /// Asks the other devices, or begins to put by or to show.
    Ask { archive: ArchiveId },
    /// Vouches for the device that is handed over to.
    Vouch { archive: ArchiveId },
    /// Hands over.
    Approve { archive: ArchiveId },
    /// Adds a part to what is handed over or shown.
    Give { archive: ArchiveId, part: PartId },
    /// Fetches a part of what is handed over or shown.
    Fetch { archive: ArchiveId, number: u32 },
    /// Asks which parts the backup has.
    Parts { archive: ArchiveId },
    /// Fetches a part of the backup.
    Take { archive: ArchiveId, number: u32 },
    /// Adds a part to the backup.
    Put { archive: ArchiveId, part: PartId },
    /// Changes the recovery key, or vouches by it.
    Recovery { archive: ArchiveId },
    /// Erases one.
    Remove { archive: ArchiveId },
}

impl ArchiveCall {
    /// Whether it is a step of this backup.
    pub(super) fn is_of_backup(&self, backup: ArchiveId) -> bool {
        match self {
            Self::Parts { .. } | Self::Take { .. } | Self::Put { .. } | Self::Recovery { .. } => true,
            Self::Ask { archive } | Self::Remove { archive } => *archive == backup,
            Self::List
            | Self::Vouch { .. }
            | Self::Approve { .. }
            | Self::Give { .. }
            | Self::Fetch { .. } => false,
        }
    }
}

fn path(archive: ArchiveId, rest: &str) -> String {
    format!("/v1/me/archives/{archive}{rest}")
}

impl<S: Storage> Engine<S> {
    /// Whether a step of the backup is under way.
    pub(super) fn is_asking_backup(&self, backup: ArchiveId) -> bool {
        self.calls
            .is_any_open(|call| matches!(call, Call::Archive(call) if call.is_of_backup(backup)))
    }

    pub(super) fn is_asking_archive(&self, meant: &ArchiveCall) -> bool {
        self.calls
            .is_any_open(|call| matches!(call, Call::Archive(call) if call == meant))
    }

    pub(super) fn ask_for_archives(&mut self) {
        self.archives.list_due = false;
        let call = Call::Archive(ArchiveCall::List);
        self.call(Waiting::authorized(call, HttpMethod::Get, "/v1/me/archives"));
    }

    pub(super) fn call_begin(&mut self, new: &NewArchive) {
        let call = Call::Archive(ArchiveCall::Ask { archive: new.id });
        self.call(Waiting::authorized(call, HttpMethod::Post, "/v1/me/archives").with(new));
    }

    pub(super) fn call_approve(&mut self, archive: ArchiveId, new: &NewApproval) {
        let call = Call::Archive(ArchiveCall::Approve { archive });
        self.call(Waiting::authorized(call, HttpMethod::Post, path(archive, "/approval")).with(new));
    }

    pub(super) fn call_give(&mut self, archive: ArchiveId, new: &NewPart) {
        let call = Call::Archive(ArchiveCall::Give {
            archive,
            part: new.id,
        });
        self.call(Waiting::authorized(call, HttpMethod::Post, path(archive, "/parts")).with(new));
    }

    pub(super) fn call_fetch(&mut self, archive: ArchiveId, number: u32) {
        let call = Call::Archive(ArchiveCall::Fetch { archive, number });
        let path = path(archive, &format!("/parts/{number}"));
        self.call(Waiting::authorized(call, HttpMethod::Get, path));
    }

    pub(super) fn call_parts(&mut self, archive: ArchiveId) {
        let call = Call::Archive(ArchiveCall::Parts { archive });
        self.call(Waiting::authorized(
            call,
            HttpMethod::Get,
            path(archive, "/parts"),
        ));
    }

    pub(super) fn call_take(&mut self, archive: ArchiveId, number: u32) {
        let call = Call::Archive(ArchiveCall::Take { archive, number });
        let path = path(archive, &format!("/parts/{number}"));
        self.call(Waiting::authorized(call, HttpMethod::Get, path));
    }

    pub(super) fn call_put(&mut self, archive: ArchiveId, new: &NewPart) {
        let call = Call::Archive(ArchiveCall::Put {
            archive,
            part: new.id,
        });
        self.call(Waiting::authorized(call, HttpMethod::Post, path(archive, "/parts")).with(new));
    }

    pub(super) fn call_remove(&mut self, archive: ArchiveId) {
        let call = Call::Archive(ArchiveCall::Remove { archive });
        self.call(Waiting::authorized(call, HttpMethod::Delete, path(archive, "")));
    }

    pub(crate) fn archive_answered(&mut self, call: &ArchiveCall, answer: &HttpAnswer) -> Stored {
        self.archives.failures = 0;
        match call {
            ArchiveCall::List => match read::<Archives>(answer) {
                Ok(listed) => {
                    self.archives_came(listed);
                    Ok(())
                }
                Err(error) => self.archive_call_failed(call, &error),
            },
            ArchiveCall::Ask { archive } => {
                self.archives.list_due = true;
                self.asked(*archive)?;
                self.history_begun(*archive)?;
                self.backup_begun(*archive)
            }
            ArchiveCall::Vouch { archive } => self.vouched(*archive),
            ArchiveCall::Approve { archive } => {
                self.archives.list_due = true;
                self.approved(*archive)
            }
            ArchiveCall::Give { archive, part } => match read::<PartInfo>(answer) {
                Ok(_) => {
                    self.given(*archive, *part)?;
                    self.history_part_taken(*archive, *part)
                }
                Err(error) => self.archive_call_failed(call, &error),
            },
            ArchiveCall::Fetch { archive, number } => match read::<Part>(answer) {
                Ok(part) => {
                    self.part_came(*archive, *number, &part)?;
                    self.history_part_came(*archive, *number, &part)
                }
                Err(error) => self.archive_call_failed(call, &error),
            },
            ArchiveCall::Parts { archive } => match read::<Parts>(answer) {
                Ok(parts) => self.backup_parts_came(*archive, parts.items),
                Err(error) => self.archive_call_failed(call, &error),
            },
            ArchiveCall::Take { archive, number } => match read::<Part>(answer) {
                Ok(part) => self.backup_part_came(*archive, *number, &part),
                Err(error) => self.archive_call_failed(call, &error),
            },
            ArchiveCall::Put { archive, .. } => match read::<PartInfo>(answer) {
                Ok(info) => self.backup_part_put(*archive, &info),
                Err(error) => self.archive_call_failed(call, &error),
            },
            ArchiveCall::Recovery { archive } => self.recovery_stepped(*archive),
            ArchiveCall::Remove { .. } => {
                self.archives.list_due = true;
                Ok(())
            }
        }
    }

    /// A request came to nothing: it is made again, if it still has to be, or what it was for has ended.
    pub(super) fn archive_call_failed(&mut self, call: &ArchiveCall, error: &CommandError) -> Stored {
        let is = |code: ErrorCode| error.code == code_name(code);
        self.archives.list_due |= *call == ArchiveCall::List;
        if error.retry == Retry::Later || error.retry == Retry::AfterSignIn || error.code == "bad_answer" {
            let least_ms = error.retry_after_ms.map_or(0, i64::from);
            self.put_off_archives(least_ms);
            return Ok(());
        }
        match call {
            ArchiveCall::List => self.put_off_archives(REFUSED_MS),
            ArchiveCall::Ask { archive } => {
                self.taking_ends(*archive, &error.code)?;
                self.history_not_told(*archive, &error.code)?;
                self.backup_refused(*archive, &error.code)?;
            }
            ArchiveCall::Vouch { archive } => {
                tracing::warn!(
                    code = error.code,
                    "the server takes no vouch for a device that is handed over to"
                );
                self.vouched(*archive)?;
            }
            ArchiveCall::Approve { archive } | ArchiveCall::Give { archive, .. } => {
                let code = if is(ErrorCode::NotFound) || is(ErrorCode::IdConflict) {
                    "gone"
                } else {
                    &error.code
                };
                self.giving_ends(*archive, code)?;
                self.history_not_told(*archive, &error.code)?;
            }
            ArchiveCall::Fetch { archive, .. } => {
                let code = if is(ErrorCode::NotFound) {
                    "gone"
                } else {
                    &error.code
                };
                self.taking_ends(*archive, code)?;
                self.seeing_ends(*archive, code)?;
            }
            ArchiveCall::Put { .. } => {
                self.backup_failed(&error.code)?;
                self.put_off_archives(REFUSED_MS);
            }
            ArchiveCall::Recovery { archive } => {
                tracing::warn!(
                    code = error.code,
                    "the server does not take what is said of the recovery key"
                );
                self.recovery_stepped(*archive)?;
            }
            // It has gone or been replaced meanwhile: what there is now is asked for.
            ArchiveCall::Parts { .. } | ArchiveCall::Take { .. } => {
                self.archives.backup_parts = None;
                self.archives.list_due = true;
                self.put_off_archives(RETRY_BACKUP_MS);
            }
            // It may have gone already.
            ArchiveCall::Remove { .. } => {
                self.archives.list_due = true;
                self.put_off_archives(RETRY_BACKUP_MS);
            }
        }
        Ok(())
    }
}
