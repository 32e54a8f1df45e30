//! `/v1/uploads`: the tus protocol, version 1.0.0 (<https://tus.io/protocols/resumable-upload>): its core, and the extensions creation,
//! checksum, expiration and termination. What an upload is then found to be is asked for with `finish`, which is not of that protocol.

pub(super) mod create;
pub(super) mod finish;
pub(super) mod offset;
pub(super) mod receive;
pub(super) mod remove;

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use pipit_store::blob::BlobRecord;
use pipit_wire::{ErrorCode, WireError, rest};

use super::App;
use super::answer::{Answer, ApiError, refusal};
use super::request::Authenticated;
use crate::service::media::expires_at;

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");

/// Says that the request is of the protocol, and of this version.
pub(in crate::rest) struct Tus;

/// It is not.
pub(in crate::rest) struct NotTus;

impl FromRequestParts<App> for Tus {
    type Rejection = NotTus;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, NotTus> {
        match parts.headers.get(TUS_RESUMABLE) {
            Some(version) if *version == VERSION => Ok(Self),
            _ => Err(NotTus),
        }
    }
}

impl IntoResponse for NotTus {
    fn into_response(self) -> Response {
        let error = WireError::new(ErrorCode::UnsupportedVersion, "`Tus-Resumable` is 1.0.0");
        let mut response = refusal(&error.about("tus-resumable"));
        *response.status_mut() = StatusCode::PRECONDITION_FAILED;
        response.headers_mut().insert(TUS_VERSION, VERSION);
        response
    }
}

/// One's uploads that are not finished, and how much room one has used.
#[utoipa::path(get, path = "/v1/uploads", tag = "files", responses((status = 200, body = rest::Uploads)))]
pub(super) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<rest::Uploads> {
    Ok(Json(app.media.uploads(identity.user).await?))
}

/// What of the protocol this server speaks.
#[utoipa::path(options, path = "/v1/uploads", tag = "files", responses((status = 204)), security(()))]
pub(super) async fn options(State(app): State<App>) -> Response {
    let size_max = app.node.context.limits.media.file_bytes_max;
    let headers = [
        (TUS_VERSION, VERSION),
        (TUS_RESUMABLE, VERSION),
        (
            HeaderName::from_static("tus-extension"),
            HeaderValue::from_static("creation,checksum,expiration,termination"),
        ),
        (
            HeaderName::from_static("tus-checksum-algorithm"),
            HeaderValue::from_static("sha1,sha256"),
        ),
        (
            HeaderName::from_static("tus-max-size"),
            HeaderValue::from(size_max),
        ),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// The headers that say how an upload stands.
fn state(record: &BlobRecord) -> [(HeaderName, HeaderValue); 3] {
    let expires_ms = u64::try_from(expires_at(record).as_ms()).unwrap_or(0);
    let expires = SystemTime::UNIX_EPOCH + Duration::from_millis(expires_ms);
    let expires = HeaderValue::try_from(httpdate::fmt_http_date(expires));
    [
        (TUS_RESUMABLE, VERSION),
        (UPLOAD_OFFSET, HeaderValue::from(record.received)),
        (UPLOAD_EXPIRES, expires.unwrap_or(HeaderValue::from_static("0"))),
    ]
}

/// A number of bytes in a header, which has to be there.
fn bytes_in(headers: &HeaderMap, name: &HeaderName) -> Result<u64, ApiError> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .ok_or_else(|| {
            let error = WireError::new(ErrorCode::InvalidField, "a number of bytes");
            error.about(name.as_str()).into()
        })
}
