//! `PATCH /v1/conversations/{id}`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Renames a group.
#[utoipa::path(
    patch, path = "/v1/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = rest::Rename, responses((status = 200, body = rest::Conversation))
)]
pub(in crate::rest) async fn rename(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<rest::Rename>,
) -> Answer<rest::Conversation> {
    let conversation = app.node.conversations.rename(who.caller(), id, body).await?;
    Ok(Json(rest::Conversation { conversation }))
}
