//! Notifications of devices that are not connected, by Web Push (RFC 8030, 8291, 8292).
//!
//! Whoever writes into the log or moves a marker puts a word into the [`queue`], and waits for nothing. [`deciding`] finds out who is to be told:
//! what is in the log and who has which rules is read there, away from the message's path. [`delivery`] pushes, and tries again.
//!
//! The node that has appended a message pushes it, and no other. What waits is in that node's memory: where it dies, the message is in the log and
//! its notification is lost.

mod deciding;
mod delivery;
mod payload;
mod queue;
mod rules;
mod sender;
mod vapid;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine};
use hmac::{Hmac, KeyInit as _};
use pipit_store::error::StoreError;
use pipit_store::push::{SETTING, Subscription};
use pipit_wire::push::{
    KEYWORD_BYTES_MAX, KEYWORDS_MAX, NotificationSettings, PUSH_ENDPOINT_BYTES_MAX, Push as Pushed,
    PushOutcome, PushState, PushTest, SetSubscription,
};
use pipit_wire::{DeviceId, ErrorCode};
use sha2::Sha256;
use web_push_native::p256::PublicKey;

use self::deciding::Deciding;
use self::delivery::Delivery;
pub use self::queue::PushQueue;
use self::sender::{Parcel, Sender, Urgency};
use self::vapid::Vapid;
use super::accounts::Identity;
use crate::config;
use crate::context::Context;
use crate::error::ServiceError;
use crate::limit::Limit;
use crate::node::Node;
use crate::outgoing::Outgoing;

const USER_AGENT: &str = concat!("Pipit/", env!("CARGO_PKG_VERSION"), " (push)");
/// How long a push service keeps a push that somebody waits for, seconds.
const TEST_TTL_S: u32 = 60;
/// Browsers give it without padding; others may not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(engine::DecodePaddingMode::Indifferent),
);

/// See the module.
pub struct Push {
    context: Context,
    /// None where the operator wants no pushes.
    delivery: Option<Arc<Delivery>>,
    tests: Limit<DeviceId>,
}

impl Push {
    /// Starts what pushes, where it is on. A system on which nothing can be asked by https has a server that pushes nothing.
    pub async fn start(
        config: &config::Config,
        node: &Node,
        tests: Limit<DeviceId>,
    ) -> Result<Arc<Self>, StoreError> {
        let context = node.context.clone();
        let delivery = if config.push.enabled {
            match deliver(config, node).await {
                Ok(delivery) => Some(delivery),
                Err(ServiceError::Store(error)) => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "this server pushes nothing"
                    );
                    None
                }
            }
        } else {
            None
        };
        Ok(Arc::new(Self {
            context,
            delivery,
            tests,
        }))
    }

    /// Whether, and to where, a device is pushed to.
    pub async fn state(&self, identity: &Identity) -> Result<PushState, ServiceError> {
        let Some(delivery) = &self.delivery else {
            return Ok(PushState {
                key: None,
                endpoint: None,
            });
        };
        let known = self.context.store.find_subscription(identity.device).await?;
        Ok(PushState {
            key: Some(delivery.sender.vapid().public().to_owned()),
            endpoint: known.map(|known| known.endpoint),
        })
    }

    /// From now on the device is pushed to there.
    pub async fn subscribe(&self, identity: &Identity, new: SetSubscription) -> Result<(), ServiceError> {
        let delivery = self.delivery.as_ref().ok_or_else(off)?;
        if new.endpoint.len() > PUSH_ENDPOINT_BYTES_MAX || !delivery.sender.may_push_to(&new.endpoint) {
            let why = format!("an address by https, at most {PUSH_ENDPOINT_BYTES_MAX} bytes");
            return Err(ServiceError::field("endpoint", why));
        }
        let key: [u8; 65] = decode("p256dh", &new.p256dh)?;
        if let Err(error) = PublicKey::from_sec1_bytes(&key) {
            return Err(ServiceError::field("p256dh", error));
        }
        let subscription = Subscription {
            device: identity.device,
            user: identity.user,
            endpoint: new.endpoint,
            key,
            secret: decode("auth", &new.auth)?,
            silent: new.silent,
            made_at: self.context.now(),
        };
        if self.context.store.set_subscription(subscription).await? {
            tracing::info!(user = %identity.user, device = %identity.device, "a device is pushed to");
            Ok(())
        } else {
            Err(ServiceError::refused(
                ErrorCode::SignedOut,
                "the device was signed out",
            ))
        }
    }

    /// From now on the device is pushed to no more.
    pub async fn unsubscribe(&self, identity: &Identity) -> Result<(), ServiceError> {
        self.context
            .store
            .remove_subscription(identity.device, None)
            .await?;
        Ok(())
    }

    /// Pushes something to the device now, and says how that went.
    pub async fn test(&self, identity: &Identity) -> Result<PushTest, ServiceError> {
        let delivery = self.delivery.as_ref().ok_or_else(off)?;
        self.tests.check(&identity.device).await?;
        let Some(to) = self.context.store.find_subscription(identity.device).await? else {
            return Ok(PushTest {
                outcome: PushOutcome::NotSubscribed,
                status: None,
            });
        };
        let parcel = Parcel {
            bytes: payload::encode(&Pushed::Test {}),
            ttl_s: TEST_TTL_S,
            urgency: Urgency::High,
            topic: None,
        };
        let sent = delivery.push(&to, &parcel).await?;
        Ok(PushTest {
            outcome: sent.outcome,
            status: sent.status,
        })
    }

    /// How somebody is notified.
    pub async fn settings(&self, identity: &Identity) -> Result<NotificationSettings, ServiceError> {
        let kept = self.context.store.find_setting(identity.user, SETTING).await?;
        Ok(rules::settings_of(kept.as_deref()))
    }

    /// Changes it.
    pub async fn set_settings(
        &self,
        identity: &Identity,
        settings: NotificationSettings,
    ) -> Result<NotificationSettings, ServiceError> {
        let settings = checked(settings)?;
        let text = serde_json::to_string(&settings)
            .map_err(|error| ServiceError::Internal("settings were written", Box::new(error)))?;
        let store = &self.context.store;
        store.set_setting(identity.user, SETTING, Some(&text)).await?;
        Ok(settings)
    }
}

