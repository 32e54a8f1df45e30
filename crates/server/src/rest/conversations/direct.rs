//! `POST /v1/conversations/direct`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody};

/// The conversation with somebody, made where there is none.
#[utoipa::path(
    post, path = "/v1/conversations/direct", tag = "conversations", request_body = rest::NewDirect,
    responses((status = 200, body = rest::Conversation))
)]
pub(in crate::rest) async fn create(
    State(app): State<App>,
    who: Authenticated,
    JsonBody(body): JsonBody<rest::NewDirect>,
) -> Answer<rest::Conversation> {
    let conversation = app
        .node
        .conversations
        .create_direct(who.caller(), body.user, body.encrypted)
        .await?;
    Ok(Json(rest::Conversation { conversation }))
}
