//! `POST /v1/groups/join`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody};

/// Joins a group by a link. The answer has the group, or nothing where an admin has to let one in.
#[utoipa::path(
    post, path = "/v1/groups/join", tag = "groups", request_body = rest::JoinGroup,
    responses((status = 200, body = rest::Joining))
)]
pub(in crate::rest) async fn join(
    State(app): State<App>,
    who: Authenticated,
    JsonBody(body): JsonBody<rest::JoinGroup>,
) -> Answer<rest::Joining> {
    Ok(Json(app.node.conversations.join(who.caller(), body).await?))
}
