//! `/v1/blobs`: files and smaller pictures of them, for those who may have them.
//!
//! What people upload is never run: whatever a browser would draw or play it may show in place, everything else is offered for saving, and
//! no type is one that has scripts.

pub(super) mod links;
pub(super) mod range;

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pipit_wire::{BlobId, UserId};
use serde::Deserialize;

use self::range::Asked;
use super::App;
use super::answer::ApiError;
use super::request::{Authenticated, UrlPath, UrlQuery};
use crate::service::media::Readable;

/// Who asks, where that is not said by an access token.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Link {
    /// From a link.
    t: Option<String>,
}

/// A file. With a link it needs no access token. Ranges are given (RFC 9110, section 14).
#[utoipa::path(
    get, path = "/v1/blobs/{blob}", tag = "files", params(("blob" = BlobId, Path), Link),
    responses(
        (status = 200, content_type = "application/octet-stream"), (status = 206, description = "A part."),
        (status = 304, description = "The client has it."), (status = 416, description = "There is no such part."),
    ),
    security((), ("access_token" = []))
)]
pub(super) async fn find(
    State(app): State<App>,
    UrlPath(blob): UrlPath<BlobId>,
    UrlQuery(link): UrlQuery<Link>,
    who: Result<Authenticated, ApiError>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let user = reader(&app, blob, link, who).await?;
    let file = app.media.find(user, blob, None).await?;
    Ok(answer(&app, &file, &headers))
}

/// A picture that fills a square of so many pixels, and is not larger than it needs to be.
#[utoipa::path(
    get, path = "/v1/blobs/{blob}/thumb/{pixels}", tag = "files",
    params(("blob" = BlobId, Path), ("pixels" = u32, Path), Link),
    responses((status = 200, content_type = "image/*"), (status = 206, description = "A part."), (status = 304, description = "The client has it.")),
    security((), ("access_token" = []))
)]
pub(super) async fn thumbnail(
    State(app): State<App>,
    UrlPath((blob, pixels)): UrlPath<(BlobId, u32)>,
    UrlQuery(link): UrlQuery<Link>,
    who: Result<Authenticated, ApiError>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let user = reader(&app, blob, link, who).await?;
    let file = app.media.find(user, blob, Some(pixels)).await?;
    Ok(answer(&app, &file, &headers))
}

async fn reader(
    app: &App,
    blob: BlobId,
    link: Link,
    who: Result<Authenticated, ApiError>,
) -> Result<UserId, ApiError> {
    match link.t {
        Some(token) => {
            let reader = app.media.reader(blob, &token).await?;
            app.by_device.check(&reader.device).await?;
            Ok(reader.user)
        }
        None => Ok(who?.0.user),
    }
}

fn answer(app: &App, file: &Readable, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", file.tag);
    let asked = range::asked(headers, file.size, &tag);
    let (status, start, end) = match asked {
        Asked::NotModified => (StatusCode::NOT_MODIFIED, 0, 0),
        Asked::Nowhere => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
        Asked::All => (StatusCode::OK, 0, file.size),
        Asked::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
    };
    let body = if end == start {
        Body::empty()
    } else {
        Body::from_stream(app.media.read(file, start, end))
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    put(header::ETAG, &tag);
    put(header::CACHE_CONTROL, "private, max-age=3600");
    put(header::ACCEPT_RANGES, "bytes");
    match asked {
        Asked::NotModified => return response,
        Asked::Nowhere => put(header::CONTENT_RANGE, &format!("bytes */{}", file.size)),
        Asked::Part { start, end } => {
            let last = end.saturating_sub(1);
            put(
                header::CONTENT_RANGE,
                &format!("bytes {start}-{last}/{}", file.size),
            );
        }
        Asked::All => {}
    }
    put(header::CONTENT_LENGTH, &(end - start).to_string());
    let media_type = if file.shown {
        file.media_type.as_str()
    } else {
        "application/octet-stream"
    };
    put(header::CONTENT_TYPE, media_type);
    put(header::CONTENT_DISPOSITION, &disposition(file));
    put(
        header::CONTENT_SECURITY_POLICY,
        "sandbox; default-src 'none'; frame-ancestors 'none'",
    );
    response
}

/// RFC 6266, with the name in ASCII for old clients and as it is by RFC 8187.
fn disposition(file: &Readable) -> String {
    let kind = if file.shown { "inline" } else { "attachment" };
    let plain = |letter: char| {
        let fits = (letter.is_ascii_graphic() || letter == ' ') && !matches!(letter, '"' | '\\' | '%');
        if fits { letter } else { '_' }
    };
    let ascii: String = file.name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in file.name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}
