//! `POST /v1/devices/current/key`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest::encryption::NewDeviceKey;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody};

/// Says the public key by which this device signs in encrypted conversations. It is said once: another one later is refused.
#[utoipa::path(
    post, path = "/v1/devices/current/key", tag = "encryption", request_body = NewDeviceKey, responses((status = 204))
)]
pub(in crate::rest) async fn publish(
    State(app): State<App>,
    who: Authenticated,
    JsonBody(body): JsonBody<NewDeviceKey>,
) -> Result<StatusCode, ApiError> {
    app.node.encryption.publish_key(who.caller(), body).await?;
    Ok(StatusCode::NO_CONTENT)
}
