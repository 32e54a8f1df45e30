//! `/v1/invites`.

pub(super) mod create;
pub(super) mod inspect;
pub(super) mod revoke;

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use super::App;
use super::answer::Answer;
use super::request::Authenticated;

/// The invites that still work, newest first: one's own, or all for an administrator.
#[utoipa::path(get, path = "/v1/invites", tag = "invites", responses((status = 200, body = rest::Invites)))]
pub(super) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<rest::Invites> {
    Ok(Json(app.invites.list(&identity).await?))
}
