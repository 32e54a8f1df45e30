//! `GET /v1/groups/invites/{invite}`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// What a link into a group leads to: its name and how many are in it, and nothing else.
#[utoipa::path(
    get, path = "/v1/groups/invites/{invite}", tag = "groups",
    params(("invite" = String, Path, description = "The token of the link.")),
    responses((status = 200, body = rest::GroupInviteInfo))
)]
pub(in crate::rest) async fn inspect(
    State(app): State<App>,
    _who: Authenticated,
    UrlPath(token): UrlPath<String>,
) -> Answer<rest::GroupInviteInfo> {
    Ok(Json(app.node.conversations.inspect_invite(&token).await?))
}
