//! `POST /v1/conversations/{id}/bans`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Removes a member from a group and keeps them out.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/bans", tag = "groups", params(("id" = ConversationId, Path)),
    request_body = rest::NewBan, responses((status = 204))
)]
pub(in crate::rest) async fn create(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<rest::NewBan>,
) -> Result<StatusCode, ApiError> {
    app.node.conversations.ban(who.caller(), id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
