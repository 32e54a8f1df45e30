//! `DELETE /v1/invites/{invite}`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::InviteId;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, UrlPath};

/// Ends an invite: one's own, or any for an administrator.
#[utoipa::path(
    delete, path = "/v1/invites/{invite}", tag = "invites",
    params(("invite" = InviteId, Path, description = "The invite's id.")), responses((status = 204))
)]
pub(in crate::rest) async fn revoke(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    UrlPath(invite): UrlPath<InviteId>,
) -> Result<StatusCode, ApiError> {
    app.invites.revoke(&identity, invite).await?;
    Ok(StatusCode::NO_CONTENT)
}
