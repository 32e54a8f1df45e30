//! `/v1/devices/current/key-packages`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest::encryption::{KeyPackages, NewKeyPackages};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody, SEALED_BODY_BYTES_MAX};

/// How it stands with the key packages of this device.
#[utoipa::path(
    get, path = "/v1/devices/current/key-packages", tag = "encryption", responses((status = 200, body = KeyPackages))
)]
pub(in crate::rest) async fn count(State(app): State<App>, who: Authenticated) -> Answer<KeyPackages> {
    Ok(Json(app.node.encryption.pool(who.caller()).await?))
}

/// Publishes key packages of this device. The same publication again changes nothing.
#[utoipa::path(
    post, path = "/v1/devices/current/key-packages", tag = "encryption", request_body = NewKeyPackages,
    responses((status = 200, body = KeyPackages))
)]
pub(in crate::rest) async fn publish(
    State(app): State<App>,
    who: Authenticated,
    JsonBody(body): JsonBody<NewKeyPackages, SEALED_BODY_BYTES_MAX>,
) -> Answer<KeyPackages> {
    Ok(Json(
        app.node.encryption.publish_packages(who.caller(), body).await?,
    ))
}
