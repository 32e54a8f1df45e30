//! What storage keeps for conversations that are encrypted end to end: keys of devices, key packages, welcomes, and how far each log's group is.
//!
//! The rules of the log ([`after`]) hold inside the append, under the lock of the conversation's row: a commit gets in only if it names the log's epoch, and
//! ends it; everything else that is sealed only if it names the log's epoch; and whatever a device sends in is counted, refused or not. Nothing here knows what is in the
//! bytes.

use async_trait::async_trait;
use pipit_model::encrypted::is_open;
use pipit_wire::encryption::{GroupHead, HandshakeKind, SEAL_NUMBER_MAX, Seal};
use pipit_wire::event::EventBody;
use pipit_wire::{Content, ConversationId, DeviceId, EventId, Timestamp, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::key_log::KeyLogHead;
use crate::log::AppendError;

/// How many welcomes into one conversation wait for one device; the oldest goes where there would be more.
pub const WELCOMES_KEPT: u32 = 3;
/// How long a welcome waits for its commit to get into the log, in milliseconds: ten minutes, far more than an append takes.
pub const WELCOME_STAGED_MS_MAX: i64 = 10 * 60 * 1_000;

/// A device's public signature key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKeyRecord {
    /// Whose device it is.
    pub user: UserId,
    /// Which one.
    pub device: DeviceId,
    /// The key.
    pub signature_key: [u8; 32],
}

/// A device's key, and how far the key log of its account has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// The key.
    pub key: DeviceKeyRecord,
    /// The log's last entry.
    pub head: KeyLogHead,
}

/// A key package, as its device publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeyPackage {
    /// What it is made of.
    pub bytes: Vec<u8>,
    /// It is given to nobody after this.
    pub not_after: Timestamp,
}

/// Key packages that a device publishes.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Which device.
    pub device: DeviceId,
    /// Which of its publications it is. One that is not greater than the last changes nothing.
    pub number: u64,
    /// Whether all that were there go.
    pub replace_all: bool,
    /// Each is given away once.
    pub packages: Vec<NewKeyPackage>,
    /// Takes the place of the last resort.
    pub last_resort: Option<NewKeyPackage>,
    /// At most so many are kept that are given away once.
    pub kept_max: u32,
    /// What was good until now goes.
    pub now: Timestamp,
}

/// Why key packages were not kept; nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The device has no key, or was signed out.
    #[error("the device has no key")]
    NoKey,
    /// There would be too many.
    #[error("there would be too many")]
    TooMany,
}

/// How it stands with a device's key packages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// The last publication.
    pub publication: u64,
    /// How many are left that are given away once and are good.
    pub count: u32,
    /// Whether there is a last resort that is good.
    pub last_resort: bool,
}

/// A key package that was given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedPackage {
    /// Whose it was.
    pub user: UserId,
    /// Which device's.
    pub device: DeviceId,
    /// What it is made of.
    pub bytes: Vec<u8>,
    /// Whether it stays, to be given to others too.
    pub last_resort: bool,
}

/// A welcome that belongs to a commit which is about to be appended.
#[derive(Clone, Debug)]
pub struct NewWelcome {
    /// Into the group of which conversation.
    pub conversation: ConversationId,
    /// The entry that the commit is to become.
    pub commit: EventId,
    /// For whom; those that have no key are left out.
    pub devices: Vec<DeviceId>,
    /// What it is made of.
    pub bytes: Vec<u8>,
    /// When.
    pub now: Timestamp,
}

/// A welcome that waits for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WelcomeRecord {
    /// Into the group of which conversation.
    pub conversation: ConversationId,
    /// The commit; it is in the log.
    pub commit: EventId,
    /// What it is made of.
    pub bytes: Vec<u8>,
}

/// What is known of a conversation's group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRecord {
    /// How far it is, and the device that asks in it.
    pub head: GroupHead,
    /// What describes it as of that epoch, where somebody has said so.
    pub info: Option<Vec<u8>>,
}

