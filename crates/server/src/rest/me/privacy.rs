//! `GET /v1/me/privacy`.

pub(in crate::rest) mod change;

use axum::Json;
use axum::extract::State;
use pipit_wire::privacy::Privacy;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::Authenticated;

/// What one lets others see of oneself and do to oneself.
#[utoipa::path(get, path = "/v1/me/privacy", tag = "privacy", responses((status = 200, body = Privacy)))]
pub(in crate::rest) async fn read(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<Privacy> {
    Ok(Json(app.node.privacy.find(identity.user).await?))
}
