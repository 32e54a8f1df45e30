//! `/v1/previews`.

use axum::Json;
use axum::extract::State;
use pipit_wire::preview::LinkPreview;
use pipit_wire::rest;

use super::App;
use super::answer::Answer;
use super::request::{Authenticated, JsonBody};

/// What the page at an address says of itself, where this server fetches pages (`limits.link_previews`). `not_found` where there is nothing to
/// show, whatever the reason is.
#[utoipa::path(post, path = "/v1/previews", tag = "messages", request_body = rest::FindPreview, responses((status = 200, body = LinkPreview)))]
pub(super) async fn find(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<rest::FindPreview>,
) -> Answer<LinkPreview> {
    Ok(Json(app.previews.find(identity.user, &body.url).await?))
}
