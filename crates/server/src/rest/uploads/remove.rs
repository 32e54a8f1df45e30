//! `DELETE /v1/uploads/{blob}`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pipit_wire::BlobId;

use super::{TUS_RESUMABLE, Tus, VERSION};
use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// Gives an upload up, or removes a file that no message has.
#[utoipa::path(
    delete, path = "/v1/uploads/{blob}", tag = "files",
    params(("blob" = BlobId, Path), ("Tus-Resumable" = String, Header)), responses((status = 204))
)]
pub(in crate::rest) async fn remove(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    _: Tus,
    UrlPath(blob): UrlPath<BlobId>,
) -> Result<Response, ApiError> {
    app.media.remove(identity.user, blob).await?;
    Ok((StatusCode::NO_CONTENT, [(TUS_RESUMABLE, VERSION)]).into_response())
}
