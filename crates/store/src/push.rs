//! Where devices are pushed to, whom a message is pushed to, and what was shown there.
//!
//! A subscription is its device's, and ends with it: who is signed out is pushed nothing. An address is one device's: where another one says the
//! same, as a browser does that somebody else has signed in with, it is that one's from then on.

use async_trait::async_trait;
use pipit_wire::event::ConversationKind;
use pipit_wire::frame::RequestState;
use pipit_wire::push::NotifyRule;
use pipit_wire::{ConversationId, DeviceId, Seq, Timestamp, UserId};

use crate::error::StoreError;

/// Under which key [`crate::Store::find_setting`] has how somebody is notified.
pub const SETTING: &str = "notifications";

/// Where a device is pushed to. Does not show where that is, nor its keys: who knows the address can push.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which device.
    pub device: DeviceId,
    /// Whose.
    pub user: UserId,
    /// The push service's address for it.
    pub endpoint: String,
    /// Its public key: a point of P-256, uncompressed.
    pub key: [u8; 65],
    /// Its secret.
    pub secret: [u8; 16],
    /// Whether it also wants what shows nothing.
    pub silent: bool,
    /// When this was said.
    pub made_at: Timestamp,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("device", &self.device)
            .field("user", &self.user)
            .field("silent", &self.silent)
            .field("made_at", &self.made_at)
            .finish_non_exhaustive()
    }
}

/// A message, for the question whom it is pushed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushedEntry {
    /// Where it is.
    pub conversation: ConversationId,
    /// Its place.
    pub seq: Seq,
    /// Who has sent it.
    pub sender: UserId,
}

/// A device that a message may be pushed to, with what decides whether it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushTarget {
    /// Where to.
    pub subscription: Subscription,
    /// The unique name of whose it is.
    pub handle: String,
    /// What kind of conversation it is.
    pub kind: ConversationKind,
    /// The group's name.
    pub title: Option<String>,
    /// Until when they have muted it.
    pub muted_until: Timestamp,
    /// Of which messages they are notified.
    pub notify: NotifyRule,
    /// Where a request to them stands.
    pub request: RequestState,
    /// How they are notified, as it is kept under [`SETTING`].
    pub setting: Option<String>,
    /// Up to where something of the conversation is shown on the device; zero where nothing is.
    pub shown: Seq,
}

/// The part of [`crate::Store`] that is about pushing.
#[async_trait]
pub trait PushStore: Send + Sync + 'static {
    /// The key that the server signs what it pushes with: this one where there was none yet, else the one that there was.
    async fn push_key(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError>;
    /// Says where a device is pushed to; another device that had this address has none any more. False where the device has been revoked.
    async fn set_subscription(&self, subscription: Subscription) -> Result<bool, StoreError>;
    /// Where a device is pushed to.
    async fn find_subscription(&self, device: DeviceId) -> Result<Option<Subscription>, StoreError>;
    /// A device is pushed to no more; with an address, only where it is that one still. False where there was nothing to end.
    async fn remove_subscription(&self, device: DeviceId, endpoint: Option<&str>)
    -> Result<bool, StoreError>;
    /// Whether any device is pushed to.
    async fn has_subscriptions(&self) -> Result<bool, StoreError>;
    /// The devices of the other members who may read this message, have not read it, are not suspended, have not refused the conversation and
    /// do not block its sender; ordered by (account, device) ascending, beginning after `after`.
    async fn list_push_targets(
        &self,
        entry: PushedEntry,
        after: Option<(UserId, DeviceId)>,
        limit: u32,
    ) -> Result<Vec<PushTarget>, StoreError>;
    /// Something of a conversation up to this place was pushed to a device, and is shown there.
    async fn note_shown(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<(), StoreError>;
    /// The devices of somebody on which something is shown of a conversation, and nothing that is beyond `read`.
    async fn list_shown(
        &self,
        user: UserId,
        conversation: ConversationId,
        read: Seq,
    ) -> Result<Vec<Subscription>, StoreError>;
    /// What was shown of a conversation up to this place on a device is shown there no more.
    async fn forget_shown(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        read: Seq,
    ) -> Result<(), StoreError>;
}
