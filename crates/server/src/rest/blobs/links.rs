//! `POST /v1/blobs/links`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody};
use crate::service::media::Reader;

/// Where to fetch files from: addresses that work for a few minutes, on this device's behalf, and only as long as it may read them.
#[utoipa::path(
    post, path = "/v1/blobs/links", tag = "files", request_body = rest::NewBlobLinks,
    responses((status = 200, body = rest::BlobLinks))
)]
pub(in crate::rest) async fn make(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(asked): JsonBody<rest::NewBlobLinks>,
) -> Answer<rest::BlobLinks> {
    let reader = Reader {
        user: identity.user,
        device: identity.device,
    };
    Ok(Json(app.media.links(reader, &asked.blobs).await?))
}
