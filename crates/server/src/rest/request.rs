//! What handlers take out of a request, each with refusals that say what is wrong.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use pipit_wire::{ErrorCode, WireError};
use serde::de::DeserializeOwned;

use super::App;
use super::answer::ApiError;
use crate::service::access::Caller;
use crate::service::accounts::Identity;

/// The longest body, in bytes: a hundred members with their ids are about 8 KiB.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;
/// The longest body that carries sealed bytes: a handshake with its welcome, a pool of key packages, in base64.
pub(super) const SEALED_BODY_BYTES_MAX: usize = 1024 * 1_024;

/// A JSON body. Its length is checked first; unknown fields are refused by name.
pub(super) struct JsonBody<T, const BYTES_MAX: usize = BODY_BYTES_MAX>(pub(super) T);

impl<T: DeserializeOwned, const BYTES_MAX: usize> FromRequest<App> for JsonBody<T, BYTES_MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &App) -> Result<Self, ApiError> {
        let headers = request.headers();
        require_json(headers)?;
        let stated = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        if stated.is_some_and(|length: u64| length > BYTES_MAX as u64) {
            return Err(too_large(BYTES_MAX).into());
        }
        let body = Limited::new(request.into_body(), BYTES_MAX).collect().await;
        let bytes = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_large(BYTES_MAX)
            } else {
                WireError::new(ErrorCode::Malformed, "the body broke off")
            }
        })?;
        serde_json::from_slice(&bytes.to_bytes())
            .map(Self)
            .map_err(|error| explain(&error).into())
    }
}

fn too_large(bytes_max: usize) -> WireError {
    WireError::new(
        ErrorCode::TooLarge,
        format!("a body has at most {bytes_max} bytes"),
    )
}

/// Without CORS, no other site's script can send this type: that, and having no cookies, is what stops cross-site requests.
fn require_json(headers: &HeaderMap) -> Result<(), WireError> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        let refusal = WireError::new(ErrorCode::InvalidField, "the body is application/json");
        Err(refusal.about("content-type"))
    }
}

fn explain(error: &serde_json::Error) -> WireError {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => explain_field(&error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => {
            WireError::new(ErrorCode::Malformed, "the body is not JSON in UTF-8")
        }
    }
}

/// serde says ``unknown field `x`, expected …`` and ``missing field `x` ``; other messages name no field.
fn explain_field(text: &str) -> WireError {
    let text: String = text
        .chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect();
    let named = text.starts_with("unknown field") || text.starts_with("missing field");
    let field = text.split('`').nth(1).filter(|_field| named).map(str::to_owned);
    let code = if text.starts_with("unknown field") {
        ErrorCode::UnknownField
    } else {
        ErrorCode::InvalidField
    };
    let refusal = WireError::new(code, text);
    match field {
        Some(field) => refusal.about(field),
        None => refusal,
    }
}

/// The query of the URL. Unknown fields are refused by name.
pub(super) struct UrlQuery<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for UrlQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|rejection| {
                let text = rejection.body_text();
                // The reason is behind what was done and the field's name.
                let named = text.find("unknown field").or_else(|| text.find("missing field"));
                let reason = named.and_then(|start| text.get(start..)).unwrap_or(&text);
                explain_field(reason).into()
            })
    }
}

/// Ids in the path. One that is none names nothing that exists.
pub(super) struct UrlPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for UrlPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, app).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_not_an_id) => Err(WireError::new(ErrorCode::NotFound, "there is no such thing").into()),
        }
    }
}

/// Whoever has sent a valid access token.
pub(super) struct Authenticated(pub(super) Identity);

impl Authenticated {
    /// As the services about conversations know them.
    pub(super) fn caller(&self) -> Caller {
        Caller {
            user: self.0.user,
            device: Some(self.0.device),
        }
    }
}

impl FromRequestParts<App> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        let identity = app.devices.authenticate(token).await?;
        app.by_device.check(&identity.device).await?;
        tracing::Span::current().record("user", tracing::field::display(identity.user));
        Ok(Self(identity))
    }
}

/// The token of `Authorization: Bearer` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, WireError> {
    let missing = || WireError::new(ErrorCode::Unauthenticated, "an access token is needed");
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(missing())
    }
}

/// Where a connection comes from; put into each request by whoever accepted it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The client's address: the connection's, or what the trusted proxy says.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let peer = parts
            .extensions
            .get::<Peer>()
            .map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
        let told = app
            .address_header
            .as_ref()
            .and_then(|name| last_address(&parts.headers, name));
        Ok(Self(told.unwrap_or(peer)))
    }
}

/// The last entry of the header: the one that the proxy itself wrote; those before it, anybody may have.
fn last_address(headers: &HeaderMap, name: &axum::http::HeaderName) -> Option<IpAddr> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let entry = value.rsplit(',').next()?.trim();
    entry
        .parse()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_of_the_last_header_counts() {
        let name = axum::http::HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        assert_eq!(last_address(&headers, &name), None);
        for (value, expect) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("10.0.0.1, 203.0.113.7", Some("203.0.113.7")),
            ("203.0.113.7:4711", Some("203.0.113.7")),
            ("[2001:db8::1]:4711", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("unknown", None),
            ("", None),
        ] {
            headers.insert(&name, value.parse().unwrap());
            assert_eq!(
                last_address(&headers, &name),
                expect.map(|text| text.parse().unwrap()),
                "{value}"
            );
        }
        headers.insert(&name, "203.0.113.7".parse().unwrap());
        headers.append(&name, "203.0.113.8".parse().unwrap());
        assert_eq!(
            last_address(&headers, &name),
            Some("203.0.113.8".parse().unwrap())
        );
    }

    #[test]
    fn refusals_name_the_field() {
        for (json, code, field) in [
            (
                r#"{"refresh_token":"x","y":1}"#,
                ErrorCode::UnknownField,
                Some("y"),
            ),
            (r"{}", ErrorCode::InvalidField, Some("refresh_token")),
            (r#"{"refresh_token":1}"#, ErrorCode::InvalidField, None),
            ("[]", ErrorCode::InvalidField, None),
            ("{", ErrorCode::Malformed, None),
            ("", ErrorCode::Malformed, None),
            ("\u{1}", ErrorCode::Malformed, None),
        ] {
            let error = serde_json::from_str::<pipit_wire::rest::Refresh>(json).unwrap_err();
            let refusal = explain(&error);
            assert_eq!((refusal.code, refusal.field.as_deref()), (code, field), "{json}");
        }
        let error = serde_json::from_slice::<pipit_wire::rest::Refresh>(b"{\"refresh_token\":\"\xff\"}");
        assert_eq!(explain(&error.unwrap_err()).code, ErrorCode::Malformed);
    }
}