async fn deliver(config: &config::Config, node: &Node) -> Result<Arc<Delivery>, ServiceError> {
    let (context, options) = (node.context.clone(), &config.push);
    let key = context.store.push_key(vapid::draw(&*context.random)?).await?;
    let time = Duration::from_millis(options.timeout_ms.into());
    let outgoing = Outgoing::new(&config.outgoing, USER_AGENT, time)
        .map(Outgoing::https_only)
        .map_err(|error| ServiceError::Internal("what asks push services was made", Box::new(error)))?;
    let public_url = config.general.public_url.as_ref();
    let contact = options
        .contact
        .as_ref()
        .or(public_url.filter(|url| url.starts_with("https://")));
    let delivery = Delivery::new(
        context.clone(),
        Sender::new(outgoing, Vapid::new(&key, contact.cloned())?),
        Arc::clone(&node.stats),
        node.tasks.clone(),
        node.shutdown.clone(),
    );
    // Filled up to the length of a block, as HMAC itself would (RFC 2104, section 2).
    let mut block = [0; 64];
    for (place, byte) in block.iter_mut().zip(key) {
        *place = byte;
    }
    let deciding = Deciding {
        context,
        presence: Arc::clone(&node.presence),
        delivery: Arc::clone(&delivery),
        stats: Arc::clone(&node.stats),
        active_delay: Duration::from_millis(options.active_delay_ms.into()),
        topics: Hmac::<Sha256>::new(&block.into()),
    };
    if let Some(jobs) = node.pushes.connect() {
        node.tasks.spawn(deciding.run(jobs, node.shutdown.clone()));
    }
    Ok(delivery)
}

fn off() -> ServiceError {
    ServiceError::refused(ErrorCode::NotFound, "this server pushes nothing")
}

fn decode<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], ServiceError> {
    let bytes = BASE64
        .decode(text)
        .map_err(|error| ServiceError::field(field, error))?;
    bytes
        .try_into()
        .map_err(|_other_length| ServiceError::field(field, format_args!("it has {N} bytes")))
}

fn checked(mut settings: NotificationSettings) -> Result<NotificationSettings, ServiceError> {
    if let Some(quiet) = &settings.quiet {
        let is_minute = |minute| minute < 24 * 60;
        if !is_minute(quiet.from_min) || !is_minute(quiet.to_min) || quiet.from_min == quiet.to_min {
            return Err(ServiceError::field("quiet", "two different minutes of a day"));
        }
        if !rules::is_time_zone(&quiet.time_zone) {
            return Err(ServiceError::field("time_zone", "there is no such time zone"));
        }
    }
    for keyword in &mut settings.keywords {
        *keyword = keyword.trim().to_owned();
    }
    settings.keywords.retain(|keyword| !keyword.is_empty());
    let is_text =
        |keyword: &String| keyword.len() <= KEYWORD_BYTES_MAX && !keyword.contains(char::is_control);
    if settings.keywords.len() > KEYWORDS_MAX || !settings.keywords.iter().all(is_text) {
        let why = format!("at most {KEYWORDS_MAX} words of at most {KEYWORD_BYTES_MAX} bytes");
        return Err(ServiceError::field("keywords", why));
    }
    Ok(settings)
}
