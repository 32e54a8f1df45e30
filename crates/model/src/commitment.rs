//! What the sender's device of something sealed commits to in the clear, so that whoever could read it can show the server what it said, and nobody can show
//! it anything else (`docs/adr/0050-reports.md`).
//!
//! HMAC-SHA256 (RFC 2104) under a key of 32 bytes that is used once: it hides what was said from who has not the key, and nobody finds two things that have the same one
//! (Grubbs, Lu, Ristenpart, *Message Franking via Committing Authenticated Encryption*, 2017, section 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pipit_wire::report::Opening;
use sha2::Sha256;

/// How long the key is, in bytes.
pub const KEY_BYTES: usize = 32;
/// How long a commitment is, in bytes.
pub const COMMITMENT_BYTES: usize = 32;

/// What is sealed, and what stands beside it: `key` is drawn for this entry alone.
#[must_use]
pub fn commit(key: [u8; KEY_BYTES], said: &[u8]) -> (Vec<u8>, String) {
    let sealed = [key.as_slice(), said].concat();
    (sealed, STANDARD.encode(mac(key, said).finalize().into_bytes()))
}

/// What was said, and what shows it to others, of what was unsealed; nothing where it is not what was committed to.
#[must_use]
pub fn open(commitment: &str, unsealed: &[u8]) -> Option<Opening> {
    let (key, said) = unsealed.split_first_chunk::<KEY_BYTES>()?;
    let opening = Opening {
        key: STANDARD.encode(key),
        said: String::from_utf8(said.to_vec()).ok()?,
    };
    verify(commitment, &opening).then_some(opening)
}

/// Whether this is what was committed to.
#[must_use]
pub fn verify(commitment: &str, opening: &Opening) -> bool {
    let key = STANDARD.decode(&opening.key).ok();
    let key = key.and_then(|key| <[u8; KEY_BYTES]>::try_from(key).ok());
    let (Some(key), Ok(commitment)) = (key, STANDARD.decode(commitment)) else {
        return false;
    };
    mac(key, opening.said.as_bytes())
        .verify_slice(&commitment)
        .is_ok()
}

/// Whether this may be one.
#[must_use]
pub fn is_commitment(text: &str) -> bool {
    STANDARD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == COMMITMENT_BYTES)
}

fn mac(key: [u8; KEY_BYTES], said: &[u8]) -> Hmac<Sha256> {
    // A shorter key is filled up with zeros to a block (RFC 2104, section 2).
    let mut block = Key::<Hmac<Sha256>>::default();
    for (to, from) in block.iter_mut().zip(key) {
        *to = from;
    }
    let mut mac = Hmac::<Sha256>::new(&block);
    mac.update(said);
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The data of RFC 4231's second case under a key of this length; the value is that of Python's `hmac`.
    #[test]
    fn it_is_hmac_sha256() {
        let key: [u8; KEY_BYTES] = std::array::from_fn(|at| u8::try_from(at).unwrap_or_default());
        let (sealed, commitment) = commit(key, b"what do ya want for nothing?");
        assert_eq!(sealed.len(), KEY_BYTES + 28);
        assert_eq!(commitment, "CZgF9KwxB4aWhWXAmNtRXMUIYrQgrjHiAjgxI0S+02o=");
    }

    proptest! {
        #[test]
        fn it_opens_what_was_said_and_nothing_else(key: [u8; 32], said in "\\PC{0,40}", at in 0_usize..100, by in 1_u8..) {
            let (mut sealed, commitment) = commit(key, said.as_bytes());
            prop_assert!(is_commitment(&commitment));
            let opening = open(&commitment, &sealed);
            prop_assert_eq!(opening.as_ref().map(|opening| opening.said.as_str()), Some(said.as_str()));
            let at = at % sealed.len();
            sealed[at] ^= by;
            prop_assert_eq!(open(&commitment, &sealed), None);
            let longer = opening.map(|opening| Opening { said: format!("{} ", opening.said), ..opening });
            prop_assert!(longer.is_some_and(|longer| !verify(&commitment, &longer)));
        }
    }

    #[test]
    fn what_is_none_is_none() {
        let (sealed, commitment) = commit([7; KEY_BYTES], b"{}");
        for bad in ["", "AAAA", "not base64", &commitment[1..]] {
            assert_eq!(open(bad, &sealed), None, "{bad}");
            assert!(!is_commitment(bad), "{bad}");
        }
        assert_eq!(open(&commitment, &sealed[..KEY_BYTES - 1]), None);
        let key = STANDARD.encode([7; KEY_BYTES + 1]);
        let said = "{}".to_owned();
        assert!(!verify(&commitment, &Opening { key, said }));
    }
}
