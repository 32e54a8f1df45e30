//! `/v1/server`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest;

use super::App;
use super::answer::Answer;

/// What a client needs to know before sign-in.
#[utoipa::path(get, path = "/v1/server", tag = "server", responses((status = 200, body = rest::ServerInfo)), security(()))]
pub(super) async fn server(State(app): State<App>) -> Answer<rest::ServerInfo> {
    Ok(Json(app.accounts.server().await?))
}
