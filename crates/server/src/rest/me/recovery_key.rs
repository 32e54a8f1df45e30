//! `/v1/me/recovery-key`.

use axum::extract::State;
use axum::http::StatusCode;
use pipit_wire::rest::encryption::NewRecoveryKey;

use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::{Authenticated, JsonBody};

/// Enters a recovery key in the account's key log, for which a device of the account vouches. It takes the place of the one before.
#[utoipa::path(
    put, path = "/v1/me/recovery-key", tag = "encryption", request_body = NewRecoveryKey, responses((status = 204))
)]
pub(in crate::rest) async fn set(
    State(app): State<App>,
    who: Authenticated,
    JsonBody(body): JsonBody<NewRecoveryKey>,
) -> Result<StatusCode, ApiError> {
    app.node.encryption.set_recovery_key(who.caller(), body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The account has no recovery key any more.
#[utoipa::path(delete, path = "/v1/me/recovery-key", tag = "encryption", responses((status = 204)))]
pub(in crate::rest) async fn remove(
    State(app): State<App>,
    who: Authenticated,
) -> Result<StatusCode, ApiError> {
    app.node.encryption.remove_recovery_key(who.caller()).await?;
    Ok(StatusCode::NO_CONTENT)
}
