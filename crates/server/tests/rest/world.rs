//! A real server on a free port, and people who talk to it over plain HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::TryStreamExt as _;
use pipit_blob::{BlobAddress, BlobStore};
use pipit_server::clock::{Clock, SystemRandom};
use pipit_server::config::Config;
use pipit_server::node::Node;
use pipit_server::run::{Environment, Server, Stopped, Storage};
use pipit_server::service::archives::Archives;
use pipit_server::service::media::Media;
use pipit_store::Store;
use pipit_wire::{DeviceId, Timestamp, UserId};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Stands still until it is told otherwise.
pub(crate) struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) set_up_token: Option<String>,
    http: reqwest::Client,
    clock: Arc<ManualClock>,
    node: Arc<Node>,
    storage: Storage,
    media: Arc<Media>,
    archives: Arc<Archives>,
    shutdown: CancellationToken,
    serving: JoinHandle<Stopped>,
    folder: TempDir,
    config: Config,
}

/// A device that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    /// The answer's body, where it went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.body
    }

    /// The error's status and code.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, &str) {
        assert!(!self.status.is_success(), "{self:?}");
        (
            self.status.as_u16(),
            self.body["code"].as_str().unwrap_or("no code"),
        )
    }

    /// Who has signed in by it.
    #[track_caller]
    pub(crate) fn person(self) -> Person {
        let session = self.ok();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Person {
            user: text(&session["me"]["profile"]["user"]).parse().unwrap(),
            device: text(&session["device"]).parse().unwrap(),
            access: text(&session["access_token"]),
            refresh: text(&session["refresh_token"]),
        }
    }
}

