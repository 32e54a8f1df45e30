//! `POST /v1/me/unreadable`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest::encryption::ReportUnreadable;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody};

/// Counts what a device was sent and could not read, by reason and by the device's software. Nothing is kept of whose device it was.
#[utoipa::path(
    post, path = "/v1/me/unreadable", tag = "encryption", request_body = ReportUnreadable, responses((status = 204))
)]
pub(in crate::rest) async fn report(
    State(app): State<App>,
    _who: Authenticated,
    JsonBody(body): JsonBody<ReportUnreadable>,
) -> Result<StatusCode, ApiError> {
    app.metrics.count_unreadable(&body);
    Ok(StatusCode::NO_CONTENT)
}
