//! `GET /v1/me/key-log`.

use axum::Json;
use axum::extract::State;
use pipit_wire::rest::encryption::KeyLogs;
use serde::Deserialize;

use crate::rest::App;
use crate::rest::answer::Answer;
use crate::rest::request::{Authenticated, UrlQuery};

/// From where on.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Page {
    /// The number of the last entry that is known; from the first on where it is left out.
    #[serde(default)]
    after: u64,
}

/// The key log of one's own account: at most 500 entries at a time.
#[utoipa::path(get, path = "/v1/me/key-log", tag = "encryption", params(Page), responses((status = 200, body = KeyLogs)))]
pub(in crate::rest) async fn read(
    State(app): State<App>,
    who: Authenticated,
    UrlQuery(page): UrlQuery<Page>,
) -> Answer<KeyLogs> {
    let encryption = &app.node.encryption;
    Ok(Json(encryption.own_key_log(who.caller(), page.after).await?))
}
