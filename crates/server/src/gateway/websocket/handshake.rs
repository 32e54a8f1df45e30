//! The opening handshake (RFC 6455, section 4.2).

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::upgrade::OnUpgrade;
use sha1::{Digest as _, Sha1};

/// What the server adds to the client's key (section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Answers the request: the response, and the connection once that is written; none where the request is no handshake.
pub(crate) fn accept(mut request: Request) -> Result<(Response, OnUpgrade), StatusCode> {
    let headers = request.headers();
    if request.method() != Method::GET
        || !has_token(headers, &CONNECTION, "upgrade")
        || !has_token(headers, &UPGRADE, "websocket")
    {
        return Err(StatusCode::UPGRADE_REQUIRED);
    }
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err(StatusCode::UPGRADE_REQUIRED);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or(StatusCode::BAD_REQUEST)?;
    if STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(StatusCode::BAD_REQUEST);
    }
    let accept = accept_key(key.as_bytes());
    let upgrade = request
        .extensions_mut()
        .remove::<OnUpgrade>()
        .ok_or(StatusCode::UPGRADE_REQUIRED)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(&accept).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok((response, upgrade))
}

fn accept_key(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(GUID);
    STANDARD.encode(hash.finalize())
}

/// Whether a list of tokens has this one, compared without case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        // Section 1.3.
        assert_eq!(
            accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        let request = |headers: &[(&str, &str)]| {
            let mut request = Request::new(Body::empty());
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                request
                    .headers_mut()
                    .append(name, HeaderValue::from_str(value).unwrap());
            }
            accept(request).map(|_| ()).unwrap_err()
        };
        let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let upgrade = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
        let version = ("sec-websocket-version", "13");
        assert_eq!(request(&[]), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(request(&[upgrade[0], key, version]), StatusCode::UPGRADE_REQUIRED);
        let old = ("sec-websocket-version", "8");
        assert_eq!(
            request(&[upgrade[0], upgrade[1], key, old]),
            StatusCode::UPGRADE_REQUIRED
        );
        assert_eq!(
            request(&[upgrade[0], upgrade[1], version]),
            StatusCode::BAD_REQUEST
        );
        let short = ("sec-websocket-key", "c2hvcnQ=");
        assert_eq!(
            request(&[upgrade[0], upgrade[1], version, short]),
            StatusCode::BAD_REQUEST
        );
    }
}
