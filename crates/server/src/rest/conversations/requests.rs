//! `/v1/conversations/{id}/requests`.

pub(in crate::rest) mod approve;
pub(in crate::rest) mod decline;

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// Who waits to be let into a group, the oldest first. For its admins.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/requests", tag = "groups", params(("id" = ConversationId, Path)),
    responses((status = 200, body = rest::JoinRequests))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
) -> Answer<rest::JoinRequests> {
    Ok(Json(
        app.node.conversations.join_requests(who.caller(), id).await?,
    ))
}
