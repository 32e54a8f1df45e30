//! `/v1/accounts`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest;

use super::App;
use super::answer::ApiError;
use super::request::{ClientAddress, JsonBody};

/// Signs up: by an invite, or by anybody where the operator has opened registration.
#[utoipa::path(
    post, path = "/v1/accounts", tag = "accounts", request_body = rest::SignUp,
    responses((status = 201, body = rest::Session)), security(())
)]
pub(super) async fn sign_up(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    JsonBody(body): JsonBody<rest::SignUp>,
) -> Result<(StatusCode, Json<rest::Session>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.accounts.sign_up(from, body).await?)))
}
