//! `DELETE /v1/conversations/{id}/members/{user}`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::{ConversationId, EventId, UserId};
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath, UrlQuery};

/// How to recognise a repetition.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Removal {
    /// The idempotency key, made by the client; without it the server makes one, and a repetition may be refused.
    event_id: Option<EventId>,
}

/// Removes a member, or leaves, where `user` is oneself.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}/members/{user}", tag = "conversations",
    params(("id" = ConversationId, Path), ("user" = UserId, Path), Removal), responses((status = 204))
)]
pub(in crate::rest) async fn remove(
    State(app): State<App>,
    who: Authenticated,
    UrlPath((id, user)): UrlPath<(ConversationId, UserId)>,
    UrlQuery(removal): UrlQuery<Removal>,
) -> Result<StatusCode, ApiError> {
    let context = &app.node.context;
    let event = removal
        .event_id
        .unwrap_or_else(|| EventId::new(context.now(), context.random_bytes()));
    app.node
        .conversations
        .remove_member(who.caller(), id, user, event)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
