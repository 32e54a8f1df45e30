//! `/v1/me/archives`: what the account's devices hand over to each other, and put by for when all of them are lost.

pub(in crate::rest) mod approve;
pub(in crate::rest) mod parts;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::ArchiveId;
use pipit_wire::rest::archive::{Archives, NewArchive};

use crate::rest::App;
use crate::rest::answer::{Answer, ApiError};
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// The archives of the account: hand-overs that wait or are under way, and the backup.
#[utoipa::path(get, path = "/v1/me/archives", tag = "encryption", responses((status = 200, body = Archives)))]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
) -> Answer<Archives> {
    Ok(Json(app.archives.list(identity.user).await?))
}

/// Asks the account's other devices for what they have, or begins its backup, in place of the one before. The same again changes nothing.
#[utoipa::path(
    post, path = "/v1/me/archives", tag = "encryption", request_body = NewArchive,
    responses((status = 204))
)]
pub(in crate::rest) async fn begin(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<NewArchive>,
) -> Result<StatusCode, ApiError> {
    app.archives.begin(&identity, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Erases an archive: a hand-over that has come, or that nobody wants any more, or the backup.
#[utoipa::path(
    delete, path = "/v1/me/archives/{id}", tag = "encryption", params(("id" = ArchiveId, Path)),
    responses((status = 204))
)]
pub(in crate::rest) async fn remove(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ArchiveId>,
) -> Result<StatusCode, ApiError> {
    app.archives.remove(identity.user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
