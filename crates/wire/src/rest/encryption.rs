//! What encrypted conversations need over HTTP: keys of devices, key packages, handshakes, welcomes. Bytes are in standard base64 with padding (RFC 4648,
//! section 4).

use serde::{Deserialize, Serialize};

use crate::encryption::{HandshakeKind, Seal};
use crate::frame::client::ClientInfo;
use crate::ids::{ConversationId, DeviceId, EventId, Seq, UserId};
use crate::key_log::{KeyHolder, KeyStep};
use crate::time::Timestamp;

/// The most that one report counts for one reason.
pub const UNREADABLE_COUNT_MAX: u32 = 10_000;

/// Why a sealed entry was not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UnreadableCause {
    /// MLS does not open it: a key that was used before, or is too old, or bytes that were changed.
    NotOpened,
    /// It is of a time of the group that this device has not come to, though the log has no change between.
    MissedChange,
    /// Another device has sealed it than the entry says.
    OtherSender,
    /// The server does not list the device that has sealed it.
    UnknownDevice,
    /// What was sealed is none of what may be said.
    Malformed,
    /// Nobody has sealed it.
    NotSealed,
}

bodies! {
    /// `POST /v1/devices/current/key`: the public key by which this device signs in encrypted conversations. It is said once.
    NewDeviceKey {
        /// Ed25519 (RFC 8032), 32 bytes.
        signature_key: String,
        /// Another device of the account, or its recovery key, says that this one is the account's. It may follow later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        vouch: Option<Vouch>,
    }
    /// `POST /v1/devices/{id}/vouch`: another device of the account, or its recovery key, says that this device is the account's, too.
    NewVouch {
        /// The key that is vouched for: the device's.
        signature_key: String,
        /// The vouch.
        vouch: Vouch,
    }
    /// `PUT /v1/me/recovery-key`: a key that vouches for devices of the account. It takes the place of the one before.
    NewRecoveryKey {
        /// Made with the key, a UUIDv7.
        id: DeviceId,
        /// Ed25519, 32 bytes.
        signature_key: String,
        /// By a device of the account.
        vouch: Vouch,
    }
    /// `POST /v1/me/unreadable`: how much a device was sent and could not read since it said so last. Not what, where, or by whom.
    ReportUnreadable {
        /// What software this is.
        client: ClientInfo,
        /// Each reason once.
        counts: Vec<UnreadableCount>,
        /// How much of what could not be read other devices have told again since: at most [`UNREADABLE_COUNT_MAX`] are counted.
        #[serde(default, skip_serializing_if = "crate::push::is_zero")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<u32>"))]
        repaired: u32,
    }
    /// How often something could not be read for one reason.
    UnreadableCount {
        /// Why.
        reason: UnreadableCause,
        /// How often: at most [`UNREADABLE_COUNT_MAX`] are counted.
        count: u32,
    }
    /// A vouch for a key of the same account.
    Vouch {
        /// The device or recovery key that has signed. It is in the key log, and was not removed.
        by: DeviceId,
        /// Ed25519, 64 bytes: over what the protocol's page says.
        signature: String,
    }
    /// `POST /v1/conversations/{id}/key-logs`: asks for the key logs of members.
    ReadKeyLogs {
        /// Each once, at most [`crate::key_log::KEY_LOGS_PER_REQUEST_MAX`].
        of: Vec<KeyLogPlace>,
    }
    /// Where one person's log is to be read on.
    KeyLogPlace {
        /// Whose.
        user: UserId,
        /// The last entry that is known; zero for all.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        after: u64,
    }
    /// `POST /v1/devices/current/key-packages`: what others need to add this device while it is away.
    NewKeyPackages {
        /// Greater than that of every publication before: one that is not changes nothing, so that a repeated request is none.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        publication: u64,
        /// Whether these take the place of all that were there.
        replace_all: bool,
        /// Each is given away once; at most [`crate::encryption::KEY_PACKAGES_MAX`] are kept.
        packages: Vec<NewKeyPackage>,
        /// Given away where there is no other, any number of times; takes the place of the one before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        last_resort: Option<NewKeyPackage>,
    }
    /// A key package of this device.
    NewKeyPackage {
        /// A `KeyPackage` in an `MLSMessage` (RFC 9420, sections 6 and 10), at most [`crate::encryption::KEY_PACKAGE_BYTES_MAX`] bytes.
        bytes: String,
        /// Until when it is good: it is given to nobody after that. At most 90 days ahead.
        not_after: Timestamp,
    }
    /// `POST /v1/conversations/{id}/key-packages`: takes one key package of each of these devices.
    ClaimKeyPackages {
        /// Devices of members, at most [`crate::encryption::DEVICES_PER_REQUEST_MAX`], without the one that asks.
        devices: Vec<DeviceId>,
    }
    /// `POST /v1/conversations/{id}/handshakes`: changes the group of devices, or wishes for it.
    NewHandshake {
        /// Of the entry that it becomes; the idempotency key.
        id: EventId,
        /// What it does.
        kind: HandshakeKind,
        /// What stands beside it; a commit ends its epoch.
        seal: Seal,
        /// An `MLSMessage`, at most [`crate::encryption::HANDSHAKE_BYTES_MAX`] bytes.
        bytes: String,
        /// For those whom a commit adds. They can have it once the commit is in the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        welcome: Option<NewWelcome>,
    }
    /// A welcome, and for whom.
    NewWelcome {
        /// Devices of members, at most [`crate::encryption::DEVICES_PER_REQUEST_MAX`].
        devices: Vec<DeviceId>,
        /// A `Welcome` in an `MLSMessage`, at most [`crate::encryption::WELCOME_BYTES_MAX`] bytes.
        bytes: String,
    }
    /// `POST /v1/conversations/{id}/group`: describes the group for devices that come in anew.
    NewGroupInfo {
        /// The epoch that it describes: the log's own.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        epoch: u64,
        /// A `GroupInfo` in an `MLSMessage`, at most [`crate::encryption::GROUP_INFO_BYTES_MAX`] bytes.
        bytes: String,
    }
}

