//! Which ciphersuites there are, and which one a new group gets (`docs/adr/0033-group-encryption.md`).

use openmls::prelude::Ciphersuite;
use serde::{Deserialize, Serialize};

/// A ciphersuite of MLS that this program speaks. Both have X25519 and Ed25519: the P-256 of the `RustCrypto` provider is not constant in time
/// (RUSTSEC-2026-0387).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Suite {
    /// `MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519`: what a group gets if all can.
    X25519ChaCha20Poly1305,
    /// `MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519`: the one that RFC 9420 makes everybody have.
    X25519Aes128Gcm,
}

impl Suite {
    /// All of them, best first.
    pub const ALL: [Self; 2] = [Self::X25519ChaCha20Poly1305, Self::X25519Aes128Gcm];

    /// The best that everyone has; each list is what one device has.
    pub fn negotiate<'a>(devices: impl IntoIterator<Item = &'a [Suite]>) -> Option<Self> {
        let mut common = Self::ALL.to_vec();
        for device in devices {
            common.retain(|suite| device.contains(suite));
        }
        common.first().copied()
    }

    /// The number in the registry of MLS ciphersuites.
    pub fn code(self) -> u16 {
        self.mls().into()
    }

    pub(crate) fn mls(self) -> Ciphersuite {
        match self {
            Self::X25519ChaCha20Poly1305 => Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519,
            Self::X25519Aes128Gcm => Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519,
        }
    }

    pub(crate) fn of(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::Suite::{self, X25519Aes128Gcm, X25519ChaCha20Poly1305};

    #[test]
    fn the_best_that_all_have_is_taken() {
        let all: &[Suite] = &Suite::ALL;
        assert_eq!(Suite::negotiate([all, all]), Some(X25519ChaCha20Poly1305));
        assert_eq!(Suite::negotiate([all, &[X25519Aes128Gcm]]), Some(X25519Aes128Gcm));
        assert_eq!(Suite::negotiate([all, &[]]), None);
        assert_eq!(X25519ChaCha20Poly1305.code(), 3);
        assert_eq!(Suite::of(1), Some(X25519Aes128Gcm));
        assert_eq!(Suite::of(2), None, "P-256 is not spoken");
    }
}
