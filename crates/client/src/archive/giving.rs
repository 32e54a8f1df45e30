//! Handing over: a device that was told the code of another one of the account says so, and sends what it has, part by part.
//!
//! A part is sealed and kept, and the place up to which it goes, in one transaction before it is sent: what is sent again is the same bytes, and what comes after it begins where it
//! ended, whatever came in between. What was opened while this went on is in a last round, so that nothing is missing between what is handed over and what the other device reads by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{ArchiveKey, Code, CodePurpose, Identity, SignatureKey};
use pipit_wire::rest::archive::{Archive, ArchivePurpose, NewApproval, NewPart};
use pipit_wire::{ArchiveId, ConversationId, PartId, Seq};
use serde::{Deserialize, Serialize};

use super::gathering::Gathered;
use super::records::{Head, Record, VERSION};
use super::{ArchiveCall, GIVING, GIVING_PART, Peer, Progress, code_error, ended, refused};
use crate::command::Reply;
use crate::engine::{Engine, Stored};
use crate::http::Call;
use crate::storage::Storage;
use crate::view::{HandoverState, HandoverView, WaitingDevice};

/// Rounds through the conversations: all that is there, and twice what came meanwhile.
const ROUNDS: u8 = 3;

/// What this device hands over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Giving {
    archive: ArchiveId,
    peer: Peer,
    /// What the other device signs with, as its code has proven.
    signature_key: [u8; 32],
    key: [u8; 32],
    salt: [u8; 32],
    stage: Stage,
    /// Parts that were made.
    index: u32,
    /// How far each conversation is handed over.
    through: Vec<(ConversationId, Seq)>,
    /// Those that come in this round.
    left: Vec<ConversationId>,
    round: u8,
    progress: Progress,
    /// The part that is to be sent, and whether it is the last.
    part: Option<(PartId, bool)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// This device vouches for the other one.
    Vouching,
    /// The server is told.
    Approving,
    /// Parts are sent.
    Sending,
    /// All of it is there.
    Done,
    /// It came to nothing.
    Failed { code: String },
}

impl Giving {
    pub(super) fn view(&self) -> HandoverView {
        HandoverView {
            device_name: self.peer.name.clone(),
            state: match &self.stage {
                Stage::Vouching | Stage::Approving => HandoverState::Waiting,
                Stage::Sending => HandoverState::Running,
                Stage::Done => HandoverState::Done,
                Stage::Failed { code } => ended(code),
            },
            done: self.progress.done.min(self.progress.total),
            total: self.progress.total,
        }
    }

    fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Vouching | Stage::Approving | Stage::Sending)
    }
}

impl<S: Storage> Engine<S> {
    pub(super) fn giving(&self) -> Stored<Option<Giving>> {
        self.kept_archive(GIVING)
    }

    /// Whether something is handed over.
    pub(super) fn is_giving(&self) -> Stored<bool> {
        Ok(self.giving()?.is_some_and(|giving| giving.is_under_way()))
    }

    fn save_giving(&mut self, giving: &Giving) -> Stored {
        self.keep_archive(GIVING, giving)
    }

