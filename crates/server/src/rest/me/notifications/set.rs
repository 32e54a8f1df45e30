//! `PUT /v1/me/notifications`.

use axum::Json;
use axum::extract::State;
use pipit_wire::push::NotificationSettings;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody};

/// Changes how one is notified: all of it, on all of one's devices.
#[utoipa::path(
    put, path = "/v1/me/notifications", tag = "notifications", request_body = NotificationSettings,
    responses((status = 200, body = NotificationSettings))
)]
pub(in crate::rest) async fn set(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<NotificationSettings>,
) -> Answer<NotificationSettings> {
    Ok(Json(app.push.set_settings(&identity, body).await?))
}
