//! `GET /v1/me/notifications`.

pub(in crate::rest) mod set;

use axum::Json;
use axum::extract::State;
use pipit_wire::push::NotificationSettings;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::Authenticated;

/// How one is notified, on all of one's devices.
#[utoipa::path(
    get, path = "/v1/me/notifications", tag = "notifications", responses((status = 200, body = NotificationSettings))
)]
pub(in crate::rest) async fn read(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<NotificationSettings> {
    Ok(Json(app.push.settings(&identity).await?))
}
