//! Key packages: what others need to add this device while it is away (RFC 9420, section 10).
//!
//! The server gives each away once, and the last resort any number of times when there is no other. This device keeps the secret half of each until it was used, or is long over. A device
//! that the server's count, or its store's generation, tells that packages may be given away twice, withdraws them all and makes new ones.

use openmls::prelude::{KeyPackage, KeyPackageRef, Lifetime, MlsMessageOut};
use openmls_traits::OpenMlsProvider;
use openmls_traits::storage::StorageProvider;
use pipit_wire::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::{Device, Step};
use crate::error::Error;
use crate::group::{capabilities, lifetime};
use crate::port::Port;
use crate::random::Randomness;
use crate::storage::{Kind, Overlay, device_key};
use crate::suite::Suite;

/// How long a key package is good: 60 days.
pub(crate) const LIFETIME_SECONDS: u64 = 60 * 24 * 3600;
/// How long before it is made it is good already: others' clocks may be behind.
pub(crate) const BACKDATED_SECONDS: u64 = 3600;
/// The longest that one of others may be good, which is also the longest that OpenMLS makes: 12 weeks.
const LIFETIME_SECONDS_MAX: u64 = 12 * 7 * 24 * 3600;
/// Key packages are replaced while they are still good for this long: 15 days.
const REPLACED_SECONDS: u64 = 15 * 24 * 3600;
/// How long the secret half is kept after a key package is over: a welcome may have been made in time and be read late. A month.
const GRACE_SECONDS: u64 = 30 * 24 * 3600;
/// How many the server should have.
pub const POOL_TARGET: u32 = 50;
/// How many are made in one call at most.
const MADE_MAX: u32 = 100;
/// How many secret halves are kept at most.
const KEPT_MAX: usize = 1_000;

/// One key package of this device.
#[derive(Clone, Serialize, Deserialize)]
struct Made {
    reference: KeyPackageRef,
    not_after_s: u64,
    last_resort: bool,
    used: bool,
    withdrawn: bool,
}

/// What is to be done about the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolNeeds {
    /// How many are to be made.
    pub packages: u32,
    /// Whether a new last resort is to be made: there is none, it was used, or it is over soon.
    pub last_resort: bool,
    /// Whether the server is to be told to drop what it has: the new ones replace them all.
    pub replace_all: bool,
}

pub(crate) fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_ms() / 1_000).unwrap_or(0)
}

/// Checks that a key package is good now, and not for longer than anybody should make one.
pub(crate) fn require_lifetime(lifetime: &Lifetime, now: Timestamp) -> Result<(), Error> {
    let now = seconds(now);
    let span = lifetime.not_after().saturating_sub(lifetime.not_before());
    let good = lifetime.not_before() <= now && now < lifetime.not_after();
    if good && span <= LIFETIME_SECONDS_MAX + BACKDATED_SECONDS {
        Ok(())
    } else {
        Err(Error::KeyPackageExpired)
    }
}

fn read(storage: &Overlay<'_>) -> Result<Vec<Made>, Error> {
    let made = storage.read(&device_key(Kind::Pool, &())?)?;
    Ok(made.unwrap_or_default())
}

fn save(storage: &Overlay<'_>, made: &[Made]) -> Result<(), Error> {
    Ok(storage.write(device_key(Kind::Pool, &())?, made)?)
}

/// A welcome names these: those of this device are used up, and the last resort is to be replaced.
pub(crate) fn note_used(step: &Step<'_>, references: &[KeyPackageRef]) -> Result<(), Error> {
    let mut pool = read(&step.provider.storage)?;
    pool.retain(|made| made.last_resort || !references.contains(&made.reference));
    for made in &mut pool {
        made.used |= references.contains(&made.reference);
    }
    save(&step.provider.storage, &pool)
}

impl Device {
    /// What is to be made, where the server has so many that nobody has asked for yet.
    pub fn pool_needs(
        &mut self,
        port: &dyn Port,
        on_server: u32,
        now: Timestamp,
    ) -> Result<PoolNeeds, Error> {
        let pool = read(&Overlay::new(port))?;
        let now = seconds(now);
        let fresh = |made: &&Made| !made.withdrawn && made.not_after_s > now.saturating_add(REPLACED_SECONDS);
        let packages = pool.iter().filter(fresh).filter(|made| !made.last_resort).count();
        let usable = u32::try_from(packages).unwrap_or(u32::MAX).min(on_server);
        let last_resort = pool
            .iter()
            .filter(fresh)
            .any(|made| made.last_resort && !made.used);
        Ok(PoolNeeds {
            packages: POOL_TARGET.saturating_sub(usable),
            last_resort: !last_resort,
            replace_all: !pool.is_empty() && pool.iter().all(|made| made.withdrawn),
        })
    }

    /// Makes key packages of one ciphersuite, for the server.
    pub fn make_key_packages(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        suite: Suite,
        count: u32,
        now: Timestamp,
    ) -> Result<Vec<Vec<u8>>, Error> {
        self.step(port, random, |step| {
            let count = count.min(MADE_MAX);
            (0..count).map(|_| make(step, suite, now, false)).collect()
        })
    }

    /// Makes a last resort of one ciphersuite.
    pub fn make_last_resort(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        suite: Suite,
        now: Timestamp,
    ) -> Result<Vec<u8>, Error> {
        self.step(port, random, |step| make(step, suite, now, true))
    }

    /// Takes all key packages back: the server was restored from a backup, or this device's state was. Welcomes that are on their way can still be used; new ones
    /// have to be made.
    pub fn withdraw_key_packages(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
    ) -> Result<(), Error> {
        self.step(port, random, |step| {
            let mut pool = read(&step.provider.storage)?;
            for made in &mut pool {
                made.withdrawn = true;
            }
            save(&step.provider.storage, &pool)
        })
    }

    /// Erases the secret halves of what has been over for a month; says of how many.
    pub fn expire_key_packages(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        now: Timestamp,
    ) -> Result<usize, Error> {
        self.step(port, random, |step| {
            let now = seconds(now);
            let pool = read(&step.provider.storage)?;
            let (kept, over): (Vec<_>, Vec<_>) = pool
                .into_iter()
                .partition(|made| made.not_after_s.saturating_add(GRACE_SECONDS) > now);
            for made in &over {
                step.provider.storage.delete_key_package(&made.reference)?;
            }
            save(&step.provider.storage, &kept)?;
            Ok(over.len())
        })
    }
}

fn make(step: &Step<'_>, suite: Suite, now: Timestamp, last_resort: bool) -> Result<Vec<u8>, Error> {
    let mut builder = KeyPackage::builder()
        .key_package_lifetime(lifetime(now))
        .leaf_node_capabilities(capabilities());
    if last_resort {
        builder = builder.mark_as_last_resort();
    }
    let credential = step.identity.credential(step.key);
    let bundle = builder.build(suite.mls(), &step.provider, step.signer, credential);
    let package = bundle.map_err(Error::other)?.into_key_package();
    let mut pool = read(&step.provider.storage)?;
    if pool.len() >= KEPT_MAX {
        return Err(Error::TooLarge {
            size: pool.len(),
            max: KEPT_MAX,
        });
    }
    pool.push(Made {
        reference: package.hash_ref(step.provider.crypto()).map_err(Error::other)?,
        not_after_s: package.life_time().not_after(),
        last_resort,
        used: false,
        withdrawn: false,
    });
    save(&step.provider.storage, &pool)?;
    MlsMessageOut::from(package).to_bytes().map_err(Error::other)
}
