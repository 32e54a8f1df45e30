//! `/v1/setup`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest;

use super::App;
use super::answer::ApiError;
use super::request::{ClientAddress, JsonBody};

/// Makes the first account, the administrator, with the token of the one-time link that the server printed at its start.
#[utoipa::path(
    post, path = "/v1/setup", tag = "accounts", request_body = rest::SetUp,
    responses((status = 201, body = rest::Session)), security(())
)]
pub(super) async fn set_up(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    JsonBody(body): JsonBody<rest::SetUp>,
) -> Result<(StatusCode, Json<rest::Session>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.accounts.set_up(from, body).await?)))
}
