//! `/v1/conversations/{id}/members`.

pub(in crate::rest) mod add;
pub(in crate::rest) mod change_role;
pub(in crate::rest) mod remove;

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, UserId, rest};
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath, UrlQuery};
use crate::service::conversations::PAGE_MEMBERS_MAX;

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Page {
    /// `next` of the page before; none for the first.
    after: Option<UserId>,
    /// The most members in the page, 1 to 100; 100 where it is missing.
    limit: Option<u32>,
}

/// A page of the members, oldest first.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/members", tag = "conversations", params(("id" = ConversationId, Path), Page),
    responses((status = 200, body = rest::Members))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(id): UrlPath<ConversationId>,
    UrlQuery(page): UrlQuery<Page>,
) -> Answer<rest::Members> {
    let limit = page.limit.unwrap_or(PAGE_MEMBERS_MAX);
    let members = app
        .node
        .conversations
        .members(identity.user, id, page.after, limit)
        .await?;
    Ok(Json(rest::Members {
        items: members.items,
        next: members.next.map(|next| next.to_string()),
    }))
}
