//! `/v1/me/archives/{id}/parts`.

use axum::Json;
use axum::extract::State;
use pipit_wire::ArchiveId;
use pipit_wire::rest::archive::{NewPart, Part, PartInfo, Parts};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, JsonBody, SEALED_BODY_BYTES_MAX, UrlPath};

/// What parts an archive has. Of a hand-over they are for the device that has asked for it.
#[utoipa::path(
    get, path = "/v1/me/archives/{id}/parts", tag = "encryption", params(("id" = ArchiveId, Path)),
    responses((status = 200, body = Parts))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ArchiveId>,
) -> Answer<Parts> {
    Ok(Json(app.archives.parts(&identity, id).await?))
}

/// Adds a part, and takes those away whose place it takes, in one moment. The same again changes nothing.
#[utoipa::path(
    post, path = "/v1/me/archives/{id}/parts", tag = "encryption", params(("id" = ArchiveId, Path)),
    request_body = NewPart, responses((status = 200, body = PartInfo))
)]
pub(in crate::rest) async fn add(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ArchiveId>,
    JsonBody(body): JsonBody<NewPart, SEALED_BODY_BYTES_MAX>,
) -> Answer<PartInfo> {
    Ok(Json(app.archives.add(&identity, id, body).await?))
}

/// A part of an archive.
#[utoipa::path(
    get, path = "/v1/me/archives/{id}/parts/{number}", tag = "encryption",
    params(("id" = ArchiveId, Path), ("number" = u32, Path)), responses((status = 200, body = Part))
)]
pub(in crate::rest) async fn find(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath((id, number)): UrlPath<(ArchiveId, u32)>,
) -> Answer<Part> {
    Ok(Json(app.archives.part(&identity, id, number).await?))
}
