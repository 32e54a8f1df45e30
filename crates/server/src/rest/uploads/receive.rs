//! `PATCH /v1/uploads/{blob}`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_wire::{BlobId, ErrorCode, WireError};

use super::{TUS_RESUMABLE, Tus, UPLOAD_OFFSET, VERSION, bytes_in};
use crate::rest::App;
use crate::rest::answer::{ApiError, refusal};
use crate::rest::request::{Authenticated, UrlPath};
use crate::service::media::Checksum;

/// Adds bytes at `Upload-Offset`. Where the line breaks, what came is kept; with `Upload-Checksum` (`sha1` or `sha256`, a space, base64) it is
/// kept only whole.
#[utoipa::path(
    patch, path = "/v1/uploads/{blob}", tag = "files",
    params(
        ("blob" = BlobId, Path), ("Tus-Resumable" = String, Header), ("Upload-Offset" = u64, Header),
        ("Upload-Checksum" = Option<String>, Header),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "`Upload-Offset` has how much there is now."))
)]
pub(in crate::rest) async fn receive(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    _: Tus,
    UrlPath(blob): UrlPath<BlobId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes)
        != Some(b"application/offset+octet-stream")
    {
        let error = WireError::new(ErrorCode::InvalidField, "is application/offset+octet-stream");
        let mut response = refusal(&error.about("content-type"));
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Ok(response);
    }
    let offset = bytes_in(&headers, &UPLOAD_OFFSET)?;
    let checksum = checksum(&headers)?;
    let body = body.into_data_stream();
    let received = app
        .media
        .receive(identity.user, blob, offset, checksum, body)
        .await?;
    let state = [
        (TUS_RESUMABLE, VERSION),
        (UPLOAD_OFFSET, HeaderValue::from(received)),
    ];
    Ok((StatusCode::NO_CONTENT, state).into_response())
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, WireError> {
    let Some(given) = headers.get("upload-checksum") else {
        return Ok(None);
    };
    let read = || {
        let (algorithm, value) = given.to_str().ok()?.split_once(' ')?;
        let value = STANDARD.decode(value).ok()?;
        match algorithm {
            "sha1" => Some(Checksum::Sha1(value)),
            "sha256" => Some(Checksum::Sha256(value)),
            _ => None,
        }
    };
    let invalid = || WireError::new(ErrorCode::InvalidField, "`sha1` or `sha256`, a space, and base64");
    Ok(Some(read().ok_or_else(|| invalid().about("upload-checksum"))?))
}
