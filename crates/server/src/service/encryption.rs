//! What the server does for conversations that are encrypted end to end: it keeps keys and key packages of devices, orders handshakes with messages, and hands welcomes
//! on. It reads none of the bytes: that they are what they should be is for the devices to find out.

mod vouching;

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_model::Action;
use pipit_store::Facts;
use pipit_store::conversation::ConversationAccess;
use pipit_store::encryption::{ListedKey, NewKeyPackage, NewWelcome, Pool, Publication, PublishError};
use pipit_store::log::{Append, Appended};
use pipit_wire::encryption::{
    DEVICES_PER_REQUEST_MAX, GROUP_INFO_BYTES_MAX, HANDSHAKE_BYTES_MAX, HandshakeKind, KEY_PACKAGE_BYTES_MAX,
    KEY_PACKAGE_LIFETIME_MS_MAX, KEY_PACKAGES_MAX, SEAL_NUMBER_MAX, Seal, WELCOME_BYTES_MAX,
};
use pipit_wire::event::EventBody;
use pipit_wire::rest::encryption as rest;
use pipit_wire::{ConversationId, DeviceId, ErrorCode, EventId, Retry, Timestamp};

use super::access::{Caller, allow, require_access};
use super::messaging::{Messaging, too_large};
use crate::context::Context;
use crate::error::ServiceError;
use crate::stats::Stats;

/// How many keys of devices are in one page.
const PAGE_KEYS: u32 = 500;
/// How many welcomes are given at a time.
const WELCOMES_AT_ONCE: u32 = 4;

/// See the module.
pub struct Encryption {
    context: Context,
    messaging: Arc<Messaging>,
    stats: Arc<Stats>,
}

impl Encryption {
    /// The service.
    pub const fn new(context: Context, messaging: Arc<Messaging>, stats: Arc<Stats>) -> Self {
        Self {
            context,
            messaging,
            stats,
        }
    }

    /// How it stands with the key packages of the caller's device.
    pub async fn pool(&self, caller: Caller) -> Result<rest::KeyPackages, ServiceError> {
        let now = self.context.now();
        let pool = self.context.store.find_pool(device_of(caller)?, now).await?;
        self.shown(pool.unwrap_or_default()).await
    }

    /// Keeps key packages of the caller's device.
    pub async fn publish_packages(
        &self,
        caller: Caller,
        new: rest::NewKeyPackages,
    ) -> Result<rest::KeyPackages, ServiceError> {
        let now = self.context.now();
        if new.publication == 0 || new.publication > SEAL_NUMBER_MAX {
            return Err(ServiceError::field("publication", "1 to 2^53 - 1"));
        }
        let packages = new.packages.iter().map(|package| checked(package, now));
        let publication = Publication {
            device: device_of(caller)?,
            number: new.publication,
            replace_all: new.replace_all,
            packages: packages.collect::<Result<_, _>>()?,
            last_resort: new
                .last_resort
                .as_ref()
                .map(|package| checked(package, now))
                .transpose()?,
            kept_max: KEY_PACKAGES_MAX,
            now,
        };
        let pool = self.context.store.publish_packages(publication).await?;
        let pool = pool.map_err(|error| match error {
            PublishError::NoKey => ServiceError::refused(ErrorCode::NotFound, error.to_string()),
            PublishError::TooMany => ServiceError::refused(ErrorCode::LimitReached, error.to_string()),
        })?;
        self.shown(pool).await
    }

    async fn shown(&self, pool: Pool) -> Result<rest::KeyPackages, ServiceError> {
        let server = self.context.store.find_server().await?;
        let generation = server.map(|server| server.generation.to_string());
        Ok(rest::KeyPackages {
            generation: generation.unwrap_or_default(),
            publication: pool.publication,
            count: pool.count,
            last_resort: pool.last_resort,
        })
    }

