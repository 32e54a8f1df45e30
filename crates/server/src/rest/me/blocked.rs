//! `GET /v1/me/blocked`.

pub(in crate::rest) mod lift;

use axum::Json;
use axum::extract::State;
use pipit_wire::privacy::BlockedPeople;
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlQuery};

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Page {
    /// `next` of the page before; none for the first.
    after: Option<String>,
}

/// A page of those whom one blocks, the latest first, at most 100.
#[utoipa::path(get, path = "/v1/me/blocked", tag = "privacy", params(Page), responses((status = 200, body = BlockedPeople)))]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlQuery(page): UrlQuery<Page>,
) -> Answer<BlockedPeople> {
    let people = app.node.privacy.blocked(identity.user, page.after.as_deref());
    Ok(Json(people.await?))
}
