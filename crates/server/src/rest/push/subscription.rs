//! `PUT /v1/push/subscription`.

pub(in crate::rest) mod end;

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::push::SetSubscription;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody};

/// Says where this device is pushed to, in place of what was said before.
#[utoipa::path(
    put, path = "/v1/push/subscription", tag = "notifications", request_body = SetSubscription,
    responses((status = 204))
)]
pub(in crate::rest) async fn subscribe(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<SetSubscription>,
) -> Result<StatusCode, ApiError> {
    app.push.subscribe(&identity, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