    /// The keys of the devices of a conversation's members.
    pub async fn device_keys(
        &self,
        caller: Caller,
        conversation: ConversationId,
        after: Option<DeviceId>,
    ) -> Result<rest::DeviceKeys, ServiceError> {
        self.require(caller, conversation, Action::ReadKeys).await?;
        let store = &self.context.store;
        let mut keys = store.list_device_keys(conversation, after, PAGE_KEYS + 1).await?;
        let more = keys.len() > PAGE_KEYS as usize;
        keys.truncate(PAGE_KEYS as usize);
        let next = keys.last().filter(|_| more).map(|last| last.key.device);
        let shown = |listed: &ListedKey| rest::DeviceKey {
            user: listed.key.user,
            device: listed.key.device,
            signature_key: STANDARD.encode(listed.key.signature_key),
            log: rest::KeyLogHead {
                number: listed.head.number,
                hash: STANDARD.encode(listed.head.hash),
            },
        };
        Ok(rest::DeviceKeys {
            items: keys.iter().map(shown).collect(),
            next,
        })
    }

    /// Takes a key package of each of these devices of members.
    pub async fn claim(
        &self,
        caller: Caller,
        conversation: ConversationId,
        claim: rest::ClaimKeyPackages,
    ) -> Result<rest::ClaimedKeyPackages, ServiceError> {
        check_devices(&claim.devices)?;
        if claim.devices.contains(&device_of(caller)?) {
            return Err(ServiceError::field("devices", "a device adds others, not itself"));
        }
        self.require(caller, conversation, Action::ChangeDevices).await?;
        let now = self.context.now();
        let store = &self.context.store;
        let claimed = store.claim_packages(conversation, &claim.devices, now).await?;
        self.stats.key_packages_claimed.add(claimed.len());
        let last_resorts = claimed.iter().filter(|package| package.last_resort).count();
        self.stats.last_resorts_claimed.add(last_resorts);
        let items = claimed.into_iter().map(|package| rest::ClaimedKeyPackage {
            user: package.user,
            device: package.device,
            bytes: STANDARD.encode(package.bytes),
            last_resort: package.last_resort,
        });
        Ok(rest::ClaimedKeyPackages {
            items: items.collect(),
        })
    }

    /// Puts a handshake into the log, and keeps the welcome that goes with it.
    pub async fn handshake(
        &self,
        caller: Caller,
        conversation: ConversationId,
        new: rest::NewHandshake,
    ) -> Result<Appended, ServiceError> {
        let device = device_of(caller)?;
        check_seal(new.seal)?;
        decode("bytes", &new.bytes, HANDSHAKE_BYTES_MAX)?;
        let welcome = match (new.kind, new.welcome) {
            (_, None) => None,
            (HandshakeKind::Proposal, Some(_)) => {
                return Err(ServiceError::field("welcome", "only a commit adds devices"));
            }
            (HandshakeKind::Commit, Some(welcome)) => {
                check_devices(&welcome.devices)?;
                Some(NewWelcome {
                    conversation,
                    commit: new.id,
                    bytes: decode("welcome", &welcome.bytes, WELCOME_BYTES_MAX)?,
                    devices: welcome.devices,
                    now: self.context.now(),
                })
            }
        };
        let entry = Append {
            id: new.id,
            conversation,
            sender: caller.user,
            device: Some(device),
            at: self.context.now(),
            body: EventBody::Handshake {
                kind: new.kind,
                seal: new.seal,
                bytes: new.bytes,
            },
            asks: false,
            facts: Facts::default(),
        };
        let found = self.context.store.find_event(conversation, new.id).await?;
        if found.is_some() {
            // A repetition, or an id that was used for something else: no welcome goes with it any more.
            return self.messaging.enter(entry).await;
        }
        if let Err(refusal) = self.require(caller, conversation, Action::ChangeDevices).await {
            self.messaging.note_refused(&entry).await?;
            return Err(refusal);
        }
        let staged = welcome.is_some();
        if let Some(welcome) = welcome {
            self.context.store.stage_welcome(welcome).await?;
        }
        let outcome = self.messaging.enter(entry).await;
        if staged && matches!(&outcome, Err(ServiceError::Refused(refusal)) if refusal.retry == Retry::Never)
        {
            self.context.store.drop_welcome(conversation, new.id).await?;
        }
        outcome
    }

    /// Keeps what describes a group to those who come in anew.
    pub async fn keep_info(
        &self,
        caller: Caller,
        conversation: ConversationId,
        new: rest::NewGroupInfo,
    ) -> Result<(), ServiceError> {
        let bytes = decode("bytes", &new.bytes, GROUP_INFO_BYTES_MAX)?;
        self.require(caller, conversation, Action::ChangeDevices).await?;
        let store = &self.context.store;
        if store.keep_group_info(conversation, new.epoch, bytes).await? {
            Ok(())
        } else {
            Err(ServiceError::refused(
                ErrorCode::StaleEpoch,
                "the log is in another epoch",
            ))
        }
    }

