//! `PATCH /v1/conversations/{id}/members/{user}`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, UserId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Changes what a member is; one's own role only downwards.
#[utoipa::path(
    patch, path = "/v1/conversations/{id}/members/{user}", tag = "conversations",
    params(("id" = ConversationId, Path), ("user" = UserId, Path)),
    request_body = rest::ChangeRole, responses((status = 200, body = rest::MemberChanged))
)]
pub(in crate::rest) async fn change_role(
    State(app): State<App>,
    who: Authenticated,
    UrlPath((id, user)): UrlPath<(ConversationId, UserId)>,
    JsonBody(body): JsonBody<rest::ChangeRole>,
) -> Answer<rest::MemberChanged> {
    Ok(Json(
        app.node
            .conversations
            .change_role(who.caller(), id, user, body)
            .await?,
    ))
}
