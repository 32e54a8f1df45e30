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
    serve_from(find, path, headers)
}

fn serve_from(find: impl Fn(&str) -> Option<Asset>, path: &str, headers: &HeaderMap) -> Option<Response> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &[(&str, &str)] = &[
        ("index.html", "<!doctype html>"),
        ("index.html.br", "small page"),
        ("sw.js", "self"),
        ("assets/app-1234.js", "let x"),
        ("assets/app-1234.js.br", "small"),
        ("assets/core-1234.wasm", "wasm"),
    ];

    fn find(path: &str) -> Option<Asset> {
        let (name, text) = FILES.iter().find(|(name, _)| *name == path)?;
        Some(Asset {
            bytes: Cow::Borrowed(text.as_bytes()),
            etag: format!("\"{name}\""),
        })
    }

    async fn get(path: &str, headers: &[(header::HeaderName, &str)]) -> Option<(u16, HeaderMap, String)> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        let response = serve_from(find, path, &headers)?;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1_000).await.unwrap();
        Some((
            parts.status.as_u16(),
            parts.headers,
            String::from_utf8(bytes.to_vec()).unwrap(),
        ))
    }

    #[tokio::test]
    async fn files_have_their_type_and_their_caching() {
        const FIXED: &str = "public, max-age=31536000, immutable";
        for (path, body, content_type, caching) in [
            ("/", "<!doctype html>", "text/html; charset=utf-8", "no-cache"),
            (
                "/index.html",
                "<!doctype html>",
                "text/html; charset=utf-8",
                "no-cache",
            ),
            // The page reads these itself.
            (
                "/setup",
                "<!doctype html>",
                "text/html; charset=utf-8",
                "no-cache",
            ),
            (
                "/c/1234",
                "<!doctype html>",
                "text/html; charset=utf-8",
                "no-cache",
            ),
            (
                "/../../etc/passwd",
                "<!doctype html>",
                "text/html; charset=utf-8",
                "no-cache",
            ),
            ("/sw.js", "self", "text/javascript; charset=utf-8", "no-cache"),
            (
                "/assets/app-1234.js",
                "let x",
                "text/javascript; charset=utf-8",
                FIXED,
            ),
            ("/assets/core-1234.wasm", "wasm", "application/wasm", FIXED),
        ] {
            let (status, headers, text) = get(path, &[]).await.unwrap();
            assert_eq!((status, text.as_str()), (200, body), "{path}");
            assert_eq!(headers[header::CONTENT_TYPE], content_type, "{path}");
            assert_eq!(headers[header::CACHE_CONTROL], caching, "{path}");
            assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY, "{path}");
        }
        for missing in ["/assets/none.js", "/assets/", "/assets/app-1234.js.br"] {
            assert!(get(missing, &[]).await.is_none(), "{missing}");
        }
    }

    #[tokio::test]
    async fn who_takes_brotli_gets_it_where_there_is_some() {
        for (path, accepts, body, encoding) in [
            ("/assets/app-1234.js", "gzip, deflate, br", "small", Some("br")),
            ("/assets/app-1234.js", "br;q=0.5", "small", Some("br")),
            ("/assets/app-1234.js", "br;q=0, gzip", "let x", None),
            ("/assets/app-1234.js", "gzip", "let x", None),
            ("/assets/app-1234.js", "brx", "let x", None),
            ("/assets/core-1234.wasm", "br", "wasm", None),
            ("/setup", "br", "small page", Some("br")),
        ] {
            let (_, headers, text) = get(path, &[(header::ACCEPT_ENCODING, accepts)]).await.unwrap();
            let given = headers
                .get(header::CONTENT_ENCODING)
                .map(|value| value.to_str().unwrap());
            assert_eq!((text.as_str(), given), (body, encoding), "{path} {accepts}");
            assert_eq!(headers[header::VARY], "accept-encoding");
            assert!(!headers[header::CONTENT_TYPE].is_empty());
        }
    }

    #[tokio::test]
    async fn what_a_browser_has_already_is_not_sent_again() {
        for (known, status) in [
            ("\"index.html\"", 304),
            ("W/\"index.html\"", 304),
            ("\"other\", \"index.html\"", 304),
            ("\"other\"", 200),
            ("\"index.html.br\"", 200),
        ] {
            let (found, headers, text) = get("/", &[(header::IF_NONE_MATCH, known)]).await.unwrap();
            assert_eq!(found, status, "{known}");
            assert_eq!(text.is_empty(), status == 304);
            assert_eq!(headers[header::ETAG], "\"index.html\"");
        }
    }
}
