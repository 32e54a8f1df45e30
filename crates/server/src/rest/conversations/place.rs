//! `GET /v1/conversations/{id}/place`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, Timestamp, rest};
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath, UrlQuery};

/// Which moment.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Moment {
    /// By the server's clock.
    at: Timestamp,
}

/// Where in the log a moment is: what a jump to a date begins with.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/place", tag = "conversations", params(("id" = ConversationId, Path), Moment),
    responses((status = 200, body = rest::Place))
)]
pub(in crate::rest) async fn find(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    UrlQuery(moment): UrlQuery<Moment>,
) -> Answer<rest::Place> {
    let seq = app.node.messaging.place(identity.user, id, moment.at).await?;
    Ok(Json(rest::Place { seq }))
}
