//! `DELETE /v1/conversations/{id}/requests/{user}`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::{ConversationId, UserId};

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// Does not let somebody into a group who has asked.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}/requests/{user}", tag = "groups",
    params(("id" = ConversationId, Path), ("user" = UserId, Path)), responses((status = 204))
)]
pub(in crate::rest) async fn decline(
    State(app): State<App>,
    who: Authenticated,
    UrlPath((id, user)): UrlPath<(ConversationId, UserId)>,
) -> Result<StatusCode, ApiError> {
    app.node.conversations.decline(who.caller(), id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
