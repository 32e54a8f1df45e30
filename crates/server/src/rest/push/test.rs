//! `POST /v1/push/test`.

use axum::Json;
use axum::extract::State;
use pipit_wire::push::PushTest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::Authenticated;

/// Pushes something to this device now, and says how that went.
#[utoipa::path(post, path = "/v1/push/test", tag = "notifications", responses((status = 200, body = PushTest)))]
pub(in crate::rest) async fn test(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<PushTest> {
    Ok(Json(app.push.test(&identity).await?))
}