/// The part of [`crate::Store`] that is about encrypted conversations. Every method is atomic; whatever it returned as done is on disk.
#[async_trait]
pub trait EncryptionStore: Send + Sync + 'static {
    /// Gives the server another generation, and drops every key package that was to be given away once: after a backup was restored nobody knows which of them
    /// were.
    async fn renew_generation(&self, generation: Uuid) -> Result<(), StoreError>;

    /// Keeps key packages.
    async fn publish_packages(
        &self,
        publication: Publication,
    ) -> Result<Result<Pool, PublishError>, StoreError>;
    /// How it stands with a device's key packages at `now`; none where it has no key.
    async fn find_pool(&self, device: DeviceId, now: Timestamp) -> Result<Option<Pool>, StoreError>;
    /// The keys of the devices of a conversation's members, by device, beginning after the device `after`, at most `limit`.
    async fn list_device_keys(
        &self,
        conversation: ConversationId,
        after: Option<DeviceId>,
        limit: u32,
    ) -> Result<Vec<ListedKey>, StoreError>;
    /// Takes one key package of each of these devices that is a member's and has one that is good at `now`: the last resort where there is no other.
    async fn claim_packages(
        &self,
        conversation: ConversationId,
        devices: &[DeviceId],
        now: Timestamp,
    ) -> Result<Vec<ClaimedPackage>, StoreError>;

    /// Keeps a welcome before its commit is appended. Nobody is given it before that is in the log. The same again changes nothing.
    async fn stage_welcome(&self, welcome: NewWelcome) -> Result<(), StoreError>;
    /// Forgets the welcome of a commit that did not get into the log; one that is in the log keeps it.
    async fn drop_welcome(&self, conversation: ConversationId, commit: EventId) -> Result<(), StoreError>;
    /// The welcomes that wait for a device, into conversations that its account is a member of, whose commit is in the log: the oldest first, at most `limit`.
    async fn list_welcomes(&self, device: DeviceId, limit: u32) -> Result<Vec<WelcomeRecord>, StoreError>;
    /// A device has taken a welcome in. False where none waited.
    async fn remove_welcome(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        commit: EventId,
    ) -> Result<bool, StoreError>;
    /// Forgets welcomes that were kept before this, at most `limit`, and says how many.
    async fn prune_welcomes(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Keeps what describes a conversation's group. False, and nothing is kept, where the log is not in that epoch, or the conversation is not encrypted.
    async fn keep_group_info(
        &self,
        conversation: ConversationId,
        epoch: u64,
        bytes: Vec<u8>,
    ) -> Result<bool, StoreError>;
    /// What is known of a conversation's group and of this device in it; none where it is not encrypted.
    async fn find_group(
        &self,
        conversation: ConversationId,
        device: DeviceId,
    ) -> Result<Option<GroupRecord>, StoreError>;
    /// How far the groups of those of these conversations are that are encrypted, and this device in them, in any order.
    async fn find_heads(
        &self,
        device: DeviceId,
        conversations: &[ConversationId],
    ) -> Result<Vec<(ConversationId, GroupHead)>, StoreError>;
    /// A device of a member's has sent something sealed that was refused before it came to the log. Never lowers the count.
    async fn note_sealed(
        &self,
        conversation: ConversationId,
        device: DeviceId,
        count: u64,
    ) -> Result<(), StoreError>;
}

/// What stands beside an entry's bytes, where it is sealed for a group of devices.
#[must_use]
pub const fn seal_of(body: &EventBody) -> Option<Seal> {
    match body {
        EventBody::Message {
            content: Content::Sealed { seal, .. },
            ..
        } => *seal,
        EventBody::Handshake { seal, .. } => Some(*seal),
        _ => None,
    }
}

