//! `POST /v1/reports/{id}/close`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::ReportId;
use pipit_wire::report::CloseReport;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody, UrlPath};

/// An administrator has dealt with a report. It is kept for 90 days more.
#[utoipa::path(
    post, path = "/v1/reports/{id}/close", tag = "reports", params(("id" = ReportId, Path)),
    request_body = CloseReport, responses((status = 204))
)]
pub(in crate::rest) async fn close(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ReportId>,
    JsonBody(body): JsonBody<CloseReport>,
) -> Result<StatusCode, ApiError> {
    app.reports.close(&identity, id, &body.note).await?;
    Ok(StatusCode::NO_CONTENT)
}
