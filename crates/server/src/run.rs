//! A server from its configuration to its end, so that the binary and tests run the same.

mod accept;
mod error;
mod restored;
mod seed;
mod storage;
mod way;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pipit_blob::{BlobAddress, BlobStore, Keys};
use pipit_wire::Limits;
use pipit_wire::media::MediaLimits;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, Random, SystemClock, SystemRandom};
use crate::config::{Config, MessageRequests, Messages};
use crate::context::Context;
use crate::data_dir::{DataDir, SigningKey};
use crate::gateway;
use crate::limit::{Limit, SharedBuckets};
use crate::node::{self, Node};
use crate::rest::{self, App, Metrics};
use crate::service::accounts::{self, Accounts};
use crate::service::archives::Archives;
use crate::service::devices::Devices;
use crate::service::expiry::Expiry;
use crate::service::invites::Invites;
use crate::service::media::Media;
use crate::service::passwords::Passwords;
use crate::service::previews::Previews;
use crate::service::pruning::Pruning;
use crate::service::push::Push;
use crate::service::reports::Reports;
use crate::service::scrubbing::Scrubbing;
use crate::service::search::indexing::Indexing;
use crate::service::tokens::{AccessTokens, Secret, SecretKind};

pub use self::error::StartError;
pub use self::restored::restored;
pub use self::seed::{Seeded, seed};
pub use self::storage::Storage;
use self::way::Way;

/// How long a stopping server waits for what is under way.
const DRAIN: Duration = Duration::from_secs(8);
/// How often a device may have a push tried.
const PUSH_TESTS_PER_MINUTE: u32 = 10;

/// How often a device may take key packages of others.
const CLAIMS_PER_MINUTE: u32 = 60;

/// Where time and randomness come from.
pub struct Environment {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every task has ended, and the storage is closed.
    Clean,
    /// So many tasks had not ended in time. The storage is closed all the same; what was acknowledged is in it.
    Abandoned(usize),
}

/// A server that is ready to take connections.
pub struct Server {
    app: App,
    storage: Storage,
    way: Way,
    tasks: TaskTracker,
    stop: CancellationToken,
    connections_max: usize,
    stop_delay: Duration,
    public_url: Option<String>,
    set_up_token: Option<String>,
    _data: DataDir,
}

/// Runs a server on this listener until `shutdown`.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<Stopped, StartError> {
    let server = Server::open(config, Environment::default()).await?;
    Ok(server.serve(listener, shutdown).await)
}

impl Server {
    /// Opens the data and starts everything but the accepting of connections.
    pub async fn open(config: Config, environment: Environment) -> Result<Self, StartError> {
        Self::open_with_blobs(config, environment, None).await
    }

    /// The same with these blobs in place of those of the configuration, for tests of what they do to the server.
    pub async fn open_with_blobs(
        config: Config,
        environment: Environment,
        blobs: Option<BlobStore>,
    ) -> Result<Self, StartError> {
        let Environment { clock, random } = environment;
        let data = DataDir::open(&config.general.data)?;
        let own_key = data.signing_key(&*random)?;
        let way = Way::open(&config.general, &*random)?;
        let storage = Storage::open(&config.general, &data).await?;
        // Whichever node came first gave its key to all: each reads the others' tokens, and all have one set-up link.
        let key = SigningKey(storage.store().server_key(own_key.0).await?);
        let set_up = Secret::of_key(SecretKind::SetUp, &key);
        let context = Context {
            store: storage.store(),
            clock,
            random,
            limits: limits(&config),
            message_requests: config.general.message_requests == MessageRequests::Strangers,
        };
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        let tokens = Arc::new(AccessTokens::new(&key));
        let connections_max = usize::try_from(config.limits.connections_max).unwrap_or(usize::MAX);
        let parts = node::Parts {
            context: context.clone(),
            bus: way.bus(),
            authenticator: {
                let authenticator: Arc<dyn node::Authenticator> = tokens.clone();
                authenticator
            },
            gateway: gateway::Settings {
                connections_max,
                frames_per_second: config.limits.frames_per_second,
                frames_burst: config.limits.frames_burst,
                ..gateway::Settings::default()
            },
        };
        let node = Node::start(parts, tasks.clone(), stop.clone());
        let blobs = match blobs {
            Some(blobs) => blobs,
            None => open_blobs(&config, &data)?,
        };
        let (media, archives) = start_blobs(&node, blobs, &key, &stop);
        start_chores(&context, &node, &stop);
        let needs_set_up = context.store.find_server().await?.is_none();
        let metrics = Metrics::new(Arc::clone(&node.stats), way.redis());
        let push = start_push(&config, &node, &key).await?;
        let app = assemble(&config, tokens, node, (media, archives), metrics, &key, push);
        let stop_delay = if app.node.hub.is_alone() {
            Duration::ZERO
        } else {
            Duration::from_millis(u64::from(config.general.stop_delay_ms))
        };
        way.wait().await;
        Ok(Self {
            app,
            storage,
            way,
            tasks,
            stop,
            connections_max,
            stop_delay,
            public_url: config.general.public_url,
            set_up_token: needs_set_up.then_some(set_up.text),
            _data: data,
        })
    }

