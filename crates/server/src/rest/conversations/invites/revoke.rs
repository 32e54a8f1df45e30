//! `DELETE /v1/conversations/{id}/invites/{invite}`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::{ConversationId, InviteId};

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// Ends a link into a group.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}/invites/{invite}", tag = "groups",
    params(("id" = ConversationId, Path), ("invite" = InviteId, Path)), responses((status = 204))
)]
pub(in crate::rest) async fn revoke(
    State(app): State<App>,
    who: Authenticated,
    UrlPath((id, invite)): UrlPath<(ConversationId, InviteId)>,
) -> Result<StatusCode, ApiError> {
    let conversations = &app.node.conversations;
    conversations.revoke_invite(who.caller(), id, invite).await?;
    Ok(StatusCode::NO_CONTENT)
}
