//! `DELETE /v1/devices/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::DeviceId;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// Signs a device of the account out. Its tokens stop working and its connections end at once.
#[utoipa::path(
    delete, path = "/v1/devices/{id}", tag = "devices", params(("id" = DeviceId, Path)), responses((status = 204))
)]
pub(in crate::rest) async fn sign_out(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<DeviceId>,
) -> Result<StatusCode, ApiError> {
    app.devices.sign_out(&identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
