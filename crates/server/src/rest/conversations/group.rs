//! `POST /v1/conversations/group`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody};

/// Makes a group with oneself as its owner. Sending the same again returns the same group.
#[utoipa::path(
    post, path = "/v1/conversations/group", tag = "conversations", request_body = rest::NewGroup,
    responses((status = 200, body = rest::Conversation))
)]
pub(in crate::rest) async fn create(
    State(app): State<App>,
    who: Authenticated,
    JsonBody(body): JsonBody<rest::NewGroup>,
) -> Answer<rest::Conversation> {
    let conversation = app.node.conversations.create_group(who.caller(), body).await?;
    Ok(Json(rest::Conversation { conversation }))
}
