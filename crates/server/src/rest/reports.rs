//! `GET /v1/reports`.

pub(in crate::rest) mod close;
pub(in crate::rest) mod submit;

use axum::Json;
use axum::extract::State;
use pipit_wire::report::Reports;
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlQuery};

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Page {
    /// Those that were closed, and not those that are open.
    #[serde(default)]
    closed: bool,
    /// `next` of the page before; none for the first.
    after: Option<String>,
}

/// A page of reports, at most 20, for administrators: of open ones the oldest first, of closed ones the latest first.
#[utoipa::path(get, path = "/v1/reports", tag = "reports", params(Page), responses((status = 200, body = Reports)))]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlQuery(page): UrlQuery<Page>,
) -> Answer<Reports> {
    let reports = app.reports.list(&identity, page.closed, page.after.as_deref());
    Ok(Json(reports.await?))
}
