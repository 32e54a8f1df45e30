//! `/v1/users`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;
use serde::Deserialize;

use super::App;
use super::answer::Answer;
use super::request::{Authenticated, UrlQuery};

/// Whom to look for.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// The beginning of a handle, with or without `@`, or of a word of a name. At most 256 bytes.
    query: String,
}

/// People by handle or name: at most 20, best first. Never oneself, nor suspended accounts, nor those with a block between.
#[utoipa::path(get, path = "/v1/users", tag = "people", params(Search), responses((status = 200, body = rest::Users)))]
pub(super) async fn search(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlQuery(search): UrlQuery<Search>,
) -> Answer<rest::Users> {
    Ok(Json(app.accounts.search(&identity, &search.query).await?))
}
