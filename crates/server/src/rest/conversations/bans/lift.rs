//! `DELETE /v1/conversations/{id}/bans/{user}`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::{ConversationId, UserId};

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// Keeps somebody out of a group no longer.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}/bans/{user}", tag = "groups",
    params(("id" = ConversationId, Path), ("user" = UserId, Path)), responses((status = 204))
)]
pub(in crate::rest) async fn lift(
    State(app): State<App>,
    who: Authenticated,
    UrlPath((id, user)): UrlPath<(ConversationId, UserId)>,
) -> Result<StatusCode, ApiError> {
    app.node.conversations.lift_ban(who.caller(), id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
