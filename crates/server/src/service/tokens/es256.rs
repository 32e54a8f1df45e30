//! ECDSA on P-256 with SHA-256 for the `jsonwebtoken` crate, from the `p256` crate that encrypts what is pushed. Signing only: nobody sends
//! the server such a token.

use jsonwebtoken::crypto::JwtSigner;
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::signature::{Error as SignatureError, Signer};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use web_push_native::p256::ecdsa::{Signature, SigningKey};

/// With a key whose bytes are its secret number.
pub(super) struct Es256(SigningKey);

impl Es256 {
    pub(super) fn new(key: &EncodingKey) -> Result<Self> {
        if key.family() != AlgorithmFamily::Ec {
            return Err(new_error(ErrorKind::InvalidAlgorithm));
        }
        let key = SigningKey::from_slice(key.as_bytes())
            .map_err(|_no_key| new_error(ErrorKind::InvalidKeyFormat))?;
        Ok(Self(key))
    }
}

impl Signer<Vec<u8>> for Es256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, SignatureError> {
        let signature: Signature = self.0.try_sign(message).map_err(SignatureError::from_source)?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl JwtSigner for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}
