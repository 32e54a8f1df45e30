//! `PATCH /v1/me/privacy`.

use axum::Json;
use axum::extract::State;
use pipit_wire::privacy::{Privacy, PrivacyChange};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody};

/// Changes that; what is left out stays. All of one's devices hear it.
#[utoipa::path(
    patch, path = "/v1/me/privacy", tag = "privacy", request_body = PrivacyChange,
    responses((status = 200, body = Privacy))
)]
pub(in crate::rest) async fn change(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<PrivacyChange>,
) -> Answer<Privacy> {
    Ok(Json(app.node.privacy.change(identity.user, body).await?))
}
