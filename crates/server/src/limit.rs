//! How often somebody may try: token buckets by address, account and device, on the injected clock, in bounded memory.
//!
//! The buckets are the `governor` crate's (GCRA, ITU-T I.371, annex A). What is added here is the bound: a bucket that is
//! full again is forgotten, and where there are still too many, newcomers share one bucket by the hash of their key. An attacker with
//! countless addresses then slows strangers down, but takes no memory and slows nobody down who was known before.
//!
//! Where nodes share state, the bucket is there, and one for all of them; a node's own buckets count where that does not answer. The
//! names of shared buckets are keyed hashes: whoever reads them learns no address and no handle.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use hmac::{Hmac, KeyInit as _, Mac as _};
use pipit_bus::Taken;
use pipit_wire::{DeviceId, ErrorCode, UserId, WireError};
use sha2::Sha256;

use crate::clock::Clock;
use crate::data_dir::SigningKey;
use crate::fanout::hub::Hub;

/// The most buckets of one kind. One costs about 64 bytes.
const BUCKETS_MAX: usize = 50_000;
/// How many buckets newcomers share where there are too many.
const SHARED_BUCKETS: u64 = 1_024;

/// The injected clock as governor wants it.
#[derive(Clone)]
struct Time(Arc<dyn Clock>);

impl GovernorClock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().as_ms()).unwrap_or(0))
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Bucket<K> {
    Own(K),
    Shared(u64),
}

type Buckets<K> = RateLimiter<Bucket<K>, HashMapStateStore<Bucket<K>>, Time, NoOpMiddleware<Duration>>;

/// What a limit is kept by.
pub trait Key: Hash + Eq + Clone {
    /// What tells it from others of its kind.
    fn bytes(&self) -> &[u8];
}

impl Key for String {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Key for DeviceId {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Key for UserId {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Key for Network {
    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The buckets that nodes share.
#[derive(Clone)]
pub struct SharedBuckets {
    hub: Arc<Hub>,
    secret: Hmac<Sha256>,
}

impl SharedBuckets {
    /// Those that this hub's bus reaches; `key` keeps their names from being guessed.
    pub fn new(hub: Arc<Hub>, key: &SigningKey) -> Self {
        // Filled up to the length of a block, as HMAC itself would (RFC 2104, section 2).
        let mut block = [0; 64];
        for (place, byte) in block.iter_mut().zip(key.0) {
            *place = byte;
        }
        Self {
            hub,
            secret: Hmac::new(&block.into()),
        }
    }

    /// Takes one; none where nothing is shared, or it does not answer.
    async fn take(&self, limit: &str, key: &[u8], per_minute: u32) -> Option<Taken> {
        let shared = self.hub.shared()?;
        let mac = self
            .secret
            .clone()
            .chain_update(limit)
            .chain_update([0])
            .chain_update(key);
        let name = format!("{limit}:{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        // That it failed is counted by the bus.
        shared.take(&name, per_minute).await.ok()
    }
}

/// A limit for each key.
pub struct Limit<K: Key> {
    name: &'static str,
    per_minute: u32,
    shared: Option<SharedBuckets>,
    buckets: Buckets<K>,
    time: Time,
    hasher: RandomState,
    buckets_max: usize,
}

impl<K: Key> Limit<K> {
    /// So many a minute, all of which may come at once. `name` tells the limit from others.
    pub fn per_minute(name: &'static str, count: u32, clock: Arc<dyn Clock>, shared: SharedBuckets) -> Self {
        Self {
            name,
            shared: Some(shared),
            ..Self::bounded(count, clock, BUCKETS_MAX)
        }
    }

    fn bounded(count: u32, clock: Arc<dyn Clock>, buckets_max: usize) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        let time = Time(clock);
        Self {
            name: "",
            per_minute: count.max(1),
            shared: None,
            buckets: RateLimiter::hashmap_with_clock(quota, time.clone()),
            time,
            hasher: RandomState::new(),
            buckets_max,
        }
    }

    /// Takes one, or says how long to wait.
    pub async fn check(&self, key: &K) -> Result<(), WireError> {
        let taken = match &self.shared {
            Some(shared) => shared.take(self.name, key.bytes(), self.per_minute).await,
            None => None,
        };
        match taken {
            Some(Taken::Yes) => Ok(()),
            Some(Taken::No { wait_ms }) => Err(refusal(wait_ms)),
            None => self.check_here(key),
        }
    }

    fn check_here(&self, key: &K) -> Result<(), WireError> {
        if self.buckets.len() >= self.buckets_max {
            self.buckets.retain_recent();
        }
        let bucket = if self.buckets.len() >= self.buckets_max {
            Bucket::Shared(self.hasher.hash_one(key) % SHARED_BUCKETS)
        } else {
            Bucket::Own(key.clone())
        };
        self.buckets.check_key(&bucket).map_err(|until| {
            let wait = until.wait_time_from(self.time.now());
            refusal(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1))
        })
    }
}

fn refusal(wait_ms: u32) -> WireError {
    WireError::new(ErrorCode::RateLimited, "too many attempts").after_ms(wait_ms)
}

/// Who stands behind an address: a whole /64 where it is IPv6, because one subscriber has all of it (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network([u8; 8]);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                // Begins like no global address of version 6.
                Self([0, 0, 0xff, 0xff, a, b, c, d])
            }
            IpAddr::V6(address) => {
                let prefix = u128::from(address) >> 64;
                Self(u64::try_from(prefix).unwrap_or(u64::MAX).to_be_bytes())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use pipit_wire::Timestamp;

    use super::*;

    #[derive(Default)]
    struct ManualClock(AtomicI64);

    impl Clock for ManualClock {
        fn now(&self) -> Timestamp {
            Timestamp(1_700_000_000_000 + self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn so_many_at_once_then_one_by_one() {
        let clock = Arc::new(ManualClock::default());
        let limit = Limit::bounded(6, clock.clone(), BUCKETS_MAX);
        for _ in 0..6 {
            assert_eq!(limit.check_here(&"ada".to_owned()), Ok(()));
        }
        let refusal = limit.check_here(&"ada".to_owned()).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.retry_after_ms),
            (ErrorCode::RateLimited, Some(10_000))
        );
        assert_eq!(limit.check_here(&"bob".to_owned()), Ok(()));
        clock.0.store(10_000, Ordering::Relaxed);
        assert_eq!(limit.check_here(&"ada".to_owned()), Ok(()));
        assert!(limit.check_here(&"ada".to_owned()).is_err());
    }

    #[test]
    fn memory_is_bounded_and_the_known_keep_their_buckets() {
        let clock = Arc::new(ManualClock::default());
        let limit = Limit::bounded(6, clock.clone(), 100);
        for stranger in 0..100_000_u32 {
            let _ = limit.check_here(&stranger.to_string());
        }
        assert!(limit.buckets.len() <= 100 + usize::try_from(SHARED_BUCKETS).unwrap());
        // The buckets fill up with time and are forgotten.
        clock.0.store(120_000, Ordering::Relaxed);
        assert_eq!(limit.check_here(&7.to_string()), Ok(()));
        assert!(limit.buckets.len() < 100);
    }

    #[test]
    fn a_network_is_an_address_or_a_64() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
