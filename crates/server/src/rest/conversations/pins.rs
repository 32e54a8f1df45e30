//! `GET /v1/conversations/{id}/pins`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// The pinned messages, the one pinned last first, with what has become of them.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/pins", tag = "conversations", params(("id" = ConversationId, Path)),
    responses((status = 200, body = rest::Pins))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
) -> Answer<rest::Pins> {
    let pins = app.node.messaging.pins(identity.user, id).await?;
    Ok(Json(rest::Pins {
        events: pins.events,
        states: pins.states,
    }))
}
