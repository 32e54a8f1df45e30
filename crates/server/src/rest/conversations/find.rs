//! `GET /v1/conversations/{id}`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// One conversation, as one of its members sees it.
#[utoipa::path(
    get, path = "/v1/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)),
    responses((status = 200, body = rest::Conversation))
)]
pub(in crate::rest) async fn find(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
) -> Answer<rest::Conversation> {
    let conversation = app.node.conversations.summary(identity.user, id).await?;
    Ok(Json(rest::Conversation { conversation }))
}
