//! `POST /v1/conversations/{id}/invites`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Makes a link into a group. Its token is in this answer only.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/invites", tag = "groups", params(("id" = ConversationId, Path)),
    request_body = rest::NewGroupInvite, responses((status = 201, body = rest::GroupInvite))
)]
pub(in crate::rest) async fn create(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<rest::NewGroupInvite>,
) -> Result<(StatusCode, Json<rest::GroupInvite>), ApiError> {
    let conversations = &app.node.conversations;
    let invite = conversations.create_invite(who.caller(), id, body).await?;
    Ok((StatusCode::CREATED, Json(invite)))
}
