//! `/v1/conversations/{id}/members`.

pub(in crate::rest) mod add;
pub(in crate::rest) mod change_role;
pub(in crate::rest) mod remove;

use axum::Json;
use axum::extract::State;
use pipit_store::conversation::MemberPosition;
use pipit_wire::event::Role;
use pipit_wire::{ConversationId, UserId, rest};
use serde::Deserialize;

use crate::error::ServiceError;
use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath, UrlQuery};
use crate::service::conversations::PAGE_MEMBERS_MAX;

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Page {
    /// Finds those whose handle or a word of whose name begins with this, the highest roles first, then by handle. Empty: all of
    /// them in that order. Missing: all of them, oldest first.
    query: Option<String>,
    /// `next` of the page before, with the same `query`; none for the first.
    after: Option<String>,
    /// The most members in the page, 1 to 100; 100 where it is missing.
    limit: Option<u32>,
}

/// A page of the members: oldest first, or by role where `query` is given.
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
    if let Some(query) = &page.query {
        let after = page.after.as_deref().map(position).transpose()?;
        let found = app
            .node
            .conversations
            .search_members(identity.user, id, query, after, limit)
            .await?;
        let next = found
            .next
            .map(|next| format!("{}.{}", role_name(next.role), next.handle));
        let items = found.items;
        return Ok(Json(rest::Members { items, next }));
    }
    let after = match page.after.as_deref().map(str::parse::<UserId>) {
        None => None,
        Some(Ok(after)) => Some(after),
        Some(Err(_)) => return Err(not_a_next().into()),
    };
    let members = app
        .node
        .conversations
        .members(identity.user, id, after, limit)
        .await?;
    Ok(Json(rest::Members {
        items: members.items,
        next: members.next.map(|next| next.to_string()),
    }))
}

const ROLES: [(Role, &str); 4] = [
    (Role::Member, "member"),
    (Role::Moderator, "moderator"),
    (Role::Admin, "admin"),
    (Role::Owner, "owner"),
];

fn role_name(role: Role) -> &'static str {
    ROLES
        .iter()
        .find(|(known, _)| *known == role)
        .map_or("member", |(_, name)| *name)
}

fn position(text: &str) -> Result<MemberPosition, ServiceError> {
    let (name, handle) = text.split_once('.').ok_or_else(not_a_next)?;
    let (role, _) = ROLES
        .iter()
        .find(|(_, known)| *known == name)
        .ok_or_else(not_a_next)?;
    Ok(MemberPosition {
        role: *role,
        handle: handle.to_owned(),
    })
}

fn not_a_next() -> ServiceError {
    ServiceError::field("after", "is the `next` of another page")
}
