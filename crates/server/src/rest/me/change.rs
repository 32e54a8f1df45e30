//! `PATCH /v1/me`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody};

/// Changes one's profile.
#[utoipa::path(
    patch, path = "/v1/me", tag = "accounts", request_body = rest::ChangeProfile,
    responses((status = 200, body = rest::Me))
)]
pub(in crate::rest) async fn change_profile(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<rest::ChangeProfile>,
) -> Answer<rest::Me> {
    let me = app.accounts.change_profile(&identity, body).await?;
    app.node.presence.profile_changed(me.profile.clone());
    Ok(Json(me))
}
