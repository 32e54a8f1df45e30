//! `GET /v1/invites/{invite}`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::UrlPath;

/// What an invite link leads to, for whoever has its token.
#[utoipa::path(
    get, path = "/v1/invites/{invite}", tag = "invites",
    params(("invite" = String, Path, description = "The token of the link.")),
    responses((status = 200, body = rest::InviteInfo)), security(())
)]
pub(in crate::rest) async fn inspect(
    State(app): State<App>,
    UrlPath(token): UrlPath<String>,
) -> Answer<rest::InviteInfo> {
    Ok(Json(app.invites.inspect(&token).await?))
}
