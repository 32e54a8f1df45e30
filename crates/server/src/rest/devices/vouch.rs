//! `POST /v1/devices/{id}/vouch`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::DeviceId;
use pipit_wire::rest::encryption::NewVouch;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// Keeps a vouch for a device of the account that has a key: another device of the account, or its recovery key, has signed that it is theirs too. One that has a vouch
/// keeps it.
#[utoipa::path(
    post, path = "/v1/devices/{id}/vouch", tag = "encryption", params(("id" = DeviceId, Path)),
    request_body = NewVouch, responses((status = 204))
)]
pub(in crate::rest) async fn vouch(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(id): UrlPath<DeviceId>,
    JsonBody(body): JsonBody<NewVouch>,
) -> Result<StatusCode, ApiError> {
    app.node.encryption.vouch(who.caller(), id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
