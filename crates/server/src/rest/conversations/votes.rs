//! `GET /v1/conversations/{id}/messages/{message}/votes`.

use axum::Json;
use axum::extract::State;
use pipit_store::poll;
use pipit_wire::{ConversationId, MessageId, rest};

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlPath};

/// Who voted in a poll and for what, in the order in which they did: the first 1,000. Refused where the poll is anonymous.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{message}/votes", tag = "conversations",
    params(("id" = ConversationId, Path), ("message" = MessageId, Path)),
    responses((status = 200, body = rest::PollVotes))
)]
pub(in crate::rest) async fn list(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath((id, message)): UrlPath<(ConversationId, MessageId)>,
) -> Answer<rest::PollVotes> {
    let votes = app.node.messaging.votes(identity.user, id, message).await?;
    let items = votes
        .into_iter()
        .map(|record| rest::PollVote {
            options: poll::options(record.places),
            profile: record.profile,
            seq: record.seq,
        })
        .collect();
    Ok(Json(rest::PollVotes { items }))
}
