//! Tokens: short-lived access tokens that are signed, and long random secrets of which only a hash is kept.

mod es256;
mod hs256;
mod provider;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use pipit_store::account::TokenHash;
use pipit_wire::{DeviceId, ErrorCode, Timestamp, UserId, WireError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::Random;
use crate::data_dir::SigningKey;
use crate::error::ServiceError;
use crate::node::{Authenticated, Authenticator};

pub(crate) use provider::install as install_algorithms;

/// How long an access token is valid.
pub const ACCESS_TOKEN_S: i64 = 15 * 60;
/// Longer ones are none of ours: they have about 240 bytes.
const ACCESS_TOKEN_BYTES_MAX: usize = 1_024;

/// What an access token says (RFC 7519, section 4.1): times are seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whose.
    pub sub: UserId,
    /// For which device.
    pub device: DeviceId,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
}

/// Makes and checks access tokens: JWT with HS256 (RFC 7515, section 3).
pub struct AccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl AccessTokens {
    /// Tokens signed with this key.
    pub fn new(key: &SigningKey) -> Self {
        provider::install();
        let mut validation = Validation::new(Algorithm::HS256);
        // Checked here, by the injected clock.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(&key.0),
            decoding: DecodingKey::from_secret(&key.0),
            validation,
        }
    }

    /// A token for this device, and when it ends.
    pub fn issue(
        &self,
        user: UserId,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<(String, Timestamp), ServiceError> {
        let iat = now.as_ms() / 1_000;
        let claims = Claims {
            sub: user,
            device,
            iat,
            exp: iat + ACCESS_TOKEN_S,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(
            |error| ServiceError::Internal("an access token could not be signed", Box::new(error)),
        )?;
        Ok((token, Timestamp(claims.exp * 1_000)))
    }

    /// What a token says, where it is ours and has not ended at `now`.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Claims, WireError> {
        let refused = |message| WireError::new(ErrorCode::Unauthenticated, message);
        if token.len() > ACCESS_TOKEN_BYTES_MAX {
            return Err(refused("the access token is not valid"));
        }
        let Ok(decoded) = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation) else {
            return Err(refused("the access token is not valid"));
        };
        if now.as_ms() >= decoded.claims.exp.saturating_mul(1_000) {
            return Err(refused("the access token has expired"));
        }
        Ok(decoded.claims)
    }
}

impl Authenticator for AccessTokens {
    fn verify(&self, token: &str, now: Timestamp) -> Result<Authenticated, ServiceError> {
        let claims = self.check(token, now)?;
        Ok(Authenticated {
            user: claims.sub,
            device: claims.device,
        })
    }
}

/// What a secret is for; by its prefix, scanners find a leaked one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Trades for the next access token.
    Refresh,
    /// Makes an account.
    Invite,
    /// Leads into a group.
    GroupInvite,
    /// Makes the first account.
    SetUp,
}

impl SecretKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "pipit_rt_",
            Self::Invite => "pipit_iv_",
            Self::GroupInvite => "pipit_gi_",
            Self::SetUp => "pipit_su_",
        }
    }
}

/// A secret of 256 random bits: the text that is handed out, and the hash that is kept.
pub struct Secret {
    /// Handed out once.
    pub text: String,
    /// Kept.
    pub hash: TokenHash,
}

impl Secret {
    /// A new one.
    pub fn new(kind: SecretKind, random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self::from_bytes(kind, bytes)
    }

    /// The one of this kind that belongs to a server's key: the same on every node.
    pub fn of_key(kind: SecretKind, key: &SigningKey) -> Self {
        // A key of any length will do (RFC 2104, section 3).
        let bytes = Hmac::<Sha256>::new_from_slice(&key.0)
            .map(|mac| mac.chain_update(kind.prefix()).finalize().into_bytes().into());
        debug_assert!(bytes.is_ok(), "HMAC takes every key");
        Self::from_bytes(kind, bytes.unwrap_or_default())
    }

    fn from_bytes(kind: SecretKind, bytes: [u8; 32]) -> Self {
        let text = format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes));
        let hash = hash(&text);
        Self { text, hash }
    }
}

/// The hash of a presented secret; none where it is not even one of this kind.
pub fn presented(kind: SecretKind, text: &str) -> Option<TokenHash> {
    let encoded = text.strip_prefix(kind.prefix())?;
    let mut bytes = [0; 33];
    let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()?;
    (length == 32).then(|| hash(text))
}

fn hash(text: &str) -> TokenHash {
    TokenHash(Sha256::digest(text.as_bytes()).into())
}

#[cfg(test)]
mod tests;
