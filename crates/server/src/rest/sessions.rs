//! `/v1/sessions`.

pub(super) mod current;
pub(super) mod refresh;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest;

use super::App;
use super::answer::ApiError;
use super::request::{ClientAddress, JsonBody};

/// Signs a device in.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "sessions", request_body = rest::SignIn,
    responses((status = 201, body = rest::Session)), security(())
)]
pub(super) async fn sign_in(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    JsonBody(body): JsonBody<rest::SignIn>,
) -> Result<(StatusCode, Json<rest::Session>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.accounts.sign_in(from, body).await?)))
}
