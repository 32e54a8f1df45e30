//! `/v1/conversations/{id}/devices`, `/key-logs`, `/key-packages`, `/handshakes` and `/group`: what an encrypted conversation needs beside messages.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest::encryption::{
    ClaimKeyPackages, ClaimedKeyPackages, DeviceKeys, GroupState, HandshakeTaken, KeyLogs, NewGroupInfo,
    NewHandshake, ReadKeyLogs,
};
use pipit_wire::{ConversationId, DeviceId};
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::{Answer, ApiError};
use crate::rest::request::{Authenticated, JsonBody, SEALED_BODY_BYTES_MAX, UrlPath, UrlQuery};

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Page {
    /// `next` of the page before; none for the first.
    after: Option<DeviceId>,
}

/// The keys of the members' devices, by device.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/devices", tag = "encryption", params(("id" = ConversationId, Path), Page),
    responses((status = 200, body = DeviceKeys))
)]
pub(in crate::rest) async fn devices(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    UrlQuery(page): UrlQuery<Page>,
) -> Answer<DeviceKeys> {
    let encryption = &app.node.encryption;
    Ok(Json(encryption.device_keys(who.caller(), id, page.after).await?))
}

/// The key logs of members, each from an entry on: at most 500 entries at a time.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/key-logs", tag = "encryption", params(("id" = ConversationId, Path)),
    request_body = ReadKeyLogs, responses((status = 200, body = KeyLogs))
)]
pub(in crate::rest) async fn key_logs(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<ReadKeyLogs>,
) -> Answer<KeyLogs> {
    Ok(Json(app.node.encryption.key_logs(who.caller(), id, body).await?))
}

/// Takes one key package of each of these devices of members, for a commit that adds them. At most 60 times a minute.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/key-packages", tag = "encryption", params(("id" = ConversationId, Path)),
    request_body = ClaimKeyPackages, responses((status = 200, body = ClaimedKeyPackages))
)]
pub(in crate::rest) async fn claim(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<ClaimKeyPackages>,
) -> Answer<ClaimedKeyPackages> {
    app.claims.check(&who.0.device).await?;
    Ok(Json(app.node.encryption.claim(who.caller(), id, body).await?))
}

/// Puts a commit or a proposal into the log, in its order with messages. Sending the same again returns the first answer.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/handshakes", tag = "encryption", params(("id" = ConversationId, Path)),
    request_body = NewHandshake, responses((status = 200, body = HandshakeTaken))
)]
pub(in crate::rest) async fn handshake(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<NewHandshake, SEALED_BODY_BYTES_MAX>,
) -> Answer<HandshakeTaken> {
    let appended = app.node.encryption.handshake(who.caller(), id, body).await?;
    Ok(Json(HandshakeTaken {
        seq: appended.event.seq,
        at: appended.event.at,
    }))
}

/// How far the group of devices is, and this device in it.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/group", tag = "encryption", params(("id" = ConversationId, Path)),
    responses((status = 200, body = GroupState))
)]
pub(in crate::rest) async fn group(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
) -> Answer<GroupState> {
    Ok(Json(app.node.encryption.group(who.caller(), id).await?))
}

/// Describes the group for devices that come in anew.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/group", tag = "encryption", params(("id" = ConversationId, Path)),
    request_body = NewGroupInfo, responses((status = 204))
)]
pub(in crate::rest) async fn describe(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    JsonBody(body): JsonBody<NewGroupInfo, SEALED_BODY_BYTES_MAX>,
) -> Result<StatusCode, ApiError> {
    app.node.encryption.keep_info(who.caller(), id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
