//! `HEAD /v1/uploads/{blob}`.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use pipit_wire::BlobId;

use super::{Tus, UPLOAD_LENGTH, state};
use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// How much of an upload has come: `Upload-Offset` of `Upload-Length`.
#[utoipa::path(
    head, path = "/v1/uploads/{blob}", tag = "files",
    params(("blob" = BlobId, Path), ("Tus-Resumable" = String, Header)), responses((status = 200))
)]
pub(in crate::rest) async fn offset(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    _: Tus,
    UrlPath(blob): UrlPath<BlobId>,
) -> Result<Response, ApiError> {
    let record = app.media.upload(identity.user, blob).await?;
    let length = [(UPLOAD_LENGTH, HeaderValue::from(record.size))];
    Ok((state(&record), length).into_response())
}
