//! The HTTP edge: `/v1`, health and metrics, and the web client.
//!
//! A handler parses, authenticates, calls one service and renders. Access tokens travel in the `Authorization` header only: there
//! are no cookies, so that no other site can act in a person's name, and no CORS headers, so that no other site can read anything.

mod accounts;
mod answer;
mod blobs;
mod conversations;
mod devices;
mod document;
mod groups;
mod health;
mod invites;
mod layer;
mod me;
mod metrics;
mod previews;
mod push;
mod reports;
mod request;
mod search;
mod server;
mod sessions;
mod setup;
mod uploads;
mod users;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use pipit_wire::{DeviceId, ErrorCode, WireError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config::MetricsAccess;
use crate::limit::Limit;
use crate::node::Node;
use crate::service::accounts::Accounts;
use crate::service::archives::Archives;
use crate::service::devices::Devices;
use crate::service::invites::Invites;
use crate::service::media::Media;
use crate::service::previews::Previews;
use crate::service::push::Push;
use crate::service::reports::Reports;

pub use document::openapi;
pub use metrics::Metrics;
pub use request::{BODY_BYTES_MAX, Peer};

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What [`App`] is made of.
pub struct Parts {
    /// The node: conversations, storage, time.
    pub node: Arc<Node>,
    /// Accounts.
    pub accounts: Arc<Accounts>,
    /// Devices.
    pub devices: Arc<Devices>,
    /// Invites.
    pub invites: Arc<Invites>,
    /// Files.
    pub media: Arc<Media>,
    /// Archives of encrypted conversations.
    pub archives: Arc<Archives>,
    /// Notifications of devices that are not connected.
    pub push: Arc<Push>,
    /// Previews of links.
    pub previews: Previews,
    /// Reports of people.
    pub reports: Reports,
    /// How often a device may ask.
    pub by_device: Limit<DeviceId>,
    /// How often a device may take key packages of others.
    pub claims: Limit<DeviceId>,
    /// What is counted about HTTP.
    pub metrics: Metrics,
    /// Who may read what is counted.
    pub metrics_access: MetricsAccess,
    /// The header in which a trusted proxy gives its client's address.
    pub address_header: Option<HeaderName>,
    /// Whether people reach the server by https.
    pub https: bool,
}

impl App {
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Every endpoint that the document describes.
fn endpoints() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(setup::set_up))
        .routes(routes!(server::server))
        .routes(routes!(accounts::sign_up))
        .routes(routes!(sessions::sign_in))
        .routes(routes!(sessions::refresh::refresh))
        .routes(routes!(sessions::current::sign_out))
        .merge(own_endpoints())
        .routes(routes!(push::state))
        .routes(routes!(
            push::subscription::subscribe,
            push::subscription::end::unsubscribe
        ))
        .routes(routes!(push::test::test))
        .routes(routes!(users::search))
        .routes(routes!(search::search))
        .routes(routes!(previews::find))
        .routes(routes!(devices::list))
        .routes(routes!(devices::sign_out::sign_out))
        .merge(encryption_endpoints())
        .routes(routes!(invites::list, invites::create::create))
        .routes(routes!(invites::inspect::inspect, invites::revoke::revoke))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::direct::create))
        .routes(routes!(conversations::group::create))
        .routes(routes!(conversations::find::find, conversations::change::change))
        .routes(routes!(
            conversations::members::list,
            conversations::members::add::add
        ))
        .routes(routes!(conversations::pins::list))
        .routes(routes!(conversations::place::find))
        .routes(routes!(conversations::reactions::list))
        .routes(routes!(conversations::votes::list))
        .routes(routes!(
            conversations::members::change_role::change_role,
            conversations::members::remove::remove
        ))
        .routes(routes!(
            conversations::invites::list,
            conversations::invites::create::create
        ))
        .routes(routes!(conversations::invites::revoke::revoke))
        .routes(routes!(conversations::requests::list))
        .routes(routes!(
            conversations::requests::approve::approve,
            conversations::requests::decline::decline
        ))
        .routes(routes!(
            conversations::bans::list,
            conversations::bans::create::create
        ))
        .routes(routes!(conversations::bans::lift::lift))
        .routes(routes!(groups::inspect::inspect))
        .routes(routes!(groups::join::join))
        .routes(routes!(uploads::list, uploads::create::create, uploads::options))
        .routes(routes!(
            uploads::offset::offset,
            uploads::receive::receive,
            uploads::remove::remove
        ))
        .routes(routes!(uploads::finish::finish))
        .routes(routes!(blobs::links::make))
        .routes(routes!(blobs::find))
        .routes(routes!(blobs::thumbnail))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(document::openapi_json))
        .routes(routes!(document::asyncapi_json))
}

/// Those of one's own account.
fn own_endpoints() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(me::me, me::change::change_profile))
        .routes(routes!(me::notifications::read, me::notifications::set::set))
        .routes(routes!(me::privacy::read, me::privacy::change::change))
        .routes(routes!(me::blocked::list))
        .routes(routes!(me::blocked::lift::lift))
        .routes(routes!(reports::list, reports::submit::submit))
        .routes(routes!(reports::close::close))
        .merge(archive_endpoints())
}

/// Those of archives.
fn archive_endpoints() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(me::archives::list, me::archives::begin))
        .routes(routes!(me::archives::remove))
        .routes(routes!(me::archives::approve::approve))
        .routes(routes!(me::archives::parts::list, me::archives::parts::add))
        .routes(routes!(me::archives::parts::find))
}

/// Those of encrypted conversations.
fn encryption_endpoints() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(devices::key::publish))
        .routes(routes!(devices::vouch::vouch))
        .routes(routes!(me::key_log::read))
        .routes(routes!(me::unreadable::report))
        .routes(routes!(me::recovery_key::set, me::recovery_key::remove))
        .routes(routes!(
            devices::key_packages::count,
            devices::key_packages::publish
        ))
        .routes(routes!(devices::welcomes::list))
        .routes(routes!(devices::welcomes::acknowledge))
        .routes(routes!(conversations::encryption::devices))
        .routes(routes!(conversations::encryption::key_logs))
        .routes(routes!(conversations::encryption::claim))
        .routes(routes!(conversations::encryption::handshake))
        .routes(routes!(
            conversations::encryption::group,
            conversations::encryption::describe
        ))
}

/// Everything that is served. `gateway` has the WebSocket's route.
pub fn router(app: App, gateway: Router) -> Router {
    let (router, _document) = endpoints().split_for_parts();
    router
        .method_not_allowed_fallback(unknown_method)
        .fallback(unknown_path)
        .with_state(app.clone())
        .merge(gateway)
        .layer(from_fn_with_state(app, layer::observe))
}

async fn unknown_method() -> Response {
    answer::refusal(&WireError::new(ErrorCode::NotFound, "there is no such endpoint"))
}

async fn unknown_path(method: axum::http::Method, uri: Uri, headers: axum::http::HeaderMap) -> Response {
    let of_the_api = uri.path() == "/v1" || uri.path().starts_with("/v1/");
    let reads = matches!(method, axum::http::Method::GET | axum::http::Method::HEAD);
    if reads
        && !of_the_api
        && let Some(response) = crate::web::serve(uri.path(), &headers)
    {
        return response;
    }
    answer::refusal(&WireError::new(ErrorCode::NotFound, "there is no such endpoint"))
}
