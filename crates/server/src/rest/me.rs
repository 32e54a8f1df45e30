//! `/v1/me`.

pub(super) mod archives;
pub(super) mod blocked;
pub(super) mod change;
pub(super) mod key_log;
pub(super) mod notifications;
pub(super) mod privacy;
pub(super) mod recovery_key;
pub(super) mod unreadable;

use axum::Json;
use pipit_wire::rest;

use super::answer::Answer;
use super::request::Authenticated;
use crate::service::accounts::Accounts;

/// One's own account.
#[utoipa::path(get, path = "/v1/me", tag = "accounts", responses((status = 200, body = rest::Me)))]
pub(super) async fn me(Authenticated(identity): Authenticated) -> Answer<rest::Me> {
    Ok(Json(Accounts::me(&identity)))
}
