//! `DELETE /v1/push/subscription`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::Authenticated;

/// This device is pushed to no more. Signing it out does the same.
#[utoipa::path(
    delete, path = "/v1/push/subscription", tag = "notifications", responses((status = 204))
)]
pub(in crate::rest) async fn unsubscribe(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Result<StatusCode, ApiError> {
    app.push.unsubscribe(&identity).await?;
    Ok(StatusCode::NO_CONTENT)
}
