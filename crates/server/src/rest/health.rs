//! Whether the server lives (`/healthz`) and whether it can serve (`/readyz`).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use pipit_wire::{ErrorCode, WireError};

use super::App;
use super::answer::refusal;

/// Says that the process runs. Reads nothing, so that a slow disk does not have it restarted.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")), security(()))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Says whether requests can be served: the storage answers, and the server is not about to stop.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")), security(()))]
pub(super) async fn readyz(State(app): State<App>) -> Response {
    if app.node.leaving.is_cancelled() || app.node.shutdown.is_cancelled() {
        return refusal(&WireError::new(
            ErrorCode::Unavailable,
            "the server is about to stop",
        ));
    }
    match app.node.context.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the storage does not answer"
            );
            refusal(&WireError::new(
                ErrorCode::Unavailable,
                "the storage does not answer",
            ))
        }
    }
}