/// The epoch of a log after this entry, where it may stand there: the server's part of what keeps those who can read and those who are members the same.
///
/// In epoch 0 nobody has made the group, and each device has at most one of its own: the first commit makes that the conversation's. Until then nothing else gets in.
///
/// # Errors
/// `NotSealed` where something sealed is to go into a conversation that is not encrypted, or something else into one that is; `StaleEpoch` where it names another epoch
/// than the log's.
pub const fn after(encrypted: bool, epoch: u64, body: &EventBody) -> Result<u64, AppendError> {
    match (encrypted, seal_of(body)) {
        (false, None) => Ok(epoch),
        (false, Some(_)) => Err(AppendError::NotSealed),
        (true, None) => {
            if is_open(body) {
                Err(AppendError::NotSealed)
            } else {
                Ok(epoch)
            }
        }
        (true, Some(seal)) => {
            let is_commit = matches!(
                body,
                EventBody::Handshake {
                    kind: HandshakeKind::Commit,
                    ..
                }
            );
            if seal.epoch != epoch || (epoch == 0 && !is_commit) || epoch >= SEAL_NUMBER_MAX {
                Err(AppendError::StaleEpoch { epoch })
            } else if is_commit {
                Ok(epoch + 1)
            } else {
                Ok(epoch)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pipit_wire::event::{AvatarChange, MessageChange, SealedPurpose, SettingsChange};

    use super::*;

    fn message(seal: Option<Seal>) -> EventBody {
        EventBody::Message {
            written_at: Timestamp(0),
            content: Content::Sealed {
                scheme: "mls1".to_owned(),
                bytes: "AAEC".to_owned(),
                seal,
                commitment: None,
                blobs: Vec::new(),
                purpose: SealedPurpose::Message,
            },
            reply_to: None,
            expires_at: None,
        }
    }

    fn handshake(kind: HandshakeKind, epoch: u64) -> EventBody {
        EventBody::Handshake {
            kind,
            seal: Seal { epoch, count: 1 },
            bytes: "AAEC".to_owned(),
        }
    }

    #[test]
    fn a_commit_ends_the_logs_epoch_and_nothing_else_does() {
        let stale = |epoch| Err(AppendError::StaleEpoch { epoch });
        for (epoch, body, expect) in [
            (0, handshake(HandshakeKind::Commit, 0), Ok(1)),
            (0, handshake(HandshakeKind::Proposal, 0), stale(0)),
            (0, message(Some(Seal { epoch: 0, count: 1 })), stale(0)),
            (4, handshake(HandshakeKind::Commit, 4), Ok(5)),
            (4, handshake(HandshakeKind::Commit, 3), stale(4)),
            (4, handshake(HandshakeKind::Commit, 5), stale(4)),
            (4, handshake(HandshakeKind::Proposal, 4), Ok(4)),
            (4, handshake(HandshakeKind::Proposal, 3), stale(4)),
            (4, message(Some(Seal { epoch: 4, count: 1 })), Ok(4)),
            (4, message(Some(Seal { epoch: 3, count: 1 })), stale(4)),
            (4, message(None), Err(AppendError::NotSealed)),
        ] {
            assert_eq!(after(true, epoch, &body), expect, "{body:?} in {epoch}");
        }
    }

    #[test]
    fn what_could_be_read_stays_out_and_what_only_orders_goes_in() {
        let changed = |change| EventBody::MessageChanged {
            message: pipit_wire::MessageId::from_bytes([1; 16]),
            change,
        };
        let plain = EventBody::Message {
            written_at: Timestamp(0),
            content: Content::text("Hello"),
            reply_to: None,
            expires_at: None,
        };
        let settings = |change| EventBody::SettingsChanged { change };
        let react = MessageChange::React {
            emoji: "👍".to_owned(),
            on: true,
        };
        for body in [
            plain,
            changed(MessageChange::edit(Content::text("Hello"))),
            changed(react),
            changed(MessageChange::vote(vec![0])),
            changed(MessageChange::ClosePoll {}),
            EventBody::TitleChanged {
                title: "Birds".to_owned(),
            },
            settings(SettingsChange {
                topic: Some("Birds".to_owned()),
                ..SettingsChange::default()
            }),
            settings(SettingsChange {
                avatar: Some(AvatarChange::default()),
                ..SettingsChange::default()
            }),
        ] {
            assert_eq!(after(true, 4, &body), Err(AppendError::NotSealed), "{body:?}");
            assert_eq!(after(false, 0, &body), Ok(0), "{body:?}");
        }
        for body in [
            changed(MessageChange::Delete {}),
            changed(MessageChange::Pin { on: true }),
            settings(SettingsChange {
                announcements: Some(true),
                ..SettingsChange::default()
            }),
        ] {
            assert_eq!(after(true, 4, &body), Ok(4), "{body:?}");
        }
        let sealed = handshake(HandshakeKind::Commit, 0);
        assert_eq!(after(false, 0, &sealed), Err(AppendError::NotSealed));
        assert_eq!(
            after(false, 0, &message(None)),
            Ok(0),
            "opaque, and nobody's group"
        );
    }
}
