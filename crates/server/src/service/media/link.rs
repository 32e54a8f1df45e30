//! Links that give one device one file for a few minutes.
//!
//! A browser cannot send an access token with the address of an image, and there are no cookies, so the address itself has to say who
//! asks. It says so for a short time and for one file, signed; and that alone gives nothing: whether the reader may read the file, and
//! whether the device is signed in, is looked up at every request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pipit_wire::{BlobId, DeviceId, Timestamp, UserId};
use sha2::Sha256;

use crate::data_dir::SigningKey;

/// A link works for so long at least, and at most twice as long. They end in steps of this, so that an address stays the same for a
/// while and the browser finds the file in its cache.
const STEP_MS: i64 = 5 * 60 * 1_000;
/// What the signature is for; other things are signed with the same key.
const PURPOSE: &[u8] = b"pipit link to a file, 1";
const CLAIM_BYTES: usize = 16 + 16 + 8;
const TOKEN_BYTES: usize = CLAIM_BYTES + 32;

/// Who reads, and by which device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The account.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
}

/// Makes and checks links.
pub(super) struct Links(SigningKey);

/// When a link ends that is made now.
pub(super) fn expiry(now: Timestamp) -> Timestamp {
    Timestamp((now.as_ms().div_euclid(STEP_MS) + 2) * STEP_MS)
}

impl Links {
    pub(super) fn new(key: &SigningKey) -> Self {
        Self(key.clone())
    }

    pub(super) fn token(&self, blob: BlobId, reader: Reader, expires_at: Timestamp) -> String {
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.extend_from_slice(reader.user.as_bytes());
        token.extend_from_slice(reader.device.as_bytes());
        token.extend_from_slice(&expires_at.as_ms().to_be_bytes());
        if let Some(mac) = self.mac(blob, &token) {
            token.extend_from_slice(&mac.finalize().into_bytes());
        }
        URL_SAFE_NO_PAD.encode(token)
    }

    pub(super) fn check(&self, blob: BlobId, token: &str, now: Timestamp) -> Option<Reader> {
        let mut bytes = [0; TOKEN_BYTES + 1];
        let length = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()?;
        let token = bytes.get(..length).filter(|token| token.len() == TOKEN_BYTES)?;
        let (claim, signature) = token.split_at_checked(CLAIM_BYTES)?;
        self.mac(blob, claim)?.verify_slice(signature).ok()?;
        let (user, rest) = claim.split_first_chunk()?;
        let (device, rest) = rest.split_first_chunk()?;
        let (expires_at, _) = rest.split_first_chunk()?;
        let ends = i64::from_be_bytes(*expires_at);
        (now.as_ms() < ends).then(|| Reader {
            user: UserId::from_bytes(*user),
            device: DeviceId::from_bytes(*device),
        })
    }

    fn mac(&self, blob: BlobId, claim: &[u8]) -> Option<Hmac<Sha256>> {
        // A key of any length will do (RFC 2104, section 3).
        let mac = Hmac::<Sha256>::new_from_slice(&self.0.0).ok();
        debug_assert!(mac.is_some(), "HMAC takes every key");
        Some(
            mac?.chain_update(PURPOSE)
                .chain_update(blob.as_bytes())
                .chain_update(claim),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_for_one_file_and_a_short_time() {
        let links = Links::new(&SigningKey([7; 32]));
        let reader = Reader {
            user: UserId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([2; 16]),
        };
        let (one, other) = (BlobId::from_bytes([3; 16]), BlobId::from_bytes([4; 16]));
        let now = Timestamp(1_790_000_123_456);
        let ends = expiry(now);
        assert!((STEP_MS..=2 * STEP_MS).contains(&ends.since_ms(now)));
        let token = links.token(one, reader, ends);
        assert_eq!(links.check(one, &token, now), Some(reader));
        assert_eq!(links.check(one, &token, ends.plus_ms(-1)), Some(reader));
        assert_eq!(links.check(one, &token, ends), None, "expired");
        assert_eq!(links.check(other, &token, now), None, "another file");
        let forger = Links::new(&SigningKey([8; 32]));
        assert_eq!(forger.check(one, &token, now), None, "another key");
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(links.check(one, &changed, now), None, "{at}");
        }
        for nonsense in ["", "A", &token[1..], &format!("{token}AAAA"), "?"] {
            assert_eq!(links.check(one, nonsense, now), None);
        }
    }
}
