//! `POST /v1/invites`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody};

/// Makes an invite link to the server. Its token is in this answer only.
#[utoipa::path(
    post, path = "/v1/invites", tag = "invites", request_body = rest::NewInvite,
    responses((status = 201, body = rest::Invite))
)]
pub(in crate::rest) async fn create(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<rest::NewInvite>,
) -> Result<(StatusCode, Json<rest::Invite>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(app.invites.create(&identity, body).await?),
    ))
}
