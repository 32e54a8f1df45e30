//! `/v1/devices/current/welcomes`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest::encryption::Welcomes;
use pipit_wire::{ConversationId, EventId};

use crate::rest::App;
use crate::rest::answer::{Answer, ApiError};
use crate::rest::request::{Authenticated, UrlPath};

/// The welcomes into groups that wait for this device.
#[utoipa::path(
    get, path = "/v1/devices/current/welcomes", tag = "encryption", responses((status = 200, body = Welcomes))
)]
pub(in crate::rest) async fn list(State(app): State<App>, who: Authenticated) -> Answer<Welcomes> {
    Ok(Json(app.node.encryption.welcomes(who.caller()).await?))
}

/// This device has taken a welcome in, or cannot: it does not wait any more.
#[utoipa::path(
    delete, path = "/v1/devices/current/welcomes/{conversation}/{commit}", tag = "encryption",
    params(("conversation" = ConversationId, Path), ("commit" = EventId, Path)), responses((status = 204))
)]
pub(in crate::rest) async fn acknowledge(
    State(app): State<App>,
    who: Authenticated,
    UrlPath((conversation, commit)): UrlPath<(ConversationId, EventId)>,
) -> Result<StatusCode, ApiError> {
    let encryption = &app.node.encryption;
    encryption.acknowledge(who.caller(), conversation, commit).await?;
    Ok(StatusCode::NO_CONTENT)
}