    /// The link that makes the first account, while there is none. `address` is where the server listens.
    pub fn set_up_link(&self, address: SocketAddr) -> Option<String> {
        let token = self.set_up_token.as_ref()?;
        Some(format!("{}/setup#{token}", self.url(address)))
    }

    /// Where people reach the server.
    pub fn url(&self, address: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => local_url(address),
        }
    }

    /// The node, for tests that look inside.
    pub fn node(&self) -> Arc<Node> {
        Arc::clone(&self.app.node)
    }

    /// The files, for tests that do not wait for the clearing.
    pub fn media(&self) -> Arc<Media> {
        Arc::clone(&self.app.media)
    }

    /// The archives, for tests that do not wait for the clearing.
    pub fn archives(&self) -> Arc<Archives> {
        Arc::clone(&self.app.archives)
    }

    /// The storage, for tests that take it away.
    pub fn storage(&self) -> Storage {
        self.storage.clone()
    }

    /// Takes connections until `shutdown`, and then for as long as a balancer takes to see that it stops; then lets what is under way
    /// end, and closes the storage.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> Stopped {
        let router = rest::router(self.app.clone(), gateway::router(Arc::clone(&self.app.node)));
        let accepting = accept::Accepting {
            router,
            connections_max: self.connections_max,
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
        };
        tokio::select! {
            () = accepting.run(&listener) => {}
            () = self.left(shutdown) => {}
        }
        // Nobody new comes in; whoever is here is told, and what they have sent is carried out.
        drop(listener);
        self.stop.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(DRAIN, self.tasks.wait()).await;
        let left = self.tasks.len();
        self.way.close().await;
        self.storage.close().await;
        if drained.is_ok() {
            Stopped::Clean
        } else {
            Stopped::Abandoned(left)
        }
    }

    /// Returns some time after `shutdown`, in which `/readyz` sends new people elsewhere.
    async fn left(&self, shutdown: CancellationToken) {
        shutdown.cancelled().await;
        self.app.node.leaving.cancel();
        tokio::time::sleep(self.stop_delay).await;
    }
}

/// What keeps its bytes with the blobs: files and archives.
fn start_blobs(
    node: &Node,
    blobs: BlobStore,
    key: &SigningKey,
    stop: &CancellationToken,
) -> (Arc<Media>, Arc<Archives>) {
    let (context, stats) = (&node.context, &node.stats);
    let hub = Arc::clone(&node.hub);
    let archives = Archives::new(context.clone(), blobs.clone(), hub, Arc::clone(stats));
    node.tasks.spawn(Arc::clone(&archives).run_clearing(stop.clone()));
    let media = Media::new(context.clone(), blobs, Arc::clone(stats), key, node.tasks.clone());
    node.tasks.spawn(Arc::clone(&media).run_clearing(stop.clone()));
    (media, archives)
}

/// What pushes to devices that are not connected.
async fn start_push(config: &Config, node: &Node, key: &SigningKey) -> Result<Arc<Push>, StartError> {
    let clock = Arc::clone(&node.context.clock);
    let shared_buckets = SharedBuckets::new(Arc::clone(&node.hub), key);
    let tests = Limit::per_minute("push-test", PUSH_TESTS_PER_MINUTE, clock, shared_buckets);
    Ok(Push::start(config, node, tests).await?)
}