    /// What is known of a group, and of the caller's device in it.
    pub async fn group(
        &self,
        caller: Caller,
        conversation: ConversationId,
    ) -> Result<rest::GroupState, ServiceError> {
        self.require(caller, conversation, Action::ReadKeys).await?;
        let store = &self.context.store;
        let group = store.find_group(conversation, device_of(caller)?).await?;
        let group = group.ok_or_else(super::access::not_member)?;
        Ok(rest::GroupState {
            epoch: group.head.epoch,
            count: group.head.count,
            info: group.info.map(|info| STANDARD.encode(info)),
        })
    }

    /// The welcomes that wait for the caller's device.
    pub async fn welcomes(&self, caller: Caller) -> Result<rest::Welcomes, ServiceError> {
        let store = &self.context.store;
        let waiting = store.list_welcomes(device_of(caller)?, WELCOMES_AT_ONCE).await?;
        let items = waiting.into_iter().map(|welcome| rest::WaitingWelcome {
            conversation: welcome.conversation,
            commit: welcome.commit,
            bytes: STANDARD.encode(welcome.bytes),
        });
        Ok(rest::Welcomes {
            items: items.collect(),
        })
    }

    /// The caller's device has taken a welcome in, or cannot. Saying so again changes nothing.
    pub async fn acknowledge(
        &self,
        caller: Caller,
        conversation: ConversationId,
        commit: EventId,
    ) -> Result<(), ServiceError> {
        let store = &self.context.store;
        store
            .remove_welcome(device_of(caller)?, conversation, commit)
            .await?;
        Ok(())
    }

    async fn require(
        &self,
        caller: Caller,
        conversation: ConversationId,
        action: Action,
    ) -> Result<ConversationAccess, ServiceError> {
        let access = require_access(&self.context, conversation, caller.user, None).await?;
        allow(&access, action, self.context.limits.group_members_max)?;
        Ok(access)
    }
}

/// What stands beside sealed bytes is in its bounds.
pub(super) fn check_seal(seal: Seal) -> Result<(), ServiceError> {
    if seal.epoch > SEAL_NUMBER_MAX {
        return Err(ServiceError::field("epoch", "0 to 2^53 - 1"));
    }
    if seal.count == 0 || seal.count > SEAL_NUMBER_MAX {
        return Err(ServiceError::field("count", "1 to 2^53 - 1"));
    }
    Ok(())
}

fn device_of(caller: Caller) -> Result<DeviceId, ServiceError> {
    caller
        .device
        .ok_or_else(|| ServiceError::refused(ErrorCode::Forbidden, "only a device has keys"))
}

fn decode(field: &'static str, text: &str, bytes_max: usize) -> Result<Vec<u8>, ServiceError> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| ServiceError::field(field, error))?;
    if bytes.is_empty() {
        return Err(ServiceError::field(field, "it is empty"));
    }
    if bytes.len() > bytes_max {
        return Err(too_large(field, format_args!("it is longer than {bytes_max}")));
    }
    Ok(bytes)
}

fn check_devices(devices: &[DeviceId]) -> Result<(), ServiceError> {
    if devices.is_empty() || devices.len() > DEVICES_PER_REQUEST_MAX {
        let why = format_args!("1 to {DEVICES_PER_REQUEST_MAX}");
        return Err(ServiceError::field("devices", why));
    }
    let mut seen = HashSet::new();
    if devices.iter().all(|device| seen.insert(device)) {
        Ok(())
    } else {
        Err(ServiceError::field("devices", "one is named twice"))
    }
}

fn checked(package: &rest::NewKeyPackage, now: Timestamp) -> Result<NewKeyPackage, ServiceError> {
    let ahead_ms = package.not_after.since_ms(now);
    if ahead_ms <= 0 || ahead_ms > KEY_PACKAGE_LIFETIME_MS_MAX {
        return Err(ServiceError::field("not_after", "it is over, or too far ahead"));
    }
    Ok(NewKeyPackage {
        bytes: decode("bytes", &package.bytes, KEY_PACKAGE_BYTES_MAX)?,
        not_after: package.not_after,
    })
}
