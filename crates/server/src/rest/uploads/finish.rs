//! `POST /v1/uploads/{blob}/finish`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{BlobId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// Makes an upload that is complete a file that can be sent, and says what it is. A picture is turned, stripped of what it says about where
/// it was taken, and made smaller, which takes a moment; asking again gives the same answer.
#[utoipa::path(
    post, path = "/v1/uploads/{blob}/finish", tag = "files", params(("blob" = BlobId, Path)),
    responses((status = 200, body = rest::FinishedUpload))
)]
pub(in crate::rest) async fn finish(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(blob): UrlPath<BlobId>,
) -> Answer<rest::FinishedUpload> {
    let attachment = app.media.finish(identity.user, blob).await?;
    Ok(Json(rest::FinishedUpload { attachment }))
}
