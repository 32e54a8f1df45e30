//! `/v1/devices`.

pub(super) mod key;
pub(super) mod key_packages;
pub(super) mod sign_out;
pub(super) mod vouch;
pub(super) mod welcomes;

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use super::App;
use super::answer::Answer;
use super::request::Authenticated;

/// Where the account is signed in, newest sign-in first.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", responses((status = 200, body = rest::Devices)))]
pub(super) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<rest::Devices> {
    Ok(Json(app.devices.list(&identity).await?))
}
