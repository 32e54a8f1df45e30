//! Who a leaf of a group is: a device of a person, by a credential that names both.
//!
//! The credential is MLS's basic one (RFC 9420, section 5.3), which proves nothing by itself: that the signature key beside it is that
//! device's is for the account's list of devices to say ([`crate::Authority::vouches`]), and is asked of every leaf before a group with it is
//! entered or made.

use std::fmt;

use openmls::prelude::{BasicCredential, Credential, CredentialType, CredentialWithKey};
use pipit_wire::{DeviceId, UserId};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The version of the credential's content.
const VERSION: u8 = 1;
/// One byte of version, sixteen of the person's id, sixteen of the device's.
const LENGTH: usize = 33;

/// A device of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The person.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
}

/// A device's public signature key: Ed25519, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignatureKey(pub [u8; 32]);

impl fmt::Debug for SignatureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureKey(")?;
        for byte in self.0.iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}

impl SignatureKey {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::BadCredential)
    }
}

impl Identity {
    /// The credential's content.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.extend(self.user.as_bytes());
        bytes.extend(self.device.as_bytes());
        bytes
    }

    /// Reads a credential. Anything but exactly what [`Self::encode`] makes is refused.
    pub(crate) fn of(credential: &Credential) -> Result<Self, Error> {
        if credential.credential_type() != CredentialType::Basic {
            return Err(Error::BadCredential);
        }
        let basic = BasicCredential::try_from(credential.clone()).map_err(|_| Error::BadCredential)?;
        Self::decode(basic.identity())
    }

    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (&[version], rest) = bytes.split_first_chunk::<1>().ok_or(Error::BadCredential)?;
        let (user, device) = rest.split_first_chunk::<16>().ok_or(Error::BadCredential)?;
        let device = <[u8; 16]>::try_from(device).map_err(|_| Error::BadCredential)?;
        if version != VERSION {
            return Err(Error::BadCredential);
        }
        Ok(Self {
            user: UserId::from_bytes(*user),
            device: DeviceId::from_bytes(device),
        })
    }

    pub(crate) fn credential(&self, key: SignatureKey) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.encode()).into(),
            signature_key: key.0.as_slice().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Identity;
    use pipit_wire::{DeviceId, UserId};

    proptest! {
        #[test]
        fn what_was_encoded_is_read_and_nothing_else_is(user: [u8; 16], device: [u8; 16], cut in 0_usize..33, flip in 0_usize..8) {
            let identity = Identity { user: UserId::from_bytes(user), device: DeviceId::from_bytes(device) };
            let bytes = identity.encode();
            prop_assert_eq!(Identity::decode(&bytes).unwrap(), identity);
            prop_assert!(Identity::decode(&bytes[..cut]).is_err());
            let mut longer = bytes.clone();
            longer.push(0);
            prop_assert!(Identity::decode(&longer).is_err());
            let mut other = bytes;
            other[0] ^= 1 << flip;
            prop_assert!(Identity::decode(&other).is_err(), "another version");
        }
    }
}