impl World {
    /// An empty server.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_config| {}).await
    }

    /// An empty server with another configuration.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.general.data = folder.path().join("data");
        // What is not about limits should not meet them.
        config.limits.attempts_per_minute_address = 100_000;
        config.limits.attempts_per_minute_account = 100_000;
        config.limits.requests_per_minute_device = 100_000;
        // And a node that stops has no balancer in front of it.
        config.general.stop_delay_ms = 0;
        change(&mut config);
        let clock = Arc::new(ManualClock(AtomicI64::new(1_790_000_000_000)));
        Self::open(folder, config, clock).await
    }

    /// An empty server whose disk has so many bytes left for files.
    pub(crate) async fn start_with_room(bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.general.data = folder.path().join("data");
        let place = BlobAddress::Folder(config.general.data.join("blobs"));
        let blobs = BlobStore::open(&place, None).unwrap().with_room(bytes);
        let clock = Arc::new(ManualClock(AtomicI64::new(1_790_000_000_000)));
        Self::open_with(folder, config, clock, Some(blobs)).await
    }

    pub(crate) async fn open(folder: TempDir, config: Config, clock: Arc<ManualClock>) -> Self {
        Self::open_with(folder, config, clock, None).await
    }

    async fn open_with(
        folder: TempDir,
        config: Config,
        clock: Arc<ManualClock>,
        blobs: Option<BlobStore>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let environment = Environment {
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
        };
        let server = Server::open_with_blobs(config.clone(), environment, blobs)
            .await
            .unwrap();
        let set_up_token = server
            .set_up_link(address)
            .map(|link| link.split_once('#').unwrap().1.to_owned());
        let (node, storage, media) = (server.node(), server.storage(), server.media());
        let archives = server.archives();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let serving = TaskTracker::new().spawn(async move { server.serve(listener, stop).await });
        pipit_blob::install_tls();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            address,
            set_up_token,
            http,
            clock,
            node,
            storage,
            media,
            archives,
            shutdown,
            serving,
            folder,
            config,
        }
    }

    /// A server whose administrator is Ada.
    pub(crate) async fn with_ada() -> (Self, Person) {
        let world = Self::start().await;
        let ada = world.set_up("ada").await;
        (world, ada)
    }

    /// Stops the server and says how it ended.
    pub(crate) async fn stop(self) -> (Stopped, TempDir, Config, Arc<ManualClock>) {
        self.shutdown.cancel();
        (self.serving.await.unwrap(), self.folder, self.config, self.clock)
    }

    /// Asks the server to stop, and waits until it has begun to.
    pub(crate) async fn begin_to_stop(&self) {
        self.shutdown.cancel();
        self.node.leaving.cancelled().await;
    }

    /// Stops the server and starts it on the same data.
    pub(crate) async fn restart(self) -> Self {
        let (stopped, folder, config, clock) = self.stop().await;
        assert_eq!(stopped, Stopped::Clean);
        Self::open(folder, config, clock).await
    }

    /// What lies behind it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.node.context.store)
    }

    pub(crate) fn node(&self) -> Arc<Node> {
        Arc::clone(&self.node)
    }

    pub(crate) fn archives(&self) -> Arc<Archives> {
        Arc::clone(&self.archives)
    }

    pub(crate) fn media(&self) -> Arc<Media> {
        Arc::clone(&self.media)
    }

    /// Where the bytes of files are.
    pub(crate) fn blobs_folder(&self) -> PathBuf {
        self.config.general.data.join("blobs")
    }

    /// The keys of all objects.
    pub(crate) async fn objects(&self) -> Vec<String> {
        let place = BlobAddress::Folder(self.blobs_folder());
        let objects = BlobStore::open(&place, None).unwrap().list(None);
        objects.map_ok(|object| object.key).try_collect().await.unwrap()
    }

    /// From now on the storage answers nothing.
    pub(crate) async fn close_store(&self) {
        self.storage.close().await;
    }

    pub(crate) fn pass_ms(&self, duration_ms: i64) {
        self.clock.0.fetch_add(duration_ms, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request of one's own making.
    pub(crate) fn request(&self, method: &Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.clone(), self.url(path))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_not_json| text());
        Reply {
            status,
            headers,
            body,
        }
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Reply {
        let mut request = self.request(&method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str, person: &Person) -> Reply {
        self.call(Method::GET, path, Some(&person.access), None).await
    }

    pub(crate) async fn post(&self, path: &str, person: &Person, body: Value) -> Reply {
        self.call(Method::POST, path, Some(&person.access), Some(&body))
            .await
    }

    pub(crate) async fn patch(&self, path: &str, person: &Person, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(&person.access), Some(&body))
            .await
    }

    pub(crate) async fn delete(&self, path: &str, person: &Person) -> Reply {
        self.call(Method::DELETE, path, Some(&person.access), None).await
    }

    /// Without a token.
    pub(crate) async fn knock(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, None, Some(&body)).await
    }

    pub(crate) async fn set_up(&self, handle: &str) -> Person {
        let token = self
            .set_up_token
            .as_ref()
            .expect("a server that has not been set up");
        let body = json!({"token": token, "server_name": "Home", "account": account(handle)});
        self.knock("/v1/setup", body).await.person()
    }

    pub(crate) async fn invite(&self, by: &Person) -> String {
        let invite = self
            .post("/v1/invites", by, json!({"expires_in_s": 3600, "uses": 1000}))
            .await
            .ok();
        invite["token"].as_str().unwrap().to_owned()
    }

    /// Somebody signs up by an invite of `by`, later than whoever is there.
    pub(crate) async fn join(&self, by: &Person, handle: &str) -> Person {
        self.pass_ms(1);
        let invite = self.invite(by).await;
        self.knock(
            "/v1/accounts",
            json!({"invite": invite, "account": account(handle)}),
        )
        .await
        .person()
    }

    pub(crate) async fn sign_in(&self, handle: &str, password: &str) -> Reply {
        self.knock("/v1/sessions", sign_in(handle, password)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.knock("/v1/sessions/refresh", json!({"refresh_token": token}))
            .await
    }
}

pub(crate) fn account(handle: &str) -> Value {
    json!({
        "handle": handle, "name": handle.to_uppercase(), "password": PASSWORD,
        "device_name": "a test", "client": {"name": "pipit-test", "version": "0.1.0"},
    })
}

pub(crate) fn sign_in(handle: &str, password: &str) -> Value {
    json!({
        "handle": handle, "password": password,
        "device_name": "another device", "client": {"name": "pipit-test", "version": "0.1.0"},
    })
}

/// An id that nothing has.
pub(crate) fn nobody() -> &'static str {
    "01999999-9999-7999-8999-999999999999"
}