answers! {
    /// How it stands with the key packages of this device.
    KeyPackages {
        /// Another one than before: the server was restored from a backup. What was published may have been given away already: publish anew, with
        /// `replace_all`.
        generation: String,
        /// The last publication that was taken; zero where there was none. Less than the device has made: the server has lost some.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        publication: u64,
        /// How many are left that can be given away once.
        count: u32,
        /// Whether there is a last resort.
        last_resort: bool,
    }
    /// `GET /v1/conversations/{id}/devices`: the devices of the members that have a key.
    DeviceKeys {
        /// By device.
        items: Vec<DeviceKey>,
        /// Give it as `after` for the next page; none at the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        next: Option<DeviceId>,
    }
    /// A device and its key.
    DeviceKey {
        /// Whose it is.
        user: UserId,
        /// Which one.
        device: DeviceId,
        /// Ed25519, 32 bytes.
        signature_key: String,
        /// How far the key log of whose it is has come.
        log: KeyLogHead,
    }
    /// The last entry of a key log.
    KeyLogHead {
        /// Its number.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        number: u64,
        /// Its hash, SHA-256.
        hash: String,
    }
    /// Entries of key logs: for each person those that come next, in order. Ask again after the last until none come.
    KeyLogs {
        /// In the order in which people were asked for; those who are no members, and have no key, are left out.
        items: Vec<KeyLogItem>,
        /// Whether there are more than fitted.
        more: bool,
    }
    /// An entry of a key log.
    KeyLogItem {
        /// Whose log.
        user: UserId,
        /// Its place: 1, 2, 3, …
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        number: u64,
        /// What it does.
        step: KeyStep,
        /// Who has the key.
        holder: KeyHolder,
        /// Which device; of a recovery key, the id that was made with it.
        device: DeviceId,
        /// Ed25519, 32 bytes.
        signature_key: String,
        /// When, by the server's clock.
        at: Timestamp,
        /// Who vouches.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        vouch: Option<Vouch>,
        /// SHA-256 over the entry and the hash of the one before.
        hash: String,
    }
    /// Key packages that are the caller's now, each of a device that was asked for. Of a device that has none left there is none.
    ClaimedKeyPackages {
        /// In any order.
        items: Vec<ClaimedKeyPackage>,
    }
    /// A key package of somebody's device.
    ClaimedKeyPackage {
        /// Whose it is.
        user: UserId,
        /// Which device's.
        device: DeviceId,
        /// As it was published.
        bytes: String,
        /// Whether others may be given the same one.
        last_resort: bool,
    }
    /// The handshake is on the server's disk.
    HandshakeTaken {
        /// Its place in the log.
        seq: Seq,
        /// When it was put there.
        at: Timestamp,
    }
    /// `GET /v1/devices/current/welcomes`: the welcomes that wait for this device.
    Welcomes {
        /// The oldest first, at most 4: take these in, and acknowledge them, for the next.
        items: Vec<WaitingWelcome>,
    }
    /// A welcome that waits for this device.
    WaitingWelcome {
        /// Into the group of which conversation.
        conversation: ConversationId,
        /// The commit that adds the device; it is in the log.
        commit: EventId,
        /// A `Welcome` in an `MLSMessage`.
        bytes: String,
    }
    /// `GET /v1/conversations/{id}/group`: what the server knows of the group and of this device in it.
    GroupState {
        /// The epoch at the log's end; zero where no commit has made the group yet.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        epoch: u64,
        /// The greatest count of sealed things that the server was ever sent by this device here.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        count: u64,
        /// The group as of that epoch, for coming in anew; none where nobody has described it since the last commit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        info: Option<String>,
    }
}
