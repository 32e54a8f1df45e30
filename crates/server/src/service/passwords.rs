//! Hashing passwords, at a bounded cost.
//!
//! argon2id (RFC 9106) with 19 MiB, two passes and one lane, which OWASP's password storage cheat sheet gives as equal in strength to its
//! first choice of 46 MiB and one pass. One hash costs about 20 ms of a core; as many run at once as there are cores, so many wait,
//! and whoever comes then is sent away for a second: a flood of sign-ins takes neither the memory nor the cores of those who chat.

use std::num::NonZeroUsize;
use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use pipit_store::account::PasswordHash;
use pipit_wire::{ErrorCode, WireError};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::clock::Random;
use crate::error::ServiceError;

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
/// How many may wait for each one that runs.
const WAITING_PER_RUNNING: usize = 32;

/// Hashes and checks passwords.
pub struct Passwords {
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
    random: Arc<dyn Random>,
    tracker: TaskTracker,
}

impl Passwords {
    /// As many at once as there are cores. Hashing that has begun is waited for through `tracker`.
    pub fn new(random: Arc<dyn Random>, tracker: TaskTracker) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores * (1 + WAITING_PER_RUNNING))),
            random,
            tracker,
        }
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: String) -> Result<PasswordHash, ServiceError> {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt);
        let hash: Result<phc::PasswordHash, _> = self
            .work(move || argon2()?.hash_password_with_salt(password.as_bytes(), &salt))
            .await?;
        hash.map(|hash| PasswordHash(hash.to_string()))
            .map_err(|error| ServiceError::Internal("a password could not be hashed", Box::new(error)))
    }

    /// Whether this is the password. Where there is no account, the same work is done for nothing, so that its time says nothing.
    pub async fn verify(&self, password: String, hash: Option<PasswordHash>) -> Result<bool, ServiceError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(nobody);
        let outcome = self
            .work(move || argon2()?.verify_password(password.as_bytes(), &phc::PasswordHash::new(&hash.0)?))
            .await?;
        match outcome {
            Ok(()) => Ok(exists),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(ServiceError::Internal(
                "a password could not be checked",
                Box::new(error),
            )),
        }
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let busy = || WireError::new(ErrorCode::Unavailable, "too many people sign in at this moment");
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(busy().into());
        };
        let Ok(turn) = Arc::clone(&self.running).acquire_owned().await else {
            return Err(busy().into());
        };
        let task = self.tracker.spawn_blocking(move || {
            let outcome = work();
            // Held to the end of the work even where whoever asked has gone.
            drop((turn, place));
            outcome
        });
        task.await
            .map_err(|error| ServiceError::Internal("hashing ended early", Box::new(error)))
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A hash that no password has (its output is all zero bits), made with the same parameters as the real ones.
fn nobody() -> PasswordHash {
    let (salt, output) = ("A".repeat(22), "A".repeat(43));
    PasswordHash(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${output}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    fn passwords() -> Passwords {
        Passwords::new(Arc::new(SystemRandom), TaskTracker::new())
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = passwords();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(
            hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.0
        );
        assert_ne!(hash, passwords.hash("correct horse".to_owned()).await.unwrap());
        for (password, expect) in [("correct horse", true), ("correct horsE", false), ("", false)] {
            assert_eq!(
                passwords
                    .verify(password.to_owned(), Some(hash.clone()))
                    .await
                    .unwrap(),
                expect
            );
        }
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_that_takes_the_same_work() {
        assert!(
            !passwords()
                .verify("correct horse".to_owned(), None)
                .await
                .unwrap()
        );
        let hash = nobody();
        let parsed = phc::PasswordHash::new(&hash.0).unwrap();
        assert_eq!(Params::try_from(&parsed).unwrap(), *argon2().unwrap().params());
    }

    #[tokio::test]
    async fn a_hash_that_is_damaged_is_a_fault_and_no_password() {
        let outcome = passwords()
            .verify("x".to_owned(), Some(PasswordHash("damaged".to_owned())))
            .await;
        assert!(outcome.unwrap_err().is_fault());
    }

    #[tokio::test]
    async fn a_flood_is_sent_away() {
        let passwords = passwords();
        let _all = Arc::clone(&passwords.places)
            .try_acquire_many_owned(u32::try_from(passwords.places.available_permits()).unwrap())
            .unwrap();
        let Err(ServiceError::Refused(refusal)) = passwords.hash("correct horse".to_owned()).await else {
            panic!("must be refused");
        };
        assert_eq!(refusal.code, ErrorCode::Unavailable);
    }
}
