//! `DELETE /v1/me/blocked/{user}`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::UserId;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// Blocks somebody no longer. What they have begun, and was refused, is accepted by this. Nothing is said of whom one does not block.
#[utoipa::path(
    delete, path = "/v1/me/blocked/{user}", tag = "privacy", params(("user" = UserId, Path)), responses((status = 204))
)]
pub(in crate::rest) async fn lift(
    State(app): State<App>,
    who: Authenticated,
    UrlPath(user): UrlPath<UserId>,
) -> Result<StatusCode, ApiError> {
    let node = &app.node;
    node.privacy.unblock(&node.personals, who.caller(), user).await?;
    Ok(StatusCode::NO_CONTENT)
}
