//! Who pushes: a key of the server, and a token for each push service that is signed with it (VAPID, RFC 8292).

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use pipit_wire::Timestamp;
use serde::Serialize;
use url::Url;
use web_push_native::p256::SecretKey;
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint as _;

use crate::clock::Random;
use crate::error::ServiceError;
use crate::fanout::lock;

/// How long a token is good, seconds: half of what may be (RFC 8292, section 2).
const VALID_S: i64 = 12 * 60 * 60;
/// How long one is used, milliseconds. Some push services want no new one within the hour.
const USED_MS: i64 = 6 * 60 * 60 * 1_000;
/// The most push services whose tokens are kept.
const KEPT_MAX: usize = 256;
/// One of 2^32 random numbers is none of the curve.
const DRAWS_MAX: usize = 8;

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

/// See the module.
pub(super) struct Vapid {
    key: EncodingKey,
    public: String,
    contact: Option<String>,
    tokens: Mutex<HashMap<String, (Timestamp, String)>>,
}

/// A new secret number.
pub(super) fn draw(random: &dyn Random) -> Result<[u8; 32], ServiceError> {
    let mut drawn = [0; 32];
    for _ in 0..DRAWS_MAX {
        random.fill(&mut drawn);
        if SecretKey::from_slice(&drawn).is_ok() {
            return Ok(drawn);
        }
    }
    let why = "randomness is not random";
    Err(ServiceError::Internal("a key was drawn", why.into()))
}

impl Vapid {
    /// With the key that the storage has, and whom a push service may write to.
    pub(super) fn new(secret: &[u8; 32], contact: Option<String>) -> Result<Self, ServiceError> {
        let fault = |error| ServiceError::Internal("the key of pushes", Box::new(error));
        let public = SecretKey::from_slice(secret).map_err(fault)?.public_key();
        crate::service::tokens::install_algorithms();
        Ok(Self {
            key: EncodingKey::from_ec_der(secret),
            public: URL_SAFE_NO_PAD.encode(public.to_encoded_point(false).as_bytes()),
            contact,
            tokens: Mutex::default(),
        })
    }

    /// The public key: a point, uncompressed, in URL-safe base64.
    pub(super) fn public(&self) -> &str {
        &self.public
    }

    /// What goes into `Authorization` (RFC 8292, section 3).
    pub(super) fn authorization(&self, endpoint: &Url, now: Timestamp) -> Result<String, ServiceError> {
        let origin = endpoint.origin().ascii_serialization();
        let token = self.token(origin, now)?;
        Ok(format!("vapid t={token}, k={}", self.public))
    }

    /// For the push service at this origin: the one that is kept, while it is new enough.
    fn token(&self, origin: String, now: Timestamp) -> Result<String, ServiceError> {
        let mut tokens = lock(&self.tokens);
        if let Some((made_at, token)) = tokens.get(&origin)
            && (0..USED_MS).contains(&now.since_ms(*made_at))
        {
            return Ok(token.clone());
        }
        let claims = Claims {
            aud: &origin,
            exp: now.as_ms() / 1_000 + VALID_S,
            sub: self.contact.as_deref(),
        };
        let token = encode(&Header::new(Algorithm::ES256), &claims, &self.key)
            .map_err(|error| ServiceError::Internal("a token was signed", Box::new(error)))?;
        if tokens.len() >= KEPT_MAX {
            tokens.clear();
        }
        tokens.insert(origin, (now, token.clone()));
        Ok(token)
    }
}
