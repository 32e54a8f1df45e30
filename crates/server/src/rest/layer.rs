//! What every request goes through: an id, a span, a time limit, the security headers, the counters.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use pipit_wire::{ErrorCode, WireError};
use tracing::Instrument as _;

use super::App;
use super::answer::{Fault, refusal};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest that a request may take, its body's arrival included.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The same for parts of files, which people send over slow lines; one that stands still is ended sooner.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(30);

/// The outermost layer.
pub(super) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request_id(&app);
    let method = request.method().clone();
    // The pattern, never the path: an invite's token is in its path.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id, %method, route, user = tracing::field::Empty);
    let began = tokio::time::Instant::now();
    let mut response = async {
        let limit = if route.starts_with("/v1/uploads/") {
            UPLOAD_TIMEOUT
        } else {
            TIMEOUT
        };
        let response = match tokio::time::timeout(limit, next.run(request)).await {
            Ok(response) => response,
            Err(_elapsed) => refusal(&WireError::new(
                ErrorCode::Unavailable,
                "the request took too long",
            )),
        };
        let response = match response.extensions().get::<Fault>() {
            Some(fault) => fault.answer(&id),
            None => response,
        };
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await;
    app.metrics
        .count(&method, &route, response.status(), began.elapsed());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    secure(&app, &mut response);
    response
}

fn request_id(app: &App) -> String {
    let bytes: [u8; 8] = app.node.context.random_bytes();
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// Headers that hold for every answer; what has a policy of its own (the web client) keeps it.
fn secure(app: &App, response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(self), geolocation=(), microphone=(self), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if app.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}
