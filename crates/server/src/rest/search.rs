//! `/v1/search`.

use axum::Json;
use axum::extract::State;
use pipit_wire::{ConversationId, rest};
use serde::Deserialize;

use super::App;
use super::answer::Answer;
use super::request::{Authenticated, UrlQuery};
use crate::service::search::Question;

/// How many messages are in a page where nobody says.
const LIMIT: u32 = 20;

/// What to look for.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Words, `"phrases"`, and the operators `from:`, `in:`, `has:`, `before:` and `after:`. At most 512 bytes, 16 words and operators.
    query: String,
    /// Only messages of this conversation.
    conversation: Option<ConversationId>,
    /// `next` of the page before, with the same `query`; none for the first.
    after: Option<String>,
    /// The most messages in the page, 1 to 50; 20 where it is missing.
    limit: Option<u32>,
    /// How many minutes the asker's clock is ahead of UTC, -840 to 840: the days of `before:` and `after:` begin by it. 0 where it is
    /// missing.
    utc_offset_min: Option<i32>,
}

/// People, one's own conversations, and messages that one may read now, newest first.
#[utoipa::path(get, path = "/v1/search", tag = "search", params(Search), responses((status = 200, body = rest::Found)))]
pub(super) async fn search(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlQuery(search): UrlQuery<Search>,
) -> Answer<rest::Found> {
    let question = Question {
        text: search.query,
        conversation: search.conversation,
        after: search.after,
        limit: search.limit.unwrap_or(LIMIT),
        utc_offset_min: search.utc_offset_min.unwrap_or(0),
    };
    Ok(Json(app.node.search.find(identity.user, &question).await?))
}
