//! `GET /v1/conversations/{id}/messages/{message}/reactions`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, MessageId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// Who reacted to a message and with what, in the order in which they did: the first 1,000.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{message}/reactions", tag = "conversations",
    params(("id" = ConversationId, Path), ("message" = MessageId, Path)),
    responses((status = 200, body = rest::MessageReactions))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath((id, message)): UrlPath<(ConversationId, MessageId)>,
) -> Answer<rest::MessageReactions> {
    let reactions = app.node.messaging.reactions(identity.user, id, message).await?;
    let items = reactions
        .into_iter()
        .map(|record| rest::MessageReaction {
            emoji: record.emoji,
            profile: record.profile,
            seq: record.seq,
        })
        .collect();
    Ok(Json(rest::MessageReactions { items }))
}
