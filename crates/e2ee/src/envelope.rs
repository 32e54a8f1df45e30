//! Something for one device alone, from another one that has never spoken with it: HPKE (RFC 9180) in one shot and in base mode, with the algorithms of the
//! suite that a new group gets (DHKEM of X25519 with HKDF-SHA256, HKDF-SHA256, ChaCha20-Poly1305).
//!
//! ```text
//! envelope = encapsulated key (32 bytes) ‖ ciphertext
//! ```
//!
//! Base mode says nothing of who has sealed it: that is for what carries it to say.

use std::fmt;

use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::{HpkeCiphertext, HpkeConfig, HpkeKeyPair};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::Error;
use crate::random::Randomness;
use crate::suite::Suite;

/// The length of a key that something is sealed to, and of what it comes from, in bytes.
pub const ENVELOPE_KEY_BYTES: usize = 32;
/// So much longer than what is in it an envelope is, in bytes: the encapsulated key, and the tag.
pub const ENVELOPE_OVERHEAD_BYTES: usize = 32 + 16;

/// What opens envelopes that were sealed to its [public key](Self::public).
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EnvelopeKey {
    /// What the key pair is derived from (RFC 9180, section 7.1.3).
    seed: [u8; ENVELOPE_KEY_BYTES],
}

impl fmt::Debug for EnvelopeKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopeKey").finish_non_exhaustive()
    }
}

impl EnvelopeKey {
    /// A new one.
    pub fn generate(random: &mut dyn Randomness) -> Self {
        let mut seed = [0; ENVELOPE_KEY_BYTES];
        random.fill(&mut seed);
        Self { seed }
    }

    /// One that was kept.
    pub const fn from_bytes(seed: [u8; ENVELOPE_KEY_BYTES]) -> Self {
        Self { seed }
    }

    /// For keeping it.
    pub const fn to_bytes(&self) -> [u8; ENVELOPE_KEY_BYTES] {
        self.seed
    }

    fn pair(&self) -> Result<HpkeKeyPair, Error> {
        let pair = RustCrypto::default().derive_hpke_keypair(config(), &self.seed);
        pair.map_err(|_| Error::Malformed)
    }

    /// What others seal to.
    pub fn public(&self) -> Result<[u8; ENVELOPE_KEY_BYTES], Error> {
        self.pair()?.public.try_into().map_err(|_| Error::Malformed)
    }

    /// What is in an envelope that was sealed to this key, for the same purpose: `info` says which.
    pub fn open(&self, info: &[u8], envelope: &[u8]) -> Result<Vec<u8>, Error> {
        let (encapsulated, ciphertext) = envelope
            .split_at_checked(ENVELOPE_KEY_BYTES)
            .ok_or(Error::Malformed)?;
        let sealed = HpkeCiphertext {
            kem_output: encapsulated.to_vec().into(),
            ciphertext: ciphertext.to_vec().into(),
        };
        let opened = RustCrypto::default().hpke_open(config(), &sealed, &self.pair()?.private, info, &[]);
        opened.map_err(|_| Error::Malformed)
    }
}

/// Seals something to a key, for one purpose: `info` says which, and has to be the same where it is opened.
pub fn seal_envelope(
    public: &[u8; ENVELOPE_KEY_BYTES],
    info: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, Error> {
    let sealed = RustCrypto::default().hpke_seal(config(), public, info, &[], content);
    let sealed = sealed.map_err(|_| Error::Malformed)?;
    Ok([sealed.kem_output.as_slice(), sealed.ciphertext.as_slice()].concat())
}

fn config() -> HpkeConfig {
    let [suite, ..] = Suite::ALL;
    suite.mls().hpke_config()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Randomness for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
            self.0 += 1;
        }
    }

    #[test]
    fn what_is_sealed_to_a_key_is_opened_by_that_key_for_that_purpose_and_whole() {
        let mut random = Counting(1);
        let (key, other) = (
            EnvelopeKey::generate(&mut random),
            EnvelopeKey::generate(&mut random),
        );
        let public = key.public().unwrap();
        let envelope = seal_envelope(&public, b"purpose", b"said").unwrap();
        assert_eq!(envelope.len(), b"said".len() + ENVELOPE_OVERHEAD_BYTES);
        let kept = EnvelopeKey::from_bytes(key.to_bytes());
        assert_eq!(kept.open(b"purpose", &envelope).unwrap(), b"said");

        assert!(other.open(b"purpose", &envelope).is_err());
        assert!(key.open(b"another purpose", &envelope).is_err());
        assert!(key.open(b"purpose", &[]).is_err());
        for at in 0..envelope.len() {
            let mut changed = envelope.clone();
            changed[at] ^= 1;
            assert!(key.open(b"purpose", &changed).is_err(), "changed at {at}");
            assert!(key.open(b"purpose", &envelope[..at]).is_err(), "cut at {at}");
        }
        // The same is never sealed the same way.
        assert_ne!(seal_envelope(&public, b"purpose", b"said").unwrap(), envelope);
    }
}
