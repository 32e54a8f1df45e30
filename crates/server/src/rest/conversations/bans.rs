//! `/v1/conversations/{id}/bans`.

pub(in crate::rest) mod create;
pub(in crate::rest) mod lift;

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// Who is kept out of a group, the latest first. For moderators and above.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/bans", tag = "groups", params(("id" = ConversationId, Path)),
    responses((status = 200, body = rest::Bans))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
) -> Answer<rest::Bans> {
    Ok(Json(app.node.conversations.bans(who.caller(), id).await?))
}
