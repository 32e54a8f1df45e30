//! Hashing passwords, at a bounded cost.
//!
//! argon2id (RFC 9106) with 19 MiB, two passes and one lane, which OWASP's password storage cheat sheet gives as equal in strength to its
//! first choice of 46 MiB and one pass. One hash costs about 20 ms of a core; as many run at once as there are cores, so many wait,
//! and whoever comes then is sent away for a second: a flood of sign-ins takes neither the memory nor the cores of those who chat.
//!
//! The memory goes back to the system after each hash, which takes care: the crate's own buffer of 19 MiB stayed in the
//! allocator, once for each thread that had ever hashed (432 MB resident after 46 sign-ins, glibc 2.36, 2026-11-24). See [`RESERVED_BLOCKS`].

use std::num::NonZeroUsize;
use std::sync::Arc;

use argon2::password_hash::{self, phc};
use argon2::{Algorithm, Argon2, Block, Params, Version};
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
const OUTPUT_BYTES: usize = 32;
/// How many blocks of 1 KiB are asked of the allocator, of which only those that are used become memory. glibc keeps what is freed below
/// its largest threshold of 32 MiB (`DEFAULT_MMAP_THRESHOLD_MAX`, mallopt(3)); what is above it is mapped and unmapped each time.
const RESERVED_BLOCKS: usize = 33 * 1_024;
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
        let hash = self.work(move || make(password.as_bytes(), &salt)).await?;
        hash.map_err(|error| ServiceError::Internal("a password could not be hashed", Box::new(error)))
    }

    /// Whether this is the password. Where there is no account, the same work is done for nothing, so that its time says nothing.
    pub async fn verify(&self, password: String, hash: Option<PasswordHash>) -> Result<bool, ServiceError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(nobody);
        let fits = self.work(move || fits(password.as_bytes(), &hash)).await?;
        let fits =
            fits.map_err(|error| ServiceError::Internal("a password could not be checked", Box::new(error)))?;
        Ok(fits && exists)
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

fn make(password: &[u8], salt: &[u8]) -> Result<PasswordHash, password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES))?;
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: phc::ParamsString::try_from(&params)?,
        salt: Some(phc::Salt::new(salt)?),
        hash: Some(derive(password, salt, params)?),
    };
    Ok(PasswordHash(hash.to_string()))
}

fn fits(password: &[u8], hash: &PasswordHash) -> Result<bool, password_hash::Error> {
    let hash = phc::PasswordHash::new(&hash.0)?;
    let current =
        hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
    let (Some(salt), Some(expected), true) = (&hash.salt, &hash.hash, current) else {
        return Err(password_hash::Error::Algorithm);
    };
    // An output compares itself in constant time.
    Ok(derive(password, salt, Params::try_from(&hash)?)? == *expected)
}

fn derive(password: &[u8], salt: &[u8], params: Params) -> Result<phc::Output, password_hash::Error> {
    let blocks = params.block_count();
    let mut memory = Vec::with_capacity(blocks.max(RESERVED_BLOCKS));
    memory.resize(blocks, Block::default());
    let mut output = [0; OUTPUT_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        password,
        salt,
        &mut output,
        &mut memory,
    )?;
    Ok(phc::Output::new(&output)?)
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

    /// What the crate itself makes of the same, so that other programs read our hashes and we read theirs.
    #[test]
    fn it_is_plain_argon2id() {
        use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let theirs: phc::PasswordHash = argon2
            .hash_password_with_salt(b"correct horse", &[7; SALT_BYTES])
            .unwrap();
        let ours = make(b"correct horse", &[7; SALT_BYTES]).unwrap();
        assert_eq!(ours.0, theirs.to_string());
        assert!(argon2.verify_password(b"correct horse", ours.0.as_str()).is_ok());
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
        let real = make(b"correct horse", &[7; SALT_BYTES]).unwrap();
        let real = phc::PasswordHash::new(&real.0).unwrap();
        assert_eq!(parsed.params, real.params);
        assert_eq!(parsed.hash.unwrap().len(), real.hash.unwrap().len());
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
