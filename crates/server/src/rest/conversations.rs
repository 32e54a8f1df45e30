//! `/v1/conversations`.

pub(super) mod bans;
pub(super) mod change;
pub(super) mod direct;
pub(super) mod encryption;
pub(super) mod find;
pub(super) mod group;
pub(super) mod invites;
pub(super) mod members;
pub(super) mod pins;
pub(super) mod place;
pub(super) mod reactions;
pub(super) mod requests;
pub(super) mod votes;

use axum::Json;
use axum::extract::State;
use pipit_wire::frame::ListPosition;
use pipit_wire::limits::PAGE_CONVERSATIONS_MAX;
use pipit_wire::{Timestamp, rest};
use serde::Deserialize;

use super::App;
use super::answer::Answer;
use super::request::{Authenticated, UrlQuery};
use crate::error::ServiceError;

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// `next` of the page before; none for the first.
    after: Option<String>,
    /// The most conversations in the page, 1 to 50; 50 where it is missing.
    limit: Option<u32>,
}

/// A page of one's conversations, newest first.
#[utoipa::path(
    get, path = "/v1/conversations", tag = "conversations", params(Page),
    responses((status = 200, body = rest::Conversations))
)]
pub(super) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlQuery(page): UrlQuery<Page>,
) -> Answer<rest::Conversations> {
    let after = page.after.as_deref().map(position).transpose()?;
    let limit = page.limit.unwrap_or(PAGE_CONVERSATIONS_MAX);
    let list = app.node.conversations.list(identity.user, after, limit).await?;
    let next = list
        .next
        .map(|next| format!("{}.{}", next.last_at.as_ms(), next.conversation));
    Ok(Json(rest::Conversations {
        items: list.items,
        next,
    }))
}

fn position(text: &str) -> Result<ListPosition, ServiceError> {
    let parse = || {
        let (last_at, conversation) = text.split_once('.')?;
        let last_at = Timestamp(last_at.parse().ok()?);
        Some(ListPosition {
            last_at,
            conversation: conversation.parse().ok()?,
        })
    };
    parse().ok_or_else(|| ServiceError::field("after", "is the `next` of another page"))
}
