//! The web client inside the binary.
//!
//! A release build holds the files; a debug build reads them from the tree. Names under `assets/` carry a hash of their content
//! and never change; everything else is asked for again each time, by its `ETag`. Where the build has left a `.br` beside a file, it is served to whoever
//! takes Brotli.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
    media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Asset {
    bytes: Cow<'static, [u8]>,
    etag: String,
}

#[cfg(feature = "web")]
fn find(path: &str) -> Option<Asset> {
    #[derive(rust_embed::Embed)]
    #[folder = "../../apps/web/dist/"]
    struct Files;

    let file = Files::get(path)?;
    let hash = file.metadata.sha256_hash();
    let etag = hash
        .iter()
        .take(16)
        .fold(String::from("\""), |etag, byte| format!("{etag}{byte:02x}"))
        + "\"";
    Some(Asset {
        bytes: file.data,
        etag,
    })
}

#[cfg(not(feature = "web"))]
fn find(_path: &str) -> Option<Asset> {
    None
}

/// The file at this path, or the page, which reads the path itself; none where there is no web client in this build.
pub fn serve(path: &str, headers: &HeaderMap) -> Option<Response> {
    let path = path.trim_start_matches('/');
    let is_fixed = path.starts_with("assets/");
    let is_compressed = std::path::Path::new(path)
        .extension()
        .is_some_and(|end| end == "br");
    let name = match find(path) {
        Some(_) if !is_compressed => path,
        // A missing asset is an error, not a page: a page in place of a script hides what went wrong.
        _ if is_fixed => return None,
        _ => "index.html",
    };
    let compressed = accepts_brotli(headers)
        .then(|| find(&format!("{name}.br")))
        .flatten();
    let encoding = compressed.is_some().then_some("br");
    let asset = compressed.or_else(|| find(name))?;
    Some(answer(name, asset, encoding, is_fixed, headers))
}

fn answer(
    name: &str,
    asset: Asset,
    encoding: Option<&'static str>,
    is_fixed: bool,
    headers: &HeaderMap,
) -> Response {
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(',')
                .any(|etag| etag.trim().trim_start_matches("W/") == asset.etag)
        });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(asset.bytes).into_response()
    };
    let caching = if is_fixed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let own = response.headers_mut();
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    own.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    if let Some(encoding) = encoding {
        own.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(etag) = HeaderValue::try_from(asset.etag) {
        own.insert(header::ETAG, etag);
    }
    response
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value.split(',').any(|entry| {
                let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
                let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
                coding.trim().eq_ignore_ascii_case("br") && !refused
            })
        })
}

/// The types of what the build makes; a browser refuses scripts, styles and modules of another type.
fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/vnd.microsoft.icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// What is in the binary is not copied.
fn body(bytes: Cow<'static, [u8]>) -> Body {
    match bytes {
        Cow::Borrowed(bytes) => Body::from(Bytes::from_static(bytes)),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}
