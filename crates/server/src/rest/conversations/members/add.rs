//! `POST /v1/conversations/{id}/members`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Adds people to a group. Who is a member already stays what they are.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/members", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = rest::AddMembers, responses((status = 200, body = rest::Conversation))
)]
pub(in crate::rest) async fn add(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<rest::AddMembers>,
) -> Answer<rest::Conversation> {
    let conversation = app.node.conversations.add_members(who.caller(), id, body).await?;
    Ok(Json(rest::Conversation { conversation }))
}
