//! `/v1/sessions/refresh`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{ClientAddress, JsonBody};

/// Trades a refresh token for the next pair. The one that was traded stays valid until its successor has been used, so that
/// a lost answer locks nobody out; using it after that signs the device out.
#[utoipa::path(
    post, path = "/v1/sessions/refresh", tag = "sessions", request_body = rest::Refresh,
    responses((status = 200, body = rest::Session)), security(())
)]
pub(in crate::rest) async fn refresh(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    JsonBody(body): JsonBody<rest::Refresh>,
) -> Answer<rest::Session> {
    Ok(Json(app.accounts.refresh(from, body).await?))
}
