//! `/v1/conversations/{id}/invites`.

pub(in crate::rest) mod create;
pub(in crate::rest) mod revoke;

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// The links into a group that still work, newest first. For its admins.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/invites", tag = "groups", params(("id" = ConversationId, Path)),
    responses((status = 200, body = rest::GroupInvites))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
) -> Answer<rest::GroupInvites> {
    Ok(Json(app.node.conversations.invites(who.caller(), id).await?))
}
