//! `POST /v1/conversations/{id}/requests/{user}`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, UserId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Lets somebody into a group who has asked.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/requests/{user}", tag = "groups",
    params(("id" = ConversationId, Path), ("user" = UserId, Path)),
    request_body = rest::Approve, responses((status = 200, body = rest::Conversation))
)]
pub(in crate::rest) async fn approve(
    State(app): State<App>,
    who: Authenticated,
    UrlPath((id, user)): UrlPath<(ConversationId, UserId)>,
    JsonBody(body): JsonBody<rest::Approve>,
) -> Answer<rest::Conversation> {
    let conversations = &app.node.conversations;
    let conversation = conversations
        .approve(who.caller(), id, user, body.event_id)
        .await?;
    Ok(Json(rest::Conversation { conversation }))
}
