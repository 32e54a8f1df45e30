//! This device's own keys: its public key, said to the server once, and the key packages by which others let it in while it is away.

use pipit_e2ee::Suite;
use pipit_wire::rest::encryption::{KeyPackages, NewDeviceKey, NewKeyPackage, NewKeyPackages};
use pipit_wire::{ErrorCode, Timestamp};

use super::calls::{KeyCall, to_base64};
use super::state::PoolRecord;
use crate::command::CommandError;
use crate::engine::{Engine, Stored};
use crate::http::code_name;
use crate::storage::Storage;

/// Until when the server gives a key package away: a day less than it is good.
const GIVEN_AWAY_MS: i64 = 59 * 24 * 60 * 60 * 1_000;
/// So many may be missing before more are made.
const MISSING_MAX: u32 = 10;
/// How often it is looked at while the line stands.
const LOOK_MS: i64 = 24 * 60 * 60 * 1_000;
/// The first and the last wait before what failed is tried again.
const RETRY_MS: (i64, i64) = (2_000, 10 * 60_000);

/// How it stands with this device's keys.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// The server has the public key: others can know this device.
    is_published: bool,
    due_at: Option<Timestamp>,
    failures: u32,
}

impl Pool {
    pub(super) const fn begin(&mut self, now: Timestamp) {
        self.due_at = Some(now);
    }

    pub(super) const fn forget_line(&mut self) {
        self.due_at = None;
    }

    pub(super) const fn deadline(&self) -> Option<Timestamp> {
        self.due_at
    }

    pub(super) const fn is_published(&self) -> bool {
        self.is_published
    }
}

impl<S: Storage> Engine<S> {
    pub(super) fn pump_pool(&mut self) -> Stored {
        let is_due = self
            .encryption
            .pool
            .due_at
            .is_some_and(|at| self.clock.is_due(at));
        if !is_due {
            return Ok(());
        }
        self.encryption.pool.due_at = None;
        let record = self.pool_record()?;
        self.encryption.pool.is_published = record.is_published;
        if record.is_published {
            if !self.is_asking_for(&KeyCall::Pool) && !self.is_asking_for(&KeyCall::PublishPackages) {
                self.ask_keys(KeyCall::Pool, "/v1/devices/current/key-packages".to_owned());
            }
            return Ok(());
        }
        self.require_device()?;
        let Some(device) = &self.encryption.device else {
            return Ok(());
        };
        let body = NewDeviceKey {
            signature_key: to_base64(&device.signature_key().0),
            vouch: None,
        };
        if !self.is_asking_for(&KeyCall::PublishKey) {
            self.say_keys(KeyCall::PublishKey, "/v1/devices/current/key".to_owned(), &body);
        }
        Ok(())
    }

    pub(super) fn key_published(&mut self) -> Stored {
        let record = PoolRecord {
            is_published: true,
            ..self.pool_record()?
        };
        self.save_pool_record(&record)?;
        self.encryption.pool.is_published = true;
        self.encryption.pool.failures = 0;
        self.look_at_pool();
        let encrypted = self.storage.encrypted_conversations()?;
        self.encryption.nudged.extend(encrypted);
        self.ask_for_own_log()
    }

    /// How it stands with the key packages. A server that knows of fewer publications than it has taken was restored from a backup, one that knows of more than this device has
    /// sent says that the device was: either way some may be given away twice.
    pub(super) fn pool_came(&mut self, pool: &KeyPackages) -> Stored {
        let mut record = self.pool_record()?;
        let is_other = !record.generation.is_empty() && record.generation != pool.generation;
        let is_old = pool.publication < record.taken || pool.publication > record.tried;
        let now = self.server_now();
        if is_other || is_old {
            tracing::warn!("key packages are withdrawn: the server or this device was restored from a copy");
            self.key_step("withdraw", |device, port, random| {
                device.withdraw_key_packages(port, random)
            })?;
        }
        self.key_step("expire", |device, port, random| {
            device.expire_key_packages(port, random, now)
        })?;
        let needs = self.key_step("count", |device, port, _| {
            device.pool_needs(port, pool.count, now)
        })?;
        let needs = needs.unwrap_or_default();
        let replace_all = needs.replace_all || is_other || is_old;
        record.taken = pool.publication;
        record.generation.clone_from(&pool.generation);
        let is_full = needs.packages < MISSING_MAX && !needs.last_resort && pool.last_resort && !replace_all;
        if is_full {
            self.save_pool_record(&record)?;
            self.look_at_pool_later();
            return Ok(());
        }
        record.tried = record.tried.max(pool.publication).saturating_add(1);
        self.save_pool_record(&record)?;
        let suite = Suite::ALL[0];
        let made = self.key_step("make", |device, port, random| {
            device.make_key_packages(port, random, suite, needs.packages, now)
        })?;
        let last = self.key_step("make", |device, port, random| {
            device.make_last_resort(port, random, suite, now)
        })?;
        let package = |bytes: &Vec<u8>| NewKeyPackage {
            bytes: to_base64(bytes),
            not_after: now.plus_ms(GIVEN_AWAY_MS),
        };
        let body = NewKeyPackages {
            publication: record.tried,
            replace_all,
            packages: made.unwrap_or_default().iter().map(package).collect(),
            last_resort: last.as_ref().map(package),
        };
        self.say_keys(
            KeyCall::PublishPackages,
            "/v1/devices/current/key-packages".to_owned(),
            &body,
        );
        Ok(())
    }

    pub(super) fn packages_published(&mut self, pool: &KeyPackages) -> Stored {
        let mut record = self.pool_record()?;
        record.taken = pool.publication;
        record.generation.clone_from(&pool.generation);
        self.save_pool_record(&record)?;
        self.encryption.pool.failures = 0;
        self.look_at_pool_later();
        Ok(())
    }

    /// A key package was used, or some time has passed.
    pub(super) fn look_at_pool(&mut self) {
        self.look_at_pool_in(0);
    }

    fn look_at_pool_later(&mut self) {
        self.look_at_pool_in(LOOK_MS);
    }

    /// Without a line nothing is due: it begins anew with the next one.
    fn look_at_pool_in(&mut self, wait_ms: i64) {
        if self.connection.is_up() {
            self.encryption.pool.due_at = Some(self.clock.steady().plus_ms(wait_ms));
        }
    }

    pub(super) fn pool_call_failed(&mut self, call: &KeyCall, error: &CommandError, least_ms: i64) {
        if *call == KeyCall::PublishKey && error.code == code_name(ErrorCode::IdConflict) {
            tracing::error!(
                "the server has another key of this device: encrypted conversations do not work until it is signed in anew"
            );
        }
        let pool = &mut self.encryption.pool;
        let limit_ms = (RETRY_MS.0 << pool.failures.min(9)).min(RETRY_MS.1);
        pool.failures = pool.failures.saturating_add(1);
        let wait_ms = self.random_ms(limit_ms).max(least_ms).max(RETRY_MS.0 / 4);
        self.look_at_pool_in(wait_ms);
    }

    /// A step that is not refused unless something is broken: then it is said, and the rest goes on.
    fn key_step<T>(
        &mut self,
        what: &'static str,
        work: impl FnOnce(
            &mut pipit_e2ee::Device,
            &mut dyn pipit_e2ee::Port,
            &mut dyn pipit_e2ee::Randomness,
        ) -> Result<T, pipit_e2ee::Error>,
    ) -> Stored<Option<T>> {
        match self.with_device(work)? {
            Ok(done) => Ok(Some(done)),
            Err(error) => {
                tracing::error!(what, %error, "this device's key packages");
                Ok(None)
            }
        }
    }
}
