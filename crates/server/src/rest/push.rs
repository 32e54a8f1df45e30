//! `/v1/push`.

pub(super) mod subscription;
pub(super) mod test;

use axum::Json;
use axum::extract::State;
use pipit_wire::push::PushState;

use super::App;
use super::answer::Answer;
use super::request::Authenticated;

/// Whether this server pushes, with which key, and to where it pushes to this device.
#[utoipa::path(get, path = "/v1/push", tag = "notifications", responses((status = 200, body = PushState)))]
pub(super) async fn state(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<PushState> {
    Ok(Json(app.push.state(&identity).await?))
}
