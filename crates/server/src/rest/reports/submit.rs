//! `POST /v1/reports`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::report::NewReport;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody, SEALED_BODY_BYTES_MAX};

/// Reports somebody to those who run the server. What it shows has to be what they have said: of an encrypted conversation, what their device has committed to.
#[utoipa::path(
    post, path = "/v1/reports", tag = "reports", request_body = NewReport, responses((status = 204))
)]
pub(in crate::rest) async fn submit(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(new): JsonBody<NewReport, SEALED_BODY_BYTES_MAX>,
) -> Result<StatusCode, ApiError> {
    app.reports.submit(identity.user, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
