//! What the `jsonwebtoken` crate signs and checks with.
//!
//! Its own backends would add RSA (with the open advisory RUSTSEC-2023-0071), or a C library; a server that only checks what it signed itself,
//! and signs for push services beside that, needs neither.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::Result;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use super::es256::Es256;
use super::hs256::Hs256;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // Only for JSON Web Keys, which nothing here reads.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes it the process's provider. Doing so again changes nothing.
pub(crate) fn install() {
    // Refused only where one is installed already, which is this one.
    let _ = PROVIDER.install_default();
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape of a provider's function"
)]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    if *algorithm == Algorithm::ES256 {
        return Ok(Box::new(Es256::new(key)?));
    }
    Ok(Box::new(Hs256::new(*algorithm, key.family(), key.as_bytes())?))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape of a provider's function"
)]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    Ok(Box::new(Hs256::new(
        *algorithm,
        key.family(),
        key.try_get_as_bytes()?,
    )?))
}
