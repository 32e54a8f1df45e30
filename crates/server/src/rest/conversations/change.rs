//! `PATCH /v1/conversations/{id}`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Renames a group, or changes what it is set to.
#[utoipa::path(
    patch, path = "/v1/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = rest::ChangeConversation, responses((status = 200, body = rest::Conversation))
)]
pub(in crate::rest) async fn change(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<rest::ChangeConversation>,
) -> Answer<rest::Conversation> {
    let conversations = &app.node.conversations;
    let conversation = conversations.change_conversation(who.caller(), id, body).await?;
    Ok(Json(rest::Conversation { conversation }))
}
