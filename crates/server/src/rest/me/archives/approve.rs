//! `POST /v1/me/archives/{id}/approval`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::ArchiveId;
use pipit_wire::rest::archive::NewApproval;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// This device hands over to the one that asks. Another device that does so as well is refused.
#[utoipa::path(
    post, path = "/v1/me/archives/{id}/approval", tag = "encryption", params(("id" = ArchiveId, Path)),
    request_body = NewApproval, responses((status = 204))
)]
pub(in crate::rest) async fn approve(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ArchiveId>,
    JsonBody(body): JsonBody<NewApproval>,
) -> Result<StatusCode, ApiError> {
    app.archives.approve(&identity, id, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