/// What is done from time to time.
fn start_chores(context: &Context, node: &Node, stop: &CancellationToken) {
    let scrubbing = Scrubbing::new(context.clone(), Arc::clone(&node.stats));
    node.tasks.spawn(scrubbing.run(stop.clone()));
    let expiry = Expiry::new(context.clone(), Arc::clone(&node.stats), node.pushes.clone());
    node.tasks.spawn(expiry.run(stop.clone()));
    let pruning = Pruning::new(context.clone(), Arc::clone(&node.stats));
    node.tasks.spawn(pruning.run(stop.clone()));
    node.tasks.spawn(node.scheduling().run(stop.clone()));
    let indexing = Indexing::new(context.clone(), Arc::clone(&node.stats));
    node.tasks.spawn(indexing.run(stop.clone()));
}

fn limits(config: &Config) -> Limits {
    let media = MediaLimits {
        file_bytes_max: config.media.file_bytes_max,
        account_bytes_max: config.media.account_bytes_max,
        uploads_max: config.media.uploads_max,
        image_pixels_max: config.media.image_pixels_max,
        ..MediaLimits::default()
    };
    Limits {
        media,
        edit_window_ms: Messages::window_ms(config.messages.edit_window_s),
        delete_window_ms: Messages::window_ms(config.messages.delete_window_s),
        link_previews: config.previews.enabled,
        ..Limits::default()
    }
}

fn open_blobs(config: &Config, data: &DataDir) -> Result<BlobStore, StartError> {
    let address = match &config.general.blobs {
        Some(address) => address.parse()?,
        None => BlobAddress::Folder(data.blobs()),
    };
    let keys = match (&config.media.access_key, &config.media.secret_key) {
        (Some(access_key), Some(secret_key)) => Some(Keys {
            access_key: access_key.clone(),
            secret_key: secret_key.clone(),
        }),
        _ => None,
    };
    Ok(BlobStore::open(&address, keys.as_ref())?)
}

fn assemble(
    config: &Config,
    tokens: Arc<AccessTokens>,
    node: Arc<Node>,
    (media, archives): (Arc<Media>, Arc<Archives>),
    metrics: Metrics,
    key: &SigningKey,
    push: Arc<Push>,
) -> App {
    let (context, hub) = (node.context.clone(), Arc::clone(&node.hub));
    let shared_buckets = SharedBuckets::new(Arc::clone(&hub), key);
    let accounts = Accounts::new(accounts::Parts {
        passwords: Passwords::new(Arc::clone(&context.random), node.tasks.clone()),
        context: context.clone(),
        tokens: Arc::clone(&tokens),
        hub: Arc::clone(&hub),
        registration: config.general.registration,
        limits: config.limits.clone(),
        shared_buckets: shared_buckets.clone(),
        set_up: Secret::of_key(SecretKind::SetUp, key).hash,
    });
    let by_user = Limit::per_minute(
        "previews",
        config.previews.per_minute,
        Arc::clone(&context.clock),
        shared_buckets.clone(),
    );
    let previews = Previews::new(
        context.clone(),
        Arc::clone(&node.stats),
        &config.previews,
        &config.outgoing,
        by_user,
        media.drawing(),
    );
    let by_device = Limit::per_minute(
        "device",
        config.limits.requests_per_minute_device,
        Arc::clone(&context.clock),
        shared_buckets.clone(),
    );
    let claims = Limit::per_minute(
        "claims",
        CLAIMS_PER_MINUTE,
        Arc::clone(&context.clock),
        shared_buckets,
    );
    App::new(rest::Parts {
        metrics,
        metrics_access: config.general.metrics,
        accounts,
        devices: Devices::new(context.clone(), tokens, hub),
        reports: Reports::new(&context, &node.stats),
        invites: Invites::new(context, config.general.invites),
        media,
        archives,
        push,
        previews,
        by_device,
        claims,
        // The configuration has been checked.
        address_header: config
            .proxy
            .address_header
            .as_deref()
            .and_then(|name| name.try_into().ok()),
        https: config
            .general
            .public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://")),
        node,
    })
}

/// Where a browser on this machine reaches a server that listens there.
fn local_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_somewhere() {
        for (address, expect) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://localhost:80"),
            ("[::]:80", "http://localhost:80"),
            ("[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(local_url(address.parse().unwrap()), expect);
        }
    }
}