    /// Which device shows this code, of those that wait.
    fn device_of_code(&mut self, text: &str) -> Stored<Result<(Code, Archive, SignatureKey), &'static str>> {
        let code = match Code::parse(text, CodePurpose::Device) {
            Ok(code) => code,
            Err(error) => return Ok(Err(code_error(error))),
        };
        let (Some(me), own) = (self.me(), self.own_device()) else {
            return Ok(Err("signed_out"));
        };
        let Some(listed) = self.archives.listed.clone() else {
            return Ok(Err("offline"));
        };
        for archive in listed {
            if archive.purpose != ArchivePurpose::Handover || Some(archive.device) == own {
                continue;
            }
            let key = archive
                .signature_key
                .as_deref()
                .and_then(bytes_32)
                .map(SignatureKey);
            let proof = STANDARD.decode(&archive.proof).unwrap_or_default();
            let asker = Identity {
                user: me,
                device: archive.device,
            };
            let Some(key) = key.filter(|key| code.is_handover_proof(&proof, archive.id, asker, key)) else {
                continue;
            };
            // The server has told another key of this device before.
            if self.pinned_key(asker)?.is_some_and(|pinned| pinned != key) {
                tracing::error!(device = %archive.device, "a device that asks has another key than the server has told before");
                continue;
            }
            return Ok(Ok((code, archive, key)));
        }
        Ok(Err("code_unknown"))
    }

    /// Says which device shows this code.
    pub(crate) fn check_device_code(&mut self, text: &str) -> Stored<Reply> {
        Ok(match self.device_of_code(text)? {
            Ok((_, archive, _)) => Reply::WaitingDevice {
                device: WaitingDevice {
                    archive: archive.id,
                    device: archive.device,
                    name: archive.device_name,
                    at: archive.made_at,
                },
            },
            Err(code) => refused(code),
        })
    }

    /// Approves the device that shows this code: vouches for it, and hands over to it.
    pub(crate) fn approve_device(&mut self, text: &str) -> Stored<Reply> {
        let (code, archive, signature_key) = match self.device_of_code(text)? {
            Ok(found) => found,
            Err(code) => return Ok(refused(code)),
        };
        if let Some(giving) = self.giving()? {
            if giving.archive == archive.id && giving.is_under_way() {
                return Ok(Reply::Done);
            }
            if giving.is_under_way() {
                return Ok(refused("busy"));
            }
        }
        let Some(me) = self.me() else {
            return Ok(refused("signed_out"));
        };
        let mut salt = [0; 32];
        (self.config.random)(&mut salt);
        let asker = Identity {
            user: me,
            device: archive.device,
        };
        let key = code.handover_key(archive.id, asker, &salt);
        let giving = Giving {
            archive: archive.id,
            peer: Peer {
                device: archive.device,
                name: archive.device_name,
            },
            signature_key: signature_key.0,
            key: *key.to_bytes(),
            salt,
            stage: Stage::Vouching,
            index: 0,
            through: Vec::new(),
            left: Vec::new(),
            round: 0,
            progress: Progress::default(),
            part: None,
        };
        self.save_giving(&giving)?;
        Ok(Reply::Done)
    }

    /// Somebody does not want to hand over to a device: nobody does.
    pub(crate) fn decline_device(&mut self, archive: ArchiveId) -> Reply {
        self.call_remove(archive);
        Reply::Done
    }

    /// What is said of a hand-over that has ended is not shown any longer.
    pub(crate) fn dismiss_giving(&mut self) -> Stored<Reply> {
        if self.giving()?.is_some_and(|giving| !giving.is_under_way()) {
            self.forget_archive(GIVING)?;
        }
        Ok(Reply::Done)
    }

    /// The server has been told.
    pub(super) fn approved(&mut self, archive: ArchiveId) -> Stored {
        let Some(mut giving) = self.giving()? else {
            return Ok(());
        };
        if giving.archive == archive && giving.stage == Stage::Approving {
            giving.stage = Stage::Sending;
            self.next_round(&mut giving)?;
            self.save_giving(&giving)?;
        }
        Ok(())
    }

    /// Takes the next step.
    pub(super) fn give_on(&mut self) -> Stored {
        let Some(giving) = self.giving()? else {
            return Ok(());
        };
        let archive = giving.archive;
        if !giving.is_under_way() {
            return Ok(());
        }
        if self.archives.found(archive).is_none() {
            return self.giving_ends(archive, "gone");
        }
        match giving.stage {
            Stage::Vouching => self.vouch_for_peer(&giving),
            Stage::Approving => {
                if !self.is_asking_archive(&ArchiveCall::Approve { archive }) {
                    let salt = STANDARD.encode(giving.salt);
                    self.call_approve(archive, &NewApproval { salt });
                }
                Ok(())
            }
            Stage::Sending => self.send_part(giving),
            Stage::Done | Stage::Failed { .. } => Ok(()),
        }
    }

    /// Says to everybody that the other device is of this account too, by the key that its code has proven.
    fn vouch_for_peer(&mut self, giving: &Giving) -> Stored {
        let archive = giving.archive;
        if self.is_asking_archive(&ArchiveCall::Vouch { archive }) {
            return Ok(());
        }
        match self.vouch_for(giving.peer.device, &SignatureKey(giving.signature_key))? {
            Some(waiting) => {
                self.call(waiting.answering(Call::Archive(ArchiveCall::Vouch { archive })));
                Ok(())
            }
            // Without a key of its own it can hand over, and somebody else may vouch.
            None => self.vouched(archive),
        }
    }

    /// The server has the vouch, or takes none: what somebody has asked for is handed over either way.
    pub(super) fn vouched(&mut self, archive: ArchiveId) -> Stored {
        let Some(mut giving) = self.giving()? else {
            return Ok(());
        };
        if giving.archive == archive && giving.stage == Stage::Vouching {
            giving.stage = Stage::Approving;
            self.save_giving(&giving)?;
            self.archives.busy = true;
        }
        Ok(())
    }

    fn send_part(&mut self, mut giving: Giving) -> Stored {
        let archive = giving.archive;
        if giving.part.is_none() {
            self.make_part(&mut giving)?;
            self.save_giving(&giving)?;
        }
        let Some((part, last)) = giving.part else {
            return Ok(());
        };
        if self.is_asking_archive(&ArchiveCall::Give { archive, part }) {
            return Ok(());
        }
        let Some(bytes) = self.storage.secret(&[GIVING_PART])? else {
            return self.giving_ends(archive, "storage");
        };
        let new = NewPart {
            id: part,
            bytes: STANDARD.encode(bytes),
            last,
            replaces: Vec::new(),
        };
        self.call_give(archive, &new);
        Ok(())
    }

    /// The server has a part.
    pub(super) fn given(&mut self, archive: ArchiveId, part: PartId) -> Stored {
        let Some(mut giving) = self.giving()? else {
            return Ok(());
        };
        let Some((_, last)) = giving
            .part
            .filter(|(sent, _)| giving.archive == archive && *sent == part)
        else {
            return Ok(());
        };
        giving.part = None;
        self.storage.remove_secret(&[GIVING_PART])?;
        if last {
            giving.stage = Stage::Done;
            giving.progress.done = giving.progress.total;
            giving.key = [0; 32];
        }
        self.save_giving(&giving)
    }

    /// It came to nothing.
    pub(super) fn giving_ends(&mut self, archive: ArchiveId, code: &str) -> Stored {
        let Some(mut giving) = self.giving()? else {
            return Ok(());
        };
        if giving.archive != archive || !giving.is_under_way() {
            return Ok(());
        }
        giving.stage = Stage::Failed {
            code: code.to_owned(),
        };
        giving.part = None;
        giving.key = [0; 32];
        self.storage.remove_secret(&[GIVING_PART])?;
        self.save_giving(&giving)
    }

    /// The conversations of the next round: all at first, then those in which something came meanwhile. False where there is none.
    fn next_round(&mut self, giving: &mut Giving) -> Stored<bool> {
        if giving.round >= ROUNDS {
            return Ok(false);
        }
        giving.round += 1;
        for conversation in self.storage.encrypted_conversations()? {
            let after = giving.after(conversation);
            let count = self.storage.count_entries(conversation, after)?;
            if count > 0 {
                giving.left.push(conversation);
                giving.progress.total += u64::from(count);
            }
        }
        Ok(!giving.left.is_empty())
    }

    /// Makes the next part, with as much as goes into it.
    fn make_part(&mut self, giving: &mut Giving) -> Stored {
        let mut gathered = Gathered::default();
        while !gathered.is_full() {
            let Some(conversation) = giving.left.last().copied() else {
                if self.next_round(giving)? {
                    continue;
                }
                break;
            };
            // What this device has not come to yet is for a later round.
            let group = self.group_record(conversation)?;
            let through = group.map_or(Seq::MAX, |group| group.cursor());
            let after = giving.after(conversation);
            let reached = self.gather(&mut gathered, conversation, (after, through), Record::of)?;
            giving.set_after(conversation, reached);
            if !gathered.is_full() {
                giving.left.pop();
            }
        }
        let last = !gathered.is_full();
        giving.index += 1;
        giving.progress.done += gathered.looked_at;
        let head = Head {
            version: VERSION,
            index: giving.index,
            last,
            backup: self.backup_key()?,
            drafts: Some(self.drafts_key()?),
            compared: if giving.index == 1 {
                self.comparisons()?
            } else {
                Vec::new()
            },
            done: giving.progress.done,
            total: giving.progress.total,
        };
        let key = ArchiveKey::new(giving.archive, giving.key);
        let part = self.seal_part(&key, &head, &gathered.sections, GIVING_PART)?;
        giving.part = Some((part, last));
        Ok(())
    }
}

impl Giving {
    fn after(&self, conversation: ConversationId) -> Seq {
        let found = self.through.iter().find(|(known, _)| *known == conversation);
        found.map_or(Seq::ZERO, |(_, seq)| *seq)
    }

    fn set_after(&mut self, conversation: ConversationId, seq: Seq) {
        self.through.retain(|(known, _)| *known != conversation);
        self.through.push((conversation, seq));
    }
}

/// Reads 32 bytes of base64.
pub(crate) fn bytes_32(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
