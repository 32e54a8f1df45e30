//! `POST /v1/uploads/{blob}/finish`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{BlobId, Timestamp, rest};
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath, UrlQuery};

/// How long a file is kept that no message has.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Keeping {
    /// Until then at least (by the server's clock, at most 399 days ahead), instead of for a day: its message is sent later, by its device.
    #[serde(default)]
    keep_until: Option<Timestamp>,
}

/// Makes an upload that is complete a file that can be sent, and says what it is. A picture is turned, stripped of what it says about where
/// it was taken, and made smaller, which takes a moment; asking again gives the same answer.
#[utoipa::path(
    post, path = "/v1/uploads/{blob}/finish", tag = "files", params(("blob" = BlobId, Path), Keeping),
    responses((status = 200, body = rest::FinishedUpload))
)]
pub(in crate::rest) async fn finish(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(blob): UrlPath<BlobId>,
    UrlQuery(keeping): UrlQuery<Keeping>,
) -> Answer<rest::FinishedUpload> {
    let attachment = app.media.finish(identity.user, blob, keeping.keep_until).await?;
    Ok(Json(rest::FinishedUpload { attachment }))
}
