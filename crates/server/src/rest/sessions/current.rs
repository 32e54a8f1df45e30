//! `/v1/sessions/current`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::Authenticated;

/// Signs this device out.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", responses((status = 204)))]
pub(in crate::rest) async fn sign_out(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Result<StatusCode, ApiError> {
    app.devices.sign_out(&identity, identity.device).await?;
    Ok(StatusCode::NO_CONTENT)
}
